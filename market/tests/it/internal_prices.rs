//! Supply-demand ratio, mid-market rate and bill sharing: published rows, rows worked by hand, and
//! that what buyers pay is what sellers and the grid get.

use market::pricing::{bill_sharing, mid_market, supply_demand};
use market::{
    Decimal, Energy, Expected, InternalQuote, MarketError, Meter, Metered, Money, Parameter,
    ParticipantId, Position, Price, PriceRule, Promise, Quantity, RegionPrices, RegionTotals,
    Tariff, Terms, settle, totals,
};
use proptest::prelude::*;

/// What contracts are made at, in micro-currency per kWh: any price, since they cancel out.
const RATE: i64 = 150_000;

/// The rules of this file: what buyers pay is what sellers and the grid get.
const RULES: [PriceRule; 3] =
    [PriceRule::SupplyDemand, PriceRule::MidMarket, PriceRule::BillSharing];

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a decimal")
}

fn price(micro: i64) -> Price {
    Price::from_micro_per_kwh(micro)
}

fn tariff(feed_in: i64, retail: i64) -> Tariff {
    Tariff::try_new(price(feed_in), price(retail)).expect("in order")
}

/// What a region posts whose open energy is `surplus` and `deficit` Wh.
fn posted(rule: PriceRule, surplus: i64, deficit: i64, tariff: &Tariff) -> (i64, i64) {
    let wh = Energy::from_wh;
    // The meters counted something else, which these rules do not look at.
    let metered = RegionTotals::try_new(wh(77), wh(99)).expect("bounded");
    let open = metered.with_open(wh(surplus), wh(deficit)).expect("bounded");
    let RegionPrices { buy, sell, promise } = rule.prices(&open, tariff);
    assert_eq!(promise, rule.promise());
    (buy.micro_per_kwh(), sell.micro_per_kwh())
}

fn shown(quote: Result<InternalQuote, MarketError>) -> [String; 2] {
    let quote = quote.expect("sound");
    [quote.buy.to_string(), quote.sell.to_string()]
}

/// Liu et al. 2017, ps 0.05, pb 0.15, published with three and four digits, here exactly. Row: s and d
/// in kWh, buy, sell. At S = 0.75 by hand: 0.0075 / 0.125 = 0.06 and 0.06 x 0.75 + 0.15 x 0.25.
#[test]
fn published_supply_demand_prices() {
    let rows = [
        ("0", "100", "0.15", "0.15"),
        ("25", "100", "0.1375", "0.1"),
        ("50", "100", "0.1125", "0.075"),
        ("75", "100", "0.0825", "0.06"),
        ("100", "100", "0.05", "0.05"),
        ("150", "100", "0.05", "0.05"),
        ("7", "0", "0.05", "0.05"),
        ("0", "0", "0.05", "0.05"),
    ];
    let (low, high) = (decimal("0.05"), decimal("0.15"));
    for (s, d, buy, sell) in rows {
        let quote = supply_demand::quote(decimal(s), decimal(d), low, high);
        assert_eq!(shown(quote), [buy, sell], "s {s}, d {d}");
    }
    // The published balance at S = 0.5, TBP = 100: 11.25 = 3.75 + 7.50.
    let (buyers, sellers, grid) = (100 * 1_125, 50 * 750, 50 * 1_500);
    assert_eq!((buyers, sellers + grid), (112_500, 112_500));
    let tariff = tariff(50_000, 150_000);
    assert_eq!(posted(PriceRule::SupplyDemand, 50_000, 100_000, &tariff), (112_500, 75_000));
}

