//! Events of the distribution operator: what goes out comes in again, what others send is read, and
//! everything is bounded.

use market::response::{
    Event, EventError, Level, MAX_INTERVALS, Moment, Name, Number, ProgramId, Signal, SlotClock,
    Span, TimeError, Value, publish, signals,
};
use market::{Decimal, Energy, Price, Slot};
use proptest::prelude::*;
use serde_json::json;

fn moment(text: &str) -> Moment {
    Moment::parse(text).expect("a moment")
}

/// Slot 0 begins with the 28th of March 2021 in UTC.
fn clock() -> SlotClock {
    SlotClock::try_new(moment("2021-03-28T00:00:00Z")).expect("a quarter of an hour")
}

fn price(micro: i64) -> Price {
    Price::from_micro_per_kwh(micro)
}

fn sent(signals: &[Signal]) -> Result<Event, EventError> {
    let program = ProgramId::try_new("district-7").expect("a name");
    publish(program, &Name::try_new("EUR").expect("a name"), &clock(), signals)
}

fn read(event: serde_json::Value) -> Result<Vec<Signal>, String> {
    let event: Event = serde_json::from_value(event).map_err(|error| error.to_string())?;
    signals(&event, &clock()).map_err(|error| error.to_string())
}

/// What is sent, letter by letter: slot 5 begins at 01:15.
#[test]
fn an_event_as_it_is_sent() {
    let first = Signal {
        buy: Some(price(240_000)),
        sell: Some(price(80_000)),
        ..Signal::silent(Slot::new(5))
    };
    let second = Signal {
        level: Some(Level::High),
        change: Some(Energy::from_wh(-1_250)),
        ..Signal::silent(Slot::new(6))
    };
    let event = serde_json::to_value(sent(&[first, second]).expect("sound")).expect("plain data");
    let expected = json!({
        "programID": "district-7",
        "payloadDescriptors": [
            { "payloadType": "PRICE", "units": "KWH", "currency": "EUR" },
            { "payloadType": "EXPORT_PRICE", "units": "KWH", "currency": "EUR" },
            { "payloadType": "DISPATCH_SETPOINT_RELATIVE", "units": "KWH" },
        ],
        "intervalPeriod": { "start": "2021-03-28T01:15:00Z", "duration": "PT15M" },
        "intervals": [
            { "id": 0, "payloads": [
                { "type": "PRICE", "values": [0.24] },
                { "type": "EXPORT_PRICE", "values": [0.08] },
            ] },
            { "id": 1, "payloads": [
                { "type": "SIMPLE", "values": [2] },
                { "type": "DISPATCH_SETPOINT_RELATIVE", "values": [-1.25] },
            ] },
        ],
    });
    assert_eq!(event, expected);
    assert_eq!(read(event), Ok(vec![first, second]));
}

/// An event as another server may send it: metadata of the server, hourly prices, an interval with a
/// time of its own in local time, a private type, a change in kW: -2 kW are -500 Wh per slot.
#[test]
fn an_event_of_another_server_is_read() {
    let event = json!({
        "id": "object-999", "objectType": "EVENT", "createdDateTime": "2021-03-27T09:30:00Z",
        "programID": "object-1", "eventName": "prices of tomorrow", "priority": 0,
        "targets": null, "reportDescriptors": null, "duration": "PT1H30M",
        "payloadDescriptors": [
            { "objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH" },
            { "payloadType": "DISPATCH_SETPOINT_RELATIVE", "units": "KW" },
        ],
        "intervalPeriod": { "start": "2021-03-28T00:30:00Z", "duration": "PT1H" },
        "intervals": [
            { "id": 7, "payloads": [
                { "type": "PRICE", "values": [0.17] },
                { "type": "PRIVATE_ALGORITHM", "values": ["a", true, { "x": 1, "y": -0.5 }] },
            ] },
            { "id": 3,
              "intervalPeriod": {
                  "start": "2021-03-28T03:45:00.000+02:00", "duration": "PT30M",
                  "randomizeStart": "PT0S",
              },
              "payloads": [{ "type": "DISPATCH_SETPOINT_RELATIVE", "values": [-2] }] },
        ],
    });
    let hour =
        (2..6).map(|slot| Signal { buy: Some(price(170_000)), ..Signal::silent(Slot::new(slot)) });
    let change = Some(Energy::from_wh(-500));
    let half = (7..9).map(|slot| Signal { change, ..Signal::silent(Slot::new(slot)) });
    assert_eq!(read(event), Ok(hour.chain(half).collect::<Vec<Signal>>()));
}

