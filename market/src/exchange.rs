//! The coin exchange of NRG-X-Change: a continuous book of coins against money.
//!
//! In: orders and cancellations, one after the other. Out: trades, and the state of each order that
//! a step touched. Refuses to know: accounts, whether a trader has what it promises, slots, energy.
//!
//! # Rules (Mihaylov et al. 2014, section 2; what is ours is called so)
//!
//! - A bid meets the cheapest offers at its price or below, an offer the highest bids at its price
//!   or above; of equal prices the one that came first (ours).
//! - The buyer pays its own price, the seller gets its own price, the market keeps the spread: the
//!   named receiver of every difference is the market's own account. So it does not matter which of
//!   the two came first. A trader that meets itself pays the spread like everybody else.
//! - What trades is whole lots of a thousandth of a coin (ours), so no amount is ever rounded.
//! - An order allows partial fills, or wants all or nothing; what finds nobody rests or is
//!   discarded.
//! - Orders that want all or nothing (ours): an order on its way along the other side passes by
//!   every one that is larger than what is left of it. One that rests is tried again after each
//!   step as if it arrived then, the one that came first before the others, until none of them can
//!   trade: several orders together fill it although none of them alone is large enough.
//!
//! # Guarantees
//!
//! *Coins and money are conserved*: a trade moves coins from seller to buyer, and what is paid is
//! what is received and the spread, which is never below zero.
//!
//! *No order is worse off than its price*, and none that wants all or nothing is filled in part.
//!
//! *The book is quiet after every step*: no order in it would trade if it arrived anew. For orders
//! that want all or nothing the rule says so. Of two that allow partial fills the later would have
//! met the earlier. And one of each kind: were the partial one at least as large and the prices
//! crossed, the other one on its way would be filled by it at the latest, so it could trade. In
//! particular the best bid that allows partial fills lies below the best such offer.
//!
//! *Steps end*: each order that is tried again and trades is filled and gone. A step looks at
//! [`Exchange::MAX_WHOLE`] times [`Exchange::MAX_RESTING`] orders at most for each that it fills.

mod order;
mod outcome;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use order::{CoinOrder, ExchangeError, Fill, Leftover, Ticket};
pub use outcome::{Resting, State, Step, Trade};

use crate::coin::Coins;
use crate::ids::ParticipantId;
use crate::order::Side;

/// Where an order stands on its side: best price first, then the earlier one.
type Rank = (i64, Ticket);

/// The book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawExchange", into = "RawExchange")]
pub struct Exchange {
    next: Ticket,
    bids: BTreeMap<Rank, Resting>,
    offers: BTreeMap<Rank, Resting>,
    /// Side and rank of every order in the book.
    places: BTreeMap<Ticket, (Side, Rank)>,
    /// Those that want all or nothing.
    wholes: BTreeSet<Ticket>,
}

impl Exchange {
    /// Orders that may rest: one for each member of a district of 100,000.
    pub const MAX_RESTING: usize = 100_000;
    /// Orders that want all or nothing and may rest; each is tried again after every step.
    pub const MAX_WHOLE: usize = 64;

    /// The exchange that holds `resting`, ascending by ticket, and hands out `next`.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`] unless the orders can stand in one book together.
    pub fn try_new(next: Ticket, resting: &[Resting]) -> Result<Self, ExchangeError> {
        let mut exchange = Self::default();
        for row in resting {
            row.order.check()?;
            let whole = row.order.fill == Fill::Whole;
            let part = CoinOrder { quantity: row.left, ..row.order };
            let left = part.check().is_ok() && row.left <= row.order.quantity;
            let traded = row.left != row.order.quantity;
            let in_turn = exchange.next <= row.ticket && row.ticket < next;
            let rests = row.order.leftover == Leftover::Rests;
            if !left || whole && traded || !in_turn || !rests {
                return Err(ExchangeError::Impossible(row.ticket));
            }
            exchange.has_room(&row.order)?;
            exchange.insert(*row);
            exchange.next = row.ticket.next();
        }
        exchange.next = next;
        if exchange.is_quiet() { Ok(exchange) } else { Err(ExchangeError::Crossed) }
    }

    /// The ticket that the next order gets.
    pub const fn next(&self) -> Ticket {
        self.next
    }

    /// The order, if it rests.
    pub fn resting(&self, ticket: Ticket) -> Option<&Resting> {
        let (side, rank) = self.places.get(&ticket)?;
        self.side(*side).get(rank)
    }

    /// One side of the book, best price first, of equal prices the earlier first.
    pub fn book(&self, side: Side) -> impl Iterator<Item = &Resting> {
        self.side(side).values()
    }

    /// Whether no order of the book would trade if it arrived anew: true after every step.
    pub fn is_quiet(&self) -> bool {
        let best = |side| self.book(side).find(|row| row.order.fill == Fill::Partial);
        let crossed = match (best(Side::Bid), best(Side::Offer)) {
            (Some(bid), Some(offer)) => bid.order.crosses(&offer.order),
            _ => false,
        };
        !crossed && self.ready().is_none()
    }

    /// Takes an order and matches it.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Quantity`], [`ExchangeError::Price`]; for an order that may have to rest
    /// [`ExchangeError::Full`] and [`ExchangeError::TooManyWhole`].
    pub fn place(&mut self, order: CoinOrder) -> Result<Step, ExchangeError> {
        order.check()?;
        self.has_room(&order)?;
        let ticket = self.next;
        self.next = ticket.next();
        let mut step = Step::of(ticket);
        self.enter(Resting { ticket, order, left: order.quantity }, &mut step);
        self.wake(&mut step);
        Ok(step)
    }