/// Ours: with a feed-in price of zero the linear form, here pb (1 - R) and pb (1 - R^2) for pb 0.15.
/// One micro-currency of feed-in price away the published form holds again.
#[test]
fn without_a_feed_in_price_the_linear_form_stands_in() {
    let rows = [
        ("0", "8", "0.15", "0.15"),
        ("2", "8", "0.140625", "0.1125"), // R = 1/4
        ("4", "8", "0.1125", "0.075"),
        ("8", "8", "0.0", "0.0"),
        ("9", "8", "0.0", "0.0"),
        ("0", "0", "0.0", "0.0"),
    ];
    let high = decimal("0.15");
    for (s, d, buy, sell) in rows {
        let quote = supply_demand::quote(decimal(s), decimal(d), Decimal::ZERO, high);
        assert_eq!(shown(quote), [buy, sell], "s {s}, d {d}");
    }
    let tiny = decimal("0.000001");
    let quote = supply_demand::quote(decimal("4"), decimal("8"), tiny, high).expect("sound");
    assert!(quote.sell < decimal("0.000003"), "ps pb / (pb / 2) is near 2 ps: {}", quote.sell);
}

/// Mid-market rate, ps 0.05, pb 0.15. Row: G, L, buy, sell; the first three are published. By hand
/// (30, 10): (10 x 0.1 + 20 x 0.05) / 30 = 2 / 30.
#[test]
fn published_mid_market_prices() {
    let rows = [
        ("50", "100", "0.125", "0.1"),
        ("100", "100", "0.1", "0.1"),
        ("100", "50", "0.1", "0.075"),
        ("30", "10", "0.1", "0.066666666666666667"),
        ("0", "3", "0.15", "0.1"),
        ("3", "0", "0.1", "0.05"),
        ("0", "0", "0.1", "0.1"),
    ];
    let (low, high) = (decimal("0.05"), decimal("0.15"));
    for (s, d, buy, sell) in rows {
        let quote = mid_market::quote(decimal(s), decimal(d), low, high);
        assert_eq!(shown(quote), [buy, sell], "s {s}, d {d}");
    }
    // 0.0666... is sold at 66,666; the buying price 0.1333... of (10, 30) is charged as 133,334.
    let tariff = tariff(50_000, 150_000);
    assert_eq!(posted(PriceRule::MidMarket, 30, 10, &tariff), (100_000, 66_666));
    assert_eq!(posted(PriceRule::MidMarket, 10, 30, &tariff), (133_334, 100_000));
    // Half a micro-currency between odd prices is rounded away from the operator on both sides.
    let odd = self::tariff(50_000, 150_001);
    assert_eq!(posted(PriceRule::MidMarket, 5, 5, &odd), (100_001, 100_000));
}

fn rows(text: &str) -> Vec<Vec<Decimal>> {
    text.split(';').map(|row| row.split(',').map(decimal).collect()).collect()
}

/// Bill sharing, pb 0.15, ps 0.05. The published period: deficits 6, surpluses 5, imports 4, exports
/// 3, so 0.15 x 4/6 and 0.05 x 3/5. Its slots as periods of their own: deficit 5, import 4, then
/// surplus 4, export 3; what nobody bought or nobody exported is 0.
#[test]
fn published_shares_of_a_bill() {
    let cases = [
        ("2,3,-1;1,-4,0", "0.1", "0.03"),
        ("2,3,-1", "0.12", "0.0"),
        ("1,-4,0", "0.0", "0.0375"),
        ("2,3", "0.15", "0.0"),
        ("-2", "0.0", "0.05"),
        ("0,0", "0.0", "0.0"),
        ("5,-5", "0.0", "0.0"),
    ];
    let (low, high) = (decimal("0.05"), decimal("0.15"));
    for (slots, buy, sell) in cases {
        let quote = bill_sharing::quote(&rows(slots), low, high);
        assert_eq!(shown(quote), [buy, sell], "{slots}");
    }
    let tariff = tariff(50_000, 150_000);
    assert_eq!(posted(PriceRule::BillSharing, 1_000, 5_000, &tariff), (120_000, 0));
    assert_eq!(posted(PriceRule::BillSharing, 4_000, 1_000, &tariff), (0, 37_500));
    assert_eq!(posted(PriceRule::BillSharing, 0, 0, &tariff), (0, 0));
    let none = bill_sharing::quote(&[], low, high);
    assert_eq!(shown(none), ["0.0", "0.0"]);
}

