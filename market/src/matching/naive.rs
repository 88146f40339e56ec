//! The same auction by brute force, as an oracle: it restates the rules and shares no arithmetic
//! with the fast path.
//!
//! In: orders, kappa, a seed. Out: price, volume and fills, computed in quadratic time. Refuses to
//! know: histograms, merit keys, selection. Behind the feature `oracle`; tests and fuzz targets
//! compare against it, the product never calls it.

use std::collections::BTreeMap;

use crate::ids::{OrderId, ParticipantId};
use crate::matching::clearing::{Kappa, Seed};
use crate::order::{Order, Side};

/// What the oracle says about a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Price in micro-currency per kWh, `None` if nothing trades.
    pub price: Option<i64>,
    /// Energy that trades, in Wh.
    pub volume: i64,
    /// Energy that trades per order, in Wh, orders without any left out.
    pub fills: BTreeMap<OrderId, i64>,
}

/// Clears `orders`, whose identifiers are unique, at the price of the uniform auction.
pub fn uniform(orders: &[Order], kappa: Kappa, seed: &Seed) -> Expected {
    // K is the largest min(demand at p or above, supply at p or below) over all prices p in the
    // book.
    let volume = orders.iter().map(|o| matched_at(orders, price(o))).max().unwrap_or(0);
    if volume == 0 {
        return Expected { price: None, volume, fills: BTreeMap::new() };
    }
    // Without a (K+1)-st Wh on one side, that neighbour is infinitely unattractive.
    let (last_bid, last_offer) =
        (unit(orders, Side::Bid, volume), unit(orders, Side::Offer, volume));
    let next_bid = unit(orders, Side::Bid, volume + 1).unwrap_or(i64::MIN);
    let next_offer = unit(orders, Side::Offer, volume + 1).unwrap_or(i64::MAX);
    let (Some(last_bid), Some(last_offer)) = (last_bid, last_offer) else {
        return Expected { price: None, volume, fills: BTreeMap::new() };
    };
    let (low, high) = (last_offer.max(next_bid), last_bid.min(next_offer));
    let (numerator, denominator) = kappa.parts();
    let part = i128::from(high - low) * i128::from(numerator) / i128::from(denominator);
    let mut fills = side_fills(orders, Side::Bid, last_bid, volume, seed);
    fills.append(&mut side_fills(orders, Side::Offer, last_offer, volume, seed));
    fills.retain(|_, fill| *fill > 0);
    Expected { price: Some(low + part as i64), volume, fills }
}

fn price(order: &Order) -> i64 {
    order.price.micro_per_kwh()
}

/// Wh of one side whose price satisfies `holds`.
fn quantity(orders: &[Order], side: Side, holds: impl Fn(i64) -> bool) -> i64 {
    let chosen = orders.iter().filter(|order| order.side == side && holds(price(order)));
    chosen.map(|order| order.quantity.wh()).sum()
}

/// What could trade if `p` were the price of all.
fn matched_at(orders: &[Order], p: i64) -> i64 {
    let demand = quantity(orders, Side::Bid, |bid| bid >= p);
    demand.min(quantity(orders, Side::Offer, |offer| offer <= p))
}

/// The price of the `k`-th Wh of a side in merit order: the best price up to which at least `k` Wh
/// stand.
fn unit(orders: &[Order], side: Side, k: i64) -> Option<i64> {
    let prices = orders.iter().filter(|order| order.side == side).map(price);
    match side {
        Side::Bid => prices.filter(|p| quantity(orders, side, |bid| bid >= *p) >= k).max(),
        Side::Offer => prices.filter(|p| quantity(orders, side, |offer| offer <= *p) >= k).min(),
    }
}

/// Fills of one side: better prices whole, the marginal price in single Wh, each Wh to the
/// participant that is furthest below its pro-rata share.
fn side_fills(
    orders: &[Order],
    side: Side,
    marginal: i64,
    volume: i64,
    seed: &Seed,
) -> BTreeMap<OrderId, i64> {
    let better = |p: i64| if side == Side::Bid { p > marginal } else { p < marginal };
    let mine = |order: &&Order| order.side == side;
    let mut fills: BTreeMap<OrderId, i64> = orders
        .iter()
        .filter(mine)
        .filter(|order| better(price(order)))
        .map(|order| (order.id, order.quantity.wh()))
        .collect();
    let available = volume - fills.values().sum::<i64>();

    let mut level: BTreeMap<ParticipantId, Vec<&Order>> = BTreeMap::new();
    for order in orders.iter().filter(mine).filter(|order| price(order) == marginal) {
        level.entry(order.id.participant).or_default().push(order);
    }
    let asked: i64 = level.values().flatten().map(|order| order.quantity.wh()).sum();
    for (participant, total) in shares(&level, available, asked, seed) {
        let mut left = total;
        let mut own = level.remove(&participant).unwrap_or_default();
        own.sort_by_key(|order| order.id);
        for order in own {
            let fill = left.min(order.quantity.wh());
            left -= fill;
            fills.insert(order.id, fill);
        }
    }
    fills
}

/// Whole Wh per participant: everyone's share rounded down, then 1 Wh at a time to the largest
/// shortfall, equal shortfalls by lot, nobody twice.
fn shares(
    level: &BTreeMap<ParticipantId, Vec<&Order>>,
    available: i64,
    asked: i64,
    seed: &Seed,
) -> BTreeMap<ParticipantId, i64> {
    // Exact shares times `asked`, so that no division is needed to compare them.
    let exact = |orders: &Vec<&Order>| {
        let own: i64 = orders.iter().map(|order| order.quantity.wh()).sum();
        i128::from(own) * i128::from(available)
    };
    let whole = |orders: &Vec<&Order>| (exact(orders) / i128::from(asked.max(1))) as i64;
    let mut given: BTreeMap<_, _> = level.iter().map(|(who, own)| (*who, whole(own))).collect();
    while given.values().sum::<i64>() < available {
        let shortfall =
            |who: &ParticipantId| exact(&level[who]) - i128::from(given[who]) * i128::from(asked);
        let lot = |who: &ParticipantId| lot_of(seed, *who);
        let worst = level.keys().max_by_key(|who| (shortfall(who), std::cmp::Reverse(lot(who))));
        let Some(worst) = worst else { break };
        given.entry(*worst).and_modify(|fill| *fill += 1);
    }
    given
}

/// The lot of a participant, restated: a keyed hash over its number, least significant byte first.
fn lot_of(seed: &Seed, participant: ParticipantId) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(&seed.get());
    hasher.update(&participant.get().to_le_bytes());
    *hasher.finalize().as_bytes()
}
