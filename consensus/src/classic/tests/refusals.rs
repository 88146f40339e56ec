//! Everything that can be refused is provoked once, and leaves the replica as it was.

use super::*;
use crate::certificate::BadCertificate;
use crate::reject::{BadClaim, Unasked};
use crate::request::{BadProposal, Outcome};

/// The test that provokes a refusal. A new variant does not compile until it stands here; everything that can
/// be refused can be provoked through the one door.
fn provoked_by(reject: Reject) -> fn() {
    match reject {
        Reject::WrongView { .. } => votes_count_in_their_view_only,
        Reject::ChangingView { .. } => a_replica_between_views_takes_no_votes,
        Reject::OutsideWindow { .. } => positions_outside_the_window_are_refused,
        Reject::NotPrimary { .. } => only_the_primary_proposes_and_begins_a_view,
        Reject::PrepareOfPrimary(_) => the_primary_does_not_vote_twice,
        Reject::Equivocation { .. } => nobody_says_two_things_about_one_position,
        Reject::BadProposal(why) => bad_proposal_provoked_by(why),
        Reject::WrongProposer { .. } => a_fresh_batch_bears_the_name_of_its_primary,
        Reject::BadCertificate(why) => bad_certificate_provoked_by(why),
        Reject::BadViewChange { why, .. } | Reject::BadNewView { why, .. } => {
            bad_claim_provoked_by(why)
        }
        Reject::StaleRequest { .. }
        | Reject::ConflictingRequest { .. }
        | Reject::Overloaded(_)
        | Reject::TooLarge { .. } => requests_that_cannot_wait_are_refused,
        Reject::ReadsOff => reads::reads_are_refused_by_name,
        Reject::BadChunk { .. } => transfer::a_wrong_chunk_names_its_sender,
        Reject::OwnStatement(_) => own_statements_are_taken_from_nobody,
        Reject::Outcomes { .. } => an_execution_has_one_outcome_per_request,
        Reject::Unasked(what) => unasked_provoked_by(what),
    }
}

fn bad_proposal_provoked_by(why: BadProposal) -> fn() {
    match why {
        BadProposal::TooMuch { .. }
        | BadProposal::Empty
        | BadProposal::Unpaired { .. }
        | BadProposal::RepeatedClient(_) => a_bad_proposal_is_refused_at_every_door,
    }
}

fn bad_certificate_provoked_by(why: BadCertificate) -> fn() {
    match why {
        BadCertificate::Votes { .. }
        | BadCertificate::RepeatedVoter(_)
        | BadCertificate::Ineligible(_)
        | BadCertificate::Mismatch(_) => a_certificate_that_does_not_add_up_is_refused,
    }
}

fn bad_claim_provoked_by(why: BadClaim) -> fn() {
    match why {
        BadClaim::Certificate(_)
        | BadClaim::Stable { .. }
        | BadClaim::Position(_)
        | BadClaim::FutureCertificate(_)
        | BadClaim::NotPrimary(_) => a_view_change_that_claims_too_much_is_refused,
        BadClaim::View(_) | BadClaim::Decision { .. } => a_new_view_must_follow_from_what_it_shows,
    }
}

fn unasked_provoked_by(what: Unasked) -> fn() {
    match what {
        Unasked::Built | Unasked::Verdict(_) | Unasked::Outcome(_) => {
            answers_of_the_application_to_no_question_are_refused
        }
        Unasked::Export(_) | Unasked::Offer(_) | Unasked::Chunk(_) | Unasked::Installed(_) => {
            transfer::states_that_nobody_asked_for_are_refused
        }
        Unasked::Read(_) => reads::reads_are_refused_by_name,
        Unasked::Proposal(_) | Unasked::Decisions(_) => answers_of_peers_to_no_need_are_refused,
    }
}

const _: fn(Reject) -> fn() = provoked_by;

fn id(replica: u16) -> ReplicaId {
    ReplicaId::new(replica)
}

fn digest(client: u64) -> Digest {
    batch(0, &[client]).batch.digest()
}

/// Whatever `message` is, `replica` refuses it so.
#[track_caller]
fn refuses(replica: &Replica, message: Message, expected: Reject) {
    assert_eq!(refuse(replica, received(message)), expected);
}

