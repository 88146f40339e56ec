//! MUDA: nobody gains by asking a false price or quantity, and the operator keeps nothing.
//!
//! In: orders, a seed that splits the participants and draws lots. Out: trades within two halves,
//! each at one price. Refuses to know: arrival order.
//!
//! # Rules
//!
//! E. Segal-Halevi, A. Hassidim, Y. Aumann, MUDA: A Truthful Multi-Unit Double-Auction Mechanism,
//! AAAI 2018, in the variant with a lottery.
//!
//! 1. Each participant, with all its orders, falls into one of two halves: by the lowest bit of the
//!    first byte of its lot.
//! 2. Each half has the price at which it would clear alone: that of the uniform auction for kappa
//!    1/2. A half in which nothing crosses has none (ours; the paper takes any price at which nobody
//!    would trade).
//! 3. Each half trades at the price of the other one. Bids at or above it and offers at or below it
//!    take part, participants in line by lot, orders of one participant by price, then by counter;
//!    the first bid in line meets the first offer until one side has nothing left. So the shorter
//!    side trades whole and the longer one by lottery. Where the other half has no price nothing
//!    trades.
//!
//! # Guarantees
//!
//! *Truthful (I6)*, in prices and in quantities, also for whoever has several orders on one side, and
//! also for whoever knows the seed: the price of a half comes from the other one, lots from numbers
//! that nobody chooses, and who stands in line gets at that price whatever is left, up to what it
//! asked for. A false price only adds Wh that are not worth the price, or leaves out some that are.
//! It is not so for two identities of one owner in unlike halves.
//!
//! *Energy and money (I1, I2)*: both of a pair trade at one price; the operator keeps nothing. *Nobody
//! trades at a worse price than its own (I3)*, by step 3. *Splitting (I11)*: parts of an order stand
//! in line together. *What is lost*: in each half what the lottery gives to those who value it less,
//! and what the other half's price excludes; the share falls with the size of the book. *Not monotone
//! (I5)*: one more offer may let a half cross that did not, and the other half then trades at a price
//! above the one there was.

use std::cmp::Reverse;

use crate::book::{Book, merit_of};
use crate::error::MarketError;
use crate::ids::{OrderId, ParticipantId};
use crate::invariant::Invariant;
use crate::matching::clearing::{Clearing, Kappa, Seed, Trade, pair, rejected};
use crate::matching::uniform;
use crate::money::Price;
use crate::order::{Order, Outcome, Rejection, Side};

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
    Invariant::Splitting,
    Invariant::Replay,
    Invariant::Budget,
];

/// Clears the orders.
///
/// # Errors
///
/// Those of [`uniform`](crate::matching::uniform::clear).
pub fn clear(orders: &[Order], seed: &Seed) -> Result<Clearing, MarketError> {
    let book = Book::try_new(orders)?;
    let mut outcomes = rejected(&book, Rejection::Reduced);
    let mut trades = Vec::new();
    let [first, second] = halves(orders, seed);
    let prices = [&second, &first].map(|other| price(&book, other));
    for (half, price) in [first, second].into_iter().zip(prices) {
        if let Some(price) = price {
            Half { orders, price, places: half }.trade(&mut trades, &mut outcomes);
        }
    }
    Ok(Clearing::of_trades(trades, outcomes))
}

/// A place in line: by the author's lot, then by how good the price is, then by counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The first half of the lot: 128 bits tell participants apart well enough, and their numbers
    /// decide where they do not.
    lot: u128,
    participant: ParticipantId,
    /// The merit of the order, the best first.
    merit: Reverse<u32>,
    counter: u32,
    index: u32,
}

/// The orders of each half, in no particular order.
fn halves(orders: &[Order], seed: &Seed) -> [Vec<Place>; 2] {
    let mut halves = [Vec::new(), Vec::new()];
    let mut before: Option<(ParticipantId, [u8; 32])> = None;
    for (index, order) in (0..).zip(orders) {
        let OrderId { participant, counter } = order.id;
        let lot = match before {
            Some((author, lot)) if author == participant => lot,
            _ => seed.lot(participant),
        };
        before = Some((participant, lot));
        let half = usize::from(lot[0] & 1);
        let lot = lot.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte));
        let merit = Reverse(merit_of(order.side, order.price));
        halves[half].push(Place { lot, participant, merit, counter, index });
    }
    halves
}

/// The price at which a half would clear alone, `None` if nothing crosses there.
fn price(book: &Book, half: &[Place]) -> Option<Price> {
    let half = book.part(half.iter().map(|place| place.index as usize));
    half.crossing().map(|crossing| uniform::price(&crossing, Kappa::HALF))
}

/// One half, and the price that the other one gave it.
struct Half<'a> {
    orders: &'a [Order],
    price: Price,
    places: Vec<Place>,
}

impl Half<'_> {
    /// Trades along both lines until one has nothing left, and tells every order of the half what
    /// became of it. Where nobody trades, what is told already stands.
    fn trade(&self, trades: &mut Vec<Trade>, outcomes: &mut [Outcome]) {
        let [bids, offers] = [Side::Bid, Side::Offer].map(|side| self.line(side));
        let asked = |line: &[Place]| line.iter().map(|place| self.quantity(place)).sum::<i64>();
        let volume = asked(&bids).min(asked(&offers));
        if volume == 0 {
            return;
        }
        for place in &self.places {
            let accepts = self.accepts(place);
            let reason = if accepts { Rejection::Rationed } else { Rejection::PriceNotReached };
            outcomes[place.index as usize] = Outcome::Rejected { reason };
        }
        let bids = self.serve(&bids, volume, outcomes);
        let offers = self.serve(&offers, volume, outcomes);
        pair(bids, offers, (self.price, self.price), trades);
    }

    /// The orders of one side that accept the price, in line.
    fn line(&self, side: Side) -> Vec<Place> {
        let mine = |place: &&Place| self.order(place).side == side && self.accepts(place);
        let mut line: Vec<Place> = self.places.iter().filter(mine).copied().collect();
        line.sort_unstable();
        line
    }

    /// Hands `volume` Wh out along a line that asks for as much at least; who got how much.
    fn serve(&self, line: &[Place], volume: i64, outcomes: &mut [Outcome]) -> Vec<(OrderId, i64)> {
        let mut left = volume;
        let mut fills = Vec::with_capacity(line.len());
        for place in line {
            let asked = self.quantity(place);
            let filled = asked.min(left);
            if filled == 0 {
                break;
            }
            left -= filled;
            let outcome = Outcome::of(filled.unsigned_abs(), asked.unsigned_abs());
            outcomes[place.index as usize] = outcome;
            fills.push((self.order(place).id, filled));
        }
        fills
    }

    fn accepts(&self, place: &Place) -> bool {
        let order = self.order(place);
        match order.side {
            Side::Bid => order.price >= self.price,
            Side::Offer => order.price <= self.price,
        }
    }

    fn quantity(&self, place: &Place) -> i64 {
        self.order(place).quantity.wh()
    }

    fn order(&self, place: &Place) -> &Order {
        &self.orders[place.index as usize]
    }
}
