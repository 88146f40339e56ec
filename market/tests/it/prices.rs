//! Substation price rules: published rows, rows computed with 60 digits by another program, and the
//! region face.

use market::{
    Decimal, Energy, Expected, MarketError, NrgX, NrgXSafe, Parameter, Price, PriceRule, Promise,
    Quantity, RegionPrices, RegionTotals, Tariff,
};
use proptest::prelude::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a decimal")
}

fn price(micro: i64) -> Price {
    Price::from_micro_per_kwh(micro)
}

fn tariff_prices(buy: i64, sell: i64) -> RegionPrices {
    RegionPrices { buy: price(buy), sell: price(sell), promise: Promise::Tariff }
}

fn nrgx(q: &str, r: &str, a: &str) -> NrgX {
    NrgX::try_new(decimal(q), decimal(r), decimal(a)).expect("sound parameters")
}

fn safe(top: &str, r: &str, alpha: &str) -> NrgXSafe {
    NrgXSafe::try_new(decimal(top), decimal(r), decimal(alpha)).expect("sound parameters")
}

fn totals(production: i64, consumption: i64) -> RegionTotals {
    RegionTotals::try_new(Energy::from_wh(production), Energy::from_wh(consumption))
        .expect("bounded")
}

/// Mihaylov et al. 2014, section 2: g and its second flaw, to the last nano-currency. Row: x, tp, tc, q, a,
/// reward.
#[test]
fn published_rewards() {
    let rows = [
        ["10", "50", "50", "0.1", "1000", "1.000000000"],
        ["10", "50", "80", "0.1", "1000", "0.406569660"],
        ["10", "80", "50", "0.1", "1000", "0.406569660"],
        ["5", "0", "100", "0.12", "10000", "0.220727665"],
        ["10", "200", "100", "0.12", "10000", "0.441455329"],
        // The published flaw: income falls although the member injects more.
        ["20", "100", "100", "0.1", "1000", "2.000000000"],
        ["40", "120", "100", "0.1", "1000", "2.681280184"],
        ["60", "140", "100", "0.1", "1000", "1.211379108"],
        ["80", "160", "100", "0.1", "1000", "0.218589780"],
    ];
    for [own, tp, tc, q, a, expected] in rows {
        let rule = nrgx(q, "0", a);
        let reward = rule.producer_reward(decimal(own), decimal(tp), decimal(tc));
        assert_eq!(reward.expect("small").to_string(), expected, "x {own}, tp {tp}, tc {tc}");
    }
}

/// Mihaylov et al. 2014, section 2: h, and h = 0 where nothing is produced or consumed. Row: y, tp, tc,
/// r, bill.
#[test]
fn published_bills() {
    let rows = [
        ["10", "50", "50", "0.2", "1.000000000"],
        ["10", "0", "50", "0.2", "2.000000000"],
        ["10", "150", "50", "0.2", "0.500000000"],
        ["3", "100", "300", "0.14", "0.315000000"],
        ["3", "0", "0", "0.14", "0.000000000"],
        ["3", "100", "0", "0.14", "0.000000000"],
    ];
    for [own, tp, tc, r, expected] in rows {
        let bill = nrgx("0", r, "1").consumer_bill(decimal(own), decimal(tp), decimal(tc));
        assert_eq!(bill.expect("small").to_string(), expected, "y {own}, tp {tp}, tc {tc}");
    }
}

/// One rounding, to the nearest nano-currency, ties to the even one: 1.5e-9 and 2.5e-9 are both
/// 2e-9.
#[test]
fn a_bill_is_rounded_once() {
    let bill = |own| {
        nrgx("0", "0.000000002", "1").consumer_bill(decimal(own), Decimal::ZERO, decimal("1"))
    };
    let nano = ["0.74", "0.75", "1.25", "1.26"].map(|own| bill(own).expect("small").nano());
    assert_eq!(nano, [1, 2, 2, 3]);
}

/// Production equal to consumption breaks even only for r = 2 q, which is noted and not required.
#[test]
fn breaking_even_needs_r_twice_q() {
    assert!(nrgx("0.1", "0.2", "1000").breaks_even_in_balance());
    assert!(!nrgx("0.12", "0.14", "10000").breaks_even_in_balance());
}

