//! What credit refuses, and that nothing changes when it does.

use credit::{CreditError, Entry, History, Payment, ScoreRule, Weights};
use market::{Energy, Line, Meter, Metered, Money, ParticipantId, Slot};

use crate::members::{folded, good, overdue};

/// Every entry that contradicts the history or itself is refused with the values that clash, and
/// leaves no trace.
#[test]
fn a_refused_slot_leaves_no_trace() {
    let mut history = folded(&[good(3), good(5)]);
    let before = history.clone();
    let (slot, import) = (Slot::new(6), Energy::from_wh(400));
    let solar =
        |local| CreditError::LocalSolar { slot, import, local_solar: Energy::from_wh(local) };
    let with_solar = |local| Entry { local_solar: Energy::from_wh(local), ..good(6) };
    let later = CreditError::OverdueSince { slot, since: Slot::new(7) };
    let order = |got| CreditError::OutOfOrder { got: Slot::new(got), last: Slot::new(5) };
    let cases = [
        (good(5), order(5)),
        (good(4), order(4)),
        (with_solar(401), solar(401)),
        (with_solar(-1), solar(-1)),
        (Entry { payment: overdue(7), ..good(6) }, later),
        (Entry { missing: true, ..good(6) }, CreditError::Unmetered { slot, import }),
    ];
    for (entry, expected) in cases {
        assert_eq!(history.fold(entry), Err(expected));
        assert_eq!(history, before);
    }
    assert_eq!(history.fold(good(6)), Ok(()));
    assert_eq!(history.last(), Some(Slot::new(6)));
}

/// A rule without weight, with too much of it, or without a prior is none.
#[test]
fn a_rule_without_meaning_is_refused() {
    let weights = |punctuality, reliability, loyalty| Weights { punctuality, reliability, loyalty };
    for (weights, prior, fits) in [
        (weights(300, 200, 200), 96, true),
        (weights(0, 0, 1), 1, true),
        (weights(0, 0, 0), 96, false),
        (weights(1001, 0, 0), 96, false),
        (weights(300, 200, 200), 0, false),
    ] {
        assert_eq!(ScoreRule::try_new(1, weights, prior).is_ok(), fits, "{weights:?} {prior}");
        let bytes = bcs::to_bytes(&(1_u16, weights, prior)).expect("plain data");
        assert_eq!(bcs::from_bytes::<ScoreRule>(&bytes).is_ok(), fits, "{weights:?} {prior}");
    }
}

/// A history from outside must be one that folding could have made: as many kept slots as there
/// are, points lost only on occasions, the last slot last.
#[test]
fn an_impossible_history_is_refused() {
    type Raw = (Option<Slot>, [u64; 3], [u64; 5], u32, Vec<Entry>);
    let bytes = bcs::to_bytes(&folded(&[good(3), good(5)])).expect("plain data");
    let honest: Raw = bcs::from_bytes(&bytes).expect("the same fields");
    let accepted = |raw: &Raw| {
        let bytes = bcs::to_bytes(raw).expect("plain data");
        bcs::from_bytes::<History>(&bytes).is_ok()
    };
    assert!(accepted(&honest));
    let forgeries: [fn(&mut Raw); 8] = [
        |raw| raw.0 = Some(Slot::new(9)),
        |raw| raw.1[0] = 3,
        |raw| raw.2[0] = 2_001,
        |raw| raw.2[1] = u64::MAX,
        |raw| raw.3 = 3,
        // Slots 0 to 9 are ten, not eleven.
        |raw| (raw.0, raw.3, raw.4) = (Some(Slot::new(9)), 11, (2..10).map(good).collect()),
        |raw| raw.4.reverse(),
        |raw| raw.4[1].local_solar = Energy::from_wh(-1),
    ];
    for (at, forge) in forgeries.into_iter().enumerate() {
        let mut forged = honest.clone();
        forge(&mut forged);
        assert!(!accepted(&forged), "forgery {at}");
    }
}

/// The market's line becomes an entry: what the account loses is the bill, a missing reading is a
/// missing reading.
#[test]
fn an_entry_follows_from_a_settlement_line() {
    let wh = Energy::from_wh;
    let line = Line {
        participant: ParticipantId::new(4),
        contracted: wh(400),
        meter: Meter::Read(Metered::try_new(wh(550), wh(20)).expect("bounded")),
        deviation: wh(130),
        contract_amount: Money::from_nano(-72),
        deviation_amount: Money::from_nano(-36),
        local_solar: wh(275),
    };
    let entry = Entry::of_line(Slot::new(8), &line, Payment::OnTime);
    assert_eq!((entry.bill, entry.import, entry.missing), (Money::from_nano(108), wh(550), false));
    assert_eq!((entry.contracted, entry.deviation, entry.local_solar), (wh(400), wh(130), wh(275)));
    // What was settled in place of a reading is no import that anybody counted.
    let substituted = Line { meter: Meter::Substituted(wh(700)), ..line };
    let silent = Entry::of_line(Slot::new(8), &substituted, overdue(2));
    assert_eq!((silent.import, silent.missing, silent.payment), (wh(0), true, overdue(2)));
}
