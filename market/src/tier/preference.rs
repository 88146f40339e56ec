//! Wishes about the other side of a trade: energy from the own feeder, green energy from there, a
//! partner.
//!
//! In: what an order wishes. Out: what its energy is worth if the wish comes true. Refuses to know:
//! who checks that an offer is green; an offer that says so is believed, so whoever takes the order
//! has to know.
//!
//! A wish is a premium on the price of a bid that counts only when the other side has the quality,
//! as in lemlab and HAMLET; a partner is a wish of both sides, as in gsy-e. Each quality is cleared
//! on the feeder before the next one, with the arithmetic of every other clearing:
//!
//! ```text
//! partner   orders of two homes on one feeder that name each other
//! green     bids with a green premium, offers that are green
//! plain     everybody on the feeder, bids with their local premium
//! ```
//!
//! Above the feeder premiums count nothing.

use serde::{Deserialize, Serialize};

use crate::error::MarketError;
use crate::ids::ParticipantId;
use crate::money::Price;
use crate::order::{Order, Side};
use crate::tariff::Tariff;

/// What a trade on a feeder had that was wished for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Quality {
    /// Both sides named each other.
    Partner,
    /// The seller's energy is green, and the buyer asked for it.
    Green,
    /// Nothing but where it comes from.
    #[default]
    Plain,
}

impl std::fmt::Display for Quality {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Partner => "partner",
            Self::Green => "green",
            Self::Plain => "plain",
        })
    }
}

/// What a bid pays on top of its price for a quality, in permille of that price.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u16", into = "u16")]
pub struct Premium(u16);

impl Premium {
    /// Nothing on top.
    pub const NONE: Self = Self(0);
    /// The price once more.
    pub const MAX: Self = Self(1_000);

    /// A premium of `permille` of the price.
    ///
    /// # Errors
    ///
    /// [`MarketError::Premium`] above [`Self::MAX`].
    pub fn try_new(permille: u16) -> Result<Self, MarketError> {
        if permille <= Self::MAX.0 {
            Ok(Self(permille))
        } else {
            Err(MarketError::Premium { got: permille, max: Self::MAX.0 })
        }
    }

    /// The permille.
    pub const fn permille(self) -> u16 {
        self.0
    }

    /// `price` with the premium on top, rounded down, at most [`Tariff::MAX_PRICE`]; a price of
    /// zero or less stays what it is.
    #[must_use]
    pub fn on(self, price: Price) -> Price {
        let micro = price.micro_per_kwh();
        if micro <= 0 {
            return price;
        }
        let top = Tariff::MAX_PRICE.micro_per_kwh();
        // An order's price is at most 10^9, so the product fits; more is beyond the top anyway.
        let extra = micro.saturating_mul(i64::from(self.0)) / 1_000;
        Price::from_micro_per_kwh(micro.saturating_add(extra).min(top.max(micro)))
    }
}

impl TryFrom<u16> for Premium {
    type Error = MarketError;

    fn try_from(permille: u16) -> Result<Self, MarketError> {
        Self::try_new(permille)
    }
}

impl From<Premium> for u16 {
    fn from(premium: Premium) -> Self {
        premium.0
    }
}

/// What an order wishes beside its price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Wish {
    /// A bid's premium for energy from its own feeder; nothing for an offer.
    pub local: Premium,
    /// A bid's premium for green energy from its own feeder, in place of `local` if it is larger;
    /// nothing for an offer.
    pub green: Premium,
    /// Whom the order wants to trade with first. Counts if both sides name each other.
    pub partner: Option<ParticipantId>,
    /// Whether what an offer sells is green; nothing for a bid.
    pub is_green: bool,
}

impl Wish {
    /// The worst price that `order` accepts on its own feeder for a quality.
    fn limit(&self, order: &Order, quality: Quality) -> Price {
        match (order.side, quality) {
            (Side::Offer, _) => order.price,
            (Side::Bid, Quality::Green) => self.local.max(self.green).on(order.price),
            (Side::Bid, Quality::Partner | Quality::Plain) => self.local.on(order.price),
        }
    }

    /// Whether `order` takes part where green energy is cleared.
    pub(super) fn is_for_green(&self, order: &Order) -> bool {
        match order.side {
            Side::Bid => self.green > Premium::NONE,
            Side::Offer => self.is_green,
        }
    }
}

/// The worst price that `order` accepts on its own feeder for a quality, with or without a wish.
pub(super) fn limit(order: &Order, wish: Option<&Wish>, quality: Quality) -> Price {
    wish.map_or(order.price, |wish| wish.limit(order, quality))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 150 permille on 0.123457 is 0.01851855, rounded down. A premium never leads beyond the
    /// highest price, and there is none on a price of zero or less.
    #[test]
    fn premiums_are_rounded_down_and_bounded() {
        let price = Price::from_micro_per_kwh;
        let premium = Premium::try_new(150).expect("below the largest");
        assert_eq!(premium.on(price(123_457)), price(123_457 + 18_518));
        assert_eq!(premium.on(Tariff::MAX_PRICE), Tariff::MAX_PRICE);
        assert_eq!(premium.on(price(-5_000)), price(-5_000));
        let refused = MarketError::Premium { got: 1_001, max: 1_000 };
        assert_eq!(Premium::try_new(1_001), Err(refused));
    }
}
