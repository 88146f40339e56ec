//! Books to try auctions on: drawn ones, odd ones, and the largest gain there is in each.
//!
//! In: a stream of numbers. Out: orders and a seed for ties; the best that any rule could make of
//! them. Refuses to know: auctions; the gain is found by sorting, not by the histograms of the book
//! that the rules share.

use super::draw::Draw;
use crate::energy::Energy;
use crate::ids::{OrderId, ParticipantId};
use crate::matching::Seed;
use crate::money::Price;
use crate::order::{Order, Side};
use crate::tariff::Tariff;

/// Orders as they arrive, and a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The orders.
    pub orders: Vec<Order>,
    /// What decides ties.
    pub seed: Seed,
}

impl Book {
    /// The next book of a stream, one in eight of an odd kind. With `one_quantity` all orders have
    /// the same.
    pub fn draw(draw: &mut Draw, one_quantity: bool) -> Self {
        let rows = if draw.once_in(8) { odd(draw) } else { drawn(draw) };
        let mut orders = numbered(rows);
        if one_quantity {
            let unit = one_of(draw, [1, 1_000, Energy::MAX_PER_SLOT.wh()]);
            orders.iter_mut().for_each(|order| order.quantity = Energy::from_wh(unit));
        }
        Self { orders, seed: seed(draw) }
    }

    /// Sixty-four bids and as many offers, each of another participant, all over one quantity at one
    /// price.
    pub fn many_at_one_price(draw: &mut Draw) -> Self {
        let (price, quantity) = (draw.between(-1_000, 300_000), draw.between(1, 5));
        let side = |who| if who < 64 { Side::Bid } else { Side::Offer };
        let rows = (0..128).map(|who| (side(who), who, price, quantity)).collect();
        Self { orders: numbered(rows), seed: seed(draw) }
    }

    /// The same orders, each of a participant of its own.
    pub fn alone(&self) -> Vec<Order> {
        let own = |(number, order): (u32, &Order)| {
            let id = OrderId { participant: ParticipantId::new(number), counter: 0 };
            Order { id, ..*order }
        };
        (0..).zip(&self.orders).map(own).collect()
    }

    /// The orders in another order of arrival.
    pub fn shuffled(&self, draw: &mut Draw) -> Vec<Order> {
        let mut orders = self.orders.clone();
        for last in (1..orders.len()).rev() {
            orders.swap(last, draw.below(last as u64 + 1) as usize);
        }
        orders
    }
}

/// The largest gain in nano-currency that trades between `orders` can have: the best bid with the
/// best offer for as long as they cross.
pub fn largest_gain(orders: &[Order]) -> i128 {
    let side = |side: Side| {
        let mine = orders.iter().filter(|order| order.side == side);
        let mut steps: Vec<(i64, i64)> =
            mine.map(|order| (order.price.micro_per_kwh(), order.quantity.wh())).collect();
        steps.sort_unstable();
        steps
    };
    let (mut bids, mut offers) = (side(Side::Bid), side(Side::Offer));
    offers.reverse();
    let mut gain = 0;
    while let (Some(bid), Some(offer)) = (bids.last_mut(), offers.last_mut()) {
        if bid.0 < offer.0 {
            break;
        }
        let quantity = bid.1.min(offer.1);
        gain += i128::from(bid.0 - offer.0) * i128::from(quantity);
        (bid.1, offer.1) = (bid.1 - quantity, offer.1 - quantity);
        bids.pop_if(|bid| bid.1 == 0);
        offers.pop_if(|offer| offer.1 == 0);
    }
    gain
}

/// Side, participant, price, quantity.
type Row = (Side, u32, i64, i64);

/// Few orders mostly, since small books show what goes wrong; prices on one level, on few, on ticks
/// or anywhere.
fn drawn(draw: &mut Draw) -> Vec<Row> {
    let (levels, most) = (draw.below(5), one_of(draw, [3, 6, 12, 40]));
    let (participants, sizes) = (one_of(draw, [3, 12, 1_000]), draw.below(4));
    let row = |draw: &mut Draw| {
        let side = if draw.once_in(2) { Side::Bid } else { Side::Offer };
        let price = match levels {
            0 => 200_000,
            1 => draw.between(8, 13) * 10_000,
            2 => draw.between(1, 20),
            3 => draw.between(80, 300) * 1_000,
            _ => draw.between(-1_000_000_000, 1_000_000_000),
        };
        let quantity = match sizes {
            0 => 1,
            1 => draw.between(1, 4),
            2 => draw.between(50, 2_000),
            _ => one_of(draw, [1, 2, 700, Energy::MAX_PER_SLOT.wh()]),
        };
        (side, draw.below(participants) as u32, price, quantity)
    };
    (0..draw.between(1, most)).map(|_| row(draw)).collect()
}

/// Empty, one-sided, not crossing, on one price, largest, one participant on both sides, a tie at
/// the crossing.
fn odd(draw: &mut Draw) -> Vec<Row> {
    let (most, highest) = (Energy::MAX_PER_SLOT.wh(), Tariff::MAX_PRICE.micro_per_kwh());
    let (bid, offer) = (Side::Bid, Side::Offer);
    let one_sided = |side| vec![(side, 0, 10, 5), (side, 1, 9, 5), (side, 1, 9, 5)];
    match draw.below(8) {
        0 => Vec::new(),
        1 => one_sided(bid),
        2 => one_sided(offer),
        3 => vec![(bid, 0, 9, 5), (offer, 1, 10, 5), (offer, 2, 10, 5)],
        4 => vec![(bid, 0, 7, 10), (bid, 1, 7, 20), (offer, 2, 7, 24), (offer, 3, 7, 1)],
        5 => (0..20)
            .map(|who| {
                if who % 2 == 0 { (bid, who, highest, most) } else { (offer, who, -highest, most) }
            })
            .collect(),
        6 => vec![(bid, 0, 10, 5), (offer, 0, 5, 7), (bid, 1, 8, 5), (offer, 1, 9, 5)],
        _ => [(bid, 10), (bid, 9), (bid, 7), (offer, 5), (offer, 6), (offer, 7)]
            .into_iter()
            .zip(0..)
            .map(|((side, price), who)| (side, who, price, 1))
            .collect(),
    }
}

/// Orders of the rows, each with the next counter of its participant.
fn numbered(rows: Vec<Row>) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::with_capacity(rows.len());
    for (side, who, price, quantity) in rows {
        let participant = ParticipantId::new(who);
        let before = orders.iter().filter(|order| order.id.participant == participant);
        let counter = before.count() as u32;
        orders.push(Order {
            id: OrderId { participant, counter },
            side,
            price: Price::from_micro_per_kwh(price),
            quantity: Energy::from_wh(quantity),
        });
    }
    orders
}

fn seed(draw: &mut Draw) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&draw.bits().to_le_bytes());
    Seed::new(bytes)
}

fn one_of<T: Copy, const N: usize>(draw: &mut Draw, values: [T; N]) -> T {
    values[draw.below(N as u64) as usize]
}
