//! A member can check its balance and its score against a root alone.

use ledger::{Hash, Ledger};
use market::{Money, Side};

use crate::region::{
    apply, close_gate, close_slot, ledger, open, order, participant, reading, register,
};

/// Twenty members, one settled slot, the second one under way: every tree holds something.
fn settled() -> Ledger {
    let mut ledger = ledger();
    let enrolment: Vec<_> = (1..=20).map(|number| register(number, 1_000)).collect();
    apply(&mut ledger, &enrolment);
    let slot = [
        open(),
        order(1, 0, Side::Bid, 200_000, 10),
        order(2, 0, Side::Offer, 100_000, 10),
        close_gate(0),
        reading(1, 0, 12, 0),
        reading(2, 0, 0, 9),
        close_slot(0),
        order(3, 1, Side::Bid, 200_000, 10),
    ];
    apply(&mut ledger, &slot);
    ledger
}

/// What is proved is what the state holds; the proof survives its wire form and is small enough for
/// a meter.
#[test]
fn every_member_has_its_proofs() {
    let ledger = settled();
    for number in 1..=20 {
        let balance = ledger.prove_balance(participant(number)).expect("a member");
        let score = ledger.prove_score(participant(number)).expect("a member");
        let bytes = bcs::to_bytes(&balance).expect("encodes");
        assert!(bytes.len() <= 2048, "{} bytes", bytes.len());
        assert_eq!(bcs::from_bytes(&bytes), Ok(balance.clone()));
        assert!(balance.verify(&ledger.root()) && score.verify(&ledger.root()));
        let account = ledger::Account::Member(participant(number));
        assert_eq!(Some(balance.balance), ledger.state().book().balance(account));
    }
    assert_eq!(ledger.prove_balance(participant(21)), None);
    assert_eq!(ledger.prove_score(participant(21)), None);
}

/// Another balance, another member, another score or another root does not verify.
#[test]
fn nothing_else_verifies() {
    let ledger = settled();
    let root = ledger.root();
    let honest = ledger.prove_balance(participant(1)).expect("a member");
    let mut richer = honest.clone();
    richer.balance = Money::from_nano(honest.balance.nano() + 1);
    let mut other = honest.clone();
    other.participant = participant(2);
    assert!(!richer.verify(&root) && !other.verify(&root) && !honest.verify(&Hash::ZERO));

    let honest = ledger.prove_score(participant(1)).expect("a member");
    let mut forgiven = honest.clone();
    assert!(forgiven.standing.overdue_since.take().is_some(), "1 could not pay its bill");
    let mut other = honest.clone();
    other.participant = participant(2);
    assert!(!forgiven.verify(&root) && !other.verify(&root) && !honest.verify(&Hash::ZERO));
}