/// A proposal and votes of view `view` at position `seq`.
fn votes(view: u64, seq: u64) -> [Message; 3] {
    let primary = u16::try_from(view % 4).expect("a replica");
    let proposal = batch(primary, &[1]);
    let digest = proposal.batch.digest();
    [propose(view, seq, &proposal), prepare(3, view, seq, digest), commit(3, view, seq, digest)]
}

/// Backup 2 that was led into view 1.
fn in_view_one() -> Replica {
    let mut replica = replica(2);
    step(&mut replica, received(plain_view(1)));
    replica
}

/// OSDI '99, 4.2: a replica accepts what is of its view. What is of an earlier one is refused, and so is what is
/// of a later one once its author has used up its room (16); a view that began does not begin again, and who
/// asked for a later view asks for no earlier one (4.4).
#[test]
fn votes_count_in_their_view_only() {
    let mut replica = in_view_one();
    let wrong = |got, current| {
        let (got, current) = (View::new(got), View::new(current));
        Reject::WrongView { got, current }
    };
    for message in votes(0, 1) {
        refuses(&replica, message, wrong(0, 1));
    }
    refuses(&replica, change(view_change(3, 1, vec![])), wrong(1, 1));
    refuses(&replica, plain_view(1), wrong(1, 1));
    step(&mut replica, received(change(view_change(3, 7, vec![]))));
    refuses(&replica, change(view_change(3, 6, vec![])), wrong(6, 7));
    for client in 0..16 {
        step(&mut replica, received(prepare(3, 5, 1, digest(client))));
    }
    refuses(&replica, prepare(3, 5, 1, digest(16)), wrong(5, 1));
}

/// OSDI '99, 4.4: a replica that left its view accepts checkpoints, view changes and new views only.
#[test]
fn a_replica_between_views_takes_no_votes() {
    let mut replica = replica(2);
    step(&mut replica, received(Message::Request(request(1, 1))));
    step(&mut replica, Event::Expired(Timer::View));
    for message in votes(0, 1) {
        refuses(&replica, message, Reject::ChangingView { target: View::new(1) });
    }
    step(&mut replica, received(checkpoint(3, 4, "good")));
    step(&mut replica, received(change(view_change(3, 1, vec![]))));
}

/// OSDI '99, 4.2: h < n <= H, here 0 < n <= 8, for everything that is about a position.
#[test]
fn positions_outside_the_window_are_refused() {
    let replica = replica(1);
    let (low, high) = (SeqNum::ZERO, SeqNum::new(8));
    for seq in [0, 9, u64::MAX] {
        let outside = Reject::OutsideWindow { got: SeqNum::new(seq), low, high };
        for message in votes(0, seq).into_iter().chain([checkpoint(3, seq, "good")]) {
            refuses(&replica, message, outside);
        }
    }
}

/// OSDI '99, 4.2 and 4.4: PRE-PREPARE and NEW-VIEW are of the primary of their view. Who is not primary is told
/// so, also where the primary has said something else.
#[test]
fn only_the_primary_proposes_and_begins_a_view() {
    let mut replica = replica(1);
    let not_primary = |from, primary, view| Reject::NotPrimary {
        from: id(from),
        primary: id(primary),
        view: View::new(view),
    };
    refuses(&replica, propose_as(2, 0, 1, &batch(2, &[1])), not_primary(2, 0, 0));
    step(&mut replica, received(propose(0, 1, &batch(0, &[1]))));
    refuses(&replica, propose_as(2, 0, 1, &batch(2, &[1])), not_primary(2, 0, 0));
    let votes = (0..3).map(|id| view_change(id, 2, vec![])).collect();
    let usurped = NewView { from: id(3), ..new_view(2, votes, &[]) };
    refuses(&replica, enter(usurped), not_primary(3, 2, 2));
}

/// OSDI '99, 4.2: PREPAREs are of backups; the primary's proposal is its vote.
#[test]
fn the_primary_does_not_vote_twice() {
    refuses(&replica(1), prepare(0, 0, 1, digest(1)), Reject::PrepareOfPrimary(id(0)));
}

