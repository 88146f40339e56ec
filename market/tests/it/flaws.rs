//! The three flaws of NRG-X-Change that its successor names (e-Energy 2019): no answer to
//! congestion, an invitation to curtail, own use not first. The paper's new payment functions were
//! not found; what is asked of a rule here is ours:
//!
//! - *congestion*: beyond what a line carries, a kWh is never paid better because more is injected;
//! - *curtailment*: whoever injects more never earns less;
//! - *own use*: a kWh used at home saves at least what it would have earned.
//!
//! The published rule fails each, the safe variant passes each, and what the others do is stated.

use market::{Decimal, Energy, NrgX, NrgXSafe, Price, PriceRule, RegionTotals, Tariff};

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a decimal")
}

/// The published rule with the parameters of the published flaw.
fn published(r: &str) -> NrgX {
    NrgX::try_new(decimal("0.1"), decimal(r), decimal("1000")).expect("sound")
}

fn safe(top: &str, r: &str, alpha: &str) -> PriceRule {
    let rule = NrgXSafe::try_new(decimal(top), decimal(r), decimal(alpha));
    PriceRule::NrgXSafe(rule.expect("sound"))
}

fn tariff(feed_in: i64, retail: i64) -> Tariff {
    let price = Price::from_micro_per_kwh;
    Tariff::try_new(price(feed_in), price(retail)).expect("in order")
}

/// Buying and selling price in micro-currency per kWh where `production` and `consumption` kWh were
/// injected and withdrawn, nobody did both and nothing was contracted.
fn posted(rule: &PriceRule, production: i64, consumption: i64, tariff: &Tariff) -> (i64, i64) {
    let kwh = |kwh: i64| Energy::from_wh(1_000 * kwh);
    let totals = RegionTotals::try_new(kwh(production), kwh(consumption)).expect("bounded");
    let prices = rule.prices(&totals, tariff);
    (prices.buy.micro_per_kwh(), prices.sell.micro_per_kwh())
}

/// The line carries 50 kWh, 100 kWh are consumed: what is paid per kWh for 60, 70, .. 160 kWh.
fn passes_congestion(rule: &PriceRule, tariff: &Tariff) -> bool {
    let sells: Vec<i64> = (6..=16).map(|tens| posted(rule, 10 * tens, 100, tariff).1).collect();
    sells.windows(2).all(|pair| pair[1] <= pair[0])
}

/// Others inject `others` kWh, 100 kWh are consumed: what 0, 2, .. 400 kWh of one's own earn, up to
/// the rounding of a posted price.
fn passes_curtailment(rule: &PriceRule, others: i64, tariff: &Tariff) -> bool {
    let income = |own: i64| own * posted(rule, others + own, 100, tariff).1;
    (0..200).map(|pair| 2 * pair).all(|own| income(own) <= income(own + 2) + own + 2)
}

/// Balances from nothing to 200 kWh on both sides.
fn passes_own_use(rule: &PriceRule, tariff: &Tariff) -> bool {
    let balances = (0..=10).flat_map(|tp| (0..=10).map(move |tc| (20 * tp, 20 * tc)));
    balances.map(|(tp, tc)| posted(rule, tp, tc, tariff)).all(|(buy, sell)| sell <= buy)
}

fn stands(rule: &PriceRule, tariff: &Tariff) -> [bool; 3] {
    let keeps_income = passes_curtailment(rule, 80, tariff) && passes_curtailment(rule, 0, tariff);
    [passes_congestion(rule, tariff), keeps_income, passes_own_use(rule, tariff)]
}

/// Congestion. The published reward of 1 kWh at tc = 100 rises although the line has been full since
/// tp = 50: 0.1 exp(-(100 - tp)^2 / 1000) is 0.1 exp(-1.6) = 0.020189652 at 60, 0.1 exp(-0.9) =
/// 0.040656966 at 70, 0.1 exp(-0.4) = 0.067032005 at 80, 0.1 at 100.
#[test]
fn the_published_rule_pays_more_on_a_full_line() {
    let rewards =
        [("60", 20_189_652), ("70", 40_656_966), ("80", 67_032_005), ("100", 100_000_000)];
    for (tp, nano) in rewards {
        let reward = published("0.2").producer_reward(Decimal::ONE, decimal(tp), decimal("100"));
        assert_eq!(reward.expect("small").nano(), nano, "tp {tp}");
    }
}

