//! An order of one slot, and what became of it.
//!
//! In: side, price, quantity. Out: a checked order; after clearing, exactly one outcome per order
//! (I8). Refuses to know: the order's author, its signature, and when it arrived.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::error::MarketError;
use crate::ids::OrderId;
use crate::money::Price;
use crate::tariff::Tariff;

/// Which side of the book an order stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Wants to buy energy at its price or below.
    Bid,
    /// Wants to sell energy at its price or above.
    Offer,
}

/// A limit order for one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Order {
    /// Its name within the slot.
    pub id: OrderId,
    /// Buy or sell.
    pub side: Side,
    /// The worst price its author accepts.
    pub price: Price,
    /// How much; partial fills are allowed.
    pub quantity: Energy,
}

impl Order {
    /// Checks the order against the tariff that bounds the slot.
    ///
    /// # Errors
    ///
    /// [`OrderFlaw`].
    pub fn check(&self, tariff: &Tariff) -> Result<(), OrderFlaw> {
        self.check_quantity()?;
        if !tariff.contains(self.price) {
            let (low, high) = (tariff.feed_in(), tariff.retail());
            return Err(OrderFlaw::Price { got: self.price, low, high });
        }
        Ok(())
    }

    /// Checks the order where there is no tariff.
    ///
    /// # Errors
    ///
    /// [`MarketError::Quantity`], or [`MarketError::PriceOutOfRange`] unless the price lies within
    /// [`Tariff::MAX_PRICE`] of zero.
    pub fn check_range(&self) -> Result<(), MarketError> {
        self.check_quantity()?;
        let max = Tariff::MAX_PRICE;
        if self.price.micro_per_kwh().unsigned_abs() <= max.micro_per_kwh().unsigned_abs() {
            Ok(())
        } else {
            Err(MarketError::PriceOutOfRange { got: self.price, max })
        }
    }

    /// Checks the quantity alone.
    fn check_quantity(&self) -> Result<(), OrderFlaw> {
        let (got, max) = (self.quantity, Energy::MAX_PER_SLOT);
        if got.is_positive() && got <= max { Ok(()) } else { Err(OrderFlaw::Quantity { got, max }) }
    }
}

/// Why an order may not stand in the book of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum OrderFlaw {
    /// It must ask for at least 1 Wh and at most [`Energy::MAX_PER_SLOT`].
    #[error("order quantity must lie in 1 Wh ..= {max}, got {got}")]
    Quantity {
        /// The quantity.
        got: Energy,
        /// The most one order may hold.
        max: Energy,
    },
    /// Its price lies outside the tariff.
    #[error("order price {got} lies outside the tariff [{low}, {high}]")]
    Price {
        /// The price.
        got: Price,
        /// Feed-in price.
        low: Price,
        /// Retail price.
        high: Price,
    },
}

impl From<OrderFlaw> for MarketError {
    fn from(flaw: OrderFlaw) -> Self {
        match flaw {
            OrderFlaw::Quantity { got, max } => Self::Quantity { got, max },
            OrderFlaw::Price { got, low, high } => Self::PriceOutsideTariff { got, low, high },
        }
    }
}

/// What became of an order: every order ends in exactly one of these (I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The whole quantity traded.
    Filled,
    /// A part traded; for the rest nothing was left.
    Part {
        /// What traded.
        filled: Energy,
    },
    /// Nothing traded.
    Rejected {
        /// Why.
        reason: Rejection,
    },
}

impl Outcome {
    /// What became of an order over `asked` Wh that got `filled` of a rationed quantity.
    pub(crate) const fn of(filled: u64, asked: u64) -> Self {
        match filled {
            0 => Self::Rejected { reason: Rejection::Rationed },
            _ if filled == asked => Self::Filled,
            // A part of a checked order fits 64 bits with sign.
            _ => Self::Part { filled: Energy::from_wh(filled as i64) },
        }
    }

    /// What traded of an order over `quantity`.
    #[must_use]
    pub const fn filled(&self, quantity: Energy) -> Energy {
        match self {
            Self::Filled => quantity,
            Self::Part { filled } => *filled,
            Self::Rejected { .. } => Energy::ZERO,
        }
    }
}

/// Why an order did not trade at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rejection {
    /// Nobody stood on the other side of the book.
    NoCounterparty,
    /// Its price does not cross the slot's price, or nobody's on the other side.
    PriceNotReached,
    /// Its price is as good as the slot's, but nothing was left: better prices took all, rationing
    /// on the marginal level left it less than 1 Wh, a lottery served others, or, where orders meet
    /// as they arrive, those it would have met had met others.
    Rationed,
    /// Somebody on the other side accepts its price, but this rule gives up some of the trades that
    /// could be made, so that nobody gains by asking a false price.
    Reduced,
    /// Its price is as good as the price beyond its feeder, but the feeder or its aggregator
    /// carries no more.
    LimitReached,
}
