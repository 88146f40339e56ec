//! `price`: published rows, rows worked by hand, and what is refused.

use market::Decimal;

use super::{gridquorum, json_line, misuse, number, object, refusal};

/// The arguments of `price nrgx`: own, tp, tc, q, r, a.
fn nrgx([own, tp, tc, q, r, a]: [&str; 6]) -> Vec<String> {
    let options =
        [("own", own), ("production", tp), ("consumption", tc), ("q", q), ("r", r), ("a", a)];
    arguments("nrgx", &options)
}

/// The arguments of `price nrgx-safe`: tp, tc, retail, feed-in, top, r, alpha.
fn nrgx_safe([tp, tc, retail, feed_in, top, r, alpha]: [&str; 7]) -> Vec<String> {
    let options = [
        ("production", tp),
        ("consumption", tc),
        ("retail", retail),
        ("feed-in", feed_in),
        ("top", top),
        ("r", r),
        ("alpha", alpha),
    ];
    arguments("nrgx-safe", &options)
}

/// Options and values as separate words, as most people type them.
fn arguments(rule: &str, options: &[(&str, &str)]) -> Vec<String> {
    let words = options.iter().flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()]);
    ["price".to_owned(), rule.to_owned()].into_iter().chain(words).collect()
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

/// `expected` was published with `places` digits after the point, so half of the last one may be
/// missing.
fn assert_close(line: &str, key: &str, expected: &str, places: u32) {
    let half = 10_u128.pow(Decimal::PLACES - places) / 2;
    let expected = Decimal::parse(expected).expect("a decimal");
    let distance = number(line, key).units().abs_diff(expected.units());
    assert!(distance <= half, "{key} is {expected} in {line}");
}

/// Mihaylov et al. 2014, section 2: g worked by hand, and its second flaw. Row: x, tp, tc, q, a, reward.
#[test]
fn published_rewards() {
    let rows = [
        (["10", "50", "50", "0.1", "1000"], "1.0"),
        (["10", "50", "80", "0.1", "1000"], "0.40656966"),
        (["10", "80", "50", "0.1", "1000"], "0.40656966"),
        (["5", "0", "100", "0.12", "10000"], "0.22072766"),
        (["10", "200", "100", "0.12", "10000"], "0.44145533"),
    ];
    for ([own, tp, tc, q, a], reward) in rows {
        let line = json_line(&words(&nrgx([own, tp, tc, q, "0.2", a])));
        assert_close(&line, "producer_reward", reward, 8);
    }
    // tp is 80 kWh and the member's own energy; published with six digits.
    let flaw = [
        ("20", "100", "2.0"),
        ("40", "120", "2.681280"),
        ("60", "140", "1.211379"),
        ("80", "160", "0.218590"),
    ];
    for (own, tp, reward) in flaw {
        let line = json_line(&words(&nrgx([own, tp, "100", "0.1", "0.2", "1000"])));
        assert_close(&line, "producer_reward", reward, 6);
    }
}

/// Mihaylov et al. 2014, section 2: h worked by hand, and 0 where nothing is produced or consumed. Row: y, tp, tc, r,
/// bill.
#[test]
fn published_bills() {
    let rows = [
        (["10", "50", "50", "0.2"], "1.0"),
        (["10", "0", "50", "0.2"], "2.0"),
        (["10", "150", "50", "0.2"], "0.5"),
        (["3", "100", "300", "0.14"], "0.315"),
        (["3", "0", "0", "0.14"], "0"),
    ];
    for ([own, tp, tc, r], bill) in rows {
        let line = json_line(&words(&nrgx([own, tp, tc, "0.1", r, "1000"])));
        assert_eq!(number(&line, "consumer_bill"), Decimal::parse(bill).expect("a decimal"));
    }
}