/// OSDI '99, 4.2: what contradicts an accepted proposal is not accepted, nor is a second, different vote. The first
/// contradiction of each kind is taken as evidence (see `evidence`), the next is refused.
#[test]
fn nobody_says_two_things_about_one_position() {
    let mut replica = replica(1);
    let pairs = [
        (0, propose(0, 1, &batch(0, &[1])), propose(0, 1, &batch(0, &[2]))),
        (3, prepare(3, 0, 1, digest(1)), prepare(3, 0, 1, digest(2))),
        (3, commit(3, 0, 1, digest(1)), commit(3, 0, 1, digest(2))),
        (3, checkpoint(3, 1, "good"), checkpoint(3, 1, "other")),
    ];
    for (from, first, second) in pairs {
        step(&mut replica, received(first.clone()));
        assert_eq!(names(&step(&mut replica, received(second.clone()))), ["accuse"]);
        let expected = Reject::Equivocation { from: id(from), seq: SeqNum::new(1) };
        refuses(&replica, second, expected);
        assert!(step(&mut replica, received(first)).is_empty(), "said again, it is the same");
    }
}

/// Proposals that nothing could make acceptable, and why. The bounds are those of `config`: 2 requests, 64 bytes
/// each of operation and private part, 1024 bytes in all with 128 for each request, 256 bytes of context.
fn bad_proposals() -> Vec<(Proposal, BadProposal)> {
    let of = |submissions| Proposal::new(ReplicaId::ZERO, Vec::new(), submissions);
    let sized =
        |client, operation, private| submission(client, 1, vec![0; operation], vec![0; private]);
    let too_much = |what, got, max| BadProposal::TooMuch { what, got, max };
    let mut unpaired = batch(0, &[1]);
    unpaired.attachments.clear();
    let long_context = Proposal::new(ReplicaId::ZERO, vec![0; 257], vec![request(1, 1)]);
    let twice = request(1, 1).request.client();
    vec![
        (of(vec![]), BadProposal::Empty),
        (unpaired, BadProposal::Unpaired { requests: 1, attachments: 0 }),
        (of(vec![request(1, 1), request(1, 2)]), BadProposal::RepeatedClient(twice)),
        (batch(0, &[1, 2, 3]), too_much("requests in a batch", 3, 2)),
        (long_context, too_much("bytes of context", 257, 256)),
        (of(vec![sized(1, 385, 0), sized(2, 384, 0)]), too_much("bytes in a batch", 1_025, 1_024)),
        (of(vec![sized(1, 65, 0)]), too_much("bytes in an operation", 65, 64)),
        (of(vec![sized(1, 0, 65)]), too_much("bytes in a private part", 65, 64)),
    ]
}

/// A batch comes from the primary, from a peer that is asked for it, with its decision, or from this replica's
/// own application: it is the same batch with the same bounds. Private parts are under no digest, so that even a
/// certified decision may arrive with too few of them.
#[test]
fn a_bad_proposal_is_refused_at_every_door() {
    for (proposal, why) in bad_proposals() {
        let expected = Reject::BadProposal(why);
        let backup = replica(1);
        refuses(&backup, propose(0, 1, &proposal), expected);
        refuses(&backup, Message::Decisions(vec![decision(0, 1, &proposal)]), expected);

        let mut asking = replica(1);
        for from in [0, 2, 3] {
            step(&mut asking, received(commit(from, 0, 1, proposal.batch.digest())));
        }
        refuses(&asking, Message::Proposal(Arc::new(proposal.clone())), expected);

        let mut primary = replica(0);
        step(&mut primary, received(Message::Request(request(1, 1))));
        assert_eq!(refuse(&primary, Event::Built { proposal: Some(proposal) }), expected);
    }
}

/// A batch names who first proposed it (ours; the paper's requests name their client only).
#[test]
fn a_fresh_batch_bears_the_name_of_its_primary() {
    let wrong = Reject::WrongProposer { from: id(0), named: id(2) };
    refuses(&replica(1), propose(0, 1, &batch(2, &[1])), wrong);
    let mut primary = replica(0);
    step(&mut primary, received(Message::Request(request(1, 1))));
    assert_eq!(refuse(&primary, Event::Built { proposal: Some(batch(2, &[1])) }), wrong);
}

