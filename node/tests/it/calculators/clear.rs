//! `clear`: books worked by hand, published rows, ties, and what is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use market::{Decimal, Kappa, Seed};
use node::cli::clear::{self, Clear, Rule};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{file, gridquorum, json_line, misuse, number, object, refusal};

const FIXTURE: &str = "node/tests/it/fixtures/orders.csv";
const HEADER: &str = "id,participant,side,price,quantity_wh";
const DECIMAL: &str = "a decimal within 1000 of zero with at most 6 digits after the point";
const QUANTITY: &str = "a whole number from 1 to 1000000000";
const NAME: &str = "1 to 64 bytes of UTF-8 text without control characters";

fn orders(name: &str, rows: &[&str]) -> String {
    file(&format!("orders-{name}.csv"), &format!("{HEADER}\n{}\n", rows.join("\n")))
}

/// Bids and offers of one kWh each, every one by a participant of its own.
fn kilowatt_hours(name: &str, bids: &[&str], offers: &[&str]) -> String {
    let row = |side: &'static str| {
        move |(at, price): (usize, &&str)| format!("{side}{at},{side}{at},{side},{price},1000")
    };
    let rows = bids.iter().enumerate().map(row("bid"));
    let rows: Vec<String> = rows.chain(offers.iter().enumerate().map(row("offer"))).collect();
    orders(name, &rows.iter().map(String::as_str).collect::<Vec<_>>())
}

/// State and reason of every order, by its id.
fn states(object: &Map<String, Value>) -> BTreeMap<String, (u64, String, String)> {
    let rows = object["orders"].as_array().expect("a list").iter().map(|row| {
        let text = |key: &str| row[key].as_str().expect("a text").to_owned();
        (text("id"), (row["filled_wh"].as_u64().expect("Wh"), text("state"), text("reason")))
    });
    rows.collect()
}

/// The fixture, by hand. Wh demanded: 600 at 0.28, 750 at 0.25, 400 at 0.12; offered: 700 at 0.10,
/// 400 at 0.18, 500 at 0.30. K = 1,100: all up to 0.18 is sold, 0.25 is still bid. The 250 Wh bid
/// in vain at 0.25 hold the uniform price in [0.25, 0.25]. The level 0.25 gets 1,100 - 600 = 500 of
/// the 750 Wh it wants: ben 500 x 500 / 750 = 333.33, cleo 250 x 500 / 750 = 166.67; one Wh is left
/// by rounding down, for the larger remainder, cleo's. Trades from the best price on both sides.
#[test]
fn a_book_worked_by_hand() {
    let expected = "{\"price\":0.250000000,\"volume_wh\":1100,\"operator_surplus\":0.000000000,\
        \"trades\":[\
        {\"buyer\":\"ann\",\"seller\":\"eve\",\"quantity_wh\":600,\
        \"buy_price\":0.250000000,\"sell_price\":0.250000000},\
        {\"buyer\":\"ben\",\"seller\":\"eve\",\"quantity_wh\":100,\
        \"buy_price\":0.250000000,\"sell_price\":0.250000000},\
        {\"buyer\":\"ben\",\"seller\":\"fay\",\"quantity_wh\":233,\
        \"buy_price\":0.250000000,\"sell_price\":0.250000000},\
        {\"buyer\":\"cleo\",\"seller\":\"fay\",\"quantity_wh\":167,\
        \"buy_price\":0.250000000,\"sell_price\":0.250000000}],\
        \"orders\":[\
        {\"id\":\"b1\",\"filled_wh\":600,\"state\":\"filled\",\"reason\":\"\"},\
        {\"id\":\"b2\",\"filled_wh\":333,\"state\":\"part\",\"reason\":\"rationed\"},\
        {\"id\":\"b3\",\"filled_wh\":167,\"state\":\"part\",\"reason\":\"rationed\"},\
        {\"id\":\"b4\",\"filled_wh\":0,\"state\":\"rejected\",\"reason\":\"price-not-reached\"},\
        {\"id\":\"o1\",\"filled_wh\":700,\"state\":\"filled\",\"reason\":\"\"},\
        {\"id\":\"o2\",\"filled_wh\":400,\"state\":\"filled\",\"reason\":\"\"},\
        {\"id\":\"o3\",\"filled_wh\":0,\"state\":\"rejected\",\"reason\":\"price-not-reached\"}]}";
    assert_eq!(json_line(&["clear", "--orders", FIXTURE, "--rule", "uniform"]), expected);
}