/// The whole line: both amounts always, to the last nano-currency, and a note where r is not 2 q.
/// 10 x 0.1 = 1 in balance, 10 x 0.2 x 50 / 100 = 1; with r = 0.3 the bill is 1.5.
#[test]
fn reward_and_bill_are_always_answered() {
    let balanced = nrgx(["10", "50", "50", "0.1", "0.2", "1000"]);
    assert_eq!(
        json_line(&words(&balanced)),
        "{\"producer_reward\":1.000000000,\"consumer_bill\":1.000000000}"
    );
    let noted = nrgx(["10", "50", "50", "0.1", "0.3", "1000"]);
    assert_eq!(
        json_line(&words(&noted)),
        "{\"producer_reward\":1.000000000,\"consumer_bill\":1.500000000,\"note\":\"r is not 2 q: \
         buyers do not pay what sellers get when production equals consumption; \
         the operator's account takes the difference\"}"
    );
}

/// The member's own energy may exceed what the region produced or consumed.
#[test]
fn own_energy_may_exceed_the_totals() {
    let line = json_line(&words(&nrgx(["1000", "1", "1", "0.1", "0.2", "1000"])));
    assert_eq!(line, "{\"producer_reward\":100.000000000,\"consumer_bill\":100.000000000}");
}

/// People get names, values and units in columns.
#[test]
fn people_get_lines() {
    let ended = gridquorum(&words(&nrgx(["10", "50", "50", "0.1", "0.2", "1000"])));
    let expected = "\
producer reward  1.000000000 currency
consumer bill    1.000000000 currency
";
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), expected, ""));
}

/// The safe variant, worked by hand. Row: tp, tc, retail, feed-in, top, r, alpha; buy, sell,
/// account.
#[test]
fn safe_prices_worked_by_hand() {
    let rows = [
        // Balance: sell is the top, buy is r / 2 and at least sell; 20 - 20 is left.
        (["100", "100", "0.3", "0.08", "0.2", "0.4", "0.25"], ["0.2", "0.2", "0"]),
        // Glut, m = 200 / 400 and m^2 / alpha = 1: with 1 / e = 0.367879441171442321595.., sell is
        // 0.08 + 0.12 / e = 0.124145532940573078591.., and r tc / (tc + tp) = 0.1 is below it:
        // 100 buy - 300 sell + 200 x 0.08 = 16 - 200 x 0.124145532940573079.
        (
            ["300", "100", "0.3", "0.08", "0.2", "0.4", "0.25"],
            ["0.124145532940573079", "0.124145532940573079", "-8.8291065881146158"],
        ),
        // Nothing produced: r = 0.4 is cut to retail, and the grid gets all of it: 30 - 30.
        (["0", "100", "0.3", "0.08", "0.2", "0.4", "0.25"], ["0.3", "0.2", "0"]),
        // Scarcity between: r tc / (tc + tp) = 0.4 x 0.625; 80 x 0.25 - 48 x 0.2 - 32 x 0.3.
        (["48", "80", "0.3", "0.08", "0.2", "0.4", "0.25"], ["0.25", "0.2", "0.8"]),
        // Nothing at all: the prices stand, nobody pays.
        (["0", "0", "0.3", "0.08", "0.2", "0.4", "0.25"], ["0.2", "0.2", "0"]),
    ];
    for (inputs, expected) in rows {
        let line = json_line(&words(&nrgx_safe(inputs)));
        let got = ["buy", "sell", "operator_account"].map(|key| number(&line, key));
        assert_eq!(got, expected.map(|text| Decimal::parse(text).expect("a decimal")), "{line}");
    }
    let keys: Vec<String> = object(&words(&nrgx_safe(rows[0].0))).keys().cloned().collect();
    assert_eq!(keys, ["buy", "operator_account", "sell"], "three keys, sorted by the parser");
}

/// The arguments of `price sdr` or `price mid-market`: s, d, feed-in, retail.
fn internal(rule: &str, [s, d, feed_in, retail]: [&str; 4]) -> Vec<String> {
    let options = [("surplus", s), ("deficit", d), ("feed-in", feed_in), ("retail", retail)];
    arguments(rule, &options)
}

/// Buying and selling price as they were published, exactly.
fn assert_prices(arguments: &[String], buy: &str, sell: &str) {
    let line = json_line(&words(arguments));
    let got = ["buy", "sell"].map(|key| number(&line, key));
    assert_eq!(got, [buy, sell].map(|text| Decimal::parse(text).expect("a decimal")), "{line}");
}