/// Votes of replicas 0, 1 and 2, spoilt in every way a certificate can be; `odd` is for something else.
fn spoilt<M: Clone>(good: &[M], stranger: M, odd: M) -> Vec<(Vec<M>, BadCertificate)> {
    let with = |place: usize, vote: &M| {
        let mut votes = good.to_vec();
        votes[place] = vote.clone();
        votes
    };
    let needed = good.len();
    vec![
        (good[1..].to_vec(), BadCertificate::Votes { got: needed - 1, needed }),
        ([good, good].concat(), BadCertificate::Votes { got: 2 * needed, needed }),
        (with(1, &good[0]), BadCertificate::RepeatedVoter(id(0))),
        (with(1, &stranger), BadCertificate::Ineligible(id(4))),
        (with(1, &odd), BadCertificate::Mismatch(id(1))),
    ]
}

/// OSDI '99, 4.2 and 4.3: a certificate holds 2f+1 = 3 equal votes of different replicas.
#[test]
fn a_certificate_that_does_not_add_up_is_refused() {
    let replica = replica(3);
    let (stranger, odd) = (checkpoint_vote(4, 8, "good"), checkpoint_vote(1, 8, "other"));
    for (votes, why) in spoilt(&certificate(8).votes, stranger, odd) {
        let stable = CheckpointCertificate { votes, ..certificate(8) };
        refuses(&replica, Message::Stable(stable), Reject::BadCertificate(why));
    }
    let good = decision(0, 1, &batch(0, &[1]));
    let (stranger, odd) = (commit_vote(4, 0, 1, digest(1)), commit_vote(1, 0, 1, digest(2)));
    for (commits, why) in spoilt(&good.certificate.commits, stranger, odd) {
        let mut bad = good.clone();
        bad.certificate.commits = commits;
        let second = decision(0, 2, &batch(0, &[2]));
        let answer = Message::Decisions(vec![second, bad]);
        refuses(&replica, answer, Reject::BadCertificate(why));
    }
}

/// View changes of replica 3 for view 2 whose claims do not hold together, and why (OSDI '99, 4.4).
fn bad_view_changes() -> Vec<(ViewChange, BadClaim)> {
    let at = |seq| prepared(0, seq, digest(1));
    let with = |certificate| ViewChange {
        stable: SeqNum::new(4),
        checkpoint: Some(certificate),
        ..view_change(3, 2, vec![at(5)])
    };
    let good = || with(certificate(4));
    let claims = |prepared: Vec<_>| ViewChange { prepared, ..good() };
    let (claimed, proved) = (SeqNum::new(5), SeqNum::new(4));
    let usurped = PreparedCertificate { pre_prepare: pre_prepare(3, 0, 5, digest(1)), ..at(5) };
    let mut bad = vec![
        (ViewChange { stable: claimed, ..good() }, BadClaim::Stable { claimed, proved }),
        (
            ViewChange { checkpoint: None, ..good() },
            BadClaim::Stable { claimed: proved, proved: SeqNum::ZERO },
        ),
        (claims(vec![at(4)]), BadClaim::Position(SeqNum::new(4))),
        (claims(vec![at(13)]), BadClaim::Position(SeqNum::new(13))),
        (claims(vec![at(5), at(5)]), BadClaim::Position(SeqNum::new(5))),
        (claims(vec![at(6), at(5)]), BadClaim::Position(SeqNum::new(5))),
        (claims(vec![prepared(2, 5, digest(1))]), BadClaim::FutureCertificate(View::new(2))),
        (claims(vec![usurped]), BadClaim::NotPrimary(id(3))),
    ];
    let backups = [1, 2].map(|from| prepare_vote(from, 0, 5, digest(1)));
    let of_the_primary = vec![prepare_vote(0, 0, 5, digest(1)), backups[0].clone()];
    let (needed, got) = (2, 1);
    for (prepares, why) in [
        (of_the_primary, BadCertificate::Ineligible(id(0))),
        (backups[1..].to_vec(), BadCertificate::Votes { got, needed }),
        ([backups[0].clone(), backups[0].clone()].to_vec(), BadCertificate::RepeatedVoter(id(1))),
    ] {
        let short = PreparedCertificate { prepares, ..at(5) };
        bad.push((claims(vec![short]), BadClaim::Certificate(why)));
    }
    let (stranger, odd) = (checkpoint_vote(4, 4, "good"), checkpoint_vote(1, 4, "other"));
    for (votes, why) in spoilt(&certificate(4).votes, stranger, odd) {
        let checkpoint = CheckpointCertificate { votes, ..certificate(4) };
        bad.push((with(checkpoint), BadClaim::Certificate(why)));
    }
    bad
}