/// The same trades at 0.18 + kappa (0.25 - 0.18): 0.215 at 1/2, 0.1975 at 1/4.
#[test]
fn the_k_double_auction_moves_only_the_price() {
    let k_double = ["clear", "--orders", FIXTURE, "--rule", "k-double"];
    let uniform = json_line(&["clear", "--orders", FIXTURE, "--rule", "uniform"]);
    let expected = uniform.replace("0.250000000", "0.215000000");
    assert_eq!(json_line(&k_double), expected);
    let quarter = json_line(&[&k_double[..], &["--kappa", "0.25"]].concat());
    assert_eq!(quarter, uniform.replace("0.250000000", "0.197500000"));
}

/// People get values, then trades and orders as tables.
#[test]
fn people_get_tables() {
    let ended = gridquorum(&["clear", "--orders", FIXTURE, "--rule", "uniform"]);
    let expected = "\
price             0.250000000 currency/kWh
volume            1100 Wh
operator surplus  0.000000000 currency

trades
  buyer  seller  quantity (Wh)  buy price (currency/kWh)  sell price (currency/kWh)
  ann    eve               600               0.250000000                0.250000000
  ben    eve               100               0.250000000                0.250000000
  ben    fay               233               0.250000000                0.250000000
  cleo   fay               167               0.250000000                0.250000000

orders
  id  filled (Wh)  state     reason
  b1          600  filled
  b2          333  part      rationed
  b3          167  part      rationed
  b4            0  rejected  price-not-reached
  o1          700  filled
  o2          400  filled
  o3            0  rejected  price-not-reached
";
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), expected, ""));
}

/// The k-double auction worked by hand, one kWh per order: the rows in which all K units trade at one price that both
/// rules share, and kappa 0.25, which tells them apart (uniform, by hand: [max(5, 6), min(8, 7)],
/// so 6.25; k-double as published 5.75).
#[test]
fn published_auctions() {
    let first = kilowatt_hours("mcafee-1", &["10", "8", "6", "4"], &["3", "5", "7", "9"]);
    let second = kilowatt_hours("mcafee-2", &["20", "18", "9"], &["2", "8", "17"]);
    let rows = [
        (&first, "uniform", "0.5", "6.5"),
        (&first, "k-double", "0.5", "6.5"),
        (&first, "uniform", "0.25", "6.25"),
        (&first, "k-double", "0.25", "5.75"),
        (&second, "uniform", "0.5", "13"),
        (&second, "k-double", "0.5", "13"),
    ];
    for (path, rule, kappa, price) in rows {
        let arguments = ["clear", "--orders", path, "--rule", rule, "--kappa", kappa];
        let line = json_line(&arguments);
        assert_eq!(number(&line, "price"), Decimal::parse(price).expect("a decimal"), "{rule}");
        let object = object(&arguments);
        assert_eq!(object["volume_wh"].as_u64(), Some(2_000), "two trades of one kWh");
        assert_eq!(object["trades"].as_array().map(Vec::len), Some(2));
        let states = states(&object);
        for (id, (filled, state, _)) in &states {
            let trades = id.ends_with('0') || id.ends_with('1');
            assert_eq!((*filled, state == "filled"), (if trades { 1_000 } else { 0 }, trades));
        }
    }
}

