//! Checkpoints at one replica: when they are due, when they are stable, and what is forgotten then.

use super::*;

/// Backup 1 that executed positions 1 to `last`, one request each, and what the last one made it do.
fn executed(last: u64) -> (Replica, Vec<Deed>) {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    let mut deeds = Vec::new();
    for seq in 1..=last {
        let decided = Message::Decisions(vec![decision(0, seq, &batch(0, &[seq]))]);
        deeds = drive(&mut replica, &mut journal, received(decided));
    }
    assert_eq!(replica.standing().executed, SeqNum::new(last));
    (replica, deeds)
}

/// What another replica says that stands where `deeds` say that this one stands.
fn same_as(deeds: &[Deed], from: u16) -> Message {
    let mut votes = sent(deeds).into_iter().filter_map(|message| match message {
        Message::Checkpoint(vote) => Some(vote.message.clone()),
        _ => None,
    });
    let own = votes.next_back().expect("a checkpoint");
    Message::Checkpoint(sign(from, Checkpoint { from: ReplicaId::new(from), ..own }))
}

fn low(replica: &Replica) -> u64 {
    replica.standing().stable.get()
}

/// OSDI '99, 4.3: a checkpoint every K executions (4 here); the application may ask for one between (ours).
#[test]
fn a_checkpoint_is_due_at_every_interval_and_when_asked_for() {
    for seq in 1..=9 {
        let due = names(&executed(seq).1).contains(&"checkpoint");
        assert_eq!(due, [4, 8].contains(&seq), "position {seq}");
    }
    let asks = Proposal::new(ReplicaId::ZERO, vec![], vec![submission(1, 1, vec![2], vec![])]);
    let decided = Message::Decisions(vec![decision(0, 1, &asks)]);
    let deeds = drive(&mut replica(1), &mut Journal::default(), received(decided));
    assert_eq!(names(&deeds), ["validate", "execute", "checkpoint"]);
}

/// OSDI '99, 4.3: 2f+1 = 3 *equal* votes of different replicas make a checkpoint stable, its own among them. A vote
/// for another state counts for that state; the certificate holds the equal ones and is durable before it is shown.
#[test]
fn three_equal_votes_make_a_checkpoint_stable() {
    let (mut replica, deeds) = executed(4);
    let equal = [0, 3].map(|from| same_as(&deeds, from));
    assert!(step(&mut replica, received(equal[0].clone())).is_empty());
    assert!(step(&mut replica, received(equal[0].clone())).is_empty(), "said twice");
    assert!(step(&mut replica, received(checkpoint(2, 4, "other"))).is_empty());
    assert_eq!(low(&replica), 0);
    let deeds = step(&mut replica, received(equal[1].clone()));
    assert_eq!(names(&deeds), ["persist", "stable!"]);
    let Action::Stable { certificate } = &deeds[1] else { panic!("{deeds:?}") };
    let voters: Vec<u16> = certificate.votes.iter().map(|vote| vote.from.get()).collect();
    assert_eq!((certificate.seq.get(), voters), (4, vec![0, 1, 3]));
    assert_eq!(certificate.check(config(1).committee), Ok(()));
    assert_eq!(deeds[0], Action::Persist { record: Record::Stable(certificate.clone()) });
    assert_eq!(low(&replica), 4);
}

/// A stable checkpoint may lie above what this replica executed: it knows then that it is behind, and asks.
#[test]
fn a_checkpoint_of_others_is_adopted_and_what_is_missing_asked_for() {
    let votes = [0, 2, 3].map(|from| checkpoint(from, 4, "good"));
    let mut counted = replica(1);
    for vote in votes {
        step(&mut counted, received(vote));
    }
    let mut shown = replica(1);
    let deeds = step(&mut shown, received(Message::Stable(certificate(4))));
    assert_eq!(names(&deeds), ["persist", "stable!"]);
    for mut replica in [counted, shown] {
        assert_eq!((low(&replica), replica.standing().executed.get()), (4, 0));
        let deeds = step(&mut replica, Event::Expired(Timer::Status));
        let asked = sent(&deeds);
        assert_eq!(asked, [&fetch(1, Missing::Decisions(SeqNum::new(1)))]);
    }
}

