//! Proposals, votes, decisions: the normal case at one replica.

use super::*;

fn waiting(replica: &Replica) -> usize {
    replica.standing().waiting
}

/// Backup 1 after the proposal of `proposal` at position 1, its own vote cast.
fn voted(proposal: &Proposal) -> (Replica, Journal) {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    drive(&mut replica, &mut journal, received(propose(0, 1, proposal)));
    (replica, journal)
}

/// OSDI '99, 4.2: a backup that accepts a proposal multicasts PREPARE, here once the application and the disk
/// have it, and from then on the request waits here too.
#[test]
fn a_backup_votes_after_the_verdict_and_the_record() {
    let proposal = batch(0, &[1]);
    let mut replica = replica(1);
    let asked = step(&mut replica, received(propose(0, 1, &proposal)));
    assert_eq!(names(&asked), ["validate"]);
    assert_eq!(waiting(&replica), 0, "nobody knows yet whether it is any good");
    let digest = match &asked[0] {
        Action::Validate { digest, .. } => *digest,
        other => panic!("{other:?}"),
    };
    let verdict = Verdict::Acceptable;
    let deeds = step(&mut replica, Event::Validated { digest, verdict });
    assert_eq!(names(&deeds), ["persist", "prepare", "arm"]);
    assert_eq!(sent(&deeds), [&prepare(1, 0, 1, proposal.batch.digest())]);
    assert_eq!(waiting(&replica), 1);
}

/// What the application refuses gets no vote, leaves no request behind for which this replica would suspect
/// its primaries, and may come again with the right private parts.
#[test]
fn a_refused_proposal_leaves_nothing_but_the_position_taken() {
    let good = Proposal::new(ReplicaId::ZERO, Vec::new(), vec![private_request(1, b"secret")]);
    let mut spoilt = good.clone();
    spoilt.attachments[0].0 = b"other".to_vec();
    let (mut replica, mut journal) = (replica(1), Journal::default());
    let deeds = drive(&mut replica, &mut journal, received(propose(0, 1, &spoilt)));
    assert_eq!(names(&deeds), ["validate"]);
    assert_eq!(waiting(&replica), 0);
    let deeds = drive(&mut replica, &mut journal, received(propose(0, 1, &good)));
    assert_eq!(names(&deeds), ["validate", "persist", "prepare", "arm"]);
    let taken = drive(&mut replica, &mut journal, received(propose(0, 1, &batch(0, &[2]))));
    assert_eq!(names(&taken), ["accuse"], "the primary contradicts itself");
}

/// OSDI '99, 4.2: pre-prepare and 2f = 2 PREPAREs of different backups, its own among them. Votes for another
/// batch and repetitions do not count.
#[test]
fn a_backup_commits_at_the_second_prepare_and_not_before() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let (mut replica, _) = voted(&proposal);
    let own = refuse(&replica, received(prepare(1, 0, 1, digest)));
    assert_eq!(own, Reject::OwnStatement("prepare"));
    let other = batch(0, &[2]).batch.digest();
    assert!(step(&mut replica, received(prepare(3, 0, 1, other))).is_empty());
    let deeds = step(&mut replica, received(prepare(2, 0, 1, digest)));
    assert_eq!(names(&deeds), ["persist", "commit"]);
    assert_eq!(sent(&deeds), [&commit(1, 0, 1, digest)]);
    assert!(step(&mut replica, received(prepare(2, 0, 1, digest))).is_empty());
}

/// OSDI '99, 4.2: committed-local takes 2f+1 = 3 COMMITs, its own among them; then the client is answered.
#[test]
fn a_batch_is_executed_at_the_third_commit_and_not_before() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let (mut replica, mut journal) = voted(&proposal);
    step(&mut replica, received(prepare(2, 0, 1, digest)));
    assert!(step(&mut replica, received(commit(0, 0, 1, digest))).is_empty());
    let deeds = drive(&mut replica, &mut journal, received(commit(3, 0, 1, digest)));
    assert_eq!(names(&deeds), ["execute", "reply", "disarm"]);
    assert_eq!((replica.standing().executed, waiting(&replica)), (SeqNum::new(1), 0));
    assert!(step(&mut replica, received(commit(2, 0, 1, digest))).is_empty());
}