/// OSDI '99, 4.4: C proves n, P holds what prepared above it within the window in earlier views, each with the
/// pre-prepare of its primary and 2f = 2 PREPAREs of backups. The same is asked of what a NEW-VIEW shows.
#[test]
fn a_view_change_that_claims_too_much_is_refused() {
    let replica = replica(1);
    for (vote, why) in bad_view_changes() {
        let expected = Reject::BadViewChange { from: id(3), why };
        refuses(&replica, change(vote.clone()), expected);
        let votes = vec![view_change(0, 2, vec![]), view_change(2, 2, vec![]), vote];
        let view = View::new(2);
        refuses(&replica, enter(new_view(2, votes, &[])), Reject::BadNewView { view, why });
    }
}

/// OSDI '99, 4.4: V holds 2f+1 = 3 view changes for this very view, and O is what follows from them, no more and
/// no less, proposed by this primary in this view.
#[test]
fn a_new_view_must_follow_from_what_it_shows() {
    let replica = replica(1);
    let vote = |from, view| view_change(from, view, vec![prepared(0, 1, digest(1))]);
    let (view, right, other) = (View::new(2), digest(1), digest(2));
    let good = || new_view(2, vec![vote(0, 2), vote(2, 2), vote(3, 2)], &[right]);
    let decision = |seq, got, expected| BadClaim::Decision { seq: SeqNum::new(seq), got, expected };
    let proposing = |digests: &[Digest]| NewView {
        pre_prepares: new_view(2, vec![], digests).pre_prepares,
        ..good()
    };
    let signed_as = |pre_prepare| NewView { pre_prepares: vec![pre_prepare], ..good() };
    let showing = |votes| NewView { view_changes: new_view(2, votes, &[]).view_changes, ..good() };
    let short = BadCertificate::Votes { got: 2, needed: 3 };
    let cases = [
        (showing(vec![vote(0, 2), vote(2, 2)]), BadClaim::Certificate(short)),
        (
            showing(vec![vote(0, 2), vote(0, 2), vote(3, 2)]),
            BadClaim::Certificate(BadCertificate::RepeatedVoter(id(0))),
        ),
        (
            showing(vec![vote(0, 2), vote(2, 2), vote(4, 2)]),
            BadClaim::Certificate(BadCertificate::Ineligible(id(4))),
        ),
        (showing(vec![vote(0, 2), vote(2, 1), vote(3, 2)]), BadClaim::View(View::new(1))),
        (proposing(&[]), decision(1, Digest::NULL, right)),
        (proposing(&[other]), decision(1, other, right)),
        (proposing(&[Digest::NULL]), decision(1, Digest::NULL, right)),
        (proposing(&[right, other]), decision(2, other, Digest::NULL)),
        (signed_as(pre_prepare(2, 1, 1, right)), decision(1, right, right)),
        (signed_as(pre_prepare(3, 2, 1, right)), decision(1, right, right)),
        (signed_as(pre_prepare(2, 2, 2, right)), decision(1, right, right)),
    ];
    for (bad, why) in cases {
        refuses(&replica, enter(bad), Reject::BadNewView { view, why });
    }
    step(&mut replica.clone(), received(enter(good())));
}

/// OSDI '99, 4.1: timestamps of one client increase, and it has one request outstanding. The bounds on sizes and
/// on how many requests wait (3) are ours.
#[test]
fn requests_that_cannot_wait_are_refused() {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    let asks = |submission| Message::Request(submission);
    let too_large = |what| Reject::TooLarge { what, got: 65, max: 64 };
    refuses(&replica, asks(submission(1, 1, vec![0; 65], vec![])), too_large("operation"));
    refuses(&replica, asks(submission(1, 1, vec![0], vec![0; 65])), too_large("private part"));

    let served = Proposal::new(ReplicaId::ZERO, Vec::new(), vec![request(1, 5)]);
    let decided = Message::Decisions(vec![decision(0, 1, &served)]);
    drive(&mut replica, &mut journal, received(decided));
    let client = request(1, 1).request.client();
    let (got, last) = (Timestamp::new(4), Timestamp::new(5));
    refuses(&replica, asks(request(1, 4)), Reject::StaleRequest { client, got, last });

    step(&mut replica, received(asks(request(1, 7))));
    let waiting = Timestamp::new(7);
    let conflict = Reject::ConflictingRequest { client, waiting };
    refuses(&replica, asks(submission(1, 7, vec![0, 8], vec![])), conflict);
    refuses(&replica, asks(request(1, 6)), conflict);
    step(&mut replica, received(asks(request(1, 8))));

    step(&mut replica, received(asks(request(2, 1))));
    step(&mut replica, received(asks(request(3, 1))));
    refuses(&replica, asks(request(4, 1)), Reject::Overloaded(3));
}

