//! What follows from view changes, on the paper's own example and on the cases around it.

use super::*;
use crate::certificate::{BadCertificate, Checkpoint};
use crate::classic::prepared::{PrePrepare, Prepare};
use crate::ids::{NetworkId, ReplicaId, View};
use crate::keys::{Scope, Signer};

const SPAN: u64 = 256;

fn committee() -> Committee {
    Committee::try_new(4).expect("four replicas")
}

fn signer(id: u16) -> Signer {
    let network = NetworkId::new(Digest::of("test", &0_u8));
    Signer::symbolic(Scope::new(network), u64::from(id))
}

fn batch(name: &'static str) -> Digest {
    Digest::of("test batch", &name)
}

/// A certificate that batch `name` prepared at `seq` in `view`.
fn prepared(seq: u64, name: &'static str, view: u64) -> PreparedCertificate {
    let (view, seq, digest) = (View::new(view), SeqNum::new(seq), batch(name));
    let primary = committee().primary(view);
    let pre_prepare = signer(primary.get()).sign(PrePrepare { view, seq, digest, from: primary });
    let backups = committee().replicas().filter(|id| *id != primary).take(2);
    let prepares =
        backups.map(|from| signer(from.get()).sign(Prepare { view, seq, digest, from })).collect();
    PreparedCertificate { pre_prepare, prepares }
}

fn checkpoint(seq: u64) -> CheckpointCertificate {
    let (seq, state, clients) = (SeqNum::new(seq), batch("state"), batch("clients"));
    let vote = |id| {
        let from = ReplicaId::new(id);
        signer(id).sign(Checkpoint { seq, state, clients, from })
    };
    CheckpointCertificate { seq, state, clients, votes: (0..3).map(vote).collect() }
}

fn vote(from: u16, stable: u64, prepared: Vec<PreparedCertificate>) -> ViewChange {
    ViewChange {
        view: View::new(2),
        stable: SeqNum::new(stable),
        checkpoint: (stable > 0).then(|| checkpoint(stable)),
        prepared,
        from: ReplicaId::new(from),
    }
}

fn signed(votes: Vec<ViewChange>) -> Vec<Arc<Signed<ViewChange>>> {
    votes.into_iter().map(|vote| Arc::new(signer(vote.from.get()).sign(vote))).collect()
}

/// OSDI 1999, section 4.4, worked by hand (papers.md 2.8).
/// V gives min-s 100, prepared (101, a, view 0) and (103, c, view 0): O = 101:a, 102:null, 103:c.
#[test]
fn a_gap_between_what_prepared_becomes_null() {
    let votes = signed(vec![
        vote(0, 100, vec![prepared(101, "a", 0)]),
        vote(1, 100, vec![prepared(101, "a", 0), prepared(103, "c", 0)]),
        vote(2, 0, vec![]),
    ]);
    let start = decide(&votes);
    assert_eq!(start.checkpoint.map(|c| c.seq), Some(SeqNum::new(100)));
    let expected = [(101, batch("a")), (102, Digest::NULL), (103, batch("c"))];
    assert_eq!(start.chosen, expected.map(|(seq, digest)| (SeqNum::new(seq), digest)));
}

/// Of two certificates for one position the one of the higher view counts, in either order.
#[test]
fn the_highest_view_wins() {
    for order in [[0, 1], [1, 0]] {
        let votes = order
            .map(|view| vote(view, 0, vec![prepared(1, ["a", "b"][view as usize], view.into())]));
        let start_votes = signed(votes.to_vec());
        assert_eq!(decide(&start_votes).chosen, [(SeqNum::new(1), batch("b"))]);
    }
}

/// What one vote reports below the checkpoint that another vote proves is not proposed again.
#[test]
fn nothing_at_or_below_the_latest_checkpoint_is_chosen() {
    let votes = signed(vec![vote(0, 0, vec![prepared(8, "a", 0)]), vote(1, 8, vec![])]);
    let start = decide(&votes);
    assert_eq!((start.checkpoint.map(|c| c.seq.get()), start.chosen), (Some(8), vec![]));
}

/// Every way a claim can be false has its name.
#[test]
fn false_claims_are_named() {
    let check = |vote: &ViewChange| check_claims(vote, committee(), SPAN);
    let good = vote(0, 8, vec![prepared(9, "a", 0), prepared(11, "b", 1)]);
    assert_eq!(check(&good), Ok(()));

    let stable = ViewChange { stable: SeqNum::new(9), ..good.clone() };
    let (claimed, proved) = (SeqNum::new(9), SeqNum::new(8));
    assert_eq!(check(&stable), Err(BadClaim::Stable { claimed, proved }));

    for (seqs, bad) in [([9, 9], 9), ([11, 9], 9), ([8, 9], 8), ([9, 300], 300)] {
        let prepared = seqs.map(|seq| prepared(seq, "a", 0)).to_vec();
        let vote = ViewChange { prepared, ..good.clone() };
        assert_eq!(check(&vote), Err(BadClaim::Position(SeqNum::new(bad))));
    }

    let vote = ViewChange { prepared: vec![prepared(9, "a", 2)], ..good.clone() };
    assert_eq!(check(&vote), Err(BadClaim::FutureCertificate(View::new(2))));

    let mut usurped = prepared(9, "a", 0);
    usurped.pre_prepare.message.from = ReplicaId::new(3);
    let vote = ViewChange { prepared: vec![usurped], ..good.clone() };
    assert_eq!(check(&vote), Err(BadClaim::NotPrimary(ReplicaId::new(3))));

    let mut short = prepared(9, "a", 0);
    short.prepares.pop();
    let vote = ViewChange { prepared: vec![short], ..good.clone() };
    let votes = BadCertificate::Votes { got: 1, needed: 2 };
    assert_eq!(check(&vote), Err(BadClaim::Certificate(votes)));

    let mut doubled = checkpoint(8);
    doubled.votes[1] = doubled.votes[0].clone();
    let vote = ViewChange { checkpoint: Some(doubled), ..good };
    let repeated = BadCertificate::RepeatedVoter(ReplicaId::ZERO);
    assert_eq!(check(&vote), Err(BadClaim::Certificate(repeated)));
}
