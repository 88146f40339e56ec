//! Numbers as text: exact, and the same for people and machines.

use proptest::prelude::*;

use super::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a decimal")
}

fn written(fields: &Fields<'_>, json: bool) -> String {
    let mut out = Vec::new();
    fields.write(json, &mut out).expect("memory");
    String::from_utf8(out).expect("text")
}

/// One of every kind of value, a list, and an empty list.
fn sample() -> Fields<'static> {
    let mut fields = Fields::new();
    fields.put("reward", Unit::Currency, Money::from_nano(-1_500_000_000));
    fields.put("volume_wh", Unit::WattHours, Energy::from_wh(300));
    fields.text("note", "say \"so\"");
    fields.put("holds", Unit::Plain, true);
    fields.put_rows("nothing", [("id", Unit::Plain)], []);
    let columns = [
        ("id", Unit::Plain),
        ("filled_wh", Unit::WattHours),
        ("buy_price", Unit::CurrencyPerKwh),
        ("reason", Unit::Plain),
    ];
    let row = |id: &'static str, filled: i64, price: &str, reason: &'static str| {
        [id.into(), filled.into(), decimal(price).into(), reason.into()]
    };
    let rows = [row("a", 12_000, "0.25", ""), row("longer", 7, "-10.123456789012", "rationed")];
    fields.put_rows("orders", columns, rows);
    fields
}

/// One object on one line, every value as it is, lists as lists of flat objects.
#[test]
fn machines_get_one_object_on_one_line() {
    assert_eq!(
        written(&sample(), true),
        "{\"reward\":-1.500000000,\"volume_wh\":300,\"note\":\"say \\\"so\\\"\",\"holds\":true,\
         \"nothing\":[],\"orders\":[\
         {\"id\":\"a\",\"filled_wh\":12000,\"buy_price\":0.250000000,\"reason\":\"\"},\
         {\"id\":\"longer\",\"filled_wh\":7,\"buy_price\":-10.123456789012,\
         \"reason\":\"rationed\"}]}\n"
    );
}

/// Values first with their units, then the lists: numbers to the right, texts to the left, no
/// spaces at the ends of lines.
#[test]
fn people_get_aligned_lines() {
    let expected = "\
reward   -1.500000000 currency
volume   300 Wh
note     say \"so\"
holds    yes
nothing  none

orders
  id      filled (Wh)  buy price (currency/kWh)  reason
  a             12000               0.250000000
  longer            7          -10.123456789012  rationed
";
    assert_eq!(written(&sample(), false), expected);
}

/// Nothing is rounded, and nine digits after the point are always there.
#[test]
fn decimals_are_shown_whole() {
    let rows = [
        ("0", "0.000000000"),
        ("-3", "-3.000000000"),
        ("0.14", "0.140000000"),
        ("1000000000000", "1000000000000.000000000"),
        ("0.123456789123456789", "0.123456789123456789"),
        ("1e-18", "0.000000000000000001"),
    ];
    for (text, expected) in rows {
        assert_eq!(padded(&decimal(text)), expected);
    }
}

/// An object has every name once; a second value under one name is a mistake of ours.
#[test]
#[should_panic(expected = "every name once")]
fn a_name_is_given_once() {
    let mut fields = Fields::new();
    fields.integer("n", 1);
    fields.integer("n", 2);
}

proptest! {
    /// Any text comes back from the JSON as it was, alone and in a list, and stays on one line.
    #[test]
    fn texts_survive(text: String) {
        let mut fields = Fields::new();
        fields.text("text", &text);
        fields.put_rows("list", [("text", Unit::Plain)], [[Value::from(text.as_str())]]);
        let line = written(&fields, true);
        prop_assert_eq!(line.matches('\n').count(), 1);
        let object: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        prop_assert_eq!(object["text"].as_str(), Some(text.as_str()));
        prop_assert_eq!(object["list"][0]["text"].as_str(), Some(text.as_str()));
    }

    /// Every decimal is a JSON number that reads back as the same decimal.
    #[test]
    fn decimals_survive(units in Decimal::MIN.units()..=Decimal::MAX.units()) {
        let number = Decimal::from_units(units).expect("in range");
        let text = padded(&number);
        prop_assert_eq!(Decimal::parse(&text), Ok(number));
        prop_assert!(serde_json::from_str::<serde_json::Number>(&text).is_ok());
    }
}
