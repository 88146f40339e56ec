//! Scores: worked by hand, and what an auditor expects of any score as properties.

use credit::{
    Assessment, Cause, Entry, Factor, History, Payment, Reason, Score, ScoreRule, Weights,
};
use market::{Energy, Money, Slot};
use proptest::prelude::*;

use crate::members::{entries, folded, good, overdue, pasts, silent};

fn assessed(entries: &[Entry]) -> Assessment {
    ScoreRule::V1.assess(&folded(entries))
}

fn points(assessment: &Assessment) -> [u16; 3] {
    assessment.factors.map(|factor| factor.points)
}

fn reasons(assessment: &Assessment) -> Vec<(Cause, u16)> {
    assessment.reasons.iter().map(|reason| (reason.cause, reason.lost)).collect()
}

/// Nobody knows a newcomer: 500 everywhere, and the one reason is that nothing is known.
#[test]
fn a_newcomer_starts_in_the_middle() {
    let newcomer = assessed(&[]);
    assert_eq!(newcomer.score, Score::START);
    assert_eq!(points(&newcomer), [500; 3]);
    assert_eq!(reasons(&newcomer), [(Cause::ShortHistory, 500)]);
}

/// One good day, 96 slots against a prior of 96: each factor (1000 x 192 - 500 x 96) / 192 = 750.
#[test]
fn a_good_day_is_worth_half_of_what_is_missing() {
    let day: Vec<Entry> = (0..96).map(good).collect();
    let assessment = assessed(&day);
    assert_eq!((assessment.score.get(), points(&assessment)), (750, [750; 3]));
    assert_eq!(reasons(&assessment), [(Cause::ShortHistory, 250)]);
}

/// The same day with half of the energy local: loyalty loses 250 a slot, (192,000 - 48,000 -
/// 24,000) / 192 = 625, and the score is (300 x 750 + 200 x 750 + 200 x 625) / 700 = 714.28, down
/// to 714. Of the 286 points lost the prior cost 48,000 / 192 = 250 in every factor, so 250 of the
/// score; the rest, 36 after rounding, is for the sun.
#[test]
fn points_lost_are_told_by_cause() {
    let half = |slot| Entry { local_solar: Energy::from_wh(200), ..good(slot) };
    let day: Vec<Entry> = (0..96).map(half).collect();
    let assessment = assessed(&day);
    assert_eq!((assessment.score.get(), points(&assessment)), (714, [750, 750, 625]));
    let expected = [(Cause::ShortHistory, 250), (Cause::LittleLocalSolar, 36)];
    assert_eq!(reasons(&assessment), expected);
    assert_eq!(assessment.reasons[1].latest, Some(Slot::new(95)));
    assert_eq!(
        assessment.reasons[1].to_string(),
        "little-local-solar cost 36 points, last in slot 95; to raise it: \
         use energy while the region's panels produce it"
    );
}