/// The safe rule at feed-in 0.08, retail 0.30, top 0.20, r 0.4, alpha 0.25. Row: tp, tc, buy, sell,
/// account. By hand: (1, 3) buys at 0.4 3/4 = 0.3, and 0.3 x 3 - 0.2 x 1 - 0.3 x 2 = 0.1; (3, 1)
/// has m = 1/2 and m^2 / alpha = 1, so it sells at 0.08 + 0.12 / e = 0.124145532940573078591...;
/// the last row comes from 60 digits.
#[test]
fn the_safe_rule_by_hand() {
    let rows = [
        ["0", "0", "0.2", "0.2", "0.0"],
        ["0", "5", "0.3", "0.2", "0.0"],
        ["2", "2", "0.2", "0.2", "0.0"],
        ["1", "3", "0.3", "0.2", "0.1"],
        ["3", "1", "0.124145532940573079", "0.124145532940573079", "-0.088291065881146158"],
        ["12.345", "17.891", "0.23668474665961106", "0.2", "0.101726802487101466"],
    ];
    let rule = safe("0.20", "0.4", "0.25");
    for [tp, tc, buy, sell, account] in rows {
        let quote = rule.quote(decimal(tp), decimal(tc), decimal("0.08"), decimal("0.30"));
        let quote = quote.expect("sound");
        let got = [quote.buy, quote.sell, quote.operator_account].map(|value| value.to_string());
        assert_eq!(got[..2], [buy, sell], "tp {tp}, tc {tc}");
        // The account is taken at the printed prices: off by at most half a unit per price and kWh.
        let difference = (decimal(account).units() - quote.operator_account.units()).abs();
        assert!(difference <= 16, "tp {tp}, tc {tc}: {}", got[2]);
    }
}

/// Parameters without a meaning are refused by name, and so are energies below zero and results
/// beyond 64 bits.
#[test]
fn parameters_without_a_meaning_are_refused() {
    let negative = decimal("-0.1");
    let refusal = |parameter, expected, got| MarketError::Parameter { parameter, expected, got };
    let one = Decimal::ONE;
    let new = |q, r, a| NrgX::try_new(q, r, a).expect_err("refused");
    assert_eq!(new(negative, one, one), refusal(Parameter::Q, Expected::NotNegative, negative));
    assert_eq!(new(one, negative, one), refusal(Parameter::R, Expected::NotNegative, negative));
    assert_eq!(
        new(one, one, Decimal::ZERO),
        refusal(Parameter::A, Expected::Positive, Decimal::ZERO)
    );
    let new = |top, r, alpha| NrgXSafe::try_new(top, r, alpha).expect_err("refused");
    assert_eq!(new(negative, one, one), refusal(Parameter::Top, Expected::NotNegative, negative));
    assert_eq!(new(one, negative, one), refusal(Parameter::R, Expected::NotNegative, negative));
    assert_eq!(new(one, one, negative), refusal(Parameter::Alpha, Expected::Positive, negative));

    let rule = nrgx("1", "1", "1");
    let refused = |own, tp, tc| rule.producer_reward(own, tp, tc).expect_err("refused");
    let below = |parameter| refusal(parameter, Expected::NotNegative, negative);
    assert_eq!(refused(negative, one, one), below(Parameter::Own));
    assert_eq!(refused(one, negative, one), below(Parameter::Production));
    assert_eq!(refused(one, one, negative), below(Parameter::Consumption));
    let overflow = MarketError::Overflow { what: Quantity::Amount };
    assert_eq!(refused(Decimal::MAX, one, one), overflow);
}

