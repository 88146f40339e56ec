//! What a price rule sees of a region and what it says about it.
//!
//! In: two sums of energy. Out: two prices, exact until they are posted. Refuses to know: which
//! rule is at work.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::error::{Expected, MarketError, Parameter};
use crate::fixed::{Decimal, Exact};
use crate::money::Price;
use crate::tariff::Tariff;

/// Production and consumption of a region in one slot, as its meters counted them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawTotals", into = "RawTotals")]
pub struct RegionTotals {
    production: Energy,
    consumption: Energy,
}

impl RegionTotals {
    /// 1 PWh in a quarter hour: more than the world uses in a week, and still a [`Decimal`] in kWh.
    pub const MAX: Energy = Energy::from_wh(1_000_000_000_000_000);

    /// Totals of a region.
    ///
    /// # Errors
    ///
    /// [`MarketError::Totals`] unless both lie in `0 Wh ..= MAX`.
    pub fn try_new(production: Energy, consumption: Energy) -> Result<Self, MarketError> {
        let allowed = Energy::ZERO..=Self::MAX;
        if allowed.contains(&production) && allowed.contains(&consumption) {
            Ok(Self { production, consumption })
        } else {
            Err(MarketError::Totals { production, consumption, max: Self::MAX })
        }
    }

    /// Sum of what was exported, tp in the formulas.
    pub const fn production(&self) -> Energy {
        self.production
    }

    /// Sum of what was imported, tc in the formulas.
    pub const fn consumption(&self) -> Energy {
        self.consumption
    }
}

/// The two numbers as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawTotals {
    production: Energy,
    consumption: Energy,
}

impl TryFrom<RawTotals> for RegionTotals {
    type Error = MarketError;

    fn try_from(raw: RawTotals) -> Result<Self, MarketError> {
        Self::try_new(raw.production, raw.consumption)
    }
}

impl From<RegionTotals> for RawTotals {
    fn from(totals: RegionTotals) -> Self {
        Self { production: totals.production, consumption: totals.consumption }
    }
}

/// The two prices of a region's slot, in whole micro-currency per kWh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RegionPrices {
    /// What a member pays for energy it had no contract for.
    pub buy: Price,
    /// What a member gets for energy it had no contract for.
    pub sell: Price,
}

impl RegionPrices {
    /// Checks `feed_in <= sell <= buy <= retail` (I4).
    ///
    /// # Errors
    ///
    /// [`MarketError::RegionPrices`] with the four prices.
    pub fn check(&self, tariff: &Tariff) -> Result<(), MarketError> {
        let (low, high) = (tariff.feed_in(), tariff.retail());
        if low <= self.sell && self.sell <= self.buy && self.buy <= high {
            Ok(())
        } else {
            Err(MarketError::RegionPrices { buy: self.buy, sell: self.sell, low, high })
        }
    }
}

/// Production and consumption as a formula sees them: exact, not negative, in kWh.
#[derive(Clone, Copy, Debug)]
pub(super) struct Balance {
    production: Decimal,
    consumption: Decimal,
}

impl Balance {
    /// # Errors
    ///
    /// [`MarketError::Parameter`] naming the one that is below zero.
    pub(super) fn try_new(production: Decimal, consumption: Decimal) -> Result<Self, MarketError> {
        not_negative(Parameter::Production, production)?;
        not_negative(Parameter::Consumption, consumption)?;
        Ok(Self { production, consumption })
    }

    /// `(tp - tc)^2` in kWh^2.
    pub(super) fn gap_squared(&self) -> Exact {
        let gap = exact(self.production).distance(&exact(self.consumption));
        gap.times(&gap)
    }

    /// `(max(tp - tc, 0) / (tp + tc))^2`, zero if nothing was produced or consumed.
    pub(super) fn glut_squared(&self) -> Exact {
        if self.production <= self.consumption {
            return Exact::ZERO;
        }
        let (production, consumption) = self.units();
        let glut = Exact::ratio(production - consumption, production + consumption);
        glut.times(&glut)
    }

    /// `tc / (tc + tp)`, zero if nothing was produced or consumed.
    pub(super) fn consumption_share(&self) -> Exact {
        let (production, consumption) = self.units();
        match production + consumption {
            0 => Exact::ZERO,
            whole => Exact::ratio(consumption, whole),
        }
    }

    fn units(&self) -> (u128, u128) {
        (self.production.units().unsigned_abs(), self.consumption.units().unsigned_abs())
    }
}

impl From<&RegionTotals> for Balance {
    fn from(totals: &RegionTotals) -> Self {
        let kwh = |energy| Decimal::from_energy(energy).unwrap_or(Decimal::MAX);
        Self { production: kwh(totals.production), consumption: kwh(totals.consumption) }
    }
}

/// The bounds of a tariff as a formula sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) feed_in: Exact,
    pub(super) retail: Exact,
}

impl From<&Tariff> for Bounds {
    fn from(tariff: &Tariff) -> Self {
        Self { feed_in: exact(tariff.feed_in().into()), retail: exact(tariff.retail().into()) }
    }
}

/// Two prices in currency/kWh before they are rounded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) buy: Exact,
    pub(super) sell: Exact,
}

impl Rates {
    /// The selling price moved into the bounds, the buying price between it and the upper bound.
    pub(super) fn clamped(buy: Exact, sell: Exact, bounds: &Bounds) -> Self {
        let sell = sell.clamp(bounds.feed_in, bounds.retail);
        Self { buy: buy.clamp(sell, bounds.retail), sell }
    }

    /// Whole micro-currency per kWh: the buying price rounded up, the selling price down. The
    /// bounds are whole micro-currency themselves, so rounding never leaves them; the last clamp
    /// only restates that.
    pub(super) fn posted(&self, tariff: &Tariff) -> RegionPrices {
        const MICRO: u128 = 1_000_000;
        let price = |micro: Option<u128>| {
            let micro = micro.and_then(|micro| i64::try_from(micro).ok()).unwrap_or(i64::MAX);
            tariff.clamp(Price::from_micro_per_kwh(micro))
        };
        RegionPrices { buy: price(self.buy.ceil(MICRO)), sell: price(self.sell.floor(MICRO)) }
    }
}

/// Refuses a parameter below zero.
pub(super) fn not_negative(parameter: Parameter, got: Decimal) -> Result<(), MarketError> {
    if got >= Decimal::ZERO {
        Ok(())
    } else {
        Err(MarketError::Parameter { parameter, expected: Expected::NotNegative, got })
    }
}

/// Refuses a parameter that is zero or below.
pub(super) fn positive(parameter: Parameter, got: Decimal) -> Result<(), MarketError> {
    if got > Decimal::ZERO {
        Ok(())
    } else {
        Err(MarketError::Parameter { parameter, expected: Expected::Positive, got })
    }
}

/// A decimal that was checked not to be negative, as an exact quotient.
pub(super) fn exact(checked: Decimal) -> Exact {
    checked.to_exact().unwrap_or(Exact::ZERO)
}
