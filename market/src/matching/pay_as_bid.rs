//! Pay-as-bid in continuous trading: orders meet one after the other, each pair at its own price.
//!
//! In: orders in the order in which they arrived. Out: trades in the order in which they came about.
//! Refuses to know: seeds; there is nothing to draw.
//!
//! # Rules
//!
//! The order of the slice is the order of arrival. An arriving bid meets the resting offer with the
//! lowest price, an arriving offer the resting bid with the highest, of equal prices the one that
//! has rested longest, as long as the two accept each other; what is left of it rests. A trade is at
//! the price of the order that rested. That is a choice: the other one found in practice, the
//! bidder's price, gives all gain to sellers, while the resting order's gives it to whoever comes
//! later and can see what rests.
//!
//! # Guarantees
//!
//! *Energy and money (I1, I2)*: both of a pair trade the same Wh at one price; a buyer served by
//! several sellers pays each one's price, never one for all. *Nobody trades at a worse price than its
//! own (I3)*: the resting order trades at its own, the arriving one accepts it. *Splitting (I11)*:
//! parts that arrive one after the other are served as the whole would be. *Nothing is left that
//! could trade*: an order rests only when nobody resting accepts it.
//!
//! *Not kept*: the result depends on arrival by its definition (I7). More energy may change hands than
//! at one price, for less gain (W): bid 10 meets offer 8 before offer 3 arrives, and offer 3 then
//! meets bid 5, a gain of 2 + 2 where 7 was possible. Both sides gain by bidding close to what the
//! others rest at (I6). One more order may lead others to other partners at other prices (I5).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::book::{Book, Entry};
use crate::energy::Energy;
use crate::error::MarketError;
use crate::invariant::Invariant;
use crate::matching::clearing::{Clearing, Trade, rejected};
use crate::order::{Order, Outcome, Rejection, Side};

/// What this rule promises.
pub const KEEPS: &[Invariant] = &[
    Invariant::Energy,
    Invariant::Money,
    Invariant::Rational,
    Invariant::Bounded,
    Invariant::Stated,
    Invariant::Robust,
    Invariant::Scaling,
    Invariant::Splitting,
    Invariant::Replay,
    Invariant::Budget,
];

/// Clears the orders as they arrive.
///
/// # Errors
///
/// Those of [`uniform`](crate::matching::uniform::clear).
pub fn clear(orders: &[Order]) -> Result<Clearing, MarketError> {
    let book = Book::try_new(orders)?;
    let mut floor = Floor {
        orders,
        entries: book.entries(),
        left: book.entries().iter().map(|entry| entry.quantity()).collect(),
        resting: [BinaryHeap::new(), BinaryHeap::new()],
        trades: Vec::new(),
    };
    (0..orders.len()).for_each(|index| floor.arrive(index));
    let mut outcomes = rejected(&book, Rejection::Rationed);
    for ((outcome, entry), left) in outcomes.iter_mut().zip(book.entries()).zip(floor.left) {
        if left < entry.quantity() {
            *outcome = Outcome::of(entry.quantity() - left, entry.quantity());
        }
    }
    Ok(Clearing::of_trades(floor.trades, outcomes))
}

/// An order that rests: the better price first, of equal prices the earlier arrival.
type Resting = (u32, Reverse<usize>);

/// Where orders meet.
struct Floor<'a> {
    orders: &'a [Order],
    entries: &'a [Entry],
    /// What each order has left, in Wh.
    left: Vec<u64>,
    /// Resting bids and offers.
    resting: [BinaryHeap<Resting>; 2],
    trades: Vec<Trade>,
}

impl Floor<'_> {
    /// Lets an order meet the best that rest, then rest itself.
    fn arrive(&mut self, index: usize) {
        let side = self.entries[index].side();
        while self.left[index] > 0 {
            let Some((_, Reverse(met))) = self.resting[1 - side].peek().copied() else { break };
            if !self.accept_each_other(index, met) {
                break;
            }
            self.meet(index, met);
            if self.left[met] == 0 {
                self.resting[1 - side].pop();
            }
        }
        if self.left[index] > 0 {
            self.resting[side].push((self.entries[index].merit(), Reverse(index)));
        }
    }

    fn accept_each_other(&self, one: usize, other: usize) -> bool {
        let [one, other] = [one, other].map(|index| &self.orders[index]);
        match one.side {
            Side::Bid => one.price >= other.price,
            Side::Offer => one.price <= other.price,
        }
    }

    /// Trades as much as both have, at the price of the order that rested.
    fn meet(&mut self, arriving: usize, rested: usize) {
        let wh = self.left[arriving].min(self.left[rested]);
        self.left[arriving] -= wh;
        self.left[rested] -= wh;
        let (arriving, rested) = (&self.orders[arriving], &self.orders[rested]);
        let (buyer, seller) = match arriving.side {
            Side::Bid => (arriving.id, rested.id),
            Side::Offer => (rested.id, arriving.id),
        };
        let (quantity, price) = (Energy::from_wh(wh as i64), rested.price);
        self.trades.push(Trade { buyer, seller, quantity, pays: price, gets: price });
    }
}