/// A top price outside the tariff is refused, when a region is founded and by the calculator alike.
#[test]
fn the_top_price_lies_inside_the_tariff() {
    let tariff = Tariff::try_new(price(80_000), price(300_000)).expect("in order");
    for (top, fits) in [("0.079999", false), ("0.08", true), ("0.3", true), ("0.300001", false)] {
        let rule = safe(top, "0.4", "1");
        let (low, high) = (decimal("0.08"), decimal("0.3"));
        let quoted = rule.quote(Decimal::ONE, Decimal::ONE, low, high).map(|_| ());
        let expected = Expected::Within(low, high);
        let refusal =
            MarketError::Parameter { parameter: Parameter::Top, expected, got: decimal(top) };
        let expected = if fits { Ok(()) } else { Err(refusal) };
        assert_eq!(PriceRule::NrgXSafe(rule).check(&tariff), expected);
        assert_eq!(quoted, expected);
    }
    let upside_down =
        safe("0.2", "0.4", "1").quote(Decimal::ONE, Decimal::ONE, decimal("0.3"), decimal("0.2"));
    assert!(matches!(
        upside_down,
        Err(MarketError::Parameter { parameter: Parameter::FeedIn, .. })
    ));
}

/// How the published rule is moved into a tariff of [0.08, 0.30], q 0.12, r 0.14, a 10000, by hand:
/// balance 5 and 5 kWh: sell q = 0.12; buy r / 2 = 0.07 would be below it, so 0.12;
/// only consumption, 200 kWh: sell 0.12 exp(-4) = 0.0022 becomes 0.08; buy 0.14;
/// nothing at all: sell q = 0.12; buy 0 becomes 0.12.
#[test]
fn the_published_rule_is_moved_into_the_tariff() {
    let tariff = Tariff::try_new(price(80_000), price(300_000)).expect("in order");
    let rule = PriceRule::NrgX(nrgx("0.12", "0.14", "10000"));
    let rows = [
        (totals(5_000, 5_000), 120_000, 120_000),
        (totals(0, 200_000), 140_000, 80_000),
        (totals(0, 0), 120_000, 120_000),
    ];
    for (totals, buy, sell) in rows {
        let expected = tariff_prices(buy, sell);
        assert_eq!(rule.prices(&totals, &tariff), expected, "{totals:?}");
    }
}

/// The buying price goes up and the selling price down to whole micro-currency: r/3 with r = 0.25
/// is 0.083333..., posted as 83,334; 0.08 + 0.12 / e = 0.1241455 is posted as 124,145 and bought at
/// 124,146.
#[test]
fn posted_prices_are_rounded_away_from_the_operator() {
    let tariff = Tariff::try_new(price(10_000), price(300_000)).expect("in order");
    let rule = PriceRule::NrgXSafe(safe("0.01", "0.25", "1"));
    let prices = rule.prices(&totals(2_000, 1_000), &tariff);
    assert_eq!((prices.buy, prices.sell), (price(83_334), price(10_000)));
    let tariff = Tariff::try_new(price(80_000), price(300_000)).expect("in order");
    let rule = PriceRule::NrgXSafe(safe("0.20", "0.4", "0.25"));
    let prices = rule.prices(&totals(3_000, 1_000), &tariff);
    assert_eq!((prices.buy, prices.sell), (price(124_146), price(124_145)));
}

/// A tariff that moved above the top price moves the top with it: with top 0.20 and a feed-in of
/// 0.25 the selling price is 0.25 in balance, and the buying price r / 2 = 0.2 becomes 0.25.
#[test]
fn a_tariff_that_moved_takes_the_top_price_along() {
    let rule = PriceRule::NrgXSafe(safe("0.20", "0.4", "0.25"));
    let tariff = Tariff::try_new(price(250_000), price(300_000)).expect("in order");
    let expected = tariff_prices(250_000, 250_000);
    assert_eq!(rule.prices(&totals(1_000, 1_000), &tariff), expected);
}

/// Totals are bounded and not negative, those of meters and those of what is open.
#[test]
fn totals_are_bounded() {
    let most = RegionTotals::MAX.wh();
    for (one, other, fits) in
        [(0, 0, true), (most, most, true), (-1, 0, false), (0, most + 1, false)]
    {
        let (one, other) = (Energy::from_wh(one), Energy::from_wh(other));
        assert_eq!(RegionTotals::try_new(one, other).is_ok(), fits);
        let open = totals(1, 2).with_open(one, other);
        assert_eq!(open.is_ok(), fits);
        let bytes = bcs::to_bytes(&[Energy::ZERO, Energy::ZERO, one, other]).expect("plain data");
        // An array of BCS is its elements, as a struct is its fields.
        assert_eq!(bcs::from_bytes::<RegionTotals>(&bytes).is_ok(), fits);
    }
}