/// Curtailment. Published numbers: with 80 kWh of others and tc = 100, own injection of 20, 40, 60,
/// 80 kWh earns 2.0, 2.681280, 1.211379, 0.218590: whoever switches off half its panels earns more.
/// The safe variant pays for the same 20 x 0.2 in balance and then ever more, by hand at 40: m = 20
/// / 220, sell = 0.08 + 0.12 exp(-0.00826446 / 0.25) = 0.196097..., 7.84 in all.
#[test]
fn the_published_rule_pays_for_switching_off() {
    let reward = |own: i64| {
        let [own, tp] = [own, 80 + own].map(|kwh| decimal(&kwh.to_string()));
        published("0.2").producer_reward(own, tp, decimal("100")).expect("small").nano()
    };
    let published = [20, 40, 60, 80].map(reward);
    assert_eq!(published, [2_000_000_000, 2_681_280_184, 1_211_379_108, 218_589_780]);

    let (rule, tariff) = (safe("0.2", "0.4", "0.25"), tariff(80_000, 300_000));
    let income = |own: i64| own * posted(&rule, 80 + own, 100, &tariff).1;
    assert_eq!([20, 40].map(income), [4_000_000, 40 * 196_097]);
    assert!(income(40) < income(60) && income(60) < income(80));
}

/// Own use. In balance, at q 0.12 and r 0.14 as a public code has them, the published rule pays 0.12
/// for a kWh and charges r / 2 = 0.07 for one: whoever sells its kWh and buys another gains 0.05.
#[test]
fn the_published_rule_pays_for_selling_what_one_needs() {
    let rule = NrgX::try_new(decimal("0.12"), decimal("0.14"), decimal("10000")).expect("sound");
    let (one, e) = (Decimal::ONE, decimal("50"));
    assert_eq!(rule.producer_reward(one, e, e).expect("small").nano(), 120_000_000);
    assert_eq!(rule.consumer_bill(one, e, e).expect("small").nano(), 70_000_000);
}

/// What every rule does about congestion, curtailment and own use in a tariff of 0.08 to 0.30, as a
/// region posts its prices. The published rule passes the third only because a region moves its
/// buying price up to the selling price.
#[test]
fn what_each_rule_does_about_the_three_flaws() {
    let usual = tariff(80_000, 300_000);
    let nrgx = PriceRule::NrgX(published("0.14"));
    assert_eq!(stands(&nrgx, &usual), [false, false, true]);
    assert_eq!(stands(&nrgx, &tariff(10_000, 300_000)), [false, false, true]);
    assert_eq!(stands(&safe("0.2", "0.4", "0.25"), &usual), [true; 3]);
    assert_eq!(stands(&PriceRule::SupplyDemand, &usual), [true; 3]);
    assert_eq!(stands(&PriceRule::MidMarket, &usual), [true; 3]);
    assert_eq!(stands(&PriceRule::BillSharing, &usual), [false, true, false]);
}

/// Without a feed-in price the supply-demand ratio sells by a straight line (ours), which invites
/// curtailment: at 0.15 retail and 100 kWh of lack, 50 kWh alone earn 50 x 0.075 = 3.75, 80 kWh earn
/// 80 x 0.03 = 2.4. The others pass as before.
#[test]
fn without_a_feed_in_price_the_straight_line_invites_curtailment() {
    let free = tariff(0, 150_000);
    let rule = PriceRule::SupplyDemand;
    let income = |own: i64| own * posted(&rule, own, 100, &free).1;
    assert_eq!([50, 80].map(income), [3_750_000, 2_400_000]);
    assert_eq!(stands(&rule, &free), [true, false, true]);
    assert_eq!(stands(&PriceRule::MidMarket, &free), [true; 3]);
    assert!(stands(&PriceRule::BillSharing, &free)[1]);
}

/// How narrow the bell of the safe variant may be. A lone producer in a slot of 100 kWh earns x
/// (ps + (top - ps) exp(-m^2 / alpha)), whose slope is ps + (top - ps) exp(-m^2 / alpha)
/// (1 - m (1 - m^2) / alpha). m (1 - m^2) is at most 2 / (3 sqrt 3) = 0.3849, so from alpha 0.385 on
/// no tariff makes it fall. Below that feed-in has to be near enough: at alpha 0.1 the second factor
/// is at least -0.72537, which 0.08 just outweighs for a top of 0.19, the usual terms of a region,
/// and not for a top of 0.21; and a narrow, high bell fails as the published one does.
#[test]
fn the_safe_variant_needs_a_wide_bell_or_a_feed_in_price() {
    let usual = tariff(80_000, 300_000);
    assert!(passes_curtailment(&safe("0.3", "0.4", "0.385"), 0, &tariff(0, 300_000)));
    assert!(passes_curtailment(&safe("0.19", "0.5", "0.1"), 0, &usual));
    assert!(!passes_curtailment(&safe("0.21", "0.5", "0.1"), 0, &usual));
    assert!(!passes_curtailment(&safe("0.3", "0.4", "0.01"), 0, &tariff(10_000, 300_000)));
}