/// What one slot says about each factor, told by the points it moves a rule with a prior of one
/// slot and that factor alone: 500 without an occasion, else (500 + 1000 - lost) / 2.
#[test]
fn one_slot_says_what_the_formulas_say() {
    let wh = Energy::from_wh;
    let kept = |contract, deviation| Entry {
        contracted: wh(contract),
        deviation: wh(deviation),
        ..good(200)
    };
    let solar = |import, local| Entry { import: wh(import), local_solar: wh(local), ..good(200) };
    let paid = |bill, payment| Entry { bill: Money::from_nano(bill), payment, ..good(200) };
    let cases = [
        (Factor::Punctuality, paid(1, Payment::OnTime), Some(0)),
        (Factor::Punctuality, paid(1, overdue(200)), Some(1000)),
        (Factor::Punctuality, paid(0, Payment::OnTime), None),
        (Factor::Punctuality, paid(-5, overdue(3)), None),
        // The band is 50 Wh up to a contract of 1,000 Wh, then 5 %; sold energy counts like bought
        // energy.
        (Factor::Reliability, kept(1_000, 50), Some(0)),
        (Factor::Reliability, kept(1_000, 52), Some(2)),
        (Factor::Reliability, kept(-1_000, -250), Some(200)),
        (Factor::Reliability, kept(4_000, 300), Some(25)),
        (Factor::Reliability, kept(10, 5_000), Some(1000)),
        (Factor::Reliability, kept(0, 5_000), None),
        (Factor::Reliability, Entry { contracted: wh(0), ..silent(200) }, Some(1000)),
        (Factor::Loyalty, solar(400, 400), Some(0)),
        (Factor::Loyalty, solar(400, 100), Some(375)),
        (Factor::Loyalty, solar(400, 0), Some(500)),
        (Factor::Loyalty, solar(0, 0), None),
    ];
    for (factor, entry, lost) in cases {
        let weight = |other| u16::from(factor == other);
        let weights = Weights {
            punctuality: weight(Factor::Punctuality),
            reliability: weight(Factor::Reliability),
            loyalty: weight(Factor::Loyalty),
        };
        let rule = ScoreRule::try_new(9, weights, 1).expect("a rule");
        let expected = lost.map_or(500, |lost: u16| (1_500 - lost) / 2);
        assert_eq!(rule.assess(&folded(&[entry])).score.get(), expected, "{factor:?} {entry:?}");
    }
}

/// All five causes at once: four reasons are named, and the one left out is the smallest.
#[test]
fn the_smallest_of_five_causes_is_left_out() {
    let day: Vec<Entry> = (0..96)
        .map(|slot| match slot {
            0..=39 => Entry { payment: overdue(0), ..good(slot) },
            40..=69 => silent(slot),
            70..=89 => Entry { deviation: Energy::from_wh(450), ..good(slot) },
            // One slot without sun is less than everything else.
            90 => Entry { local_solar: Energy::ZERO, ..good(slot) },
            _ => good(slot),
        })
        .collect();
    let named: Vec<Cause> = assessed(&day).reasons.iter().map(|reason| reason.cause).collect();
    let expected =
        [Cause::ShortHistory, Cause::LatePayment, Cause::MissingReading, Cause::Deviation];
    assert_eq!(named, expected);
}

/// Ten years of slots take no more room than a day, and less than 2 KiB in the ledger's encoding.
#[test]
fn a_history_does_not_grow() {
    let size = |slots: u32| {
        let entries: Vec<Entry> = (0..slots).map(good).collect();
        bcs::to_bytes(&folded(&entries)).expect("plain data").len()
    };
    assert_eq!(size(96), size(20_000));
    assert!(size(96) < 2_048, "{}", size(96));
}