/// A row of the standard's own example: one price, its context in a descriptor.
#[test]
fn an_event_without_payloads_says_nothing() {
    let event = json!({
        "programID": "p",
        "intervalPeriod": { "start": "2021-03-28T00:00:00Z", "duration": "PT15M" },
        "intervals": [{ "id": 0, "payloads": [] }],
    });
    assert_eq!(read(event), Ok(vec![Signal::silent(Slot::ZERO)]));
}

/// One event, with one thing changed.
fn with(change: impl FnOnce(&mut serde_json::Value)) -> Result<Vec<Signal>, String> {
    let mut event = json!({
        "programID": "p",
        "payloadDescriptors": [
            { "payloadType": "PRICE", "units": "KWH" },
            { "payloadType": "DISPATCH_SETPOINT_RELATIVE", "units": "KWH" },
        ],
        "intervalPeriod": { "start": "2021-03-28T00:00:00Z", "duration": "PT15M" },
        "intervals": [
            { "id": 0, "payloads": [{ "type": "PRICE", "values": [0.1] }] },
            { "id": 1, "payloads": [{ "type": "SIMPLE", "values": [1] }] },
            { "id": 2, "payloads": [{ "type": "DISPATCH_SETPOINT_RELATIVE", "values": [1] }] },
        ],
    });
    change(&mut event);
    read(event)
}

/// Everything that has no meaning is refused, and the refusal says where and what.
#[test]
fn events_without_a_meaning_are_refused() {
    assert_eq!(with(|_| ()).map(|signals| signals.len()), Ok(3));
    let refused = |path: &str, value: serde_json::Value, expected: &str| {
        let got = with(|event| match event.pointer_mut(path) {
            Some(place) => *place = value.clone(),
            None => event[path.trim_start_matches('/')] = value.clone(),
        });
        let message = got.expect_err(path);
        assert!(message.contains(expected), "{path}: {message}");
    };
    let period = "/intervalPeriod";
    refused("/intervals", json!([]), "1 ..= 2976 slots, got 0");
    refused(period, json!(null), "interval 0 has no period");
    refused("/intervalPeriod/duration", json!("PT0S"), "whole slots, got PT0S");
    refused("/intervalPeriod/duration", json!("PT10M"), "whole slots, got PT10M");
    refused("/intervalPeriod/duration", json!("P1M"), "expected a span such as PT15M");
    refused("/intervalPeriod/duration", json!("P9999Y"), "expected a span such as PT15M");
    refused("/intervalPeriod/start", json!("2021-03-28T00:01:00Z"), "whole slots");
    refused("/intervalPeriod/start", json!("2021-03-27T23:45:00Z"), "whole slots");
    refused("/intervalPeriod/start", json!("0001-01-01T00:00:00"), "expected a moment");
    let random =
        json!({ "start": "2021-03-28T00:00:00Z", "duration": "PT15M", "randomizeStart": "PT1M" });
    refused(period, random, "interval 0 begins at random");
    let own = json!([
        { "id": 5, "payloads": [],
          "intervalPeriod": { "start": "2021-03-28T00:15:00Z", "duration": "PT30M" } },
        { "id": 6, "payloads": [],
          "intervalPeriod": { "start": "2021-03-28T00:30:00Z", "duration": "PT15M" } },
    ]);
    refused("/intervals", own, "interval 6 begins before the one in front of it ends");
    let long = json!([{
        "id": 8,
        "intervalPeriod": { "start": "2021-03-28T00:00:00Z", "duration": "PT30M" },
        "payloads": [{ "type": "DISPATCH_SETPOINT_RELATIVE", "values": [1] }],
    }]);
    refused("/intervals", long, "interval 8: DISPATCH_SETPOINT_RELATIVE must be one change");
    refused("/duration", json!("PT1H"), "lasts PT1H, its intervals PT45M");
    refused("/payloadDescriptors/0/units", json!("THERMS"), "PRICE must be in KWH, got \"THERMS\"");
    refused("/payloadDescriptors/1/units", json!("GHG"), "must be in KWH or KW, got \"GHG\"");
    for values in
        [json!([]), json!([0.1, 0.2]), json!(["0.1"]), json!([0.000_000_1]), json!([1001])]
    {
        let expected = "interval 0: PRICE must be one price in whole micro-currency";
        refused("/intervals/0/payloads/0/values", values, expected);
    }
    for values in [json!([4]), json!([-1]), json!([0.5])] {
        let expected = "interval 1: SIMPLE must be one level of 0, 1, 2, 3";
        refused("/intervals/1/payloads/0/values", values, expected);
    }
    for values in [json!([0.0005]), json!([1_000_001])] {
        let expected = "interval 2: DISPATCH_SETPOINT_RELATIVE must be one change of whole Wh";
        refused("/intervals/2/payloads/0/values", values, expected);
    }
}

