//! The safe variant of NRG-X-Change: scale-free, and inside the tariff whatever happens.
//!
//! In: top, r, alpha, the region's totals, the tariff. Out: two prices and what is left for the
//! operator's account. Refuses to know: participants and contracts.
//!
//! The variant is ours, after NRG-X-Change (Mihaylov et al. 2014). With ps and pb the feed-in and
//! retail price:
//!
//! ```text
//! m    = (tp - tc) / (tp + tc)                              0 if nothing was produced or consumed
//! sell = ps + (top - ps) exp(-max(m, 0)^2 / alpha)
//! buy  = r tc / (tc + tp), moved into [sell, pb]
//! ```
//!
//! Scarcity never lowers a seller's price (the published bell falls on both sides), and `alpha`
//! means the same in a street and in a town. Both prices fall as production grows and rise as
//! consumption grows.
//!
//! # The operator's account
//!
//! The rule does not balance by itself. Ours for the difference: the operator sells every withdrawn
//! kWh at `buy`, pays every injected kWh at `sell`, and trades the region's net with the grid at
//! the tariff, so that
//!
//! ```text
//! account = buy tc - sell tp - pb max(tc - tp, 0) + ps max(tp - tc, 0)
//! ```
//!
//! is its change in the slot. A positive change is paid out to the account and a negative one
//! topped up from it at once, in the slot where it arises; nothing is carried into later prices.

use serde::{Deserialize, Serialize};

use super::region::{Balance, Bounds, Rates, RegionTotals, exact, not_negative, positive};
use crate::error::{Expected, MarketError, Parameter, Quantity};
use crate::fixed::{Decimal, exp_neg};
use crate::tariff::Tariff;

/// The rule with its parameters: `top >= 0`, `r >= 0`, `alpha > 0`, true by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawNrgXSafe", into = "RawNrgXSafe")]
pub struct NrgXSafe {
    top: Decimal,
    r: Decimal,
    alpha: Decimal,
}

/// The calculator's answer, each number to the nearest 10^-18, ties to even.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quote {
    /// Buying price in currency/kWh.
    pub buy: Decimal,
    /// Selling price in currency/kWh.
    pub sell: Decimal,
    /// Change of the operator's account in currency, at the two prices above.
    pub operator_account: Decimal,
}

impl std::fmt::Display for NrgXSafe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { top, r, alpha } = self;
        write!(f, "nrgx-safe (top {top}, r {r} currency/kWh, alpha {alpha})")
    }
}

impl NrgXSafe {
    /// The rule with `top` and `r` in currency/kWh and `alpha` a plain number.
    ///
    /// # Errors
    ///
    /// [`MarketError::Parameter`] for a negative `top` or `r`, or an `alpha` that is not above
    /// zero.
    pub fn try_new(top: Decimal, r: Decimal, alpha: Decimal) -> Result<Self, MarketError> {
        not_negative(Parameter::Top, top)?;
        not_negative(Parameter::R, r)?;
        positive(Parameter::Alpha, alpha)?;
        Ok(Self { top, r, alpha })
    }

    /// Prices and account of a slot, from production and consumption in kWh and the tariff in
    /// currency/kWh.
    ///
    /// # Errors
    ///
    /// [`MarketError::Parameter`] unless energies are not negative and `0 <= feed_in <= top <=
    /// retail`; [`MarketError::Overflow`] if the account leaves the range of a decimal.
    pub fn quote(
        &self,
        production: Decimal,
        consumption: Decimal,
        feed_in: Decimal,
        retail: Decimal,
    ) -> Result<Quote, MarketError> {
        let balance = Balance::try_new(production, consumption)?;
        self.check_bounds(feed_in, retail)?;
        let bounds = Bounds { feed_in: exact(feed_in), retail: exact(retail) };
        let rates = self.rates_within(&balance, &bounds);
        let overflow = MarketError::Overflow { what: Quantity::OperatorAmount };
        let (Some(buy), Some(sell)) = (Decimal::nearest(&rates.buy), Decimal::nearest(&rates.sell))
        else {
            return Err(overflow);
        };
        let operator_account = account(production, consumption, [buy, sell], [feed_in, retail]);
        Ok(Quote { buy, sell, operator_account: operator_account.ok_or(overflow)? })
    }

    /// # Errors
    ///
    /// [`MarketError::Parameter`] unless `top` lies inside the tariff.
    pub(super) fn check(&self, tariff: &Tariff) -> Result<(), MarketError> {
        self.check_bounds(tariff.feed_in().into(), tariff.retail().into())
    }

    pub(super) fn rates(&self, totals: &RegionTotals, tariff: &Tariff) -> Rates {
        self.rates_within(&Balance::from(totals), &Bounds::from(tariff))
    }

    fn check_bounds(&self, feed_in: Decimal, retail: Decimal) -> Result<(), MarketError> {
        not_negative(Parameter::FeedIn, feed_in)?;
        let outside = |parameter, got, low| {
            let expected = Expected::Within(low, retail);
            Err(MarketError::Parameter { parameter, expected, got })
        };
        if retail < feed_in {
            return outside(Parameter::FeedIn, feed_in, Decimal::ZERO);
        }
        if self.top < feed_in || retail < self.top {
            return outside(Parameter::Top, self.top, feed_in);
        }
        Ok(())
    }

    fn rates_within(&self, balance: &Balance, bounds: &Bounds) -> Rates {
        let alpha = exact(self.alpha);
        // A tariff that moved after the region was founded moves the top with it.
        let top = exact(self.top).clamp(bounds.feed_in, bounds.retail);
        let premium = top.distance(&bounds.feed_in);
        let bell = exp_neg(&balance.glut_squared().over(&alpha));
        let sell = bounds.feed_in.plus(&premium.times(&bell));
        let buy = exact(self.r).times(&balance.consumption_share());
        Rates::clamped(buy, sell, bounds)
    }
}

/// `buy tc - sell tp - pb max(tc - tp, 0) + ps max(tp - tc, 0)`, rounded once to the nearest
/// 10^-18.
fn account(
    production: Decimal,
    consumption: Decimal,
    [buy, sell]: [Decimal; 2],
    [feed_in, retail]: [Decimal; 2],
) -> Option<Decimal> {
    let (tp, tc) = (exact(production), exact(consumption));
    let mut income = exact(buy).times(&tc);
    let mut expense = exact(sell).times(&tp);
    let net = tp.distance(&tc);
    if production < consumption {
        expense = expense.plus(&exact(retail).times(&net));
    } else {
        income = income.plus(&exact(feed_in).times(&net));
    }
    let change = Decimal::nearest(&income.distance(&expense))?;
    if income < expense { Decimal::from_units(-change.units()) } else { Some(change) }
}

/// The three numbers as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawNrgXSafe {
    top: Decimal,
    r: Decimal,
    alpha: Decimal,
}

impl TryFrom<RawNrgXSafe> for NrgXSafe {
    type Error = MarketError;

    fn try_from(raw: RawNrgXSafe) -> Result<Self, MarketError> {
        Self::try_new(raw.top, raw.r, raw.alpha)
    }
}

impl From<NrgXSafe> for RawNrgXSafe {
    fn from(rule: NrgXSafe) -> Self {
        Self { top: rule.top, r: rule.r, alpha: rule.alpha }
    }
}
