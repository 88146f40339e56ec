//! Leaving a view, entering the next, and what is taken along.

use super::*;

/// Backup `id` with a request that waits, so that its timer runs.
fn waiting(id: u16) -> Replica {
    let mut replica = replica(id);
    let deeds = step(&mut replica, received(Message::Request(request(1, 1))));
    assert_eq!(names(&deeds), ["request", "arm"]);
    replica
}

/// OSDI '99, 4.4: on expiry a backup stops taking part and asks for the next view; it says so durably first. One
/// lone time-out changes no view.
#[test]
fn a_lone_time_out_leaves_the_view_and_changes_none() {
    let mut replica = waiting(2);
    let deeds = step(&mut replica, Event::Expired(Timer::View));
    assert_eq!(names(&deeds), ["persist", "view-change"]);
    let standing = replica.standing();
    assert_eq!((standing.view, standing.active), (View::new(1), false));
    assert!(step(&mut replica, Event::Expired(Timer::View)).is_empty(), "an expiry that was late");
}

/// OSDI '99, 4.5.2: f+1 = 2 view changes for later views make a replica join the smallest of them; one does not.
#[test]
fn a_replica_joins_the_smallest_view_that_two_ask_for() {
    let mut replica = replica(1);
    assert!(step(&mut replica, received(change(view_change(2, 7, vec![])))).is_empty());
    let deeds = step(&mut replica, received(change(view_change(3, 6, vec![]))));
    assert_eq!(names(&deeds), ["persist", "view-change", "arm"]);
    assert_eq!(replica.standing().view, View::new(6));
}

/// OSDI '99, 4.4: the primary of the new view shows a quorum and proposes again what prepared, unchanged.
#[test]
fn a_new_primary_proposes_again_what_prepared() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let (mut replica, mut journal) = (replica(1), Journal::default());
    drive(&mut replica, &mut journal, received(propose(0, 1, &proposal)));
    step(&mut replica, received(prepare(2, 0, 1, digest)));
    step(&mut replica, Event::Expired(Timer::View));
    step(&mut replica, received(change(view_change(2, 1, vec![]))));
    let deeds = drive(&mut replica, &mut journal, received(change(view_change(3, 1, vec![]))));
    assert_eq!(names(&deeds), ["persist", "new-view", "persist"]);
    let Message::NewView(shown) = sent(&deeds)[0] else { panic!("{deeds:?}") };
    assert_eq!(shown.pre_prepares, [pre_prepare(1, 1, 1, digest)]);
    assert_eq!(shown.view_changes.len(), 3);
}

/// A backup votes in the new view for what it proposes again, if it has the batch; if not, it asks for it.
#[test]
fn a_backup_votes_for_what_is_proposed_again() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let claims = vec![prepared(0, 1, digest)];
    let votes = || {
        vec![
            view_change(0, 1, claims.clone()),
            view_change(1, 1, vec![]),
            view_change(2, 1, vec![]),
        ]
    };
    let view = || received(enter(new_view(1, votes(), &[digest])));

    let (mut knows, mut journal) = (replica(2), Journal::default());
    drive(&mut knows, &mut journal, received(propose(0, 1, &proposal)));
    let deeds = drive(&mut knows, &mut journal, view());
    assert_eq!(sent(&deeds), [&prepare(2, 1, 1, digest)]);

    let (mut lacks, mut journal) = (replica(3), Journal::default());
    let deeds = drive(&mut lacks, &mut journal, view());
    assert_eq!(names(&deeds), ["persist", "fetch"]);
    let supplied = received(Message::Proposal(Arc::new(proposal)));
    let deeds = drive(&mut lacks, &mut journal, supplied);
    assert_eq!(sent(&deeds), [&prepare(3, 1, 1, digest)]);
}

