//! Auctions of one slot: who trades how much, at which price.
//!
//! In: the orders of a slot, the choices that are not the orders' own (kappa, a seed for ties).
//! Out: exactly one outcome per order, and what each of them pays or gets. Refuses to know: what an
//! author deserves; and when an order arrived, except where a rule is defined by arrival.

mod clearing;
mod ration;
pub mod uniform;
mod critical;
pub mod mcafee;
pub mod huang;
pub mod muda;
pub mod pay_as_bid;
#[cfg(any(test, feature = "oracle"))]
pub mod naive;

use serde::{Deserialize, Serialize};

use crate::error::MarketError;
use crate::invariant::Invariant;
use crate::order::Order;

pub use clearing::{Clearing, Contract, Kappa, Prices, Seed, Trade};

/// An auction rule with its parameters, as a region's founding document may state it.
///
/// | rule | prices | truthful | all gain | the operator keeps |
/// |---|---|---|---|---|
/// | uniform, k-double | one | no | yes | nothing |
/// | pay-as-bid | one per pair | no | no | nothing |
/// | mcafee | one, or one per side | yes, one order each | all but one trade | the gap of the sides |
/// | huang | one per side | in prices, one order each | all but the last orders' | the gap of the sides |
/// | muda | one per half | yes | nearly, in large books | nothing |
///
/// No rule can be truthful, take all gain, hurt nobody and balance at once (Myerson and
/// Satterthwaite 1983).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mechanism {
    /// One price at which nobody would trade more or less.
    Uniform {
        /// Where the price lies in its interval.
        kappa: Kappa,
    },
    /// One price between the last bid and the last offer that trade.
    KDouble {
        /// Where the price lies between the two.
        kappa: Kappa,
    },
    /// Continuous trading in order of arrival, which is the order of the slice.
    PayAsBid,
    /// The K-th pair may be given up, for orders of one quantity.
    McAfee,
    /// The critical orders are given up.
    Huang,
    /// Two halves trade at each other's prices.
    Muda,
}

impl Mechanism {
    /// Clears `orders`; ties, halves and lots are drawn with `seed`.
    ///
    /// # Errors
    ///
    /// [`MarketError::TooManyOrders`], [`MarketError::Quantity`], [`MarketError::PriceOutOfRange`],
    /// [`MarketError::DuplicateOrder`]; [`MarketError::UnlikeQuantities`] from
    /// [`Mechanism::McAfee`]. Empty, one-sided and non-crossing books are ordinary results.
    pub fn clear(&self, orders: &[Order], seed: &Seed) -> Result<Clearing, MarketError> {
        match self {
            Self::Uniform { kappa } => uniform::clear(orders, *kappa, seed),
            Self::KDouble { kappa } => uniform::clear_k_double(orders, *kappa, seed),
            Self::PayAsBid => pay_as_bid::clear(orders),
            Self::McAfee => mcafee::clear(orders, seed),
            Self::Huang => huang::clear(orders, seed),
            Self::Muda => muda::clear(orders, seed),
        }
    }

    /// What the rule promises about each slot.
    pub const fn keeps(&self) -> &'static [Invariant] {
        match self {
            Self::Uniform { .. } => uniform::KEEPS,
            Self::KDouble { .. } => uniform::KEEPS_K_DOUBLE,
            Self::PayAsBid => pay_as_bid::KEEPS,
            Self::McAfee => mcafee::KEEPS,
            Self::Huang => huang::KEEPS,
            Self::Muda => muda::KEEPS,
        }
    }
}

impl std::fmt::Display for Mechanism {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, kappa) = match self {
            Self::Uniform { kappa } => ("uniform", Some(kappa)),
            Self::KDouble { kappa } => ("k-double", Some(kappa)),
            Self::PayAsBid => ("pay-as-bid", None),
            Self::McAfee => ("mcafee", None),
            Self::Huang => ("huang", None),
            Self::Muda => ("muda", None),
        };
        match kappa.map(|kappa| kappa.parts()) {
            Some((numerator, denominator)) => write!(f, "{name} (kappa {numerator}/{denominator})"),
            None => f.write_str(name),
        }
    }
}
