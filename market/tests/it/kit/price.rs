//! Price rules in the property kit: every claim of every rule, the table in the documentation, and
//! planted defects that have to be found.

use market::kit::claim::{Claim, surprises};
use market::kit::price::{Pricing, examine, shipped, shipped_table};
use market::{
    Decimal, Invariant, NrgX, Price, PriceRule, Promise, RegionPrices, RegionTotals, Tariff,
};

use super::cases;

const SEED: u64 = 20_210_328;

/// What the rules say of themselves is true both ways: claimed invariants hold on all regions, and
/// each one said to be broken is broken by one of them. Every rule is checked on every invariant
/// that is asked of it.
#[test]
fn every_claim_of_a_price_rule_is_true() {
    for rule in shipped() {
        let verdicts = examine(&rule, cases(), SEED);
        let surprises = surprises(rule.name(), |it| rule.claim(it), &verdicts);
        assert_eq!(surprises, Vec::<String>::new());
        for invariant in Invariant::ALL {
            let is_asked = rule.claim(invariant) != Claim::NotAsked;
            let checked = verdicts[&invariant].checked;
            assert_eq!(checked > cases() / 20, is_asked, "{}: {invariant}", rule.name());
        }
    }
}

/// The table in the documentation of the kit is the one that the claims make.
#[test]
fn the_documented_table_is_the_claimed_one() {
    let source = include_str!("../../../src/kit.rs");
    let lines = source.lines().filter_map(|line| line.strip_prefix("//! "));
    let is_row = |line: &&str| line.starts_with("| ") || line.starts_with("|-");
    let is_note = |line: &&str| line.starts_with("- ");
    let table = shipped_table();
    for row in table.lines().filter(|line| is_row(line) || is_note(line)) {
        assert!(lines.clone().any(|line| line == row), "missing in the documentation: {row}");
    }
    let rules: Vec<&str> = shipped().iter().map(Pricing::name).collect();
    let heads = lines.clone().filter(is_row).filter(|row| row.contains("nrgx"));
    assert_eq!(heads.count(), 1);
    let is_ours = |note: &&str| rules.iter().any(|rule| note.starts_with(&format!("- {rule}, I")));
    let documented = lines.filter(is_note).filter(is_ours).count();
    assert_eq!(documented, table.lines().filter(is_note).count(), "no note is left over");
}

/// A rule with a mistake that claims what it would keep without it.
struct Planted {
    name: &'static str,
    prices: fn(&RegionTotals, &Tariff) -> RegionPrices,
    /// What the kit has to find.
    broken: Invariant,
}

impl Pricing for Planted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn prices(&self, totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
        (self.prices)(totals, tariff)
    }

    fn claim(&self, _: Invariant) -> Claim {
        Claim::Keeps
    }
}

fn posted(buy: i64, sell: i64, tariff: &Tariff) -> RegionPrices {
    let price = |micro| tariff.clamp(Price::from_micro_per_kwh(micro));
    RegionPrices { buy: price(buy), sell: price(sell), promise: Promise::Tariff }
}

/// Surplus, deficit, feed-in and retail price.
fn numbers(totals: &RegionTotals, tariff: &Tariff) -> [i64; 4] {
    let (low, high) = (tariff.feed_in().micro_per_kwh(), tariff.retail().micro_per_kwh());
    [totals.surplus().wh(), totals.deficit().wh(), low, high]
}

/// The supply-demand ratio with demand over supply, as a public code has it.
fn inverted(totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
    let turned = totals.with_open(totals.deficit(), totals.surplus()).expect("bounded");
    PriceRule::SupplyDemand.prices(&turned, tariff)
}

/// A straight line for both prices in place of the hyperbola and its mean with retail.
fn straight(totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
    let [s, d, low, high] = numbers(totals, tariff);
    if s >= d {
        return posted(low, low, tariff);
    }
    let price = high - ((i128::from(high - low) * i128::from(s)) / i128::from(d)) as i64;
    posted(price, price, tariff)
}

/// The mid-market rate whose mid moves with the balance, at one price for both sides.
fn moving_mid(totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
    let [s, d, low, high] = numbers(totals, tariff);
    let gap = i128::from(high - low) * i128::from(d - s) / i128::from((d + s).max(1));
    let price = ((i128::from(high + low) + gap) / 2) as i64;
    posted(price, price, tariff)
}

/// The mid-market rate over gross energies, where settlement nets each home.
fn gross(totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
    let gross = totals.with_open(totals.production(), totals.consumption()).expect("bounded");
    PriceRule::MidMarket.prices(&gross, tariff)
}

/// The mid-market rate rounded for the members: the buying price down, the selling price up.
fn rounded_the_other_way(totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
    let [s, d, low, high] = numbers(totals, tariff).map(i128::from);
    let sum = low + high;
    let (buy, sell) = match s.cmp(&d) {
        std::cmp::Ordering::Less => ((s * sum + 2 * (d - s) * high) / (2 * d), (sum + 1) / 2),
        std::cmp::Ordering::Equal => (sum / 2, (sum + 1) / 2),
        std::cmp::Ordering::Greater => {
            (sum / 2, (d * sum + 2 * (s - d) * low + 2 * s - 1) / (2 * s))
        }
    };
    posted(buy as i64, sell as i64, tariff)
}

/// NRG-X-Change without the bounds of the tariff.
fn unbounded(totals: &RegionTotals, _: &Tariff) -> RegionPrices {
    let most = Tariff::try_new(Price::ZERO, Tariff::MAX_PRICE).expect("in order");
    published().prices(totals, &most)
}

/// NRG-X-Change as published, whose author believes its bell to be scale-free.
fn published() -> PriceRule {
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    let rule = NrgX::try_new(decimal("0.12"), decimal("0.14"), decimal("100"));
    PriceRule::NrgX(rule.expect("sound"))
}

/// Bill sharing in the tariff's name: a promise that it does not keep.
fn shares_in_the_tariffs_name(totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
    RegionPrices { promise: Promise::Tariff, ..PriceRule::BillSharing.prices(totals, tariff) }
}

/// Every planted defect is found, by the invariant that it breaks.
#[test]
fn planted_defects_of_price_rules_are_found() {
    let rule = |name, prices, broken| Planted { name, prices, broken };
    let planted = [
        rule("demand over supply", inverted, Invariant::Budget),
        rule("demand over supply", inverted, Invariant::Monotone),
        rule("a straight line for both", straight, Invariant::Budget),
        rule("a mid that moves", moving_mid, Invariant::Budget),
        rule("gross energies", gross, Invariant::Budget),
        rule("rounded for the members", rounded_the_other_way, Invariant::Budget),
        rule("outside the tariff", unbounded, Invariant::Bounded),
        rule("outside the tariff", unbounded, Invariant::Robust),
        rule(
            "a bell in kWh",
            |totals, tariff| published().prices(totals, tariff),
            Invariant::Scaling,
        ),
        rule("a promise not kept", shares_in_the_tariffs_name, Invariant::Robust),
    ];
    for rule in planted {
        let verdicts = examine(&rule, cases(), SEED);
        let Planted { name, broken, .. } = rule;
        assert!(verdicts[&broken].broken.is_some(), "{name} passes {broken}");
        let surprises = surprises(name, |it| rule.claim(it), &verdicts);
        assert!(!surprises.is_empty(), "{name} makes no surprise");
    }
}