/// Data that travels is checked where it arrives, as text and as bytes.
#[test]
fn travelling_rules_are_checked() {
    let rules = [
        PriceRule::NrgX(nrgx("0.12", "0.14", "10000")),
        PriceRule::NrgXSafe(safe("0.2", "0.4", "0.25")),
        PriceRule::SupplyDemand,
        PriceRule::MidMarket,
        PriceRule::BillSharing,
    ];
    for (tag, rule) in (0..).zip(rules) {
        let text = serde_json::to_string(&rule).expect("plain data");
        assert_eq!(serde_json::from_str::<PriceRule>(&text).expect("what was written"), rule);
        let bytes = bcs::to_bytes(&rule).expect("plain data");
        assert_eq!(bcs::from_bytes::<PriceRule>(&bytes).expect("what was written"), rule);
        assert_eq!(bytes[0], tag, "tags of rules that are in use never change");
    }
    let text = r#"{"NrgX":{"q":"0.12","r":"0.14","a":"10000"}}"#;
    assert_eq!(serde_json::from_str::<PriceRule>(text).expect("decimals as text"), rules[0]);
    for bad in ["-0.12", "0.12x", ""] {
        assert!(serde_json::from_str::<PriceRule>(&text.replace("0.12", bad)).is_err(), "{bad}");
    }
    let zero_width = bcs::to_bytes(&(0_u8, [0_i128; 3])).expect("plain data");
    assert!(bcs::from_bytes::<PriceRule>(&zero_width).is_err(), "a is above zero");
}

/// A tariff, a rule that fits it, and totals of a region, from empty to the bound.
fn regions(
    is_safe: impl Strategy<Value = bool>,
) -> impl Strategy<Value = (Tariff, PriceRule, i64, i64)> {
    let energy = || prop_oneof![Just(0), 0..50_000_i64, 0..=RegionTotals::MAX.wh()];
    let tariff = (0..400_000_i64, 0..400_000_i64);
    (tariff, is_safe, [0..=100_u32, 0..=100, 1..=100], energy(), energy()).prop_map(
        |((one, other), is_safe, [top, r, width], production, consumption)| {
            let tariff =
                Tariff::try_new(price(one.min(other)), price(one.max(other))).expect("in order");
            let part =
                |percent: u32, of: i64| Decimal::from_price(price(of * i64::from(percent) / 100));
            let gap = (one - other).abs();
            let top = part(top, gap).units() + Decimal::from(tariff.feed_in()).units();
            let top = Decimal::from_units(top).expect("inside the tariff");
            let r = part(r, 800_000);
            let width =
                Decimal::from_units(i128::from(width).pow(3) * 10_i128.pow(14)).expect("small");
            let rule = if is_safe {
                PriceRule::NrgXSafe(NrgXSafe::try_new(top, r, width).expect("sound"))
            } else {
                PriceRule::NrgX(NrgX::try_new(top, r, width).expect("sound"))
            };
            (tariff, rule, production, consumption)
        },
    )
}