/// Votes that overtake the NEW-VIEW are kept and count when the view begins.
#[test]
fn early_votes_count_when_their_view_begins() {
    let proposal = batch(1, &[1]);
    let digest = proposal.batch.digest();
    let (mut replica, mut journal) = (replica(3), Journal::default());
    for early in [propose(1, 1, &proposal), prepare(2, 1, 1, digest)] {
        assert!(step(&mut replica, received(early)).is_empty());
    }
    let deeds = drive(&mut replica, &mut journal, received(plain_view(1)));
    assert_eq!(
        sent(&deeds),
        [&prepare(3, 1, 1, digest), &commit(3, 1, 1, digest)],
        "the proposal and both PREPAREs are there"
    );
}

/// The timer for a new view starts when a quorum asks for it, and is twice as long (OSDI '99, 4.5.2).
#[test]
fn the_timer_of_a_new_view_starts_with_its_quorum() {
    let mut replica = waiting(2);
    step(&mut replica, Event::Expired(Timer::View));
    assert!(step(&mut replica, received(change(view_change(3, 1, vec![])))).is_empty());
    let deeds = step(&mut replica, received(change(view_change(0, 1, vec![]))));
    let limits = config(2).limits;
    let after = 2 * limits.view_timeout(0);
    assert_eq!(deeds, [Action::Arm { timer: Timer::View, after }]);
}

/// OSDI '99, 4.3: what was voted for stays in the log until a checkpoint. It may have prepared at a replica that is
/// silent about it for a few views, and then only those who voted for it can produce the batch.
#[test]
fn a_batch_that_was_voted_for_is_kept_until_a_checkpoint() {
    let proposal = batch(0, &[1]);
    let digest = proposal.batch.digest();
    let (mut replica, mut journal) = (replica(3), Journal::default());
    drive(&mut replica, &mut journal, received(propose(0, 1, &proposal)));
    step(&mut replica, received(plain_view(1)));
    drive(&mut replica, &mut journal, received(propose(1, 1, &batch(1, &[2]))));
    for mut replica in [Replica::new(config(3), replica.records()), replica] {
        let what = Missing::Proposal(SeqNum::new(1), digest);
        let deeds = step(&mut replica, received(fetch(2, what)));
        assert_eq!(sent(&deeds), [&Message::Proposal(Arc::new(proposal.clone()))]);
        let claims = vec![prepared(0, 1, digest)];
        let votes = [(0, claims), (1, vec![]), (2, vec![])];
        let votes = votes.map(|(id, claims)| view_change(id, 2, claims)).to_vec();
        let deeds = step(&mut replica, received(enter(new_view(2, votes, &[digest]))));
        assert_eq!(sent(&deeds), [&prepare(3, 2, 1, digest)], "it need not ask anybody");
    }
}

/// Who joins a view while others ask for a later one already must time it as well. Otherwise two that wait for view
/// 1 and one that waits for view 2 would wait for ever: no view has a quorum, and nobody's patience ends.
#[test]
fn a_view_is_timed_although_part_of_its_quorum_asks_for_a_later_one() {
    let mut replica = replica(0);
    step(&mut replica, received(change(view_change(1, 1, vec![]))));
    let deeds = step(&mut replica, received(change(view_change(2, 2, vec![]))));
    assert_eq!(names(&deeds), ["persist", "view-change", "arm"]);
    assert_eq!(replica.standing().view, View::new(1));
    let deeds = step(&mut replica, Event::Expired(Timer::View));
    assert_eq!(names(&deeds), ["persist", "view-change"]);
    assert_eq!(replica.standing().view, View::new(2));
}

/// The primary of a new view has a whole time-out for the request that waits, not what the last one left of it.
#[test]
fn a_new_view_starts_the_timer_anew() {
    let mut replica = waiting(2);
    let deeds = step(&mut replica, received(plain_view(1)));
    let after = config(2).limits.view_timeout(0);
    assert_eq!(deeds.last(), Some(&Action::Arm { timer: Timer::View, after }));
}
