//! NRG-X-Change: a bell over the balance of production and consumption rewards, scarcity charges.
//!
//! In: q, r, a and the region's totals. Out: a member's reward or bill, or the region's two prices.
//! Refuses to know: minted coins (the protocol reward f) and who is paid.
//!
//! Source: Mihaylov et al., SmartGreens 2014, section 2, with tp and tc the production and
//! consumption of the slot:
//!
//! ```text
//! reward of x kWh   g = x q / exp((tp - tc)^2 / a)
//! bill of y kWh     h = y r tc / (tc + tp)             0 if nothing was produced or consumed
//! ```
//!
//! Departures, all ours: h = 0 for tp = tc = 0, where the paper has 0/0. The paper bounds neither
//! price, and its seller may earn more per kWh than its buyer pays. The region face therefore moves
//! the selling price into [feed-in, retail] and the buying price into [selling price, retail]. The
//! calculator face has no bounds. The rule does not balance: at tp = tc = E buyers pay r E / 2 and
//! sellers get q E, equal only for r = 2 q; the operator's account takes the difference.

use serde::{Deserialize, Serialize};

use super::region::{Balance, Bounds, Rates, RegionTotals, exact, not_negative, positive};
use crate::error::{MarketError, Parameter, Quantity};
use crate::fixed::{Decimal, Exact, exp_neg};
use crate::money::Money;
use crate::tariff::Tariff;

/// The rule with its parameters: `q >= 0`, `r >= 0`, `a > 0`, true by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawNrgX", into = "RawNrgX")]
pub struct NrgX {
    q: Decimal,
    r: Decimal,
    a: Decimal,
}

impl std::fmt::Display for NrgX {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { q, r, a } = self;
        write!(f, "nrgx (q {q}, r {r} currency/kWh, a {a} kWh^2)")
    }
}

impl NrgX {
    /// The rule with `q` and `r` in currency/kWh and `a` in kWh^2.
    ///
    /// # Errors
    ///
    /// [`MarketError::Parameter`] for a negative `q` or `r`, or an `a` that is not above zero.
    pub fn try_new(q: Decimal, r: Decimal, a: Decimal) -> Result<Self, MarketError> {
        not_negative(Parameter::Q, q)?;
        not_negative(Parameter::R, r)?;
        positive(Parameter::A, a)?;
        Ok(Self { q, r, a })
    }

    /// What `own` kWh of injection earn (g), rounded once, to the nearest nano-currency, ties to
    /// even.
    ///
    /// # Errors
    ///
    /// [`MarketError::Parameter`] for a negative energy, [`MarketError::Overflow`] beyond 64 bits.
    pub fn producer_reward(
        &self,
        own: Decimal,
        production: Decimal,
        consumption: Decimal,
    ) -> Result<Money, MarketError> {
        let balance = Balance::try_new(production, consumption)?;
        amount(own, &self.sell_rate(&balance))
    }

    /// What `own` kWh of withdrawal cost (h), rounded once, to the nearest nano-currency, ties to
    /// even.
    ///
    /// # Errors
    ///
    /// As [`NrgX::producer_reward`].
    pub fn consumer_bill(
        &self,
        own: Decimal,
        production: Decimal,
        consumption: Decimal,
    ) -> Result<Money, MarketError> {
        let balance = Balance::try_new(production, consumption)?;
        amount(own, &self.buy_rate(&balance))
    }

    /// Whether buyers pay what sellers get when production equals consumption: `r = 2 q`.
    pub fn breaks_even_in_balance(&self) -> bool {
        self.r.units() == 2 * self.q.units()
    }

    pub(super) fn rates(&self, totals: &RegionTotals, tariff: &Tariff) -> Rates {
        let balance = Balance::from(totals);
        let (buy, sell) = (self.buy_rate(&balance), self.sell_rate(&balance));
        Rates::clamped(buy, sell, &Bounds::from(tariff))
    }

    /// `q exp(-(tp - tc)^2 / a)`.
    fn sell_rate(&self, balance: &Balance) -> Exact {
        exact(self.q).times(&exp_neg(&balance.gap_squared().over(&exact(self.a))))
    }

    /// `r tc / (tc + tp)`.
    fn buy_rate(&self, balance: &Balance) -> Exact {
        exact(self.r).times(&balance.consumption_share())
    }
}

/// `own` times `rate` in nano-currency.
fn amount(own: Decimal, rate: &Exact) -> Result<Money, MarketError> {
    const NANO: u128 = 1_000_000_000;
    not_negative(Parameter::Own, own)?;
    let nano = exact(own).times(rate).nearest(NANO).and_then(|nano| i64::try_from(nano).ok());
    nano.map(Money::from_nano).ok_or(MarketError::Overflow { what: Quantity::Amount })
}

/// The three numbers as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawNrgX {
    q: Decimal,
    r: Decimal,
    a: Decimal,
}

impl TryFrom<RawNrgX> for NrgX {
    type Error = MarketError;

    fn try_from(raw: RawNrgX) -> Result<Self, MarketError> {
        Self::try_new(raw.q, raw.r, raw.a)
    }
}

impl From<NrgX> for RawNrgX {
    fn from(rule: NrgX) -> Self {
        Self { q: rule.q, r: rule.r, a: rule.a }
    }
}
