//! Verdicts over invented replicas: what convicts, what makes suspect, and what does neither.

use super::*;

/// Four replicas of which replica 0 lies in the way of `adversary`; each of the others heard 100 messages from each.
struct Invented {
    liars: BTreeMap<u16, Adversary>,
    statuses: Vec<Option<Status>>,
    audits: Vec<Option<Audited>>,
}

impl Invented {
    fn with(adversary: Adversary) -> Self {
        let heard = Heard { messages: 100, ..Heard::default() };
        let status = |replica: u16| Status {
            replica,
            heard: (0..4).filter(|from| *from != replica).map(|from| (from, heard)).collect(),
            ..Status::default()
        };
        let votes = (0..4).map(|replica| (replica, 75)).collect();
        let audit = Audited { holds: true, votes, ..Audited::default() };
        let honest = |replica: u16| replica > 0;
        Self {
            liars: [(0, adversary)].into(),
            statuses: (0..4).map(|r| honest(r).then(|| status(r))).collect(),
            audits: (0..4).map(|r| honest(r).then(|| audit.clone())).collect(),
        }
    }

    fn inquiry(&self) -> Inquiry<'_> {
        let committee = Committee::try_new(4).expect("n >= 4");
        let Self { liars, statuses, audits } = self;
        Inquiry { committee, liars, statuses, audits }
    }

    fn status(&mut self, replica: usize) -> &mut Status {
        self.statuses[replica].as_mut().expect("honest")
    }
}

fn evidence(accused: u16, held_by: Vec<u16>) -> EvidenceRow {
    EvidenceRow { accused, offence: "two commits".to_owned(), view: 3, position: 7, held_by }
}

/// A liar about whom nothing is unusual is said to be not found out, and that is no failure.
#[test]
fn a_liar_like_the_others_is_not_found_out() {
    let mut world = Invented::with(Adversary::Replayer);
    world.status(3).view = 1; // one honest replica alone gives nothing up
    let inquiry = world.inquiry();
    let signs = inquiry.signs();
    assert!(!signs.is_empty() && signs.iter().all(|row| !row.suspect), "{signs:?}");
    let verdicts = inquiry.verdicts(&[], &signs);
    assert_eq!((verdicts[0].verdict.as_str(), verdicts.len()), ("not found out", 1));
    assert_eq!(inquiry.spared(&[]).found, Found::Holds);
    assert!(inquiry.convicted(&verdicts).is_none(), "a replayer signs nothing contradictory");
}

/// What is done to an invented world.
type Change<'a> = &'a dyn Fn(&mut Invented);

/// Each sign alone makes a liar suspect, and is named with its number and that of the others.
#[test]
fn each_sign_makes_suspect() {
    let from_0 = |world: &mut Invented, heard: Heard| {
        for replica in 1..4 {
            world.status(replica).heard.insert(0, heard);
        }
    };
    let usual = Heard { messages: 100, ..Heard::default() };
    let cases: [(&str, Change); 6] = [
        ("votes of others that it passed on: 3, where the others have 0", &|world| {
            from_0(world, Heard { of_others: 1, ..usual });
        }),
        ("messages refused for form or signature: 9, where the others have 0", &|world| {
            from_0(world, Heard { refused: 3, ..usual });
        }),
        ("messages that the protocol rejected: 129, where the others have 0", &|world| {
            from_0(world, Heard { rejected: 43, ..usual });
        }),
        ("messages to whoever got fewest: 24, where the others have 100", &|world| {
            world.status(2).heard.insert(0, Heard { messages: 24, ..usual });
        }),
        // The others' votes stand in the certificates of two or three others: 150 for an honest one.
        ("certificates with its vote: 0, where the others have 150", &|world| {
            for audit in world.audits.iter_mut().flatten() {
                audit.votes.remove(&0);
            }
        }),
        ("views of its own that were given up: 1, where the others have 0", &|world| {
            world.status(3).view = 1;
            world.status(1).view = 1;
        }),
    ];
    for (expected, change) in cases {
        let mut world = Invented::with(Adversary::Silent);
        change(&mut world);
        let inquiry = world.inquiry();
        let verdicts = inquiry.verdicts(&[], &inquiry.signs());
        assert_eq!(
            (verdicts[0].verdict.as_str(), verdicts[0].words.as_str()),
            ("suspected", expected)
        );
    }
}

/// Proof is more than suspicion: it names the offence, its place and who holds it.
#[test]
fn evidence_convicts() {
    let mut world = Invented::with(Adversary::Twins);
    world.status(2).accused.insert(0, vec!["two commits".to_owned()]);
    let inquiry = world.inquiry();
    let proofs = [evidence(0, vec![2]), evidence(0, vec![3])];
    let verdicts = inquiry.verdicts(&proofs, &[]);
    assert_eq!(verdicts[0].verdict, "convicted");
    let words = "two commits (first in view 3 at position 7; proof with replicas 2, 3)";
    assert_eq!((verdicts[0].words.as_str(), &verdicts[0].accused_by), (words, &vec![2]));
    assert_eq!(inquiry.spared(&proofs).found, Found::Holds);
    assert_eq!(inquiry.convicted(&verdicts).map(|check| check.found), Some(Found::Holds));
}

/// Who is known to have contradicted itself to one honest replica, and is not convicted, makes the run fail: a replica
/// said so, or the liar led so long that it cannot have gone unnoticed. A liar that only withholds or repeats has
/// nothing to be convicted of.
#[test]
fn a_contradiction_that_was_heard_and_is_not_proved_fails_the_run() {
    let found = |world: &Invented| {
        let inquiry = world.inquiry();
        inquiry.convicted(&inquiry.verdicts(&[], &[])).map(|check| check.found)
    };
    let mut open = 0;
    for adversary in Adversary::ALL {
        let mut world = Invented::with(adversary);
        let Some(enough) = telling(adversary) else {
            world.audits[2].as_mut().expect("honest").led = [(0, u64::MAX)].into();
            assert_eq!(found(&world), None, "{adversary}");
            continue;
        };
        for (led, expected) in [(enough - 1, Found::NotChecked), (enough, Found::Fails)] {
            world.audits[2].as_mut().expect("honest").led = [(0, led), (1, enough)].into();
            assert_eq!(found(&world), Some(expected), "{adversary} led {led} positions");
        }
        open += 1;
    }
    assert_eq!(open, 4, "equivocator, usurper, mutator, twins");
    let mut world = Invented::with(Adversary::Twins);
    assert_eq!(found(&world), Some(Found::NotChecked));
    world.status(2).accused.insert(0, vec!["two commits".to_owned()]);
    assert_eq!(found(&world), Some(Found::Fails), "replica 2 says that it holds proof");
}

/// Whoever accuses an honest replica, by evidence or by word, makes the run fail.
#[test]
fn an_accused_honest_replica_fails_the_run() {
    let mut world = Invented::with(Adversary::Twins);
    let check = world.inquiry().spared(&[evidence(3, vec![1])]);
    assert_eq!(
        (check.found, check.detail.as_str()),
        (Found::Fails, "accused and honest: replica 3")
    );
    world.status(1).accused.insert(2, vec!["two commits".to_owned()]);
    assert_eq!(world.inquiry().spared(&[]).found, Found::Fails);
}