/// One bid at 10 and one offer at 3: kappa 0 is the seller's price, 1 the buyer's, 0.3 lies at 5.1;
/// below zero likewise, and what cannot be split goes down: (0 + 0.000001) / 2 is 0,
/// (-0.000001 + 0) / 2 is -0.000001.
#[test]
fn kappa_puts_the_price_between_offer_and_bid() {
    let rows = [
        ("10", "3", "0", "3"),
        ("10", "3", "1", "10"),
        ("10", "3", "0.3", "5.1"),
        ("-0.01", "-0.05", "0.5", "-0.03"),
        ("0.000001", "0", "0.5", "0"),
        ("0", "-0.000001", "0.5", "-0.000001"),
        ("1000", "-1000", "0.75", "500"),
    ];
    for (bid, offer, kappa, price) in rows {
        let path = kilowatt_hours("kappa", &[bid], &[offer]);
        for rule in ["uniform", "k-double"] {
            let arguments = ["clear", "--orders", &path, "--rule", rule, "--kappa", kappa];
            let got = number(&json_line(&arguments), "price");
            assert_eq!(got, Decimal::parse(price).expect("a decimal"), "{bid} {offer} {kappa}");
        }
    }
}

/// No trade is an answer, not a failure: no price, no trades, volume 0, and a reason per order.
#[test]
fn books_without_trades_are_answered() {
    let rows: [(&str, &[&str], &str); 4] = [
        ("empty", &[], ""),
        ("bids", &["a,ann,bid,1,5", "b,ben,bid,2,5"], "no-counterparty"),
        ("offers", &["a,ann,offer,1,5"], "no-counterparty"),
        ("apart", &["a,ann,bid,1,5", "b,ben,offer,1.000001,5"], "price-not-reached"),
    ];
    for (name, rows, reason) in rows {
        for rule in ["uniform", "k-double"] {
            let path = orders(name, rows);
            let arguments = ["clear", "--orders", &path, "--rule", rule];
            let line = json_line(&arguments);
            let start =
                "{\"volume_wh\":0,\"operator_surplus\":0.000000000,\"trades\":[],\"orders\":[";
            assert!(line.starts_with(start), "{line}");
            let states = states(&object(&arguments));
            assert_eq!(states.len(), rows.len());
            let rejected = (0, "rejected".to_owned(), reason.to_owned());
            assert!(states.values().all(|state| *state == rejected), "{line}");
            assert_eq!(gridquorum(&arguments).code, Some(0), "people get an answer, too");
        }
    }
}

/// Who of two equal bidders gets the one Wh, told by the documented rule in arithmetic of our own:
/// BLAKE3 keyed with the seed over the participant's number, the lower hash first.
fn winner(key: [u8; 32]) -> &'static str {
    let lot = |participant: u8| *blake3::keyed_hash(&key, &[participant, 0, 0, 0]).as_bytes();
    if lot(0) < lot(1) { "ann" } else { "ben" }
}

/// A tie is broken by the seed alone: not by the order of the rows, nor by how the seed is written.
/// Participants are numbered by name, so ann is 0 although she comes last.
#[test]
fn ties_are_broken_by_the_seed() {
    let path = orders("tie", &["x,ben,bid,2,1", "y,cat,offer,1,1", "z,ann,bid,2,1"]);
    let clear = |seed: &str| {
        let object = object(&["clear", "--orders", &path, "--rule", "uniform", "--seed", seed]);
        let states = states(&object);
        let winner = object["trades"][0]["buyer"].as_str().expect("a buyer").to_owned();
        let loser = if winner == "ann" { "x" } else { "z" };
        let rationed = (0, "rejected".to_owned(), "rationed".to_owned());
        assert_eq!(states[loser], rationed);
        winner
    };
    let mut won = [0, 0];
    for number in 0..16_u64 {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        let expected = winner(key);
        won[usize::from(expected == "ben")] += 1;
        assert_eq!(clear(&number.to_string()), expected, "seed {number}");
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(clear(&digits), expected, "seed {digits}");
    }
    assert!(won.iter().all(|count| *count > 0), "{won:?}");
    let all = u64::MAX.to_string();
    let mut key = [0; 32];
    key[..8].fill(0xff);
    assert_eq!(clear(&all), winner(key));
}

