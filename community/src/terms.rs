//! The terms of a region that nobody configured: the one place where `trial` and `simulate` get
//! them from.
//!
//! In: the operator. Out: the charter of a region. Refuses to know: homes, runs, how terms are
//! overridden.
//!
//! | term | default | why |
//! |---|---|---|
//! | retail | 0.30 currency/kWh | a usual household tariff |
//! | feed-in | 0.08 currency/kWh | a usual remuneration of small rooftop plants |
//! | rule | `nrgx-safe` | the published rule with prices that stay inside the tariff |
//! | top | 0.19 currency/kWh | the middle of the tariff: what sellers get at balance |
//! | r | 0.50 currency/kWh | at balance buyers pay 0.25, between top and retail |
//! | alpha | 0.10 | with twice as much production as consumption 1/3 of the premium is left |
//! | kappa | 1/2 | the auction splits the gain |
//! | scoring | version 1 | the first set of weights |
//! | connection limit | 1 MWh per slot | far above any home, far below what 64 bits need |
//! | deposit | 200 currency | bills of a few months: nobody is overdue by accident |
//!
//! All of them are ours. `r` and `alpha` are set so that the operator's account neither pays for
//! the community nor lives on it: over a synthetic year of 50 homes it ends near zero against 8,700
//! currency that the homes save.

use credit::ScoreRule;
use ledger::{Author, Charter};
use market::{Decimal, Energy, Kappa, Money, NrgXSafe, Price, PriceRule, Tariff};

/// What the grid asks for a kWh.
pub const RETAIL: Price = Price::from_micro_per_kwh(300_000);
/// What the grid pays for a kWh.
pub const FEED_IN: Price = Price::from_micro_per_kwh(80_000);
/// The most a connection point carries in a slot.
pub const CONNECTION_LIMIT: Energy = Energy::from_wh(1_000_000);
/// What every member pays in when it joins.
pub const DEPOSIT: Money = Money::from_nano(200_000_000_000);
/// Name of the region.
pub const NAME: &str = "gridquorum";

/// Homes of a run that nobody sized.
pub const HOMES: u32 = 50;
/// Days of a synthetic run that nobody sized.
pub const DAYS: u32 = 1;
/// Seed of a run that nobody seeded.
pub const SEED: u64 = 1;

/// The default tariff.
pub fn tariff() -> Tariff {
    Tariff::try_new(FEED_IN, RETAIL).expect("0 <= feed-in <= retail <= the market's maximum")
}

/// The default price rule.
pub fn rule() -> PriceRule {
    let decimal = |text| Decimal::parse(text).expect("a plain decimal");
    let rule = NrgXSafe::try_new(decimal("0.19"), decimal("0.50"), decimal("0.10"));
    PriceRule::NrgXSafe(rule.expect("all three are above zero"))
}

/// The default charter under this operator.
pub fn charter(dso: Author) -> Charter {
    Charter {
        name: NAME.to_owned(),
        dso,
        tariff: tariff(),
        kappa: Kappa::HALF,
        rule: rule(),
        scoring: ScoreRule::V1,
        connection_limit: CONNECTION_LIMIT,
    }
}

#[cfg(test)]
mod tests {
    use ledger::{Genesis, members};
    use market::{RegionPrices, RegionTotals};

    use super::*;

    fn prices(production: i64, consumption: i64) -> (i64, i64) {
        let (production, consumption) = (Energy::from_wh(production), Energy::from_wh(consumption));
        let totals = RegionTotals::try_new(production, consumption).expect("small");
        let RegionPrices { buy, sell, .. } = rule().prices(&totals, &tariff());
        (buy.micro_per_kwh(), sell.micro_per_kwh())
    }

    // The terms found a region, and the deposit is one that it takes.
    #[test]
    fn the_terms_fit_together() {
        assert!(Genesis::try_new(charter(Author::new([1; 32]))).is_ok());
        assert!(Money::ZERO < DEPOSIT && DEPOSIT <= members::MAX_DEPOSIT);
    }

    // By hand. At balance: sell = top = 0.19, buy = 0.50 / 2. Twice as much production: m = 1/3, so
    // sell = 0.08 + 0.11 exp(-(1/9) / 0.1) = 0.08 + 0.11 x 0.329193 = 0.116211, rounded down; buy =
    // 0.50 / 3, rounded up. No production: buy = 0.50, cut to retail.
    #[test]
    fn the_rule_is_the_documented_one() {
        assert_eq!(prices(5_000, 5_000), (250_000, 190_000));
        assert_eq!(prices(10_000, 5_000), (166_667, 116_211));
        assert_eq!(prices(0, 5_000), (300_000, 190_000));
    }
}
