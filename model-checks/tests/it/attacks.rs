//! Attacks of papers.md 2.7 fail against the shipped replica, and succeed against replicas with the mistake.

use consensus::classic::Replica;
use model_checks::attacks;
use model_checks::mutants::tampered::{
    Eager, Hurried, Impatient, Nullless, Parrot, Proud, Tampered,
};
use model_checks::mutants::{Forgetful, Hasty};
use model_checks::replica::Subject;

/// Every claim holds.
#[test]
fn no_published_attack_succeeds() {
    let all = attacks::all::<Replica>();
    assert_eq!(all.len(), 19, "the table in the README names as many");
    for attack in all {
        if let Err(why) = (attack.play)() {
            panic!("{}: {}: {why:#}", attack.name, attack.claim);
        }
    }
}

/// The attacks whose claim does not hold for replicas `P`.
fn fooled<P: Subject>() -> Vec<&'static str> {
    let mut all = attacks::all::<P>();
    all.retain(|attack| (attack.play)().is_err());
    all.into_iter().map(|attack| attack.name).collect()
}

/// Each mistake is found by the attack on it, and by no more attacks than it has consequences for.
#[test]
fn a_mistake_is_found_by_its_attack() {
    assert_eq!(fooled::<Tampered<Eager>>(), ["checkpoint-before-execution"]);
    assert_eq!(fooled::<Tampered<Proud>>(), ["above-the-high-mark"]);
    assert_eq!(fooled::<Tampered<Nullless>>(), ["null-request"]);
    assert_eq!(fooled::<Tampered<Hurried>>(), ["timer-before-quorum"]);
    assert_eq!(fooled::<Tampered<Parrot>>(), ["endless-resend"]);
    assert_eq!(fooled::<Tampered<Impatient>>(), ["timer-for-what-is-done", "two-requests-in-one"]);
    assert_eq!(fooled::<Forgetful>(), ["view-change-during-commit"]);
}

/// A replica that takes one vote fewer than a quorum is found out by the attack on the quorum, among others.
#[test]
fn one_vote_fewer_is_found() {
    assert!(fooled::<Hasty>().contains(&"one-vote-fewer"));
}
