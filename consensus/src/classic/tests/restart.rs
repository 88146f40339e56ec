//! Coming back after a crash: what was promised is promised again, nothing else is, and the work goes on.
//!
//! The papers assume that a replica keeps its log; which part of it must be durable is ours (see `record`).

use super::*;
use crate::sim::Cluster;
use crate::sim::setup::Setup;

/// What was made durable among `deeds`, up to a crash after `done` of them.
fn persisted(deeds: &[Deed], done: usize) -> Vec<Record> {
    let record = |deed: &Deed| match deed {
        Action::Persist { record } => Some(record.clone()),
        _ => None,
    };
    deeds[..done].iter().filter_map(record).collect()
}

/// Replica `id` made from records, once from all and once from its own extract of them. It starts with saying
/// where it stands, and what it does beside that comes back too; both must agree.
fn reborn(id: u16, records: &[Record]) -> (Replica, Vec<Deed>) {
    let mut whole = Replica::new(config(id), records.to_vec());
    let mut extract = Replica::new(config(id), whole.records());
    let deeds = step(&mut whole, Event::Started);
    assert_eq!(step(&mut extract, Event::Started), deeds);
    assert_eq!(extract, whole);
    (extract, deeds)
}

/// What a replica sends to one that waits in its view.
fn repeats(replica: &mut Replica) -> Vec<Message> {
    step(replica, Event::Expired(Timer::Status));
    let deeds = step(replica, received(status(2, 0, 0, true)));
    sent(&deeds).into_iter().cloned().collect()
}

/// The same story at every stage: backup 1 gets a proposal, PREPAREs and a COMMIT in view 0. Everything it did is
/// in the result, in order.
fn story(proposal: &Proposal) -> Vec<Deed> {
    let digest = proposal.batch.digest();
    let (mut replica, mut journal) = (replica(1), Journal::default());
    let events = [propose(0, 1, proposal), prepare(2, 0, 1, digest), commit(0, 0, 1, digest)];
    events.into_iter().flat_map(|m| drive(&mut replica, &mut journal, received(m))).collect()
}

/// A crash anywhere in a backup's first vote and COMMIT. Before the record there is no promise; after it, sent or
/// not, the replica says the same again when asked, and refuses to hear of another batch.
#[test]
fn what_was_voted_for_is_voted_for_again_and_nothing_else() {
    let (good, other) = (batch(0, &[1]), batch(0, &[2]));
    let digest = good.batch.digest();
    let deeds = story(&good);
    let expected = ["validate", "persist", "prepare", "arm", "persist", "commit"];
    assert_eq!(names(&deeds), expected);
    for done in 0..=deeds.len() {
        let (mut replica, said) = reborn(1, &persisted(&deeds, done));
        assert!(sent(&said).is_empty(), "it speaks when it is asked");
        let votes = [prepare(1, 0, 1, digest), commit(1, 0, 1, digest)];
        let durable = persisted(&deeds, done).len();
        assert_eq!(repeats(&mut replica), votes[..durable], "crash after {done} actions");
        let mut journal = Journal::default();
        if durable == 0 {
            let deeds = drive(&mut replica, &mut journal, received(propose(0, 1, &other)));
            assert_eq!(sent(&deeds), [&prepare(1, 0, 1, other.batch.digest())]);
        } else {
            let contradiction = step(&mut replica, received(propose(0, 1, &other)));
            assert_eq!(names(&contradiction), ["accuse"], "of the primary; no vote");
            let deeds = drive(&mut replica, &mut journal, received(propose(0, 1, &good)));
            assert!(deeds.is_empty(), "its vote was cast: {deeds:?}");
        }
    }
}

/// A primary's proposal is its vote: after the record it proposes nothing else at that position.
#[test]
fn a_primary_goes_on_after_what_it_proposed() {
    let (mut replica, mut journal) = (replica(0), Journal::default());
    let deeds = drive(&mut replica, &mut journal, received(Message::Request(request(1, 1))));
    assert_eq!(names(&deeds), ["build", "persist", "pre-prepare"]);
    for done in [2, 3] {
        let (mut replica, said) = reborn(0, &persisted(&deeds, done));
        assert!(sent(&said).is_empty());
        assert_eq!(repeats(&mut replica), [propose(0, 1, &batch(0, &[1]))]);
        let asks = received(Message::Request(request(2, 1)));
        let deeds = drive(&mut replica, &mut Journal::default(), asks);
        assert_eq!(sent(&deeds), [&propose(0, 2, &batch(0, &[2]))]);
    }
}

