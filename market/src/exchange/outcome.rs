//! What a step of the coin exchange did: trades, and the state of every order that it touched.
//!
//! In: two orders that meet. Out: what the buyer pays, the seller gets and the market keeps.
//! Refuses to know: accounts; whoever books a trade knows them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::order::{CoinOrder, Ticket};
use crate::coin::{CoinPrice, Coins};
use crate::ids::ParticipantId;
use crate::money::Money;
use crate::order::Side;

/// An order in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Resting {
    /// Its name and its place in time.
    pub ticket: Ticket,
    /// What was asked for.
    pub order: CoinOrder,
    /// What has not traded yet, above zero.
    pub left: Coins,
}

/// What became of an order: each is in exactly one of these (I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    /// It waits in the book.
    Resting {
        /// What has not traded yet.
        left: Coins,
    },
    /// All of it traded.
    Filled,
    /// What found nobody was dropped.
    Discarded {
        /// What did not trade.
        left: Coins,
    },
    /// Its trader took it back.
    Cancelled {
        /// What did not trade.
        left: Coins,
    },
}

impl State {
    /// What did not trade of the order.
    pub const fn left(&self) -> Coins {
        match self {
            Self::Filled => Coins::ZERO,
            Self::Resting { left } | Self::Discarded { left } | Self::Cancelled { left } => *left,
        }
    }
}

/// Coins against money between a buyer and a seller, who may be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Trade {
    /// The bid.
    pub bid: Ticket,
    /// The offer.
    pub offer: Ticket,
    /// Who gets the coins.
    pub buyer: ParticipantId,
    /// Who gives the coins.
    pub seller: ParticipantId,
    /// How many coins.
    pub quantity: Coins,
    /// The price of the bid, at which the buyer pays.
    pub bid_price: CoinPrice,
    /// The price of the offer, which is at most that of the bid; the seller gets it.
    pub offer_price: CoinPrice,
}

impl Trade {
    /// What the buyer pays: its own price.
    ///
    /// # Panics
    ///
    /// If price and quantity exceed the bounds of [`CoinOrder`], which no trade of an exchange
    /// does; so do [`Trade::received`] and [`Trade::spread`].
    pub fn paid(&self) -> Money {
        amount(self.bid_price, self.quantity)
    }

    /// What the seller gets: its own price.
    pub fn received(&self) -> Money {
        amount(self.offer_price, self.quantity)
    }

    /// What the market's own account keeps: exactly what is paid and not received.
    pub fn spread(&self) -> Money {
        self.paid().checked_sub(self.received()).expect("a difference of bounded amounts")
    }

    pub(super) fn between(taker: &Resting, maker: &Resting, quantity: Coins) -> Self {
        let (bid, offer) = match taker.order.side {
            Side::Bid => (taker, maker),
            Side::Offer => (maker, taker),
        };
        Self {
            bid: bid.ticket,
            offer: offer.ticket,
            buyer: bid.order.trader,
            seller: offer.order.trader,
            quantity,
            bid_price: bid.order.price,
            offer_price: offer.order.price,
        }
    }
}

fn amount(price: CoinPrice, quantity: Coins) -> Money {
    price.checked_cost(quantity).expect("a bounded price times bounded lots fits 64 bits")
}

/// What one order, or one cancellation, set off.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Step {
    /// The order that was placed or cancelled.
    pub ticket: Ticket,
    /// The trades, in the order in which they happened.
    pub trades: Vec<Trade>,
    /// The state of every order that the step touched.
    pub changed: BTreeMap<Ticket, State>,
}

impl Step {
    pub(super) const fn of(ticket: Ticket) -> Self {
        Self { ticket, trades: Vec::new(), changed: BTreeMap::new() }
    }
}