/// Orders of one participant at one price are one claim: with 900 Wh for ann's 600 + 600 and ben's
/// 600, ann gets 600 and ben 300, and ann's Wh go to her first order by id, which is `a`.
#[test]
fn orders_of_one_participant_are_one_claim() {
    let rows = ["b,ann,bid,2,600", "c,ben,bid,2,600", "a,ann,bid,2,600", "d,cat,offer,1,900"];
    let path = orders("claim", &rows);
    let states = states(&object(&["clear", "--orders", &path, "--rule", "uniform"]));
    let filled: Vec<(&str, u64)> =
        states.iter().map(|(id, (filled, ..))| (id.as_str(), *filled)).collect();
    assert_eq!(filled, [("a", 600), ("b", 0), ("c", 300), ("d", 900)]);
}

/// The same id twice is refused with both lines; blank lines count as an editor counts them.
#[test]
fn duplicates_are_refused_with_both_lines() {
    let path = orders("twice", &["a,ann,bid,1,5", "", "b,ben,bid,1,5", "a,cat,offer,1,5"]);
    assert_eq!(
        refusal(&["clear", "--orders", &path, "--rule", "uniform"]),
        format!(
            "gridquorum: {path}:5: field id: got \"a\", \
             expected a value of its own, line 2 has it too"
        )
    );
}

/// Every bad row is refused with one line: file, line, field, value, what was expected.
#[test]
fn bad_rows_are_refused() {
    let long = "x".repeat(65);
    let long_row = format!("{long},ann,bid,1,5");
    let cut = format!("\"{}..\"", "x".repeat(40));
    let rows = [
        (",ann,bid,1,5", "id", "nothing", NAME),
        ("\"a\u{7}\",ann,bid,1,5", "id", "\"a\\u{7}\"", NAME),
        (&long_row, "id", &cut, NAME),
        ("a, ,bid,1,5", "participant", "nothing", NAME),
        ("a,ann,buy,1,5", "side", "\"buy\"", "bid or offer"),
        ("a,ann,Bid,1,5", "side", "\"Bid\"", "bid or offer"),
        ("a,ann,,1,5", "side", "nothing", "bid or offer"),
        ("a,ann,bid,0.0000001,5", "price", "\"0.0000001\"", DECIMAL),
        ("a,ann,bid,1000.000001,5", "price", "\"1000.000001\"", DECIMAL),
        ("a,ann,bid,-1001,5", "price", "\"-1001\"", DECIMAL),
        ("a,ann,bid,free,5", "price", "\"free\"", DECIMAL),
        ("a,ann,bid,,5", "price", "nothing", DECIMAL),
        ("a,ann,bid,1,0", "quantity_wh", "\"0\"", QUANTITY),
        ("a,ann,bid,1,-5", "quantity_wh", "\"-5\"", QUANTITY),
        ("a,ann,bid,1,0.5", "quantity_wh", "\"0.5\"", QUANTITY),
        ("a,ann,bid,1,much", "quantity_wh", "\"much\"", QUANTITY),
        ("a,ann,bid,1,1000000001", "quantity_wh", "\"1000000001\"", QUANTITY),
        ("a,ann,bid,1,99999999999999999999", "quantity_wh", "\"99999999999999999999\"", QUANTITY),
        ("a,ann,bid,1", "quantity_wh", "nothing", "5 fields, as many as the header has"),
        (
            "a,ann,bid,1,5,6",
            "after the last column",
            "\"6\"",
            "5 fields, as many as the header has",
        ),
    ];
    for (row, field, got, expected) in rows {
        let path = orders("bad", &["good,zoe,offer,1,5", row]);
        let line = refusal(&["clear", "--orders", &path, "--rule", "uniform", "--json"]);
        let expected =
            format!("gridquorum: {path}:3: field {field}: got {got}, expected {expected}");
        assert_eq!(line, expected);
    }
}

