//! The critical order of each side: the one whose Wh is the last that trades if all that can do.
//!
//! In: a book and the point where its curves cross. Out: per side the critical order and those that
//! come before it. Refuses to know: what becomes of either.
//!
//! Orders of a side come in order of merit: the better price first, at one price the participant
//! with the lower lot, of one participant the first counter. Nobody can choose its lot, so an order
//! moves in the line by its price alone, and truthful rules can be built on it (`mcafee.rs`,
//! `huang.rs`).

use crate::book::{Book, Crossing, merit_of};
use crate::matching::clearing::Seed;
use crate::money::Price;
use crate::order::{Order, Outcome, Rejection, Side};

/// One side up to its critical order.
pub(super) struct Front {
    /// Indices of the orders before the critical one.
    pub(super) before: Vec<u32>,
    /// What they ask for together, in Wh; below the volume of the crossing.
    pub(super) quantity: u64,
    /// Index of the critical order.
    pub(super) critical: u32,
}

/// The bids' and the offers' fronts.
pub(super) fn fronts(
    orders: &[Order],
    book: &Book,
    crossing: &Crossing,
    seed: &Seed,
) -> [Front; 2] {
    let sides = [(Side::Bid, crossing.last_bid), (Side::Offer, crossing.last_offer)];
    let marginal = sides.map(|(side, last)| merit_of(side, last));
    let mut fronts = [(); 2].map(|()| Front { before: Vec::new(), quantity: 0, critical: 0 });
    let mut levels = [Vec::new(), Vec::new()];
    for (index, entry) in (0_u32..).zip(book.entries()) {
        let side = entry.side();
        if entry.merit() > marginal[side] {
            fronts[side].before.push(index);
            fronts[side].quantity += entry.quantity();
        } else if entry.merit() == marginal[side] {
            levels[side].push(index);
        }
    }
    let volume = crossing.volume.wh().unsigned_abs();
    for (front, level) in fronts.iter_mut().zip(levels) {
        front.advance(in_line(orders, level, seed), book, volume);
    }
    fronts
}

/// The orders of a price level in line: by lot, then by counter.
fn in_line(orders: &[Order], level: Vec<u32>, seed: &Seed) -> Vec<u32> {
    let place = |index: u32| {
        let id = orders[index as usize].id;
        (seed.lot(id.participant), id, index)
    };
    let mut places: Vec<_> = level.into_iter().map(place).collect();
    places.sort_unstable();
    places.into_iter().map(|(.., index)| index).collect()
}

impl Front {
    /// Moves along the marginal price level to the order that holds the `volume`-th Wh.
    fn advance(&mut self, level: Vec<u32>, book: &Book, volume: u64) {
        for index in level {
            self.critical = index;
            let quantity = book.entries()[index as usize].quantity();
            if self.quantity + quantity >= volume {
                return;
            }
            self.before.push(index);
            self.quantity += quantity;
        }
        unreachable!("the last Wh that trades lies on the marginal price level");
    }
}

/// What is said of every order if buyers pay `buy`, sellers get `sell`, and nothing trades: a start
/// for those who do trade.
pub(super) fn not_served(book: &Book, buy: Price, sell: Price) -> Vec<Outcome> {
    let reached = [merit_of(Side::Bid, buy), merit_of(Side::Offer, sell)];
    let reason = |is_reached| match is_reached {
        true => Rejection::Rationed,
        false => Rejection::PriceNotReached,
    };
    let entries = book.entries().iter();
    let rejected = entries.map(|entry| entry.merit() >= reached[entry.side()]).map(reason);
    rejected.map(|reason| Outcome::Rejected { reason }).collect()
}
