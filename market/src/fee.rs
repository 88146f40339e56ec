//! Fees per kWh and tier, as data: who uses more of the grid pays more, each fee a line of the
//! bill.
//!
//! In: named fees with their rates. Out: what a kWh costs on top of its price, per tier and per
//! fee. Refuses to know: who trades, at which price.
//!
//! The buyer pays price + fee, the seller gets the price, the operator gets the fee. A trade pays
//! the rate of the tier on which it is made, once. Within a home nothing is paid, and a trade with
//! the utility is at its tariff, which holds the fees already.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::error::MarketError;
use crate::grid::Tier;
use crate::money::{Money, Price};
use crate::tariff::Tariff;

/// What a kWh costs on each tier where fees are paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rates {
    /// Between neighbours on one feeder.
    pub feeder: Price,
    /// Between feeders below one aggregator.
    pub aggregator: Price,
    /// Between aggregators.
    pub grid: Price,
}

impl Rates {
    /// The rate of a tier.
    pub const fn at(&self, tier: Tier) -> Price {
        match tier {
            Tier::Home | Tier::Utility => Price::ZERO,
            Tier::Feeder => self.feeder,
            Tier::Aggregator => self.aggregator,
            Tier::Grid => self.grid,
        }
    }
}

/// One fee.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fee {
    /// How the bill calls it.
    pub name: String,
    /// What it is.
    pub rates: Rates,
}

/// All fees of a region: none below zero, and their sums rise from tier to tier, true by
/// construction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Fee>", into = "Vec<Fee>")]
pub struct Fees {
    components: Vec<Fee>,
    total: Rates,
}

impl Fees {
    /// Fees one bill may list: a page of them, more than any tariff has.
    pub const MAX: usize = 16;
    /// The longest name, so that it fits on a line.
    pub const MAX_NAME: usize = 40;

    /// These fees, in the order in which bills list them.
    ///
    /// # Errors
    ///
    /// [`MarketError::TooManyFees`]; [`MarketError::FeeName`] for a name that is empty, too long or
    /// taken; [`MarketError::Fee`] for a rate below zero or above
    /// [`Tariff::MAX_PRICE`]; [`MarketError::Fees`] unless the sums rise from
    /// tier to tier and stay within that bound.
    pub fn try_new(components: Vec<Fee>) -> Result<Self, MarketError> {
        if components.len() > Self::MAX {
            return Err(MarketError::TooManyFees { got: components.len(), max: Self::MAX });
        }
        let mut total = [0_i64; 3];
        for (at, fee) in components.iter().enumerate() {
            let is_taken = components[..at].iter().any(|other| other.name == fee.name);
            if fee.name.is_empty() || fee.name.len() > Self::MAX_NAME || is_taken {
                return Err(MarketError::FeeName { got: fee.name.clone(), max: Self::MAX_NAME });
            }
            let Rates { feeder, aggregator, grid } = fee.rates;
            for (sum, rate) in total.iter_mut().zip([feeder, aggregator, grid]) {
                if rate < Price::ZERO || rate > Tariff::MAX_PRICE {
                    return Err(MarketError::Fee { got: rate, max: Tariff::MAX_PRICE });
                }
                *sum += rate.micro_per_kwh();
            }
        }
        let [feeder, aggregator, grid] = total.map(Price::from_micro_per_kwh);
        if feeder > aggregator || aggregator > grid || grid > Tariff::MAX_PRICE {
            return Err(MarketError::Fees { feeder, aggregator, grid, max: Tariff::MAX_PRICE });
        }
        Ok(Self { components, total: Rates { feeder, aggregator, grid } })
    }

    /// The fees, in the order in which bills list them.
    pub fn components(&self) -> &[Fee] {
        &self.components
    }

    /// The sum of all fees on a tier.
    pub const fn rate(&self, tier: Tier) -> Price {
        self.total.at(tier)
    }

    /// What each fee comes to for `energy` on a tier, in the order of [`Self::components`]; `None`
    /// on overflow. Together they are exactly `rate(tier) * energy`.
    pub fn amounts(&self, tier: Tier, energy: Energy) -> Option<Vec<Money>> {
        self.components.iter().map(|fee| fee.rates.at(tier).checked_mul(energy)).collect()
    }
}

impl TryFrom<Vec<Fee>> for Fees {
    type Error = MarketError;

    fn try_from(components: Vec<Fee>) -> Result<Self, MarketError> {
        Self::try_new(components)
    }
}

impl From<Fees> for Vec<Fee> {
    fn from(fees: Fees) -> Self {
        fees.components
    }
}
