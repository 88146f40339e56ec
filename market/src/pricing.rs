//! Substation price rules: two prices per slot from what the region produced and consumed.
//!
//! In: a rule with its parameters, the region's totals, the tariff. Out: a buying and a selling
//! price inside the tariff. Refuses to know: participants, contracts, accounts.
//!
//! A rule has two faces over one formula. The calculator face answers a single question exactly,
//! before the final rounding, without tariff bounds unless it is asked with them. The region face
//! is what a slot is settled with: whole micro-currency per kWh, the selling price rounded down and
//! the buying price up, so that no rounding is ever paid by the operator.

mod region;
mod nrgx;
mod nrgx_safe;

use serde::{Deserialize, Serialize};

use crate::error::MarketError;
use crate::tariff::Tariff;

pub use nrgx::NrgX;
pub use nrgx_safe::{NrgXSafe, Quote};
pub use region::{RegionPrices, RegionTotals};

/// A price rule with its parameters, as a region's founding document states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PriceRule {
    /// NRG-X-Change as published, clamped into the tariff.
    NrgX(NrgX),
    /// NRG-X-Change with scale-free width and prices inside the tariff by construction.
    NrgXSafe(NrgXSafe),
}

impl PriceRule {
    /// Whether the rule makes sense under `tariff`; asked once, when a region is founded.
    ///
    /// # Errors
    ///
    /// [`MarketError::Parameter`] if a parameter that is a price lies outside the tariff.
    pub fn check(&self, tariff: &Tariff) -> Result<(), MarketError> {
        match self {
            Self::NrgX(_) => Ok(()),
            Self::NrgXSafe(rule) => rule.check(tariff),
        }
    }

    /// The two prices of a slot, with `feed_in <= sell <= buy <= retail` (I4).
    pub fn prices(&self, totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
        let rates = match self {
            Self::NrgX(rule) => rule.rates(totals, tariff),
            Self::NrgXSafe(rule) => rule.rates(totals, tariff),
        };
        rates.posted(tariff)
    }
}

impl std::fmt::Display for PriceRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NrgX(rule) => rule.fmt(f),
            Self::NrgXSafe(rule) => rule.fmt(f),
        }
    }
}