/// Lists, names and texts are bounded, and an event cannot cover more slots by long intervals.
#[test]
fn events_are_bounded() {
    let set = |path: &str, value: serde_json::Value| {
        with(|event| event[path] = value).expect_err("too much")
    };
    let row = |id: usize| json!({ "id": id, "payloads": [] });
    let many: Vec<_> = (0..=MAX_INTERVALS).map(row).collect();
    assert!(set("intervals", json!(many)).contains("a list of at most 2976"));
    let month = json!({ "start": "2021-03-28T00:00:00Z", "duration": "P31D" });
    let two = json!([{ "id": 0, "payloads": [], "intervalPeriod": month }, row(1)]);
    assert!(set("intervals", two).contains("1 ..= 2976 slots, got 2977"));
    let payloads = json!([{ "type": "PRICE", "values": vec![0; 1_441] }]);
    let long = json!([{ "id": 0, "payloads": payloads }]);
    assert!(set("intervals", long).contains("a list of at most 1440"));
    for name in ["", "a b", "a/b", &"x".repeat(129)] {
        assert!(set("programID", json!(name)).contains("a program has 1 ..= 128 characters"));
    }
    for name in ["", "a\nb", &"\u{fc}".repeat(129)] {
        assert!(set("eventName", json!(name)).contains("a name has 1 ..= 128 characters"));
    }
    let text = json!([{ "type": "ALERT_OTHER", "values": ["x".repeat(Value::MAX_TEXT + 1)] }]);
    let wordy = json!([{ "id": 0, "payloads": text }]);
    assert!(set("intervals", wordy).contains("a text has at most 4096 bytes, got 4097"));
    let point = json!([{ "type": "CURVE", "values": [{ "x": 1 }] }]);
    let half = json!([{ "id": 0, "payloads": point }]);
    assert!(set("intervals", half).contains("missing field `y`"));
}

/// What can be sent: consecutive slots, possible prices and changes, at least one slot.
#[test]
fn signals_that_cannot_be_sent_are_refused() {
    let silent = |slot| Signal::silent(Slot::new(slot));
    let slots = |got| Err(EventError::Slots { got, max: 2_976 });
    assert_eq!(sent(&[]), slots(0));
    let many: Vec<Signal> = (0..2_977).map(silent).collect();
    assert_eq!(sent(&many), slots(2_977));
    assert!(sent(&many[1..]).is_ok());
    let gap = EventError::Gap { expected: Slot::new(4), got: Slot::new(5) };
    assert_eq!(sent(&[silent(3), silent(5)]), Err(gap));
    let dear = Signal { sell: Some(price(1_000_000_001)), ..silent(3) };
    assert!(matches!(sent(&[dear]), Err(EventError::Value { payload: "EXPORT_PRICE", .. })));
    let change = Some(Energy::from_wh(-1_000_000_001));
    assert!(matches!(sent(&[Signal { change, ..silent(3) }]), Err(EventError::Value { .. })));
    let last = Slot::new(u32::MAX);
    assert_eq!(sent(&[Signal::silent(last)]), Err(EventError::TooLate(last)));
    let origin = moment("2021-03-28T00:01:00Z");
    assert_eq!(SlotClock::try_new(origin), Err(EventError::Origin(origin)));
}

/// Moments by hand: the epoch, the last second of a leap day, the last second of 9999, local times
/// ahead of UTC and behind it. 2000-02-29 is day 11,016: 30 years of 365 days, 7 leap days before
/// 2000, 31 + 28 days.
#[test]
fn moments_are_read_and_written() {
    let rows = [
        ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T23:59:59Z", 11_016 * 86_400 + 86_399),
        ("2000-03-01T00:00:00Z", 11_017 * 86_400),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ];
    for (text, seconds) in rows {
        assert_eq!(moment(text).unix(), seconds);
        assert_eq!(Moment::from_unix(seconds).map(|moment| moment.to_string()), Some(text.into()));
    }
    assert_eq!(moment("2021-03-28T03:00:00+02:00"), moment("2021-03-28T01:00:00Z"));
    assert_eq!(moment("2021-03-27T22:30:00-02:30"), moment("2021-03-28T01:00:00.000Z"));
    let bad = [
        "",
        "T",
        "2021-03-28",
        "2021-03-28T00:00:00",
        "2021-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2021-13-01T00:00:00Z",
        "2021-00-01T00:00:00Z",
        "2021-01-32T00:00:00Z",
        "2021-1-01T00:00:00Z",
        "2021-01-01T24:00:00Z",
        "2021-01-01T00:60:00Z",
        "2021-01-01T00:00:60Z",
        "2021-01-01T00:00:00.5Z",
        "2021-01-01T00:00:00.Z",
        "2021-01-01T00:00:00+24:00",
        "2021-01-01T00:00:00+0100",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "+021-01-01T00:00:00Z",
        "2021-01-01T00:00:0\u{fc}Z",
        "2021-01-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
    ];
    for text in bad {
        assert_eq!(Moment::parse(text), Err(TimeError::Moment(text.into())), "{text}");
    }
    assert_eq!(Moment::from_unix(253_402_300_800), None);
}