/// Any decimal, the extremes and small ones often.
fn decimals() -> impl Strategy<Value = Decimal> {
    let (low, high) = (Decimal::MIN.units(), Decimal::MAX.units());
    let units = prop_oneof![
        prop::sample::select(vec![low, -1, 0, 1, high]),
        0..=high,
        low..=high,
        0..1_000_000_000_000_000_000_000_i128,
    ];
    units.prop_map(|units| Decimal::from_units(units).expect("in range"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// I4: whatever a region does, feed-in <= sell <= buy <= retail.
    #[test]
    fn prices_stay_inside_the_tariff(
        (tariff, rule, production, consumption) in regions(any::<bool>()),
    ) {
        let prices = rule.prices(&totals(production, consumption), &tariff);
        prop_assert_eq!(prices.check(&tariff), Ok(()));
    }

    /// I5 for the safe rule: more production never raises a price, more consumption never lowers
    /// one.
    #[test]
    fn safe_prices_are_monotone(
        (tariff, rule, production, consumption) in regions(Just(true)),
        more in 0..50_000_i64,
    ) {
        // Nothing at all counts as balance; a first Wh ends that special case and may move the
        // price both ways.
        prop_assume!(production + consumption > 0);
        let most = RegionTotals::MAX.wh();
        let at = |production: i64, consumption: i64| {
            rule.prices(&totals(production.min(most), consumption.min(most)), &tariff)
        };
        let (before, glut, lack) = (
            at(production, consumption),
            at(production + more, consumption),
            at(production, consumption + more),
        );
        prop_assert!(glut.sell <= before.sell && glut.buy <= before.buy, "{before:?} {glut:?}");
        prop_assert!(lack.sell >= before.sell && lack.buy >= before.buy, "{before:?} {lack:?}");
    }

    /// Both faces run one formula: what a region posts is the calculator's price, the buying price
    /// rounded up and the selling price down.
    #[test]
    fn posted_prices_are_the_calculators_rounded(
        (tariff, rule, production, consumption) in regions(Just(true)),
    ) {
        let prices = rule.prices(&totals(production, consumption), &tariff);
        let kwh = |wh| Decimal::from_energy(Energy::from_wh(wh)).expect("bounded");
        if let PriceRule::NrgXSafe(rule) = rule {
            let bounds = (tariff.feed_in().into(), tariff.retail().into());
            let quote =
                rule.quote(kwh(production), kwh(consumption), bounds.0, bounds.1).expect("sound");
            // The calculator's price is itself rounded to 10^-18, so it may lie on a whole
            // micro-currency that the exact price misses by less: then the posted price is a full
            // one away.
            let micro = 1_000_000_000_000;
            let (buy, sell) = (quote.buy.units(), quote.sell.units());
            let posted = |price: Price| i128::from(price.micro_per_kwh()) * micro;
            prop_assert!((0..=micro).contains(&(posted(prices.buy) - buy)), "{quote:?} {prices:?}");
            prop_assert!(
                (0..=micro).contains(&(sell - posted(prices.sell))),
                "{quote:?} {prices:?}"
            );
        }
    }

    /// The safe calculator's account is what its own prices leave: buy tc - sell tp, less what the
    /// grid gets. Restated in whole units of 10^-36 of small regions, where 128 bits are enough.
    #[test]
    fn the_account_is_the_difference(
        (tariff, rule, _, _) in regions(Just(true)),
        tp in 0..1_000_i128,
        tc in 0..1_000_i128,
    ) {
        if let PriceRule::NrgXSafe(rule) = rule {
            let kwh =
                |kwh: i128| Decimal::from_units(kwh * 1_000_000_000_000_000_000).expect("small");
            let (feed_in, retail) =
                (Decimal::from(tariff.feed_in()), Decimal::from(tariff.retail()));
            let quote = rule.quote(kwh(tp), kwh(tc), feed_in, retail).expect("sound");
            let grid =
                if tp < tc { retail.units() * (tc - tp) } else { feed_in.units() * (tc - tp) };
            let account = quote.buy.units() * tc - quote.sell.units() * tp - grid;
            prop_assert_eq!(quote.operator_account.units(), account);
        }
    }

    /// No input makes a calculator panic: every decimal there is gives an answer or a refusal, and
    /// the prices of an answer stay inside the bounds.
    #[test]
    fn calculators_answer_or_refuse(
        values in prop::collection::vec(decimals(), 7),
    ) {
        let [x, tp, tc, low, one, other, width] = values[..] else { unreachable!() };
        let high = low.max(one);
        let low = low.min(one);
        if let Ok(rule) = NrgX::try_new(one, other, width) {
            let _ = rule.producer_reward(x, tp, tc);
            let _ = rule.consumer_bill(x, tp, tc);
        }
        if let Ok(rule) = NrgXSafe::try_new(other.clamp(low, high), other, width)
            && let Ok(quote) = rule.quote(tp, tc, low, high)
        {
            prop_assert!(low <= quote.sell && quote.sell <= quote.buy && quote.buy <= high);
        }
    }
}