/// Where it was it takes up: the votes that were still missing make it commit and execute, without another look
/// of the application at the batch.
#[test]
fn the_work_goes_on_where_it_stopped() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let deeds = story(&proposal);
    for (done, votes) in [(2, 0..2), (5, 1..2)] {
        let (mut replica, _) = reborn(1, &persisted(&deeds, done));
        let mut journal = Journal::default();
        let mut after = Vec::new();
        if votes.contains(&0) {
            let prepared = drive(&mut replica, &mut journal, received(prepare(2, 0, 1, digest)));
            assert_eq!(names(&prepared), ["persist", "commit"]);
        }
        for from in [0, 3] {
            after = drive(&mut replica, &mut journal, received(commit(from, 0, 1, digest)));
        }
        assert_eq!(names(&after), ["execute", "reply"]);
    }
}

/// OSDI '99, 4.4: what prepared is in every later VIEW-CHANGE, also of a replica that crashed in between.
#[test]
fn what_prepared_is_shown_to_the_next_primary() {
    let proposal = batch(0, &[1]);
    let deeds = story(&proposal);
    let (mut replica, _) = reborn(1, &persisted(&deeds, deeds.len()));
    step(&mut replica, received(Message::Request(request(9, 1))));
    let left = step(&mut replica, Event::Expired(Timer::View));
    assert_eq!(names(&left), ["persist", "view-change"]);
    let claim = PreparedCertificate {
        prepares: [1, 2].map(|id| prepare_vote(id, 0, 1, proposal.batch.digest())).to_vec(),
        ..prepared(0, 1, proposal.batch.digest())
    };
    assert_eq!(sent(&left), [&change(view_change(1, 1, vec![claim]))]);
}

/// OSDI '99, 4.4: a view that was left stays left. The VIEW-CHANGE that was recorded is the one that is repeated,
/// and it counts towards the new view.
#[test]
fn a_view_that_was_left_stays_left() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let (mut before, mut journal) = (replica(1), Journal::default());
    let mut deeds = drive(&mut before, &mut journal, received(propose(0, 1, &proposal)));
    deeds.extend(step(&mut before, Event::Expired(Timer::View)));
    assert_eq!(names(&deeds)[4..], ["persist", "view-change"]);
    for done in [5, 6] {
        let (mut replica, said) = reborn(1, &persisted(&deeds, done));
        assert!(sent(&said).is_empty());
        assert!(!replica.standing().active);
        let between = Reject::ChangingView { target: View::new(1) };
        assert_eq!(refuse(&replica, received(prepare(2, 0, 1, digest))), between);
        assert_eq!(repeats(&mut replica), [change(view_change(1, 1, vec![]))]);
        step(&mut replica, received(change(view_change(2, 1, vec![]))));
        let deeds = step(&mut replica, received(change(view_change(3, 1, vec![]))));
        assert_eq!(names(&deeds)[..2], ["persist", "new-view"], "it is the primary of view 1");
    }
}

/// A view that began stays begun. A backup that crashed before its vote in it votes once it is back, for what the
/// new view proposes; one that crashed after it repeats the vote.
#[test]
fn a_view_that_began_is_taken_up_again() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let claims = vec![prepared(0, 1, digest)];
    let votes =
        [(0, claims), (1, vec![]), (2, vec![])].map(|(id, claims)| view_change(id, 1, claims));
    let began = enter(new_view(1, votes.to_vec(), &[digest]));
    let (mut before, mut journal) = (replica(3), Journal::default());
    let mut deeds = drive(&mut before, &mut journal, received(propose(0, 1, &proposal)));
    deeds.extend(drive(&mut before, &mut journal, received(began.clone())));
    assert_eq!(names(&deeds)[4..], ["persist", "persist", "prepare", "arm"]);
    for done in [5, 6, 7] {
        let (mut replica, said) = reborn(3, &persisted(&deeds, done));
        assert_eq!((replica.standing().view, replica.standing().active), (View::new(1), true));
        let vote = prepare(3, 1, 1, digest);
        if done == 5 {
            assert_eq!(sent(&said), [&vote], "it holds the batch from its vote in view 0");
        } else {
            assert!(sent(&said).is_empty());
            let Message::Status(waits) = status(2, 0, 0, true) else { panic!("a status") };
            let asks = Status { view: View::new(1), ..waits.message };
            let deeds = step(&mut replica, received(Message::Status(sign(2, asks))));
            assert_eq!(sent(&deeds), [&vote]);
        }
        let told = repeats(&mut replica);
        assert_eq!(told, std::slice::from_ref(&began), "to one of view 0");
    }
}

