//! What a price rule sees of a region and what it says about it.
//!
//! In: sums of energy. Out: two prices, exact until they are posted, and the bounds that were
//! promised for them. Refuses to know: which rule is at work.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::error::{Expected, MarketError, Parameter};
use crate::fixed::{Decimal, Exact};
use crate::money::Price;
use crate::tariff::Tariff;

/// What a region's slot adds up to: what its meters counted, and what of it is open, that is
/// settled at the region's prices.
///
/// NRG-X-Change looks at the first pair. Rules whose buyers pay exactly what its sellers and the
/// grid get look at the second, because it is what they price (ours; the papers have no auction
/// before their rule, and without one the open pair is their sum of lacks and sum of surpluses).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawTotals", into = "RawTotals")]
pub struct RegionTotals {
    production: Energy,
    consumption: Energy,
    surplus: Energy,
    deficit: Energy,
}

impl RegionTotals {
    /// 1 PWh in a quarter hour: more than the world uses in a week, and still a [`Decimal`] in kWh.
    pub const MAX: Energy = Energy::from_wh(1_000_000_000_000_000);

    /// Totals of a region in which nothing is contracted and nobody both imports and exports: all
    /// production is surplus, all consumption is deficit.
    ///
    /// # Errors
    ///
    /// [`MarketError::Totals`] unless both lie in `0 Wh ..= MAX`.
    pub fn try_new(production: Energy, consumption: Energy) -> Result<Self, MarketError> {
        if is_total(production) && is_total(consumption) {
            Ok(Self { production, consumption, surplus: production, deficit: consumption })
        } else {
            Err(MarketError::Totals { production, consumption, max: Self::MAX })
        }
    }

    /// The same meters with these sums of what is open.
    ///
    /// # Errors
    ///
    /// [`MarketError::OpenTotals`] unless both lie in `0 Wh ..= MAX`.
    pub fn with_open(self, surplus: Energy, deficit: Energy) -> Result<Self, MarketError> {
        if is_total(surplus) && is_total(deficit) {
            Ok(Self { surplus, deficit, ..self })
        } else {
            Err(MarketError::OpenTotals { surplus, deficit, max: Self::MAX })
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

    /// Sum of what members have left over and sell at the region's price, s in the formulas.
    pub const fn surplus(&self) -> Energy {
        self.surplus
    }

    /// Sum of what members lack and buy at the region's price, d in the formulas.
    pub const fn deficit(&self) -> Energy {
        self.deficit
    }
}

fn is_total(energy: Energy) -> bool {
    (Energy::ZERO..=RegionTotals::MAX).contains(&energy)
}

/// The four numbers as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawTotals {
    production: Energy,
    consumption: Energy,
    surplus: Energy,
    deficit: Energy,
}

impl TryFrom<RawTotals> for RegionTotals {
    type Error = MarketError;

    fn try_from(raw: RawTotals) -> Result<Self, MarketError> {
        Self::try_new(raw.production, raw.consumption)?.with_open(raw.surplus, raw.deficit)
    }
}

impl From<RegionTotals> for RawTotals {
    fn from(totals: RegionTotals) -> Self {
        let RegionTotals { production, consumption, surplus, deficit } = totals;
        Self { production, consumption, surplus, deficit }
    }
}

/// The bounds that a rule promises to keep its two prices in. Settlement holds it to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Promise {
    /// `feed_in <= sell <= buy <= retail` (I4).
    Tariff,
    /// `0 <= sell <= feed_in` and `0 <= buy <= retail`: nobody pays more than the grid asks, but a
    /// seller may get less than the grid pays. Bill sharing promises no more.
    Shares,
}

/// The two prices of a region's slot, in whole micro-currency per kWh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RegionPrices {
    /// What a member pays for energy it had no contract for.
    pub buy: Price,
    /// What a member gets for energy it had no contract for.
    pub sell: Price,
    /// What the rule behind them promises.
    pub promise: Promise,
}

impl RegionPrices {
    /// Checks that the prices keep what their rule promises.
    ///
    /// # Errors
    ///
    /// [`MarketError::RegionPrices`] or [`MarketError::SharedPrices`], with the four prices.
    pub fn check(&self, tariff: &Tariff) -> Result<(), MarketError> {
        let (low, high) = (tariff.feed_in(), tariff.retail());
        let Self { buy, sell, promise } = *self;
        match promise {
            Promise::Tariff if low <= sell && sell <= buy && buy <= high => Ok(()),
            Promise::Tariff => Err(MarketError::RegionPrices { buy, sell, low, high }),
            Promise::Shares
                if (Price::ZERO..=low).contains(&sell) && (Price::ZERO..=high).contains(&buy) =>
            {
                Ok(())
            }
            Promise::Shares => Err(MarketError::SharedPrices { buy, sell, low, high }),
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
    /// bounds of a promise are whole micro-currency themselves, so rounding never leaves them; the
    /// last clamp only restates that.
    pub(super) fn posted(&self, tariff: &Tariff, promise: Promise) -> RegionPrices {
        let (low, high) = (tariff.feed_in(), tariff.retail());
        let (buy, sell) = self.rounded();
        let (buy, sell) = match promise {
            Promise::Tariff => (buy.clamp(low, high), sell.clamp(low, high)),
            Promise::Shares => (buy.clamp(Price::ZERO, high), sell.clamp(Price::ZERO, low)),
        };
        RegionPrices { buy, sell, promise }
    }

    /// The buying price up and the selling price down to whole micro-currency per kWh, in this
    /// order.
    pub(super) fn rounded(&self) -> (Price, Price) {
        const MICRO: u128 = 1_000_000;
        let price = |micro: Option<u128>| {
            let micro = micro.and_then(|micro| i64::try_from(micro).ok()).unwrap_or(i64::MAX);
            Price::from_micro_per_kwh(micro)
        };
        (price(self.buy.ceil(MICRO)), price(self.sell.floor(MICRO)))
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