    /// Takes an order out of the book. Others may trade then: an order that wants all or nothing
    /// passes by what is too large for it, but not by what is small and has a better price.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::NotResting`] or [`ExchangeError::NotYours`].
    pub fn cancel(&mut self, ticket: Ticket, by: ParticipantId) -> Result<Step, ExchangeError> {
        let row = *self.resting(ticket).ok_or(ExchangeError::NotResting(ticket))?;
        let owner = row.order.trader;
        if owner != by {
            return Err(ExchangeError::NotYours { ticket, owner, got: by });
        }
        self.remove(&row);
        let mut step = Step::of(ticket);
        step.changed.insert(ticket, State::Cancelled { left: row.left });
        self.wake(&mut step);
        Ok(step)
    }

    /// Matches an order that stands in front of the book; what is left of it rests or is dropped.
    fn enter(&mut self, mut taker: Resting, step: &mut Step) {
        for (mut maker, quantity) in self.counterparties(&taker) {
            step.trades.push(Trade::between(&taker, &maker, quantity));
            self.remove(&maker);
            maker.left = less(maker.left, quantity);
            taker.left = less(taker.left, quantity);
            if maker.left.is_positive() {
                self.insert(maker);
            }
            step.changed.insert(maker.ticket, state(&maker));
        }
        if taker.left.is_positive() && taker.order.leftover == Leftover::Rests {
            self.insert(taker);
        }
        step.changed.insert(taker.ticket, state(&taker));
    }

    /// Lets orders that want all or nothing trade until none of them can.
    fn wake(&mut self, step: &mut Step) {
        while let Some(row) = self.ready() {
            self.remove(&row);
            self.enter(row, step);
        }
    }

    /// The first order that wants all or nothing and would get all if it arrived now.
    fn ready(&self) -> Option<Resting> {
        let mut wholes = self.wholes.iter().filter_map(|ticket| self.resting(*ticket));
        wholes.find(|row| !self.counterparties(row).is_empty()).copied()
    }

    /// Whom `taker` meets on its way along the other side, and how much it trades with each.
    fn counterparties(&self, taker: &Resting) -> Vec<(Resting, Coins)> {
        let mut met = Vec::new();
        let mut left = taker.left;
        for maker in self.side(opposite(taker.order.side)).values() {
            if !left.is_positive() || !taker.order.crosses(&maker.order) {
                break;
            }
            if maker.order.fill == Fill::Whole && maker.left > left {
                continue;
            }
            let quantity = left.min(maker.left);
            left = less(left, quantity);
            met.push((*maker, quantity));
        }
        if taker.order.fill == Fill::Whole && left.is_positive() {
            met.clear();
        }
        met
    }

    /// Whether the book could keep `order`, whatever it meets.
    fn has_room(&self, order: &CoinOrder) -> Result<(), ExchangeError> {
        if order.leftover == Leftover::Discarded {
            return Ok(());
        }
        if self.places.len() >= Self::MAX_RESTING {
            return Err(ExchangeError::Full { max: Self::MAX_RESTING });
        }
        if order.fill == Fill::Whole && self.wholes.len() >= Self::MAX_WHOLE {
            return Err(ExchangeError::TooManyWhole { max: Self::MAX_WHOLE });
        }
        Ok(())
    }

    fn insert(&mut self, row: Resting) {
        let rank = rank(&row);
        self.places.insert(row.ticket, (row.order.side, rank));
        if row.order.fill == Fill::Whole {
            self.wholes.insert(row.ticket);
        }
        self.side_mut(row.order.side).insert(rank, row);
    }

    fn remove(&mut self, row: &Resting) {
        self.places.remove(&row.ticket);
        self.wholes.remove(&row.ticket);
        self.side_mut(row.order.side).remove(&rank(row));
    }

    const fn side(&self, side: Side) -> &BTreeMap<Rank, Resting> {
        match side {
            Side::Bid => &self.bids,
            Side::Offer => &self.offers,
        }
    }

    const fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Rank, Resting> {
        match side {
            Side::Bid => &mut self.bids,
            Side::Offer => &mut self.offers,
        }
    }
}

const fn opposite(side: Side) -> Side {
    match side {
        Side::Bid => Side::Offer,
        Side::Offer => Side::Bid,
    }
}

/// The highest bid and the lowest offer come first.
const fn rank(row: &Resting) -> Rank {
    let price = row.order.price.micro_per_coin();
    match row.order.side {
        Side::Bid => (-price, row.ticket),
        Side::Offer => (price, row.ticket),
    }
}

/// `from - part` for a part of it.
fn less(from: Coins, part: Coins) -> Coins {
    from.checked_sub(part).expect("a part is not larger than the whole")
}

/// The state of an order that was matched.
fn state(row: &Resting) -> State {
    match row.order.leftover {
        _ if row.left == Coins::ZERO => State::Filled,
        Leftover::Rests => State::Resting { left: row.left },
        Leftover::Discarded => State::Discarded { left: row.left },
    }
}

/// The book as it travels: its orders by age, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawExchange {
    next: Ticket,
    resting: Vec<Resting>,
}

impl TryFrom<RawExchange> for Exchange {
    type Error = ExchangeError;

    fn try_from(raw: RawExchange) -> Result<Self, ExchangeError> {
        Self::try_new(raw.next, &raw.resting)
    }
}

impl From<Exchange> for RawExchange {
    fn from(exchange: Exchange) -> Self {
        let tickets = exchange.places.keys();
        let resting = tickets.filter_map(|ticket| exchange.resting(*ticket).copied()).collect();
        Self { next: exchange.next, resting }
    }
}