/// OSDI '99, 4.3: h = 4 and H = h + L = 12, and all about positions up to h is discarded. What is above stays.
#[test]
fn a_stable_checkpoint_moves_the_window_and_empties_the_log() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    let batches = [batch(0, &[4]), batch(0, &[5])];
    let digests = [0, 1].map(|index: usize| batches[index].batch.digest());
    for (seq, proposal) in [(4, &batches[0]), (5, &batches[1])] {
        drive(&mut replica, &mut journal, received(propose(0, seq, proposal)));
    }
    step(&mut replica, received(Message::Stable(certificate(4))));

    let (low, high) = (SeqNum::new(4), SeqNum::new(12));
    for got in [4, 13].map(SeqNum::new) {
        let late = refuse(&replica, received(commit(2, 0, got.get(), digests[0])));
        assert_eq!(late, Reject::OutsideWindow { got, low, high });
    }
    step(&mut replica, received(commit(2, 0, 12, digests[0])));

    let forgotten = fetch(3, Missing::Proposal(SeqNum::new(4), digests[0]));
    assert!(step(&mut replica, received(forgotten)).is_empty());
    let kept = fetch(3, Missing::Proposal(SeqNum::new(5), digests[1]));
    let deeds = step(&mut replica, received(kept));
    assert_eq!(sent(&deeds), [&Message::Proposal(Arc::new(batches[1].clone()))]);
    let deeds = step(&mut replica, received(status(3, 0, 4, true)));
    assert_eq!(sent(&deeds), [&prepare(1, 0, 5, digests[1])], "votes above h are still cast");
    let positions: Vec<_> = replica.records().iter().map(position).collect();
    assert_eq!(positions, [4, 5], "the certificate and the open vote");
}

fn position(record: &Record) -> u64 {
    match record {
        Record::Voted { pre_prepare, .. } => pre_prepare.seq.get(),
        Record::Stable(certificate) => certificate.seq.get(),
        other => panic!("{other:?}"),
    }
}

/// The stable position never moves back: an older certificate, however good, changes nothing.
#[test]
fn the_stable_checkpoint_never_moves_back() {
    let mut replica = replica(1);
    step(&mut replica, received(Message::Stable(certificate(8))));
    for seq in [4, 8] {
        let before = replica.clone();
        let deeds = step(&mut replica, received(Message::Stable(certificate(seq))));
        assert_eq!((deeds, replica.clone()), (vec![], before));
    }
}

/// OSDI '99, 4.4: n and C of a VIEW-CHANGE are the stable checkpoint and its proof.
#[test]
fn a_view_change_shows_the_stable_checkpoint() {
    let mut replica = replica(1);
    step(&mut replica, received(Message::Stable(certificate(4))));
    step(&mut replica, received(Message::Request(request(9, 1))));
    let deeds = step(&mut replica, Event::Expired(Timer::View));
    let vote = ViewChange {
        stable: SeqNum::new(4),
        checkpoint: Some(certificate(4)),
        ..view_change(1, 1, vec![])
    };
    assert_eq!(sent(&deeds), [&change(vote)]);
}

/// A replica whose own state is not the one that a quorum certified stops rather than serve it to anybody (ours).
#[test]
#[should_panic(expected = "a quorum certified another state at position 4")]
fn a_replica_with_a_wrong_state_stops() {
    let (mut replica, _) = executed(4);
    step(&mut replica, received(Message::Stable(certificate(4))));
}

/// A replica that restarts below a certified position and computes another state there does not go on: it would
/// answer queries from a state that a quorum contradicts.
#[test]
#[should_panic(expected = "a quorum certified another state at position 4")]
fn a_replica_whose_state_a_quorum_contradicts_stops() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    step(&mut replica, received(Message::Stable(certificate(4))));
    let decided = (1..=4).map(|seq| decision(0, seq, &batch(0, &[seq]))).collect();
    drive(&mut replica, &mut journal, received(Message::Decisions(decided)));
}
