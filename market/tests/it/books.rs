//! Books for the tests of the auction: written by hand, and drawn so that the interesting states
//! occur.

use market::{Energy, Order, OrderId, ParticipantId, Price, Seed, Side};
use proptest::prelude::*;

/// The seed of hand-written cases.
pub(crate) const SEED: Seed = Seed::new([7; 32]);

/// An order of participant `who`, its `counter`-th, at a price in micro-currency per kWh over a
/// quantity in Wh.
pub(crate) fn order(side: Side, who: u32, counter: u32, price: i64, quantity: i64) -> Order {
    Order {
        id: OrderId { participant: ParticipantId::new(who), counter },
        side,
        price: Price::from_micro_per_kwh(price),
        quantity: Energy::from_wh(quantity),
    }
}

/// Bids of participants 1, 2, ... and offers of participants 1001, 1002, ..., as (price, quantity).
pub(crate) fn book(bids: &[(i64, i64)], offers: &[(i64, i64)]) -> Vec<Order> {
    let number = |side, first: u32, list: &[(i64, i64)]| -> Vec<Order> {
        let rows = list.iter().zip(first..);
        rows.map(|((price, quantity), who)| order(side, who, 0, *price, *quantity)).collect()
    };
    [number(Side::Bid, 1, bids), number(Side::Offer, 1_001, offers)].concat()
}

/// How the prices of a drawn book are spread: one price, a few levels so that ties are the rule,
/// ticks of a tariff, or everything there is.
#[derive(Clone, Copy, Debug)]
enum Spread {
    One,
    Few,
    Ticks,
    Free,
}

fn price(spread: Spread) -> BoxedStrategy<i64> {
    match spread {
        Spread::One => Just(200_000).boxed(),
        Spread::Few => (8..14_i64).prop_map(|level| level * 10_000).boxed(),
        Spread::Ticks => (80..300_i64).prop_map(|tick| tick * 1_000).boxed(),
        Spread::Free => (-1_000_000_000..=1_000_000_000_i64).boxed(),
    }
}

/// A book of up to `most` orders of few participants, so that one participant often has several
/// orders on a level.
pub(crate) fn books(most: usize) -> impl Strategy<Value = Vec<Order>> {
    let spread =
        prop_oneof![Just(Spread::One), Just(Spread::Few), Just(Spread::Ticks), Just(Spread::Free)];
    let quantity = prop_oneof![1..5_i64, 50..2_000_i64, Just(1_000_000_000)];
    spread.prop_flat_map(move |spread| {
        let side = prop_oneof![Just(Side::Bid), Just(Side::Offer)];
        let row = (side, 0..12_u32, price(spread), quantity.clone());
        prop::collection::vec(row, 0..=most).prop_map(numbered)
    })
}

/// Gives every order the next counter of its participant.
fn numbered(rows: Vec<(Side, u32, i64, i64)>) -> Vec<Order> {
    let mut counters = [0_u32; 12];
    let number = |(side, who, price, quantity): (Side, u32, i64, i64)| {
        let counter = &mut counters[who as usize];
        *counter += 1;
        order(side, who, *counter - 1, price, quantity)
    };
    rows.into_iter().map(number).collect()
}

/// Any seed.
pub(crate) fn seeds() -> impl Strategy<Value = Seed> {
    any::<[u8; 32]>().prop_map(Seed::new)
}