/// A replica knows what it said from its records; from outside it takes nothing that bears its name.
#[test]
fn own_statements_are_taken_from_nobody() {
    let own = [
        propose_as(1, 0, 1, &batch(1, &[1])),
        prepare(1, 0, 1, digest(1)),
        commit(1, 0, 1, digest(1)),
        checkpoint(1, 4, "good"),
        change(view_change(1, 1, vec![])),
        status(1, 0, 0, false),
        transfer::offer(1, &[]),
        transfer::chunk(1, b"", b""),
        fetch(1, Missing::Decisions(SeqNum::new(1))),
    ];
    for message in own {
        let name = message.name();
        refuses(&replica(1), message, Reject::OwnStatement(name));
    }
}

/// Backup 1 whose application executes position 1, with one request.
fn executing() -> Replica {
    let (mut replica, mut journal) = (replica(1), Journal::default());
    let decided = Message::Decisions(vec![decision(0, 1, &batch(0, &[1]))]);
    let asked = step(&mut replica, received(decided));
    let verdict = answer(&replica, &mut journal, &asked[0]).expect("a question");
    assert_eq!(names(&step(&mut replica, verdict)), ["execute"]);
    replica
}

/// One outcome for each request that was to be executed, or the cached replies would be those of others.
#[test]
fn an_execution_has_one_outcome_per_request() {
    let replica = executing();
    let (seq, expected) = (SeqNum::new(1), 1);
    for got in [0, 2] {
        let outcomes = vec![Outcome { result: Vec::new(), retain: true }; got];
        let event = Event::Executed { seq, state: Digest::NULL, outcomes, checkpoint: false };
        assert_eq!(refuse(&replica, event), Reject::Outcomes { seq, got, expected });
    }
    let max = Limits::RESULT_BYTES;
    let outcomes = vec![Outcome { result: vec![0; max + 1], retain: true }];
    let event = Event::Executed { seq, state: Digest::NULL, outcomes, checkpoint: false };
    assert_eq!(refuse(&replica, event), Reject::TooLarge { what: "result", got: max + 1, max });
}

/// The application answers what it was asked, once.
#[test]
fn answers_of_the_application_to_no_question_are_refused() {
    let idle = replica(0);
    for proposal in [None, Some(batch(0, &[1]))] {
        assert_eq!(refuse(&idle, Event::Built { proposal }), Reject::Unasked(Unasked::Built));
    }
    let digest = digest(1);
    for verdict in [Verdict::Acceptable, Verdict::Refused] {
        let event = Event::Validated { digest, verdict };
        assert_eq!(refuse(&idle, event), Reject::Unasked(Unasked::Verdict(digest)));
    }
    for (replica, seq) in [(&idle, 1), (&executing(), 2)] {
        let (seq, outcomes) = (SeqNum::new(seq), Vec::new());
        let event = Event::Executed { seq, state: Digest::NULL, outcomes, checkpoint: false };
        assert_eq!(refuse(replica, event), Reject::Unasked(Unasked::Outcome(seq)));
    }
}

/// Batches and decisions that this replica does not miss are refused: no decisions at all, those executed or at
/// hand, and those further ahead than a window (8).
#[test]
fn answers_of_peers_to_no_need_are_refused() {
    let replica = executing();
    let proposal = batch(0, &[1]);
    let unasked = Reject::Unasked(Unasked::Proposal(proposal.batch.digest()));
    refuses(&replica, Message::Proposal(Arc::new(proposal.clone())), unasked);
    let from = |seq| Reject::Unasked(Unasked::Decisions(SeqNum::new(seq)));
    refuses(&replica, Message::Decisions(vec![]), from(0));
    for seq in [1, 9] {
        refuses(&replica, Message::Decisions(vec![decision(0, seq, &proposal)]), from(seq));
    }
}
