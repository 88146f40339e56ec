//! The uniform-price double auction: one price for all, the most energy that can trade.
//!
//! In: orders, kappa, a seed. Out: a price, a volume, one outcome per order. Refuses to know:
//! arrival order; the same set of orders gives the same result in any order (I7).
//!
//! # Rules
//!
//! Wh by Wh, `b_1 >= b_2 >= ...` is demanded and `a_1 <= a_2 <= ...` offered; the first K with
//! `b_K >= a_K` trade. [`clear`] puts the price at `lo + kappa (hi - lo)`, rounded down, with
//!
//! ```text
//! lo = max(a_K, b_(K+1))      hi = min(b_K, a_(K+1))      a missing neighbour drops out
//! ```
//!
//! [`clear_k_double`] is the k-double auction: the same trades at `a_K + kappa (b_K - a_K)`, where
//! an excluded order may find the price better than its own (so it does not keep I5). Bids above
//! `b_K` and offers below `a_K` are filled; those at `b_K` and `a_K` are rationed (`ration.rs`).
//!
//! # Guarantees
//!
//! Bought equals sold equals K (I1). No buyer pays more than its bid, no seller gets less than its
//! offer (I3): every filled bid is at least `b_K >= hi`, every filled offer at most `a_K <= lo`.
//! The price lies between the lowest and the highest price of the orders, so bounded orders give a
//! bounded price (I4). Both are checked after each clearing.

use crate::book::{Book, Crossing, merit_of};
use crate::error::MarketError;
use crate::invariant::Invariant;
use crate::matching::clearing::{Clearing, Kappa, Prices, Seed, rejected};
use crate::matching::ration::Level;
use crate::money::Price;
use crate::order::{Order, Outcome, Rejection, Side};

/// What this rule promises.
pub const KEEPS: &[Invariant] = &[
    Invariant::Energy,
    Invariant::Money,
    Invariant::Rational,
    Invariant::Bounded,
    Invariant::Monotone,
    Invariant::Timeless,
    Invariant::Stated,
    Invariant::Robust,
    Invariant::Scaling,
    Invariant::Splitting,
    Invariant::Replay,
    Invariant::Optimal,
    Invariant::Budget,
];

/// What the k-double auction promises.
pub const KEEPS_K_DOUBLE: &[Invariant] = &[
    Invariant::Energy,
    Invariant::Money,
    Invariant::Rational,
    Invariant::Bounded,
    Invariant::Timeless,
    Invariant::Stated,
    Invariant::Robust,
    Invariant::Scaling,
    Invariant::Splitting,
    Invariant::Replay,
    Invariant::Optimal,
    Invariant::Budget,
];

/// Clears the orders at one price inside the interval that supports the trades.
///
/// # Errors
///
/// [`MarketError::TooManyOrders`], [`MarketError::Quantity`], [`MarketError::PriceOutOfRange`],
/// [`MarketError::DuplicateOrder`]. Empty, one-sided and non-crossing books are ordinary results.
pub fn clear(orders: &[Order], kappa: Kappa, seed: &Seed) -> Result<Clearing, MarketError> {
    clear_at(orders, seed, |crossing| price(crossing, kappa))
}

/// Clears the same trades as [`clear`] at the price of the k-double auction.
///
/// # Errors
///
/// As [`clear`].
pub fn clear_k_double(
    orders: &[Order],
    kappa: Kappa,
    seed: &Seed,
) -> Result<Clearing, MarketError> {
    clear_at(orders, seed, |crossing| kappa.between(crossing.last_offer, crossing.last_bid))
}

/// The price in `[max(a_K, b_(K+1)), min(b_K, a_(K+1))]`, where nobody wants to trade more or less.
pub(super) fn price(crossing: &Crossing, kappa: Kappa) -> Price {
    let low = crossing.next_bid.map_or(crossing.last_offer, |bid| bid.max(crossing.last_offer));
    let high = crossing.next_offer.map_or(crossing.last_bid, |offer| offer.min(crossing.last_bid));
    kappa.between(low, high)
}

fn clear_at(
    orders: &[Order],
    seed: &Seed,
    price_at: impl FnOnce(&Crossing) -> Price,
) -> Result<Clearing, MarketError> {
    let book = Book::try_new(orders)?;
    let Some(crossing) = book.crossing() else {
        return Ok(Clearing::nothing(rejected(&book, Rejection::PriceNotReached)));
    };
    let price = price_at(&crossing);
    let outcomes = fill(orders, &book, &crossing, price, seed);
    Ok(Clearing { prices: Prices::One(price), volume: crossing.volume, outcomes })
}

/// The outcome of every order, and the proof that both sides add up to the volume.
fn fill(
    orders: &[Order],
    book: &Book,
    crossing: &Crossing,
    price: Price,
    seed: &Seed,
) -> Vec<Outcome> {
    // Per side, in rising merit: not good enough | good enough, nothing left | marginal | better.
    const BY_RANK: [Outcome; 4] = [
        Outcome::Rejected { reason: Rejection::PriceNotReached },
        Outcome::Rejected { reason: Rejection::Rationed },
        Outcome::Rejected { reason: Rejection::Rationed }, // until its level is rationed
        Outcome::Filled,
    ];
    let sides = [(Side::Bid, crossing.last_bid), (Side::Offer, crossing.last_offer)];
    let reached = sides.map(|(side, _)| merit_of(side, price));
    let marginal = sides.map(|(side, last)| merit_of(side, last));
    assert!(
        reached[0] <= marginal[0] && reached[1] <= marginal[1],
        "no buyer pays above its bid and no seller gets less than its offer"
    );

    let mut outcomes = Vec::with_capacity(orders.len());
    let mut levels = [Vec::new(), Vec::new()];
    // Quantities per side and rank.
    let mut asked = [[0_u64; 4]; 2];
    for (index, entry) in book.entries().iter().enumerate() {
        let (side, merit) = (entry.side(), entry.merit());
        let rank = usize::from(merit >= reached[side])
            + usize::from(merit >= marginal[side])
            + usize::from(merit > marginal[side]);
        asked[side][rank] += entry.quantity();
        if rank == 2 {
            levels[side].push(index as u32);
        }
        outcomes.push(BY_RANK[rank]);
    }
    let volume = crossing.volume.wh().unsigned_abs();
    for (mut indices, [_, _, asked, better]) in levels.into_iter().zip(asked) {
        assert!(
            better < volume && volume <= better + asked,
            "the last Wh that trades lies on the marginal price level"
        );
        if !book.is_ascending() {
            indices.sort_unstable_by_key(|index| orders[*index as usize].id);
        }
        Level { orders, indices, asked }.ration(volume - better, seed, &mut outcomes);
    }
    outcomes
}