/// One slot, made better for the member in one respect.
fn improved(entry: Entry, respect: u8, by: u16) -> Entry {
    let toward_zero = |wh: i64| wh / (i64::from(by) + 2);
    match respect {
        0 => Entry { payment: Payment::OnTime, ..entry },
        1 => Entry { deviation: Energy::from_wh(toward_zero(entry.deviation.wh())), ..entry },
        2 => Entry { missing: false, ..entry },
        _ => {
            let foreign = entry.import.wh() - entry.local_solar.wh();
            Entry {
                local_solar: Energy::from_wh(entry.import.wh() - toward_zero(foreign)),
                ..entry
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Monotone: paying on time, deviating less, sending the reading or using more local sun in any
    /// one slot of the past never lowers the score, nor any factor.
    #[test]
    fn better_behaviour_never_lowers_the_score(
        past in pasts(),
        pick in any::<prop::sample::Index>(),
        respect in 0..4_u8,
        by in any::<u16>(),
    ) {
        prop_assume!(!past.is_empty());
        let before = assessed(&past);
        let mut better = past;
        let at = pick.index(better.len());
        better[at] = improved(better[at], respect, by);
        let after = assessed(&better);
        prop_assert!(after.score >= before.score, "{before:?} {after:?}");
        prop_assert!(
            points(&after).iter().zip(points(&before)).all(|(after, before)| *after >= before)
        );
    }

    /// A default never raises the score: one more slot whose bill is not paid, otherwise silent.
    #[test]
    fn a_default_never_raises_the_score(past in pasts()) {
        let slot = past.len() as u32;
        let silent = Entry {
            contracted: Energy::ZERO,
            import: Energy::ZERO,
            local_solar: Energy::ZERO,
            ..good(slot)
        };
        let default = Entry { payment: overdue(slot), ..silent };
        let before = assessed(&past).score;
        let after = assessed(&[past, vec![default]].concat()).score;
        prop_assert!(after <= before);
    }

    /// Bounded step: one more slot, whatever happened in it, moves the score by at most 500 / 97
    /// rounded up, 6 points.
    #[test]
    fn one_slot_moves_the_score_a_little(past in pasts(), next in entries(1_000)) {
        prop_assert_eq!(ScoreRule::V1.max_step(), 6);
        let before = assessed(&past).score.get();
        let after = assessed(&[past, vec![next]].concat()).score.get();
        prop_assert!(before.abs_diff(after) <= 6, "{before} {after}");
    }

    /// Additive and complete: score and points lost make 1000; at most four causes are named, the
    /// dearest first, and what is not named is not dearer than what is.
    #[test]
    fn reasons_account_for_every_point(past in pasts()) {
        let assessment = assessed(&past);
        let named: u16 = assessment.reasons.iter().map(|reason| reason.lost).sum();
        let unnamed = 1000 - assessment.score.get() - named;
        prop_assert!(assessment.reasons.len() <= Reason::MOST);
        prop_assert!(assessment.reasons.is_sorted_by(|a, b| a.lost >= b.lost));
        prop_assert!(assessment.reasons.iter().all(|reason| reason.lost > 0));
        let least = assessment.reasons.last().map_or(0, |reason| reason.lost);
        let room = assessment.reasons.len() < Reason::MOST;
        let allowed = if room { 0 } else { least };
        prop_assert!(unnamed <= allowed, "{unnamed} points are not named");
        // Only causes that really cost something are named.
        let history = folded(&past);
        for reason in &assessment.reasons {
            prop_assert!(reason.cause == Cause::ShortHistory || history.lost(reason.cause) > 0);
        }
    }

    /// Pure: the score follows from the factors as published, and the same records give the same
    /// bytes.
    #[test]
    fn anybody_can_recompute_the_score(past in pasts()) {
        let assessment = assessed(&past);
        let [p, r, l] = points(&assessment).map(u32::from);
        prop_assert_eq!(u32::from(assessment.score.get()), (300 * p + 200 * r + 200 * l) / 700);
        let bytes = bcs::to_bytes(&folded(&past)).expect("plain data");
        let history: History = bcs::from_bytes(&bytes).expect("what was written");
        prop_assert_eq!(&ScoreRule::V1.assess(&history), &assessment);
    }
}

/// The drawn pasts reach what the properties are about.
#[test]
fn drawn_pasts_reach_every_interesting_state() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut named = [0_u32; Cause::ALL.len()];
    let (mut below, mut above, mut full) = (0, 0, 0);
    for _ in 0..300 {
        let assessment = assessed(&pasts().new_tree(&mut runner).expect("a past").current());
        below += u32::from(assessment.score < Score::START);
        above += u32::from(assessment.score > Score::START);
        full += u32::from(assessment.reasons.len() == Reason::MOST);
        for reason in &assessment.reasons {
            named[reason.cause as usize] += 1;
        }
    }
    assert!(below >= 10 && above >= 10 && full >= 10, "{below} {above} {full}");
    assert!(named.iter().all(|count| *count >= 10), "{named:?}");
}
