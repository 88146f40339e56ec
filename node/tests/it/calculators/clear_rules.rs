//! `clear` with the rules that have more than one price: published rows, books worked by hand, and
//! answers that add up.

use std::collections::BTreeMap;

use market::Decimal;
use serde_json::{Map, Value};

use super::{file, json_line, number, object, refusal};

const HEADER: &str = "id,participant,side,price,quantity_wh";
const FIXTURE: &str = "node/tests/it/fixtures/orders.csv";

fn orders(name: &str, rows: &[String]) -> String {
    file(&format!("rules-{name}.csv"), &format!("{HEADER}\n{}\n", rows.join("\n")))
}

/// Bids and offers of one kWh each, every one by a participant of its own.
fn kilowatt_hours(name: &str, bids: &[&str], offers: &[&str]) -> String {
    let row = |side: &'static str| {
        move |(at, price): (usize, &&str)| format!("{side}{at},{side}{at},{side},{price},1000")
    };
    let rows = bids.iter().enumerate().map(row("bid"));
    let rows: Vec<String> = rows.chain(offers.iter().enumerate().map(row("offer"))).collect();
    orders(name, &rows)
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a decimal")
}

/// What became of each order: filled Wh and reason.
fn told(answer: &Map<String, Value>) -> BTreeMap<String, (i64, String)> {
    let rows = answer["orders"].as_array().expect("a list").iter().map(|row| {
        let text = |key: &str| row[key].as_str().expect("a text").to_owned();
        (text("id"), (row["filled_wh"].as_i64().expect("Wh"), text("reason")))
    });
    rows.collect()
}

/// The trades as (buyer, seller, Wh, what the buyer pays, what the seller gets).
fn trades(answer: &Map<String, Value>) -> Vec<(String, String, i64, String, String)> {
    let rows = answer["trades"].as_array().expect("a list").iter().map(|row| {
        let text = |key: &str| row[key].as_str().expect("a text").to_owned();
        let price = |key: &str| row[key].to_string();
        let wh = row["quantity_wh"].as_i64().expect("Wh");
        (text("buyer"), text("seller"), wh, price("buy_price"), price("sell_price"))
    });
    rows.collect()
}

