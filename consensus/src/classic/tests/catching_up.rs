//! Falling behind and catching up at one replica: what it asks for, what it takes, and what it answers.
//!
//! Ours throughout: the papers leave retransmission open (see `catch_up`).

use super::*;

fn decided(seqs: std::ops::RangeInclusive<u64>) -> Message {
    Message::Decisions(seqs.map(|seq| decision(0, seq, &batch(0, &[seq]))).collect())
}

fn from(seq: u64) -> Missing {
    Missing::Decisions(SeqNum::new(seq))
}

fn executed(replica: &Replica) -> u64 {
    replica.standing().executed.get()
}

fn tick(replica: &mut Replica) -> Vec<Deed> {
    step(replica, Event::Expired(Timer::Status))
}

/// Whom a replica asks with its messages, and for what.
fn asked(deeds: &[Deed]) -> Vec<(u16, &Missing)> {
    let ask = |deed| match deed {
        &Action::Send { to, message: Message::Fetch(ref fetch) } => Some((to.get(), &fetch.what)),
        _ => None,
    };
    deeds.iter().filter_map(ask).collect()
}

/// Who made no step since the last tick asks those who claim to be ahead, one after the other; an answer is
/// executed in order, checked first, and no client hears of it.
#[test]
fn a_replica_that_is_behind_asks_those_who_are_ahead_in_turn() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    for (from, ahead) in [(0, 3), (2, 0), (3, 2)] {
        step(&mut replica, received(status(from, ahead, 0, false)));
    }
    let mut whom: Vec<u16> = (0..2).map(|_| asked(&tick(&mut replica))[0].0).collect();
    whom.sort_unstable();
    assert_eq!(whom, [0, 3]);

    let deeds = drive(&mut replica, &mut journal, received(decided(1..=3)));
    let each = ["validate", "execute"];
    assert_eq!(names(&deeds), [each, each, each].concat());
    assert_eq!(executed(&replica), 3);
    assert!(asked(&tick(&mut replica)).is_empty(), "a step was made");
    assert!(asked(&tick(&mut replica)).is_empty(), "nobody is ahead");
}

/// A good answer that is not all there is, is followed by the next question at once, without waiting for a tick.
#[test]
fn a_good_answer_is_followed_by_the_next_question() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    step(&mut replica, received(status(2, 6, 0, false)));
    assert_eq!(asked(&tick(&mut replica)), [(2, &from(1))]);
    let deeds = drive(&mut replica, &mut journal, received(decided(1..=4)));
    assert_eq!(asked(&deeds), [(2, &from(5))]);
    let deeds = drive(&mut replica, &mut journal, received(decided(5..=6)));
    assert!(asked(&deeds).is_empty(), "that was all");
}

/// An answer fills a window (8) and no more; the rest is forgotten and asked for again.
#[test]
fn no_more_than_a_window_of_decisions_is_kept() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    step(&mut replica, received(status(2, 12, 0, false)));
    drive(&mut replica, &mut journal, received(decided(1..=12)));
    assert_eq!(executed(&replica), 8);
    tick(&mut replica);
    assert_eq!(asked(&tick(&mut replica)), [(2, &from(9))]);
}

/// Private parts that somebody spoilt on the way are not executed, and the right ones may come from somebody else.
#[test]
fn spoilt_private_parts_are_not_executed() {
    let good = Proposal::new(ReplicaId::ZERO, Vec::new(), vec![private_request(1, b"secret")]);
    let mut spoilt = good.clone();
    spoilt.attachments[0].0 = b"other".to_vec();
    let (mut replica, mut journal) = (replica(1), Journal::default());
    let answer = |proposal| received(Message::Decisions(vec![decision(0, 1, proposal)]));
    let deeds = drive(&mut replica, &mut journal, answer(&spoilt));
    assert_eq!((names(&deeds), executed(&replica)), (vec!["validate"], 0));
    let deeds = drive(&mut replica, &mut journal, answer(&good));
    assert_eq!((names(&deeds), executed(&replica)), (vec!["validate", "execute"], 1));
}

/// A batch that a quorum committed, or a new view proposes, is asked for with every tick until it is here.
#[test]
fn a_batch_that_is_missing_is_asked_for() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let (mut replica, mut journal) = (replica(1), Journal::default());
    for from in [0, 2, 3] {
        step(&mut replica, received(commit(from, 0, 1, digest)));
    }
    let what = Missing::Proposal(SeqNum::new(1), digest);
    let mut whom: Vec<u16> = (0..3).map(|_| asked(&tick(&mut replica))[0].0).collect();
    assert_eq!(asked(&tick(&mut replica))[0].1, &what);
    whom.sort_unstable();
    assert_eq!(whom, [0, 2, 3], "a different one each time");
    drive(&mut replica, &mut journal, received(Message::Proposal(Arc::new(proposal))));
    assert_eq!(executed(&replica), 1);
    assert!(asked(&tick(&mut replica)).is_empty());
}