/// Bad headers, no header, no file.
#[test]
fn bad_files_are_refused() {
    let rows = [
        ("", format!(":1: got an empty file, expected the header {HEADER}")),
        (
            "id,participant,side,quantity_wh\na,ann,bid,5\n",
            ":1: field price: got nothing, expected a column price".to_owned(),
        ),
        (
            "id,participant,side,price,quantity_wh,note\na,ann,bid,1,5,hello\n",
            ":1: field of the header: got \"note\", expected no column but those of the format"
                .to_owned(),
        ),
    ];
    for (content, expected) in rows {
        let path = file("orders-bad-header.csv", content);
        let line = refusal(&["clear", "--orders", &path, "--rule", "uniform"]);
        assert_eq!(line, format!("gridquorum: {path}{expected}"));
    }
    assert_eq!(
        refusal(&["clear", "--orders", "-nowhere.csv", "--rule", "uniform"]),
        "gridquorum: -nowhere.csv: cannot be read: No such file or directory (os error 2)"
    );
}

/// Options are refused where they are read, naming option and value. Rules are a closed
/// list.
#[test]
fn bad_options_are_refused() {
    let seed = "expected a whole number from 0 to 18446744073709551615 \
                or 64 lower-case hexadecimal digits";
    let rows = [
        ("--kappa", "-0.1", "kappa must be between 0.0 and 1.0, got -0.1".to_owned()),
        ("--kappa", "1.000001", "kappa must be between 0.0 and 1.0, got 1.000001".to_owned()),
        ("--kappa", "half", "expected a decimal number, got 'h' at byte 0".to_owned()),
        ("--seed", "-1", seed.to_owned()),
        ("--seed", "18446744073709551616", seed.to_owned()),
        ("--seed", "00ff", seed.to_owned()),
    ];
    for (option, value, expected) in rows {
        let line = misuse(&["clear", "--orders", FIXTURE, "--rule", "uniform", option, value]);
        let shown = if option == "--kappa" { "K" } else { "S" };
        assert_eq!(line, format!("invalid value '{value}' for '{option} <{shown}>': {expected}"));
    }
    let line = misuse(&["clear", "--orders", FIXTURE, "--rule", "lottery"]);
    assert_eq!(
        line,
        "invalid value 'lottery' for '--rule <RULE>' [possible values: uniform, k-double, mcafee, \
         muda, huang, pay-as-bid]"
    );
    let line = misuse(&["clear", "--orders", FIXTURE]);
    assert_eq!(line, "the following required arguments were not provided: --rule <RULE>");
}

/// A drawn order: few names, prices and quantities, so that levels, ties and claims are common.
#[derive(Clone, Debug)]
struct Drawn {
    participant: u8,
    bid: bool,
    price: i8,
    quantity: u16,
}

fn books() -> impl Strategy<Value = Vec<Drawn>> {
    let order = (0..5_u8, any::<bool>(), -3..=6_i8, 1..=40_u16).prop_map(
        |(participant, bid, price, quantity)| Drawn { participant, bid, price, quantity },
    );
    proptest::collection::vec(order, 0..12)
}