/// A tariff upside down, energy below zero, a period beyond the range of a decimal.
#[test]
fn what_has_no_meaning_is_refused() {
    let (one, less) = (Decimal::ONE, decimal("-0.1"));
    for quote in [supply_demand::quote, mid_market::quote] {
        let refused = |s, d, low, high| quote(s, d, low, high).expect_err("refused");
        let below = |parameter| MarketError::Parameter {
            parameter,
            expected: Expected::NotNegative,
            got: less,
        };
        assert_eq!(refused(less, one, one, one), below(Parameter::Surplus));
        assert_eq!(refused(one, less, one, one), below(Parameter::Deficit));
        assert_eq!(refused(one, one, less, one), below(Parameter::FeedIn));
        let expected = Expected::Within(Decimal::ZERO, decimal("0.5"));
        let parameter = Parameter::FeedIn;
        assert_eq!(
            refused(one, one, one, decimal("0.5")),
            MarketError::Parameter { parameter, expected, got: one }
        );
    }
    assert!(bill_sharing::quote(&rows("1"), one, decimal("0.5")).is_err());
    let overflow = MarketError::Overflow { what: Quantity::Metered };
    for slots in [vec![vec![Decimal::MAX, one]], vec![vec![Decimal::MIN], vec![less]]] {
        assert_eq!(bill_sharing::quote(&slots, Decimal::ZERO, one), Err(overflow.clone()));
    }
}

/// The largest numbers there are go through the formulas: at R = 1/2 with ps = 10^12 / 2, pb = 10^12
/// the hyperbola gives pb ps / (0.75 pb) = 2/3 10^12.
#[test]
fn the_largest_numbers_fit() {
    let most = Decimal::MAX;
    let half = Decimal::from_units(most.units() / 2).expect("in range");
    let quote = supply_demand::quote(half, most, half, most).expect("in range");
    assert_eq!(quote.sell.to_string(), "666666666666.666666666666666667");
    assert_eq!(quote.buy.to_string(), "833333333333.333333333333333333");
    assert_eq!(quote.posted.sell.micro_per_kwh(), 666_666_666_666_666_666);
    let odd = Decimal::from_units(most.units() - 1).expect("in range");
    for quote in [supply_demand::quote, mid_market::quote] {
        let quote = quote(odd, most, odd, most).expect("in range");
        assert!(odd <= quote.sell && quote.sell <= quote.buy && quote.buy <= most);
    }
    let quote = bill_sharing::quote(&[vec![most], vec![Decimal::MIN]], most, most);
    assert_eq!(shown(quote), [most.to_string(), most.to_string()]);
}

