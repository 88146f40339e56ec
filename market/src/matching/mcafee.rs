//! McAfee's auction: nobody gains by asking a false price, and at most one trade is given up for it.
//!
//! In: orders of one quantity each, a seed for ties. Out: one price, or one per side and a surplus
//! that the operator keeps. Refuses to know: arrival order, orders of unlike quantities.
//!
//! # Rules
//!
//! R. P. McAfee, A Dominant Strategy Double Auction, Journal of Economic Theory 56 (1992). One
//! order is one unit; here a unit is whatever quantity all orders share. With `b_1 >= b_2 >= ..` the
//! bids, `a_1 <= a_2 <= ..` the offers (ties in line by lot, see `critical.rs`) and K the last pair
//! with `b_K >= a_K`:
//!
//! ```text
//! p0 = (b_(K+1) + a_(K+1)) / 2
//! a_K <= p0 <= b_K              the first K trade, all at p0
//! otherwise                     the first K-1 trade: buyers pay b_K, sellers get a_K
//! ```
//!
//! If either K+1 does not exist there is no p0 and the second line holds (the original takes the
//! ends of the range of values there; the reduction is the simple choice, and is ours). `p0` is
//! rounded down to whole micro-currency.
//!
//! # Guarantees
//!
//! *Truthful (I6)*, for whoever has one order. Of a buyer: while it trades, its price - `p0`, or
//! somebody else's `b_K` - does not depend on its own bid, so a false bid only changes whether it
//! trades. To trade where truth does not, it has to pass the K-th bid. Reduced, it then pays a bid
//! that was as good as its own at least. At `p0`: if K trade as before, `p0` is the mean of the bid
//! that it pushed out and of an offer above that; if one more trades, `p0` is at least the offer
//! that comes in, which exceeds every bid that did not trade; if it was the K-th itself, the orders
//! behind `p0` have not changed, so `p0` lies above its true bid or still below `a_K`. Rounding keeps
//! this: it is monotone and leaves whole numbers alone, so what was no gain is none. Sellers
//! likewise. Whoever has two orders may gain by having the worse one set the price of the better.
//!
//! *The operator never pays (I2)*: reduced, it keeps `(K-1)(b_K - a_K)` times the unit, otherwise
//! nothing. *Nobody trades at a worse price than its own (I3)*: `b_k >= b_K >= p0 >= a_K >= a_k` for
//! `k <= K`. *At most the K-th pair is lost*, the one with the least gain: at least `1 - 1/K` of
//! the largest gain remains.
//!
//! *Not monotone (I5)*: one more order may switch between the two lines. Bids 10, 8, 1 and offers 6,
//! 7, 14 trade twice at 7.5; with one more offer, at 6.5, `p0` is 4 and the one buyer left pays 8.

use crate::book::{Book, Crossing};
use crate::energy::Energy;
use crate::error::MarketError;
use crate::invariant::Invariant;
use crate::matching::clearing::{Clearing, Prices, Seed, rejected};
use crate::matching::critical::{Front, fronts, not_served};
use crate::money::Price;
use crate::order::{Order, Outcome, Rejection};

/// What this rule promises.
pub const KEEPS: &[Invariant] = &[
    Invariant::Energy,
    Invariant::Money,
    Invariant::Rational,
    Invariant::Bounded,
    Invariant::Truthful,
    Invariant::Timeless,
    Invariant::Stated,
    Invariant::Robust,
    Invariant::Scaling,
    Invariant::Replay,
];

/// Clears orders of one quantity.
///
/// # Errors
///
/// [`MarketError::UnlikeQuantities`], and those of [`uniform`](crate::matching::uniform::clear).
pub fn clear(orders: &[Order], seed: &Seed) -> Result<Clearing, MarketError> {
    let book = Book::try_new(orders)?;
    refuse_unlike(orders)?;
    let Some(crossing) = book.crossing() else {
        return Ok(Clearing::nothing(rejected(&book, Rejection::PriceNotReached)));
    };
    let fronts = fronts(orders, &book, &crossing, seed);
    Ok(match middle(&crossing) {
        Some(price) => all(&book, &crossing, &fronts, price),
        None => reduced(&book, &crossing, &fronts),
    })
}

/// Refuses the first order whose quantity is not that of the first one.
fn refuse_unlike(orders: &[Order]) -> Result<(), MarketError> {
    let Some(Order { quantity: unit, .. }) = orders.first() else { return Ok(()) };
    match orders.iter().find(|order| order.quantity != *unit) {
        Some(Order { id, quantity, .. }) => {
            Err(MarketError::UnlikeQuantities { order: *id, got: *quantity, unit: *unit })
        }
        None => Ok(()),
    }
}

/// `p0`, if it exists and everybody among the first K accepts it. Compared before it is rounded.
fn middle(crossing: &Crossing) -> Option<Price> {
    let micro = |price: Price| i128::from(price.micro_per_kwh());
    let twice = micro(crossing.next_bid?) + micro(crossing.next_offer?);
    let accepted = 2 * micro(crossing.last_offer)..=2 * micro(crossing.last_bid);
    // Between two prices, so in their range.
    accepted.contains(&twice).then(|| Price::from_micro_per_kwh(twice.div_euclid(2) as i64))
}

/// All K pairs trade at one price.
fn all(book: &Book, crossing: &Crossing, fronts: &[Front; 2], price: Price) -> Clearing {
    let mut outcomes = not_served(book, price, price);
    for front in fronts {
        for index in front.before.iter().chain([&front.critical]) {
            outcomes[*index as usize] = Outcome::Filled;
        }
    }
    Clearing { prices: Prices::One(price), volume: crossing.volume, outcomes }
}

/// All but the K-th pair trade, at the K-th pair's prices.
fn reduced(book: &Book, crossing: &Crossing, fronts: &[Front; 2]) -> Clearing {
    let (buy, sell) = (crossing.last_bid, crossing.last_offer);
    let volume = fronts[0].quantity;
    assert!(volume == fronts[1].quantity, "both sides have K - 1 orders of one quantity");
    if volume == 0 {
        return Clearing::nothing(rejected(book, Rejection::Reduced));
    }
    let mut outcomes = not_served(book, buy, sell);
    for front in fronts {
        for index in &front.before {
            outcomes[*index as usize] = Outcome::Filled;
        }
        outcomes[front.critical as usize] = Outcome::Rejected { reason: Rejection::Reduced };
    }
    let volume = Energy::from_wh(volume as i64);
    Clearing { prices: Prices::PerSide { buy, sell }, volume, outcomes }
}