/// Positions are executed in their order, whatever order they are decided in.
#[test]
fn a_later_position_waits_for_the_earlier_one() {
    let batches = [batch(0, &[1]), batch(0, &[2])];
    let (mut replica, mut journal) = (replica(1), Journal::default());
    let mut executed = Vec::new();
    for (seq, proposal) in [(2, &batches[1]), (1, &batches[0])] {
        drive(&mut replica, &mut journal, received(propose(0, seq, proposal)));
        for from in [0, 2, 3] {
            let vote = commit(from, 0, seq, proposal.batch.digest());
            let deeds = drive(&mut replica, &mut journal, received(vote));
            executed.extend(deeds.into_iter().filter_map(|deed| match deed {
                Action::Execute { decision, .. } => Some(decision.seq().get()),
                _ => None,
            }));
        }
    }
    assert_eq!(executed, [1, 2]);
}

/// A primary builds when requests wait, keeps no more than a pipeline (2) in flight, and does not vote twice: its
/// proposal is its vote.
#[test]
fn a_primary_proposes_within_its_pipeline() {
    let (mut replica, mut journal) = (replica(0), Journal::default());
    for client in [1, 2] {
        let event = received(Message::Request(request(client, 1)));
        let deeds = drive(&mut replica, &mut journal, event);
        assert_eq!(names(&deeds), ["build", "persist", "pre-prepare"]);
    }
    let event = received(Message::Request(request(3, 1)));
    assert!(drive(&mut replica, &mut journal, event).is_empty(), "two are in flight");
    let digest = batch(0, &[1]).batch.digest();
    step(&mut replica, received(prepare(1, 0, 1, digest)));
    let deeds = step(&mut replica, received(prepare(2, 0, 1, digest)));
    assert_eq!(names(&deeds), ["persist", "commit"]);
    step(&mut replica, received(commit(1, 0, 1, digest)));
    let deeds = drive(&mut replica, &mut journal, received(commit(2, 0, 1, digest)));
    assert_eq!(names(&deeds), ["execute", "reply", "build", "persist", "pre-prepare"]);
}

/// A replica may get a batch, because a quorum committed it, before it gets the proposal. The proposal is to
/// be voted for all the same: others may need the vote.
#[test]
fn a_proposal_whose_batch_is_at_hand_is_voted_for() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let (mut replica, mut journal) = (replica(3), Journal::default());
    for from in 0..3 {
        step(&mut replica, received(commit(from, 0, 1, digest)));
    }
    let supplied = received(Message::Proposal(Arc::new(proposal.clone())));
    let deeds = drive(&mut replica, &mut journal, supplied);
    assert_eq!(names(&deeds)[..2], ["validate", "execute"]);
    let deeds = drive(&mut replica, &mut journal, received(propose(0, 1, &proposal)));
    assert_eq!(sent(&deeds), [&prepare(3, 0, 1, digest)]);
}

/// A verdict is about the private parts that were looked at. Other private parts of the same batch, from a peer
/// that spoilt them, must not profit from it.
#[test]
fn a_verdict_counts_for_the_private_parts_it_is_about() {
    let good = Proposal::new(ReplicaId::ZERO, Vec::new(), vec![private_request(1, b"secret")]);
    let mut spoilt = good.clone();
    spoilt.attachments[0].0 = b"other".to_vec();
    let (mut replica, mut journal) = (replica(3), Journal::default());
    let mut questions = step(&mut replica, received(propose(0, 1, &good)));
    let decided = Message::Decisions(vec![decision(0, 1, &spoilt)]);
    questions.extend(step(&mut replica, received(decided)));
    assert_eq!(names(&questions), ["validate", "validate"]);
    for question in questions {
        let answer = answer(&replica, &mut journal, &question).expect("a question");
        for deed in step(&mut replica, answer) {
            if let Action::Execute { decision, .. } = &deed {
                let private = decision.proposal.as_ref().expect("a batch").attachments[0].clone();
                assert_eq!(private.0, b"secret", "executed what was never found acceptable");
            }
        }
    }
}
