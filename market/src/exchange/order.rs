//! What a trader asks of the coin exchange, and what the exchange refuses.
//!
//! In: side, price, quantity, two choices. Out: an order within its bounds, or a typed refusal.
//! Refuses to know: the other orders.

use serde::{Deserialize, Serialize};

use crate::coin::{CoinPrice, Coins};
use crate::ids::ParticipantId;
use crate::order::Side;

/// How much of an order may trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fill {
    /// Any part of it, at any time.
    Partial,
    /// All of it at once, or nothing.
    Whole,
}

/// What becomes of the part that finds nobody when the order arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Leftover {
    /// It stays in the book.
    Rests,
    /// It is dropped.
    Discarded,
}

/// A limit order for coins against money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CoinOrder {
    /// Whose.
    pub trader: ParticipantId,
    /// A bid buys coins, an offer sells them.
    pub side: Side,
    /// What a buyer pays and a seller gets: its own price, whoever it meets.
    pub price: CoinPrice,
    /// How many coins.
    pub quantity: Coins,
    /// Whether a part may trade.
    pub fill: Fill,
    /// Whether what is left stays.
    pub leftover: Leftover,
}

impl CoinOrder {
    /// A million coins in one order: the energy that the largest order of a slot may hold.
    pub const MAX_QUANTITY: Coins = Coins::from_micro(1_000_000_000_000);
    /// What trades is a whole number of these: a thousandth of a coin, which has an exact cost at
    /// every price.
    pub const LOT: Coins = Coins::from_micro(1_000);
    /// 1,000 currency/coin: above any price of a kWh, low enough that a price times the largest
    /// order cannot leave 64 bits.
    pub const MAX_PRICE: CoinPrice = CoinPrice::from_micro_per_coin(1_000_000_000);

    /// Checks price and quantity.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Quantity`] or [`ExchangeError::Price`].
    pub fn check(&self) -> Result<(), ExchangeError> {
        let (got, max, lot) = (self.quantity, Self::MAX_QUANTITY, Self::LOT);
        if got < lot || got > max || got.micro() % lot.micro() != 0 {
            return Err(ExchangeError::Quantity { got, lot, max });
        }
        let (got, max) = (self.price, Self::MAX_PRICE);
        if !(CoinPrice::ZERO..=max).contains(&got) {
            return Err(ExchangeError::Price { got, max });
        }
        Ok(())
    }

    /// Whether the two want to trade: one buys at least at the price at which the other sells.
    pub(super) fn crosses(&self, other: &Self) -> bool {
        match (self.side, other.side) {
            (Side::Bid, Side::Offer) => self.price >= other.price,
            (Side::Offer, Side::Bid) => other.price >= self.price,
            _ => false,
        }
    }
}

/// The number of an order: how many orders the exchange had taken before it. It names the order for
/// ever and is its priority in time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Ticket(u64);

impl Ticket {
    /// Names the order before which `number` were taken.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number behind the name.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The ticket that follows; 2^64 orders are never taken.
    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What the exchange refuses. After any of these nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum ExchangeError {
    /// An order must ask for a whole number of lots, at least one and at most the stated bound.
    #[error("an order must hold whole lots of {lot}, at most {max}, got {got}")]
    Quantity {
        /// The quantity of the order.
        got: Coins,
        /// What trades is a whole number of these.
        lot: Coins,
        /// The most one order may hold.
        max: Coins,
    },
    /// A price must not be below zero nor above the stated bound.
    #[error("a price must lie in 0 ..= {max}, got {got}")]
    Price {
        /// The price of the order.
        got: CoinPrice,
        /// The highest price.
        max: CoinPrice,
    },
    /// The book has no room for an order that may have to rest.
    #[error("at most {max} orders rest in the book")]
    Full {
        /// Orders that may rest.
        max: usize,
    },
    /// The book has no room for an order that may have to rest and wants all or nothing.
    #[error("at most {max} orders that want all or nothing rest in the book")]
    TooManyWhole {
        /// Such orders that may rest.
        max: usize,
    },
    /// No order of this number rests in the book.
    #[error("order {0} does not rest in the book")]
    NotResting(Ticket),
    /// An order can be cancelled by its trader alone.
    #[error("order {ticket} belongs to {owner}, not to {got}")]
    NotYours {
        /// The order.
        ticket: Ticket,
        /// Whose it is.
        owner: ParticipantId,
        /// Who asked.
        got: ParticipantId,
    },
    /// An order that no book could hold: part of it traded although it wants all or nothing, it was
    /// to be discarded, or its number is out of turn.
    #[error("order {0} cannot rest in a book")]
    Impossible(Ticket),
    /// Two orders of the book would have traded.
    #[error("a book whose orders cross cannot be restored")]
    Crossed,
}
