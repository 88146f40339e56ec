//! The market of tiers: worked by hand, invariants on drawn trees, the pooled optimum, wishes.

mod regions;
mod by_hand;
mod invariants;
mod optimum;
mod refusals;
mod wishes;

use market::tier::Part;
use market::{Energy, Order, Price, Side, Tier, TierClearing, TierMarket};

use crate::books::SEED;

/// A price in micro-currency per kWh.
fn price(micro: i64) -> Price {
    Price::from_micro_per_kwh(micro)
}

/// An amount of energy in Wh.
fn wh(energy: i64) -> Energy {
    Energy::from_wh(energy)
}

/// Clears a valid book.
fn cleared(market: &TierMarket, orders: &[Order]) -> TierClearing {
    market.clear(orders, &SEED).expect("a valid book")
}

/// What each order traded, in Wh.
fn fills(orders: &[Order], clearing: &TierClearing) -> Vec<i64> {
    let rows = orders.iter().zip(&clearing.outcomes);
    rows.map(|(order, outcome)| outcome.filled(order.quantity).wh()).collect()
}

/// What a part adds to the account of its author, in nano-currency.
fn received(part: &Part, side: Side) -> i128 {
    let per_kwh = match side {
        Side::Bid => -(part.price.micro_per_kwh() + part.fee.micro_per_kwh()),
        Side::Offer => part.price.micro_per_kwh(),
    };
    i128::from(per_kwh) * i128::from(part.energy.wh())
}

/// The parts of an order as (tier, Wh, price before fees in micro-currency per kWh).
fn parts(clearing: &TierClearing, order: u32) -> Vec<(Tier, i64, i64)> {
    let parts = clearing.parts_of(order).iter();
    parts.map(|part| (part.tier, part.energy.wh(), part.price.micro_per_kwh())).collect()
}