/// Decisions that were executed are looked up, at most `fetch_decisions` (4) of them, and sent as they were found;
/// where there is nothing to say nothing is said.
#[test]
fn decisions_are_answered_within_the_bound() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    drive(&mut replica, &mut journal, received(decided(1..=6)));
    let to = ReplicaId::new(3);
    for first in [0, 2, 6] {
        let deeds = step(&mut replica, received(fetch(3, from(first))));
        assert_eq!(deeds, [Action::Recall { to, first: SeqNum::new(first), most: 4 }]);
    }
    assert!(step(&mut replica, received(fetch(3, from(7)))).is_empty(), "not executed yet");

    let Message::Decisions(decisions) = decided(2..=5) else { panic!("decisions") };
    let deeds = step(&mut replica, Event::Recalled { to, decisions });
    assert_eq!(deeds, [Action::Send { to, message: decided(2..=5) }]);
    assert!(step(&mut replica, Event::Recalled { to, decisions: Vec::new() }).is_empty());
}

/// Between two ticks one replica is answered 64 questions, whatever about, and others are answered all the same.
#[test]
fn a_replica_that_asks_too_often_waits_for_the_next_tick() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    drive(&mut replica, &mut journal, received(decided(1..=1)));
    let ask = |replica: &mut Replica, who| {
        let deeds = step(replica, received(fetch(who, from(1))));
        deeds.len()
    };
    let answers: usize = (0..100).map(|_| ask(&mut replica, 3)).sum();
    assert_eq!(answers, 64);
    assert_eq!(ask(&mut replica, 2), 1);
    tick(&mut replica);
    assert_eq!(ask(&mut replica, 3), 1);
}

/// A batch is sent to whoever names its position and digest, and nothing for what is not at hand.
#[test]
fn a_batch_at_hand_is_sent_on_request() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let mut replica = replica(1);
    step(&mut replica, received(propose(0, 1, &proposal)));
    let mut ask = |seq, digest| {
        let what = Missing::Proposal(SeqNum::new(seq), digest);
        let deeds = step(&mut replica, received(fetch(3, what)));
        sent(&deeds).into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(ask(1, digest), [Message::Proposal(Arc::new(proposal))]);
    assert_eq!(ask(2, digest), []);
    assert_eq!(ask(1, batch(0, &[2]).batch.digest()), []);
}

/// Who waits for votes is sent this replica's own above where it stands, once between two ticks; a primary's vote
/// is its proposal. Who does not wait is not.
#[test]
fn own_votes_are_sent_again_to_who_waits() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let (mut backup, mut journal) = (replica(1), Journal::default());
    drive(&mut backup, &mut journal, received(propose(0, 1, &proposal)));
    step(&mut backup, received(prepare(2, 0, 1, digest)));
    let tell = |replica: &mut Replica, executed, waits| {
        tick(replica);
        let deeds = step(replica, received(status(3, executed, 0, waits)));
        assert!(step(replica, received(status(3, executed, 0, waits))).is_empty(), "once a tick");
        sent(&deeds).into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(tell(&mut backup, 0, true), [prepare(1, 0, 1, digest), commit(1, 0, 1, digest)]);
    assert_eq!(tell(&mut backup, 1, true), []);
    assert_eq!(tell(&mut backup, 0, false), []);

    let (mut primary, mut journal) = (replica(0), Journal::default());
    drive(&mut primary, &mut journal, received(Message::Request(request(1, 1))));
    assert_eq!(tell(&mut primary, 0, true), [propose(0, 1, &proposal)]);
}

/// Who stands at an older checkpoint is sent the certificate of the stable one and the two latest votes above it.
#[test]
fn checkpoints_are_sent_again_to_who_lacks_them() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    for seqs in [1..=4, 5..=8] {
        drive(&mut replica, &mut journal, received(decided(seqs)));
    }
    let deeds = step(&mut replica, received(status(3, 8, 0, false)));
    let positions = |deeds: &[Deed]| -> Vec<(&str, u64)> {
        let seq = |message: &Message| match message {
            Message::Checkpoint(vote) => ("vote", vote.seq.get()),
            Message::Stable(certificate) => ("certificate", certificate.seq.get()),
            other => panic!("{other:?}"),
        };
        sent(deeds).into_iter().map(seq).collect()
    };
    assert_eq!(positions(&deeds), [("vote", 8), ("vote", 4)]);
    tick(&mut replica);
    let deeds = step(&mut replica, received(status(3, 8, 4, false)));
    assert_eq!(positions(&deeds), [("vote", 8)]);

    let mut shown = self::replica(1);
    step(&mut shown, received(Message::Stable(certificate(4))));
    let deeds = step(&mut shown, received(status(3, 0, 0, false)));
    assert_eq!(positions(&deeds), [("certificate", 4)]);
    tick(&mut shown);
    assert!(step(&mut shown, received(status(3, 0, 4, false))).is_empty());
}

/// Who has not learnt that a view began is sent its NEW-VIEW; a replica between views repeats its VIEW-CHANGE.
#[test]
fn a_view_is_told_to_who_missed_its_beginning() {
    let mut entered = replica(2);
    step(&mut entered, received(plain_view(1)));
    let deeds = step(&mut entered, received(status(3, 0, 0, false)));
    assert_eq!(sent(&deeds), [&plain_view(1)]);

    let mut left = replica(2);
    step(&mut left, received(Message::Request(request(1, 1))));
    step(&mut left, Event::Expired(Timer::View));
    let deeds = step(&mut left, received(status(3, 0, 0, false)));
    assert_eq!(sent(&deeds), [&change(view_change(2, 1, vec![]))]);
}