/// Liu et al. 2017, the rows with S from 0 to 1.5.
#[test]
fn published_supply_demand_prices() {
    let rows = [
        ("0", ".15", ".15"),
        ("25", ".1375", ".10"),
        ("50", ".1125", ".075"),
        ("75", ".0825", ".06"),
        ("100", ".05", ".05"),
        ("150", ".05", ".05"),
    ];
    for (s, buy, sell) in rows {
        assert_prices(&internal("sdr", [s, "100", "0.05", "0.15"]), buy, sell);
    }
}

/// The mid-market rate with more lack, in balance and with more surplus.
#[test]
fn published_mid_market_prices() {
    for (s, d, buy, sell) in
        [("50", "100", ".125", ".1"), ("100", "100", ".1", ".1"), ("100", "50", ".1", ".075")]
    {
        assert_prices(&internal("mid-market", [s, d, "0.05", "0.15"]), buy, sell);
    }
}

fn bill_sharing(slots: &str) -> Vec<String> {
    arguments("bill-sharing", &[("slots", slots), ("feed-in", "0.05"), ("retail", "0.15")])
}

/// Two slots of three homes: deficits 6, surpluses 5, imports 4, exports 3. Blanks are allowed, and
/// a first home may have something left over.
#[test]
fn published_shares_of_a_bill() {
    assert_prices(&bill_sharing("2,3,-1;1,-4,0"), ".10", ".03");
    assert_prices(&bill_sharing("-1, 3, 2; -4, 1, 0"), ".10", ".03");
}

/// The whole line: exact prices, then what a region posts. At S = 1/3 by hand: sell = 0.0075 / (0.1 / 3 +
/// 0.05) = 0.09, buy = 0.09 / 3 + 0.15 x 2/3 = 0.13; at S = 2/3 sell = 0.0075 / (0.35 / 3) = 0.0642857..,
/// buy = sell x 2/3 + 0.05 = 0.0928571.., posted up and down.
#[test]
fn exact_and_posted_prices_are_answered() {
    assert_eq!(
        json_line(&words(&internal("sdr", ["1", "3", "0.05", "0.15"]))),
        "{\"buy\":0.130000000,\"sell\":0.090000000,\
         \"buy_posted\":0.130000000,\"sell_posted\":0.090000000}"
    );
    assert_eq!(
        json_line(&words(&internal("sdr", ["2", "3", "0.05", "0.15"]))),
        "{\"buy\":0.092857142857142857,\"sell\":0.064285714285714286,\
         \"buy_posted\":0.092858000,\"sell_posted\":0.064285000}"
    );
    let keys: Vec<String> = object(&words(&bill_sharing("1"))).keys().cloned().collect();
    assert_eq!(keys, ["buy", "buy_posted", "sell", "sell_posted"]);
}

/// What has no meaning for the internal prices is refused by the option's name.
#[test]
fn internal_prices_name_the_option_they_refuse() {
    let rows = [
        (0, "-1", "--surplus: got -1.0, expected zero or more"),
        (1, "-0.5", "--deficit: got -0.5, expected zero or more"),
        (2, "-0.05", "--feed-in: got -0.05, expected zero or more"),
        (2, "0.16", "--feed-in: got 0.16, expected between 0.0 and 0.15"),
    ];
    for (at, value, expected) in rows {
        for rule in ["sdr", "mid-market"] {
            let mut inputs = ["50", "100", "0.05", "0.15"];
            inputs[at] = value;
            assert_eq!(refusal(&words(&internal(rule, inputs))), format!("gridquorum: {expected}"));
        }
    }
    let rows = [
        ("1,2;3", "row 2: expected 2 columns as in row 1, got 1"),
        ("1,x", "row 1, column 2: expected a decimal number, got 'x' at byte 0"),
        ("1;", "row 2, column 1: expected a decimal number, got no digits"),
        ("", "row 1, column 1: expected a decimal number, got no digits"),
    ];
    for (slots, expected) in rows {
        let expected = format!("invalid value '{slots}' for '--slots <ROWS>': {expected}");
        assert_eq!(misuse(&words(&bill_sharing(slots))), expected);
    }
    assert_eq!(
        refusal(&words(&bill_sharing("1e12,1"))),
        "gridquorum: --slots: expected lacks and surpluses of at most 1000000000000.0 kWh in all"
    );
}

