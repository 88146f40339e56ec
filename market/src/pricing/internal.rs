//! A community's surplus and deficit beside the grid's two prices: what internal prices are made
//! of.
//!
//! In: two energies and two prices, from a calculator or from a region. Out: whole numbers for a
//! formula, and its answer exact and as it is posted. Refuses to know: which formula asks.

use super::region::{Promise, Rates, RegionPrices, RegionTotals, not_negative};
use crate::error::{Expected, MarketError, Parameter};
use crate::fixed::{Decimal, Exact};
use crate::tariff::Tariff;

/// What an internal price rule answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InternalQuote {
    /// Buying price in currency/kWh, to the nearest 10^-18, ties to even.
    pub buy: Decimal,
    /// Selling price in currency/kWh, to the nearest 10^-18, ties to even.
    pub sell: Decimal,
    /// The same two as a region posts them: buying up, selling down to whole micro-currency.
    pub posted: RegionPrices,
}

impl InternalQuote {
    /// Rounds `rates` that lie between zero and a retail price.
    pub(super) fn of(rates: &Rates, promise: Promise) -> Self {
        let nearest = |rate| Decimal::nearest(rate).expect("retail is a decimal and no rate above");
        let (buy, sell) = rates.rounded();
        let posted = RegionPrices { buy, sell, promise };
        Self { buy: nearest(&rates.buy), sell: nearest(&rates.sell), posted }
    }
}

/// Surplus s, deficit d, feed-in price ps and retail price pb, all as whole numbers of 10^-18 kWh
/// or currency/kWh, each below 2^100. Prices that a formula makes of them are numbers of 10^-18
/// too, until [`rates`] is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Internal {
    pub(super) surplus: u128,
    pub(super) deficit: u128,
    pub(super) feed_in: u128,
    pub(super) retail: u128,
}

impl Internal {
    /// # Errors
    ///
    /// [`MarketError::Parameter`] unless no energy is below zero and `0 <= feed_in <= retail`.
    pub(super) fn try_new(
        [surplus, deficit]: [Decimal; 2],
        [feed_in, retail]: [Decimal; 2],
    ) -> Result<Self, MarketError> {
        not_negative(Parameter::Surplus, surplus)?;
        not_negative(Parameter::Deficit, deficit)?;
        not_negative(Parameter::FeedIn, feed_in)?;
        if retail < feed_in {
            let (parameter, got) = (Parameter::FeedIn, feed_in);
            let expected = Expected::Within(Decimal::ZERO, retail);
            return Err(MarketError::Parameter { parameter, expected, got });
        }
        Ok(Self {
            surplus: units(surplus),
            deficit: units(deficit),
            feed_in: units(feed_in),
            retail: units(retail),
        })
    }

    /// What is open in a region's slot.
    pub(super) fn of(totals: &RegionTotals, tariff: &Tariff) -> Self {
        let kwh = |energy| units(Decimal::from_energy(energy).unwrap_or(Decimal::MAX));
        Self {
            surplus: kwh(totals.surplus()),
            deficit: kwh(totals.deficit()),
            feed_in: units(tariff.feed_in().into()),
            retail: units(tariff.retail().into()),
        }
    }
}

/// Two prices from numbers of 10^-18 currency/kWh.
pub(super) fn rates(buy: &Exact, sell: &Exact) -> Rates {
    let unit = Exact::whole(units(Decimal::ONE));
    Rates { buy: buy.over(&unit), sell: sell.over(&unit) }
}

/// `value` as a number of 10^-18; zero below zero, which callers have refused.
pub(super) fn units(value: Decimal) -> u128 {
    u128::try_from(value.units()).unwrap_or(0)
}