/// Clears drawn orders, given in the order of `rows`, without starting a program.
fn cleared(name: &str, book: &[Drawn], rows: &[usize], rule: Rule) -> Map<String, Value> {
    let rows: Vec<String> = rows
        .iter()
        .map(|at| {
            let Drawn { participant, bid, price, quantity } = &book[*at];
            let side = if *bid { "bid" } else { "offer" };
            format!("{at},p{participant},{side},{price},{quantity}")
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let orders = PathBuf::from(orders(name, &rows));
    let args = Clear { orders, rule, kappa: Kappa::HALF, seed: Seed::new([7; 32]) };
    let mut out = Vec::new();
    clear::write(&args, true, &mut out).expect("a good book");
    serde_json::from_slice(&out).expect("an object")
}

fn sum<'a>(rows: &'a Value, keep: impl Fn(&'a Value) -> bool, key: &str) -> u64 {
    let rows = rows.as_array().expect("a list").iter().filter(|row| keep(row));
    rows.map(|row| row[key].as_u64().expect("Wh")).sum()
}

proptest! {
    /// The trades, the orders and the volume tell one story: per order the state fits the fill, per
    /// participant and side the trades add up to the fills, and everything adds up to the volume.
    #[test]
    fn an_answer_adds_up(book in books(), k_double: bool) {
        let rule = if k_double { Rule::KDouble } else { Rule::Uniform };
        let rows: Vec<usize> = (0..book.len()).collect();
        let answer = cleared("adds-up", &book, &rows, rule);
        let volume = answer["volume_wh"].as_u64().expect("Wh");
        prop_assert_eq!(answer.contains_key("price"), volume > 0);
        for (at, (order, row)) in
            book.iter().zip(answer["orders"].as_array().expect("a list")).enumerate()
        {
            prop_assert_eq!(&row["id"], &Value::from(at.to_string()));
            let filled = row["filled_wh"].as_u64().expect("Wh");
            let state = match filled {
                0 => "rejected",
                _ if filled == u64::from(order.quantity) => "filled",
                _ => "part",
            };
            prop_assert!(filled <= u64::from(order.quantity));
            prop_assert_eq!(row["state"].as_str(), Some(state));
            prop_assert_eq!(row["reason"] == "", state == "filled");
        }
        for (bid, key) in [(true, "buyer"), (false, "seller")] {
            let mine = |row: &Value, name: Option<u8>| {
                let at: usize = row["id"].as_str().expect("a text").parse().expect("ours");
                book[at].bid == bid && name.is_none_or(|name| book[at].participant == name)
            };
            prop_assert_eq!(sum(&answer["orders"], |row| mine(row, None), "filled_wh"), volume);
            for name in 0..5_u8 {
                let traded = |row: &Value| row[key] == format!("p{name}");
                prop_assert_eq!(
                    sum(&answer["trades"], traded, "quantity_wh"),
                    sum(&answer["orders"], |row| mine(row, Some(name)), "filled_wh")
                );
            }
        }
    }

    /// The order of the rows means nothing but the order of the answer.
    #[test]
    fn the_order_of_the_rows_means_nothing(
        (book, rows) in books().prop_flat_map(|book| {
            let rows: Vec<usize> = (0..book.len()).collect();
            (Just(book), Just(rows).prop_shuffle())
        }),
    ) {
        let sorted: Vec<usize> = (0..book.len()).collect();
        let answer = cleared("sorted", &book, &sorted, Rule::Uniform);
        let shuffled = cleared("shuffled", &book, &rows, Rule::Uniform);
        prop_assert_eq!(states(&answer), states(&shuffled));
        for key in ["price", "volume_wh", "trades"] {
            prop_assert_eq!(answer.get(key), shuffled.get(key));
        }
    }
}

/// The drawn books above reach every state and every reason.
#[test]
fn drawn_books_reach_every_state() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<(String, String), u32> = BTreeMap::new();
    for _ in 0..256 {
        let book = books().new_tree(&mut runner).expect("a book").current();
        let rows: Vec<usize> = (0..book.len()).collect();
        for (_, state, reason) in states(&cleared("reach", &book, &rows, Rule::Uniform)).values() {
            *seen.entry((state.clone(), reason.clone())).or_default() += 1;
        }
    }
    let expected = [
        ("filled", ""),
        ("part", "rationed"),
        ("rejected", "no-counterparty"),
        ("rejected", "price-not-reached"),
        ("rejected", "rationed"),
    ];
    let states: Vec<(&str, &str)> =
        seen.keys().map(|(state, reason)| (state.as_str(), reason.as_str())).collect();
    assert_eq!(states, expected);
    assert!(seen.values().all(|count| *count >= 10), "{seen:?}");
}