/// Spans by hand, each in its shortest form too.
#[test]
fn spans_are_read_and_written() {
    let rows = [
        ("PT0S", 0, "PT0S"),
        ("PT15M", 900, "PT15M"),
        ("PT900S", 900, "PT15M"),
        ("P0DT15M", 900, "PT15M"),
        ("PT1H30M", 5_400, "PT1H30M"),
        ("PT24H", 86_400, "P1D"),
        ("P1DT1S", 86_401, "P1DT1S"),
        ("P1W", 604_800, "P7D"),
        ("P366D", 31_622_400, "P366D"),
    ];
    for (text, seconds, short) in rows {
        let span = Span::parse(text).expect(text);
        assert_eq!((span.seconds(), span.to_string().as_str()), (seconds, short));
    }
    let bad = [
        "",
        "P",
        "PT",
        "15M",
        "PT15",
        "P15M",
        "P1Y",
        "PT1M1H",
        "PT-1M",
        "-PT1M",
        "PT1.5M",
        "P1DT",
        "PW",
        "PTM",
        "PT1HM",
        "P1W1D",
        "PT1MT1S",
        "P367D",
        "PT99999999999999999999S",
        "P\u{e4}D",
    ];
    for text in bad {
        assert_eq!(Span::parse(text), Err(TimeError::Span(text.into())), "{text}");
    }
}

/// A number that a float of 53 bits would change is refused instead of changed.
#[test]
fn numbers_keep_every_digit_or_are_refused() {
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    for text in ["0.1", "-0.000001", "999999999999", "123456.789012345", "1e-18", "0"] {
        let number = Number::try_new(decimal(text)).expect("15 digits");
        let json = serde_json::to_string(&number).expect("a number");
        assert_eq!(serde_json::from_str::<Number>(&json).expect("a number"), number, "{json}");
    }
    let got = decimal("0.1234567890123456");
    assert_eq!(Number::try_new(got), Err(EventError::Digits { got, max: Number::DIGITS }));
    for text in ["0.12345678901234567", "1e300", "1e-300", "1e12345", "\"0.1\"", "null", "[1]"] {
        assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
    }
}

fn any_signals() -> impl Strategy<Value = Vec<Signal>> {
    let price = || prop::option::of((-1_000_000_000..=1_000_000_000_i64).prop_map(price));
    let level = prop::sample::select(vec![
        None,
        Some(Level::Normal),
        Some(Level::Moderate),
        Some(Level::High),
        Some(Level::Emergency),
    ]);
    let change = prop::option::of((-1_000_000_000..=1_000_000_000_i64).prop_map(Energy::from_wh));
    let rows = prop::collection::vec((price(), price(), level, change), 1..120);
    (rows, 0..7_000_000_u32).prop_map(|(rows, first)| {
        let signal = |(slot, (buy, sell, level, change))| Signal {
            slot: Slot::new(slot),
            buy,
            sell,
            level,
            change,
        };
        (first..).zip(rows).map(signal).collect()
    })
}

proptest! {
    /// What goes out as text comes in again, to the last micro-currency and Wh.
    #[test]
    fn events_survive_their_text(sent_signals in any_signals()) {
        let event = sent(&sent_signals).expect("sound signals");
        let text = serde_json::to_string(&event).expect("plain data");
        let read: Event = serde_json::from_str(&text).expect("an event");
        prop_assert_eq!(&read, &event);
        prop_assert_eq!(signals(&read, &clock()), Ok(sent_signals));
    }

    /// Every moment and every span is read as it is written.
    #[test]
    fn times_survive_their_text(unix in 0..=253_402_300_799_u64, seconds in 0..=31_622_400_u32) {
        let moment = Moment::from_unix(unix).expect("in range");
        prop_assert_eq!(Moment::parse(&moment.to_string()), Ok(moment));
        let span = Span::from_seconds(seconds).expect("in range");
        prop_assert_eq!(Span::parse(&span.to_string()), Ok(span));
    }

    /// Reading never panics, whatever the text.
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}", cut in 0..20_usize) {
        let whole = "2021-03-28T00:00:00Z";
        let broken: String = whole.chars().take(cut).chain(text.chars()).collect();
        for text in [&text, &broken] {
            let moment = Moment::parse(text);
            prop_assert!(moment.is_ok() || moment.is_err_and(|flaw| flaw.to_string().len() < 999));
            let span = Span::parse(text);
            prop_assert!(span.is_ok() || span.is_err_and(|flaw| flaw.to_string().len() < 999));
        }
    }
}