/// The published rows: bids, offers, trades, buyers' and sellers' price, surplus in currency. One
/// unit is one kWh.
#[test]
fn published_mcafee_rows() {
    type Row<'a> = (&'a [&'a str], &'a [&'a str], usize, &'a str, &'a str, &'a str);
    let rows: [Row<'_>; 4] = [
        (&["10", "8", "6", "4"], &["3", "5", "7", "9"], 2, "6.5", "6.5", "0"),
        (&["10", "9", "8", "2"], &["1", "4", "5", "7"], 2, "8", "5", "6"),
        (&["20", "18", "9"], &["2", "8", "17"], 2, "13", "13", "0"),
        (&["9", "8"], &["1", "2"], 1, "8", "2", "6"),
    ];
    for (at, (bids, offers, count, buy, sell, surplus)) in rows.into_iter().enumerate() {
        let path = kilowatt_hours(&format!("mcafee-{at}"), bids, offers);
        let arguments = ["clear", "--orders", &path, "--rule", "mcafee"];
        let line = json_line(&arguments);
        assert_eq!(number(&line, "operator_surplus"), decimal(surplus), "{line}");
        assert_eq!(number(&line, "volume_wh"), decimal(&(count * 1_000).to_string()));
        assert_eq!(number(&line, "buy_price"), decimal(buy));
        assert_eq!(number(&line, "sell_price"), decimal(sell));
        let answer = object(&arguments);
        assert_eq!(trades(&answer).len(), count);
        assert_eq!(answer.contains_key("price"), buy == sell, "one price, or none");
    }
}

/// In the second row the third pair gives way and the fourth was too dear.
#[test]
fn who_gives_way_is_told() {
    let path = kilowatt_hours("reduced", &["10", "9", "8", "2"], &["1", "4", "5", "7"]);
    let told = told(&object(&["clear", "--orders", &path, "--rule", "mcafee"]));
    for side in ["bid", "offer"] {
        let reason = |at: usize| told[&format!("{side}{at}")].1.as_str();
        assert_eq!([0, 1, 2, 3].map(reason), ["", "", "reduced", "price-not-reached"]);
    }
}

/// A quantity unlike that of the first row is refused with both lines.
#[test]
fn mcafee_refuses_unlike_quantities() {
    let rows = ["a,ann,bid,5,700", "", "b,ben,bid,4,700", "c,cat,offer,1,701"].map(str::to_owned);
    let path = orders("unlike", &rows);
    let line = refusal(&["clear", "--orders", &path, "--rule", "mcafee", "--json"]);
    let expected = format!(
        "gridquorum: {path}:5: field quantity_wh: got \"701\", expected 700 as on line 2, since \
         this rule trades orders of one quantity"
    );
    assert_eq!(line, expected);
}

/// The lot of a participant, restated: BLAKE3 keyed with the seed, here zero, over its number.
fn lot(participant: u8) -> [u8; 32] {
    *blake3::keyed_hash(&[0; 32], &[participant, 0, 0, 0]).as_bytes()
}

/// The fixture, by hand: K = 1,100 Wh lies in fay's offer of 400 at 0.18 and in the level at 0.25, in
/// which ben (1) asks 500 and cleo (2) 250. Buyers pay 0.25, eve alone sells, 700 Wh at 0.18. If ben
/// is first in line the Wh is his, and ann's 600 are all that trades; otherwise cleo's 250 trade too,
/// 850 are wanted for 700, and each gives up 75.
#[test]
fn huang_gives_up_the_last_orders() {
    let answer = object(&["clear", "--orders", FIXTURE, "--rule", "huang"]);
    let told = told(&answer);
    let filled = ["b1", "b2", "b3", "b4", "o1", "o2", "o3"].map(|id| told[id].0);
    let ben_first = lot(1) < lot(2);
    let expected = if ben_first { [600, 0, 0, 0, 600, 0, 0] } else { [525, 0, 175, 0, 700, 0, 0] };
    assert_eq!(filled, expected);
    assert_eq!((told["b2"].1.as_str(), told["o2"].1.as_str()), ("reduced", "reduced"));
    for (_, _, _, pays, gets) in trades(&answer) {
        assert_eq!((decimal(&pays), decimal(&gets)), (decimal("0.25"), decimal("0.18")));
    }
    let volume: i64 = expected[..4].iter().sum();
    let line = json_line(&["clear", "--orders", FIXTURE, "--rule", "huang"]);
    let surplus = Decimal::parse(&format!("0.{:09}", volume * 70_000)).expect("a decimal");
    assert_eq!(number(&line, "operator_surplus"), surplus, "0.07 per kWh");
}

/// Pay-as-bid takes the rows as they come: an offer at 8 that comes first is met by the bid, one at 3
/// that comes second is left for the low bid. In the other order the low bid finds nobody.
#[test]
fn pay_as_bid_takes_rows_as_they_come() {
    let [bid, dear, cheap, low] = [
        "a,ann,bid,10,1000".to_owned(),
        "b,ben,offer,8,1000".to_owned(),
        "c,cat,offer,3,1000".to_owned(),
        "d,dan,bid,5,1000".to_owned(),
    ];
    let told = |rows: &[String]| {
        let path = orders("arrival", rows);
        let answer = object(&["clear", "--orders", &path, "--rule", "pay-as-bid"]);
        assert_eq!(answer["operator_surplus"].to_string(), "0.0");
        let row = |(buyer, seller, wh, pays, gets): (String, String, i64, String, String)| {
            assert_eq!(pays, gets);
            (buyer + " " + &seller, wh, decimal(&pays))
        };
        trades(&answer).into_iter().map(row).collect::<Vec<_>>()
    };
    let [a, b, c, d] = [bid, dear, cheap, low];
    let first = told(&[a.clone(), b.clone(), c.clone(), d.clone()]);
    let expected = [("ann ben", "10"), ("dan cat", "3")];
    let trade = |(who, price): (&str, &str)| (who.to_owned(), 1_000, decimal(price));
    assert_eq!(first, expected.map(trade));
    assert_eq!(told(&[a, c, b, d]), [trade(("ann cat", "10"))]);
}

/// MUDA, by the documented halves: whoever trades together has the same lowest bit, all trades of a
/// half have one price, and another seed makes other halves.
#[test]
fn muda_trades_within_halves() {
    // Names of two letters, so that their order is that of the numbers.
    let name = |at: u8| format!("{}{}", char::from(b'a' + at / 20), char::from(b'a' + at % 20));
    let row = |at: u8| {
        let (side, price) =
            if at.is_multiple_of(2) { ("bid", 30 - at / 4) } else { ("offer", 5 + at / 5) };
        format!("{at},{},{side},{price},1000", name(at))
    };
    let path = orders("muda", &(0..60).map(row).collect::<Vec<_>>());
    let answer = object(&["clear", "--orders", &path, "--rule", "muda"]);
    let numbers: BTreeMap<String, u8> = (0..60).map(|at| (name(at), at)).collect();
    let mut prices = BTreeMap::new();
    for (buyer, seller, _, pays, gets) in trades(&answer) {
        let half = lot(numbers[&buyer])[0] & 1;
        assert_eq!((half, &pays), (lot(numbers[&seller])[0] & 1, &gets));
        assert_eq!(*prices.entry(half).or_insert(pays.clone()), pays);
    }
    assert_eq!(prices.len(), 2, "both halves trade");
    let other = object(&["clear", "--orders", &path, "--rule", "muda", "--seed", "7"]);
    assert_ne!(answer["trades"], other["trades"]);
}

/// Under every rule the trades add up to the fills, and what buyers pay is what sellers get and the
/// operator keeps, to the last nano-currency.
#[test]
fn answers_add_up_under_every_rule() {
    let row = |at: u32| {
        let side = if at.is_multiple_of(3) { "offer" } else { "bid" };
        format!("{at},p{},{side},0.{:02},1000", at % 7, at * 37 % 23)
    };
    let path = orders("adds-up", &(0..60).map(row).collect::<Vec<_>>());
    for rule in ["uniform", "k-double", "mcafee", "muda", "huang", "pay-as-bid"] {
        let arguments = ["clear", "--orders", &path, "--rule", rule];
        let (answer, line) = (object(&arguments), json_line(&arguments));
        let volume = answer["volume_wh"].as_i64().expect("Wh");
        assert!(volume > 0, "{rule} trades");
        // Micro-currency per kWh times Wh is nano-currency; 10^9 units of a decimal are one.
        let nano = |text: &str| decimal(text).units() / 1_000_000_000;
        let (mut wh, mut margin) = (0, 0);
        for (_, _, quantity, pays, gets) in trades(&answer) {
            wh += quantity;
            margin += (nano(&pays) - nano(&gets)) / 1_000 * i128::from(quantity);
        }
        assert_eq!(wh, volume, "{rule}");
        let surplus = number(&line, "operator_surplus");
        assert_eq!(surplus.units() / 1_000_000_000, margin, "{rule}");
        let filled: i64 = told(&answer).values().map(|(filled, _)| filled).sum();
        assert_eq!(filled, 2 * volume, "{rule}");
    }
}