/// A stable checkpoint stays stable: positions up to it are executed again from this replica's own decisions, but
/// no client hears of them, nobody is told of old checkpoints, and no vote about them is heard.
#[test]
fn a_stable_checkpoint_survives() {
    let deeds = step(&mut replica(1), received(Message::Stable(true_certificate(4))));
    let (mut replica, said) = reborn(1, &persisted(&deeds, 1));
    assert!(sent(&said).is_empty());
    assert_eq!(replica.stable(), Some(&true_certificate(4)));
    let (got, low, high) = (SeqNum::new(4), SeqNum::new(4), SeqNum::new(12));
    let late = refuse(&replica, received(commit(2, 0, 4, Digest::NULL)));
    assert_eq!(late, Reject::OutsideWindow { got, low, high });

    let decisions = (1..=8).map(|seq| decision(0, seq, &batch(0, &[seq]))).collect();
    let recalled = Event::Recalled { to: ReplicaId::new(1), decisions };
    let deeds = drive(&mut replica, &mut Journal::default(), recalled);
    let positions: Vec<u64> = sent(&deeds)
        .into_iter()
        .map(|message| match message {
            Message::Checkpoint(vote) => vote.seq.get(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((replica.standing().executed.get(), positions), (8, vec![8]));
    assert!(!names(&deeds).contains(&"reply"));
}

/// In random runs with crashes, at many moments: a replica made from the extract of its records is the replica made
/// from all of them.
#[test]
fn the_extract_restarts_to_the_same_state_as_all_records() {
    let (mut compared, mut shorter, mut changed, mut checkpoints, mut between) = (0, 0, 0, 0, 0);
    for seed in 0..40 {
        let configs = std::cell::RefCell::new(Vec::new());
        let setup = Setup { clients: 3, requests: 20, ..Setup::calm(4) }.rough();
        let config = |setup: &Setup, id, signer, genesis| {
            let (committee, limits) = (setup.committee, setup.limits.clone());
            let config = Config { id, committee, limits, signer, genesis };
            configs.borrow_mut().push(config.clone());
            config
        };
        let mut world: Cluster<Replica, Journal> =
            Cluster::new(setup, seed, Journal::default(), config, Message::name);
        for moment in 1..=20 {
            world.run(std::time::Duration::from_millis(moment * 60));
            for config in configs.borrow().iter() {
                let Some(live) = world.replica(config.id) else { continue };
                let all = world.records(config.id);
                let extract = live.records();
                let whole = Replica::new(config.clone(), all.to_vec());
                let short = Replica::new(config.clone(), extract.clone());
                assert_eq!(short.records(), extract, "seed {seed}: the extract of the extract");
                assert_eq!(whole.records(), extract, "seed {seed}: the extract of everything");
                assert_eq!(whole, short, "seed {seed}: at {moment}");
                let standing = live.standing();
                compared += 1;
                shorter += u64::from(extract.len() < all.len());
                changed += u64::from(standing.view > View::ZERO);
                checkpoints += u64::from(standing.stable > SeqNum::ZERO);
                between += u64::from(!standing.active);
            }
        }
    }
    assert!(compared > 1_000 && shorter > 500, "{compared} compared, {shorter} of them shorter");
    assert!(changed > 300 && between > 20, "{changed} after a view change, {between} in one");
    assert!(checkpoints > 300, "{checkpoints} after a checkpoint");
}
