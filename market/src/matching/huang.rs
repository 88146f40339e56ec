//! Huang's auction: McAfee's reduction for orders of any quantity.
//!
//! In: orders, a seed for ties. Out: one price per side and a surplus that the operator keeps.
//! Refuses to know: arrival order.
//!
//! # Rules
//!
//! P. Huang, A. Scheller-Wolf, K. Sycara, Design of a Multi-Unit Double Auction E-Market,
//! Computational Intelligence 18(4), 2002. Wh by Wh, K is the last with `b_K >= a_K`. The critical
//! bid holds the K-th Wh demanded, the critical offer the K-th Wh offered (ties in line by lot, see
//! `critical.rs`).
//!
//! ```text
//! buyers pay b_K, sellers get a_K
//! the two critical orders do not trade; every order before them does
//! the longer side gives up what is too much: each of its orders the same, but none more than it has
//! ```
//!
//! What the even division leaves over is given up in single Wh, by those with the highest lots. A
//! tie at the crossing, `b_K = a_K`, is nothing special: bids 10, 9, 7 and offers 5, 6, 7 of one Wh
//! trade twice at 7.
//!
//! # Guarantees
//!
//! *Truthful in prices (I6)*, for whoever has one order, whatever quantity it states. Of a buyer: as
//! long as it stands before the critical bid, neither prices nor fills depend on where. To move
//! behind it is to trade nothing: if a bid falls, the curve of demand falls, and K with it, so a bid
//! moved behind the critical one does not come before a new one. To move in front of it from behind
//! costs at least its true price: if the new critical bid were below that, the same Wh would be
//! demanded in front of it as before, the crossing would lie there for the true bid, too, and that
//! would stand in front already. Sellers likewise. *Not truthful in quantities*: who is on the
//! longer side gets more if it states more than it wants (ours to say; the even division invites it,
//! pro rata would as well).
//!
//! *The operator never pays (I2)*: it keeps `b_K - a_K >= 0` for each Wh. *Nobody trades at a worse
//! price than its own (I3)*: whoever trades stands before the critical order. *What is lost* is at
//! most as many Wh as the larger critical order has; the even division takes some of them from better
//! orders. *Not monotone (I5)*: bids 10, 9, 8 and offers 3, 4 trade once and the seller gets 4; with
//! one more offer, at 7, two trade and get 7. *Splitting is not neutral (I11)*: each part of an order
//! would give up as much as the whole.

use crate::book::{Book, Crossing};
use crate::energy::Energy;
use crate::error::MarketError;
use crate::invariant::Invariant;
use crate::matching::clearing::{Clearing, Prices, Seed, rejected};
use crate::matching::critical::{Front, fronts, not_served};
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

/// Clears the orders.
///
/// # Errors
///
/// Those of [`uniform`](crate::matching::uniform::clear).
pub fn clear(orders: &[Order], seed: &Seed) -> Result<Clearing, MarketError> {
    let book = Book::try_new(orders)?;
    let Some(crossing) = book.crossing() else {
        return Ok(Clearing::nothing(rejected(&book, Rejection::PriceNotReached)));
    };
    let fronts = fronts(orders, &book, &crossing, seed);
    let volume = fronts[0].quantity.min(fronts[1].quantity);
    if volume == 0 {
        return Ok(Clearing::nothing(rejected(&book, Rejection::Reduced)));
    }
    let Crossing { last_bid: buy, last_offer: sell, .. } = crossing;
    let mut outcomes = not_served(&book, buy, sell);
    for front in &fronts {
        let fills = Shrunk { orders, book: &book, front, seed }.to(volume);
        for (index, filled) in front.before.iter().zip(fills) {
            let asked = book.entries()[*index as usize].quantity();
            outcomes[*index as usize] = Outcome::of(filled, asked);
        }
        outcomes[front.critical as usize] = Outcome::Rejected { reason: Rejection::Reduced };
    }
    let volume = Energy::from_wh(volume as i64);
    Ok(Clearing { prices: Prices::PerSide { buy, sell }, volume, outcomes })
}

/// One side's orders before the critical one, on their way to a smaller sum.
struct Shrunk<'a> {
    orders: &'a [Order],
    book: &'a Book,
    front: &'a Front,
    seed: &'a Seed,
}

impl Shrunk<'_> {
    /// Fills in Wh that add up to `volume`, in the order of the front: above zero, and at most what
    /// the front asks for.
    fn to(&self, volume: u64) -> Vec<u64> {
        let given_up = self.given_up(volume);
        let mut fills: Vec<u64> =
            self.quantities().map(|quantity| quantity.saturating_sub(given_up)).collect();
        let excess = fills.iter().sum::<u64>() - volume;
        for at in self.last_in_line(&fills, excess as usize) {
            fills[at] -= 1;
        }
        fills
    }

    /// The most that each order can give up, so that at least `volume` is left.
    fn given_up(&self, volume: u64) -> u64 {
        let left = |given_up: u64| -> u64 {
            self.quantities().map(|quantity| quantity.saturating_sub(given_up)).sum()
        };
        if left(0) == volume {
            return 0;
        }
        let (mut enough, mut too_much) = (0, Energy::MAX_PER_SLOT.wh().unsigned_abs());
        while enough + 1 < too_much {
            let middle = enough.midpoint(too_much);
            if left(middle) >= volume {
                enough = middle;
            } else {
                too_much = middle;
            }
        }
        enough
    }

    /// The places of the `count` orders that stand last in line among those with a fill.
    fn last_in_line(&self, fills: &[u64], count: usize) -> Vec<usize> {
        if count == 0 {
            return Vec::new();
        }
        let place = |at: usize| {
            let id = self.orders[self.front.before[at] as usize].id;
            (self.seed.lot(id.participant), id, at)
        };
        let with_a_fill = (0..fills.len()).filter(|at| fills[*at] > 0);
        let mut places: Vec<_> = with_a_fill.map(place).collect();
        // Fewer are left over than orders have a fill: one more from each would have been too much.
        places.select_nth_unstable_by(count - 1, |a, b| b.cmp(a));
        places.truncate(count);
        places.into_iter().map(|(.., at)| at).collect()
    }

    fn quantities(&self) -> impl Iterator<Item = u64> {
        let entries = self.book.entries();
        self.front.before.iter().map(|index| entries[*index as usize].quantity())
    }
}