/// What has no meaning in the formulas is refused with one line: option, value, what was expected.
/// The values begin with `-`, which is no option.
#[test]
fn options_without_a_meaning_are_refused() {
    let good = ["10", "50", "50", "0.1", "0.2", "1000"];
    let rows = [
        (0, "-1", "--own: got -1.0, expected zero or more"),
        (1, "-0.5", "--production: got -0.5, expected zero or more"),
        (2, "-5e-1", "--consumption: got -0.5, expected zero or more"),
        (3, "-.1", "--q: got -0.1, expected zero or more"),
        (4, "-0.000000000000000001", "--r: got -0.000000000000000001, expected zero or more"),
        (5, "0", "--a: got 0.0, expected above zero"),
        (
            0,
            "1e12",
            "--own: got 1000000000000.0, expected energy worth less than 9223372036 currency",
        ),
    ];
    for (at, value, expected) in rows {
        let mut inputs = good;
        inputs[at] = value;
        assert_eq!(refusal(&words(&nrgx(inputs))), format!("gridquorum: {expected}"));
    }
    let good = ["100", "100", "0.3", "0.08", "0.2", "0.4", "0.25"];
    let rows = [
        (0, "-1", "--production: got -1.0, expected zero or more"),
        (1, "-1", "--consumption: got -1.0, expected zero or more"),
        (2, "0.05", "--feed-in: got 0.08, expected between 0.0 and 0.05"),
        (3, "-0.01", "--feed-in: got -0.01, expected zero or more"),
        (4, "0.31", "--top: got 0.31, expected between 0.08 and 0.3"),
        (4, "0.07", "--top: got 0.07, expected between 0.08 and 0.3"),
        (5, "-1", "--r: got -1.0, expected zero or more"),
        (6, "-0.25", "--alpha: got -0.25, expected above zero"),
    ];
    for (at, value, expected) in rows {
        let mut inputs = good;
        inputs[at] = value;
        assert_eq!(refusal(&words(&nrgx_safe(inputs))), format!("gridquorum: {expected}"));
    }
    // Half of 10^12 kWh is left over and was bought at e^(-1/9) x 10^12 currency/kWh.
    let huge = nrgx_safe(["1e12", "5e11", "1e12", "0", "1e12", "1", "1"]);
    assert_eq!(
        refusal(&words(&huge)),
        "gridquorum: --production, --consumption: got 1000000000000.0, 500000000000.0, \
         expected energy worth less than 1000000000000.0 currency"
    );
}

/// What is no decimal is refused where it is read, naming option and value; nothing is rounded.
#[test]
fn values_that_are_no_decimals_are_refused() {
    let rows = [
        ("two", "expected a decimal number, got 't' at byte 0"),
        ("-x", "expected a decimal number, got 'x' at byte 1"),
        ("1,5", "expected a decimal number, got ',' at byte 1"),
        ("", "expected a decimal number, got no digits"),
        ("1e-19", "a decimal has at most 18 digits after the point"),
        ("1e13", "a decimal lies within 10^12 of zero"),
    ];
    for (value, expected) in rows {
        let arguments = nrgx([value, "50", "50", "0.1", "0.2", "1000"]);
        let expected = format!("invalid value '{value}' for '--own <KWH>': {expected}");
        assert_eq!(misuse(&words(&arguments)), expected);
    }
}

/// An option that is missing, and a rule that there is not, end with exit code 2.
#[test]
fn options_and_rules_are_required() {
    let arguments = nrgx(["10", "50", "50", "0.1", "0.2", "1000"]);
    let missing = &words(&arguments)[..12];
    assert_eq!(misuse(missing), "the following required arguments were not provided: --a <KWH^2>");
    assert_eq!(misuse(&["price", "free"]), "unrecognized subcommand 'free'");
}