/// Homes that import or export, some of both, with a contract each way between the first and the
/// last, and now and then one that is silent.
fn slots() -> impl Strategy<Value = (Vec<Position>, Tariff)> {
    let wh = || prop_oneof![Just(0_i64), 1..50_i64, 0..5_000_i64];
    let home = (wh(), wh(), prop::bool::weighted(0.1));
    let tariff = (prop_oneof![Just(0), 0..400_000_i64], 0..400_000_i64);
    (prop::collection::vec(home, 2..20), -3_000..3_000_i64, any::<bool>(), tariff).prop_map(
        |(homes, contract, trades, (one, other))| {
            let last = homes.len() as u32 - 1;
            let position = |(who, (import, export, silent)): (u32, (i64, i64, bool))| {
                let energy = Energy::from_wh;
                let contracted = match who {
                    0 if trades => contract,
                    who if who == last && trades => -contract,
                    _ => 0,
                };
                let read = Metered::try_new(energy(import), energy(export)).expect("bounded");
                Position {
                    participant: ParticipantId::new(who),
                    contracted: energy(contracted),
                    contract_amount: Money::from_nano(-contracted * RATE),
                    meter: if silent {
                        Meter::Substituted(energy(import))
                    } else {
                        Meter::Read(read)
                    },
                }
            };
            let positions = (0..).zip(homes).map(position).collect();
            (positions, self::tariff(one.min(other), one.max(other)))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The operator is left with roundings alone: at least nothing, and less than one nano-currency
    /// for each Wh that was open, with and without an auction. What substitutes pay above their
    /// worth comes on top: retail less feed-in for what they take of a surplus.
    #[test]
    fn the_operator_keeps_roundings_alone((positions, tariff) in slots()) {
        for rule in RULES {
            let region = rule.prices(&totals(&positions).expect("bounded"), &tariff);
            let surplus = Money::ZERO;
            let settlement = settle(&positions, &Terms { surplus, region, tariff });
            let settlement = settlement.expect("a sound slot");
            let sums = settlement.sums;
            let (short, long) = (sums.short.wh(), sums.long.wh());
            prop_assert_eq!(settlement.totals.deficit(), sums.short);
            prop_assert_eq!(settlement.totals.surplus(), sums.long);
            let gap = tariff.retail().micro_per_kwh() - tariff.feed_in().micro_per_kwh();
            let above = gap * sums.substituted.wh().min((long - short).max(0));
            let left = settlement.operator.nano() - above;
            prop_assert!(0 <= left && (left < short + long || left == 0), "{rule}: {left}");
        }
    }

    /// Both faces run one formula: what a region posts is what the calculator would post, and its
    /// prices are within a micro-currency of the exact ones.
    #[test]
    fn a_region_posts_the_calculators_prices(
        s in prop_oneof![Just(0), 0..50_000_i64, 0..=RegionTotals::MAX.wh()],
        d in prop_oneof![Just(0), 0..50_000_i64, 0..=RegionTotals::MAX.wh()],
        (one, other) in (0..400_000_i64, 0..400_000_i64),
    ) {
        let tariff = tariff(one.min(other), one.max(other));
        let kwh = |wh| Decimal::from_energy(Energy::from_wh(wh)).expect("bounded");
        let (low, high) = (tariff.feed_in().into(), tariff.retail().into());
        let slot = [kwh(d), Decimal::from_units(-kwh(s).units()).expect("in range")];
        let quotes = [
            supply_demand::quote(kwh(s), kwh(d), low, high),
            mid_market::quote(kwh(s), kwh(d), low, high),
            bill_sharing::quote(&[slot.to_vec()], low, high),
        ];
        for (rule, quote) in RULES.into_iter().zip(quotes) {
            let InternalQuote { buy, sell, posted: expected } = quote.expect("sound");
            prop_assert_eq!(expected.promise, rule.promise());
            prop_assert_eq!(expected.check(&tariff), Ok(()));
            let (got_buy, got_sell) = posted(rule, s, d, &tariff);
            prop_assert_eq!(got_buy, expected.buy.micro_per_kwh());
            prop_assert_eq!(got_sell, expected.sell.micro_per_kwh());
            let micro = 1_000_000_000_000;
            prop_assert!((0..=micro).contains(&(i128::from(got_buy) * micro - buy.units())));
            prop_assert!((0..=micro).contains(&(sell.units() - i128::from(got_sell) * micro)));
        }
    }
}

/// Settlement holds each rule to its own promise and to no weaker one: prices below feed-in pass for
/// bill sharing alone, and what nobody promises passes for nobody.
#[test]
fn settlement_asks_what_the_rule_promised() {
    let tariff = tariff(80_000, 300_000);
    let settled = |buy, sell, promise| {
        let region = RegionPrices { buy: price(buy), sell: price(sell), promise };
        settle(&[], &Terms { surplus: Money::ZERO, region, tariff }).map(|_| ())
    };
    let (low, high) = (price(80_000), price(300_000));
    for (buy, sell) in [(0, 0), (0, 79_999), (300_000, 0), (40_000, 80_000)] {
        assert_eq!(settled(buy, sell, Promise::Shares), Ok(()));
        let (buy, sell) = (price(buy), price(sell));
        let refusal = MarketError::RegionPrices { buy, sell, low, high };
        assert_eq!(
            settled(buy.micro_per_kwh(), sell.micro_per_kwh(), Promise::Tariff),
            Err(refusal)
        );
    }
    for (buy, sell) in [(300_001, 0), (-1, 0), (0, -1), (0, 80_001)] {
        let refusal = settled(buy, sell, Promise::Shares);
        let (buy, sell) = (price(buy), price(sell));
        assert_eq!(refusal, Err(MarketError::SharedPrices { buy, sell, low, high }));
    }
}
