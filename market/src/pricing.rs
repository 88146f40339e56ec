//! Substation price rules: two prices per slot from what the region produced and consumed.
//!
//! In: a rule with its parameters, the region's totals, the tariff. Out: a buying and a selling
//! price inside the tariff. Refuses to know: participants, contracts, accounts.
//!
//! A rule has two faces over one formula. The calculator face answers a single question exactly,
//! before the final rounding, without tariff bounds unless it is asked with them. The region face
//! is what a slot is settled with: whole micro-currency per kWh, the selling price rounded down and
//! the buying price up, so that no rounding is ever paid by the operator.
//!
//! Which invariants each rule keeps, and where it breaks them, is the table of the property kit,
//! `market/src/kit.rs`, which is checked.

mod region;
mod nrgx;
mod nrgx_safe;
mod internal;
pub mod supply_demand;
pub mod mid_market;
pub mod bill_sharing;

use serde::{Deserialize, Serialize};

use crate::error::MarketError;
use crate::tariff::Tariff;

use internal::Internal;

pub use internal::InternalQuote;
pub use nrgx::NrgX;
pub use nrgx_safe::{NrgXSafe, Quote};
pub use region::{Promise, RegionPrices, RegionTotals};

/// A price rule with its parameters, as a region's founding document states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PriceRule {
    /// NRG-X-Change as published, clamped into the tariff.
    NrgX(NrgX),
    /// NRG-X-Change with scale-free width and prices inside the tariff by construction.
    NrgXSafe(NrgXSafe),
    /// Supply-demand ratio over what is open in the slot.
    SupplyDemand,
    /// Mid-market rate over what is open in the slot.
    MidMarket,
    /// Bill sharing over a billing period of one slot.
    BillSharing,
}

impl PriceRule {
    /// Whether the rule makes sense under `tariff`; asked once, when a region is founded.
    ///
    /// # Errors
    ///
    /// [`MarketError::Parameter`] if a parameter that is a price lies outside the tariff.
    pub fn check(&self, tariff: &Tariff) -> Result<(), MarketError> {
        match self {
            Self::NrgXSafe(rule) => rule.check(tariff),
            Self::NrgX(_) | Self::SupplyDemand | Self::MidMarket | Self::BillSharing => Ok(()),
        }
    }

    /// The bounds that the rule's prices keep.
    pub const fn promise(&self) -> Promise {
        match self {
            Self::BillSharing => Promise::Shares,
            Self::NrgX(_) | Self::NrgXSafe(_) | Self::SupplyDemand | Self::MidMarket => {
                Promise::Tariff
            }
        }
    }

    /// The two prices of a slot, inside the bounds of [`PriceRule::promise`].
    pub fn prices(&self, totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
        let open = || Internal::of(totals, tariff);
        let rates = match self {
            Self::NrgX(rule) => rule.rates(totals, tariff),
            Self::NrgXSafe(rule) => rule.rates(totals, tariff),
            Self::SupplyDemand => supply_demand::prices(&open()),
            Self::MidMarket => mid_market::prices(&open()),
            Self::BillSharing => bill_sharing::prices(&open()),
        };
        rates.posted(tariff, self.promise())
    }
}

impl std::fmt::Display for PriceRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NrgX(rule) => rule.fmt(f),
            Self::NrgXSafe(rule) => rule.fmt(f),
            Self::SupplyDemand => f.write_str("supply-demand ratio"),
            Self::MidMarket => f.write_str("mid-market rate"),
            Self::BillSharing => f.write_str("bill sharing (per slot)"),
        }
    }
}
