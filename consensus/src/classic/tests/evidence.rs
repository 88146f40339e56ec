//! Whoever contradicts itself is named, with proof, once; whoever is honest never is.

use super::*;
use crate::classic::evidence::NoContradiction;

fn id(replica: u16) -> ReplicaId {
    ReplicaId::new(replica)
}

fn digest(client: u64) -> Digest {
    batch(0, &[client]).batch.digest()
}

/// The evidence among `deeds`.
fn evidence(deeds: &[Deed]) -> Vec<&Evidence> {
    let mut found = Vec::new();
    for deed in deeds {
        if let Action::Accuse { accused, evidence } = deed {
            assert_eq!(*accused, evidence.accused());
            found.push(evidence);
        }
    }
    found
}

/// Whether a third party is convinced: signatures and contradiction.
fn proves(evidence: &Evidence) -> Result<(), NoContradiction> {
    let keys = (0..=REPLICAS).map(|id| signer(id).public_key()).collect();
    Keyring::symbolic(scope(), keys).verify(evidence.clone()).expect("signed by the accused");
    evidence.check(Committee::try_new(4).expect("four replicas"))
}

/// `message` contradicts what `replica` knows: it is handed over as evidence against `accused`, changes nothing else,
/// and is refused from then on.
#[track_caller]
fn convicts(replica: &mut Replica, message: Message, accused: u16, offence: Offence) {
    let before = replica.clone();
    let deeds = step(replica, received(message.clone()));
    assert_eq!(names(&deeds), ["accuse"]);
    let found = evidence(&deeds)[0];
    assert_eq!((found.accused(), found.offence()), (id(accused), offence));
    assert_eq!(proves(found), Ok(()));
    let again = refuse(replica, received(message));
    assert_eq!(again, Reject::Equivocation { from: id(accused), seq: found.place().1 });
    assert_eq!(*replica, before, "what convicts its author does not count");
}

/// OSDI '99, 4.2 and 4.3: one proposal and one vote of each kind per view and position, one state per position.
#[test]
fn two_votes_for_one_position_convict() {
    let cases = [
        (Offence::Proposals, 0, propose(0, 1, &batch(0, &[1])), propose(0, 1, &batch(0, &[2]))),
        (Offence::Prepares, 3, prepare(3, 0, 1, digest(1)), prepare(3, 0, 1, digest(2))),
        (Offence::Commits, 3, commit(3, 0, 1, digest(1)), commit(3, 0, 1, digest(2))),
        (Offence::Checkpoints, 3, checkpoint(3, 1, "good"), checkpoint(3, 1, "other")),
    ];
    let mut replica = replica(1);
    for (offence, accused, first, second) in cases {
        step(&mut replica, received(first.clone()));
        convicts(&mut replica, second, accused, offence);
        assert!(step(&mut replica, received(first)).is_empty(), "said again, it is the same");
    }
}

/// The second proposal convicts the primary even if nothing could make its batch acceptable.
#[test]
fn a_second_proposal_convicts_whatever_its_batch() {
    let mut replica = replica(1);
    step(&mut replica, received(propose(0, 1, &batch(0, &[1]))));
    convicts(&mut replica, propose(0, 1, &batch(0, &[1, 2, 3])), 0, Offence::Proposals);
}

/// OSDI '99, 4.4: one VIEW-CHANGE per view, also after that view began with the first of them.
#[test]
fn two_view_changes_for_one_view_convict() {
    let first = || change(view_change(3, 1, vec![]));
    let second = || change(view_change(3, 1, vec![prepared(0, 1, digest(1))]));
    let mut before = replica(1);
    step(&mut before, received(first()));
    assert!(step(&mut before, received(first())).is_empty());
    convicts(&mut before, second(), 3, Offence::ViewChanges);

    let mut after = replica(2);
    let votes = [0, 1, 3].map(|id| view_change(id, 1, vec![])).to_vec();
    step(&mut after, received(enter(new_view(1, votes, &[]))));
    convicts(&mut after, second(), 3, Offence::ViewChanges);
}

/// A liar that tells the next primary something else than the rest is convicted when the NEW-VIEW shows it. The
/// view begins nevertheless: its primary could not know.
#[test]
fn a_new_view_shows_who_lied_to_its_primary() {
    let mut replica = replica(2);
    step(&mut replica, received(change(view_change(3, 1, vec![]))));
    let lie = view_change(3, 1, vec![prepared(0, 1, digest(1))]);
    let votes = vec![view_change(0, 1, vec![]), view_change(1, 1, vec![]), lie];
    let deeds = step(&mut replica, received(enter(new_view(1, votes, &[digest(1)]))));
    let found = evidence(&deeds);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].accused(), found[0].offence()), (id(3), Offence::ViewChanges));
    assert_eq!(proves(found[0]), Ok(()));
    assert!(replica.standing().active && replica.standing().view == View::new(1));
}

/// OSDI '99, 4.4: a view begins in one way.
#[test]
fn two_new_views_of_one_view_convict() {
    let begins = |votes: [u16; 3]| {
        let votes = votes.map(|id| view_change(id, 1, vec![])).to_vec();
        enter(new_view(1, votes, &[]))
    };
    let mut replica = replica(2);
    step(&mut replica, received(begins([0, 1, 2])));
    convicts(&mut replica, begins([0, 1, 3]), 1, Offence::NewViews);
    let (got, current) = (View::new(1), View::new(1));
    let same = refuse(&replica, received(begins([0, 1, 2])));
    assert_eq!(same, Reject::WrongView { got, current }, "said again, it is the same");
}

/// Who sent COMMIT holds a prepared certificate, and shows it or a later one when it leaves (4.4), in whatever order
/// the two arrive; a stable checkpoint at or above the position replaces it.
#[test]
fn a_view_change_that_conceals_a_commit_convicts() {
    let vote = || commit(3, 0, 1, digest(1));
    let conceals = || change(view_change(3, 1, vec![]));
    for (first, second) in [(vote(), conceals()), (conceals(), vote())] {
        let mut replica = replica(1);
        assert!(evidence(&step(&mut replica, received(first))).is_empty());
        let deeds = step(&mut replica, received(second));
        let found = evidence(&deeds);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].accused(), found[0].offence()), (id(3), Offence::HiddenCommit));
        assert_eq!(proves(found[0]), Ok(()));
    }
    let shows = change(view_change(3, 1, vec![prepared(0, 1, digest(1))]));
    let checkpoint = Some(certificate(4));
    let stable = SeqNum::new(4);
    let beyond = change(ViewChange { stable, checkpoint, ..view_change(3, 1, vec![]) });
    for honest in [shows, beyond] {
        let mut replica = replica(1);
        step(&mut replica, received(vote()));
        assert!(evidence(&step(&mut replica, received(honest.clone()))).is_empty());
        let mut replica = super::replica(1);
        step(&mut replica, received(honest));
        assert!(evidence(&step(&mut replica, received(vote()))).is_empty());
    }
}

/// A primary that proposes one batch to some and another to others is convicted by what either half shows when the
/// view changes; so is a backup that prepared both.
#[test]
fn what_a_view_change_shows_convicts_its_voters() {
    let mut replica = replica(1);
    step(&mut replica, received(propose(0, 1, &batch(0, &[1]))));
    step(&mut replica, received(prepare(2, 0, 1, digest(1))));
    let prepares = [2, 3].map(|from| prepare_vote(from, 0, 1, digest(2))).to_vec();
    let pre_prepare = pre_prepare(0, 0, 1, digest(2));
    let shown = PreparedCertificate { pre_prepare, prepares };
    let deeds = step(&mut replica, received(change(view_change(3, 1, vec![shown.clone()]))));
    let found = evidence(&deeds);
    let accused: Vec<_> = found.iter().map(|piece| (piece.accused(), piece.offence())).collect();
    assert_eq!(accused, [(id(0), Offence::Proposals), (id(2), Offence::Prepares)]);
    assert!(found.iter().all(|piece| proves(piece).is_ok()));
    let again = step(&mut replica, received(change(view_change(2, 1, vec![shown]))));
    assert!(evidence(&again).is_empty(), "each offence of each replica is reported once");
}

/// A decision proves what its voters said, too.
#[test]
fn what_a_decision_shows_convicts_its_voters() {
    let mut replica = replica(1);
    step(&mut replica, received(commit(3, 0, 1, digest(1))));
    let other = batch(0, &[2]);
    let mut decided = decision(0, 1, &other);
    let commits = [0, 2, 3].map(|from| commit_vote(from, 0, 1, other.batch.digest()));
    decided.certificate.commits = commits.to_vec();
    let deeds = step(&mut replica, received(Message::Decisions(vec![decided])));
    let found = evidence(&deeds);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].accused(), found[0].offence()), (id(3), Offence::Commits));
    assert_eq!(
        names(&deeds),
        ["accuse", "validate"],
        "the decision counts: a quorum stands behind it"
    );
}

/// A third party is not convinced by statements of two replicas, of a stranger, about two places, or that agree.
#[test]
fn what_is_no_contradiction_proves_nothing() {
    let pair = |first, second| Evidence::Commits(Pair { first, second });
    let (one, two) = (digest(1), digest(2));
    let cases = [
        (
            pair(commit_vote(2, 0, 1, one), commit_vote(3, 0, 1, two)),
            NoContradiction::Authors(id(2), id(3)),
        ),
        (
            pair(commit_vote(4, 0, 1, one), commit_vote(4, 0, 1, two)),
            NoContradiction::Stranger(id(4)),
        ),
        (pair(commit_vote(3, 0, 1, one), commit_vote(3, 0, 2, two)), NoContradiction::Places),
        (pair(commit_vote(3, 0, 1, one), commit_vote(3, 1, 1, two)), NoContradiction::Places),
        (pair(commit_vote(3, 0, 1, one), commit_vote(3, 0, 1, one)), NoContradiction::Agree),
    ];
    for (piece, why) in cases {
        assert_eq!(proves(&piece), Err(why));
    }
    let hidden = |view, claims| Evidence::HiddenCommit {
        commit: commit_vote(3, 1, 1, one),
        change: Arc::new(sign(3, view_change(3, view, claims))),
    };
    assert_eq!(proves(&hidden(1, vec![])), Err(NoContradiction::Places), "it was cast afterwards");
    let later = prepared(2, 1, two);
    assert_eq!(proves(&hidden(3, vec![later])), Err(NoContradiction::Agree));
    let same = prepared(1, 1, one);
    assert_eq!(proves(&hidden(3, vec![same])), Err(NoContradiction::Agree));
    assert_eq!(proves(&hidden(3, vec![prepared(0, 1, one)])), Ok(()), "of an earlier view");
    assert_eq!(proves(&hidden(3, vec![prepared(1, 1, two)])), Ok(()), "of another batch");
}

/// Everything that backup 1 says in two lives, with a crash after any action of the first, to a replica that hears all
/// of it: in the second life it is offered another batch and then runs out of patience.
#[test]
fn an_honest_replica_is_not_accused_whenever_it_crashes() {
    let (good, other) = (batch(0, &[1]), batch(0, &[2]));
    let digest = good.batch.digest();
    let (mut first, mut journal) = (replica(1), Journal::default());
    let events = [propose(0, 1, &good), prepare(2, 0, 1, digest), commit(0, 0, 1, digest)];
    let mut deeds: Vec<Deed> = Vec::new();
    for message in events {
        deeds.extend(drive(&mut first, &mut journal, received(message)));
    }
    deeds.extend(drive(&mut first, &mut journal, Event::Expired(Timer::View)));
    let (mut spoke, mut moved) = (0, 0);
    for done in 0..=deeds.len() {
        let records = deeds[..done].iter().filter_map(|deed| match deed {
            Action::Persist { record } => Some(record.clone()),
            _ => None,
        });
        let mut second = Replica::new(config(1), records.collect());
        let mut later = drive(&mut second, &mut Journal::default(), Event::Started);
        for event in [
            received(propose(0, 1, &other)),
            received(status(2, 0, 0, true)),
            Event::Expired(Timer::View),
            received(change(view_change(0, 1, vec![]))),
            received(change(view_change(3, 1, vec![]))),
        ] {
            let mut wanted = Vec::new();
            if second.step(event, &mut wanted).is_ok() {
                later.extend(wanted.clone());
                for deed in wanted {
                    let answer = answer(&second, &mut Journal::default(), &deed);
                    later.extend(answer.into_iter().flat_map(|e| step(&mut second, e)));
                }
            }
        }
        let mut witness = replica(2);
        for message in sent(&deeds[..done]).into_iter().chain(sent(&later)) {
            spoke += 1;
            moved += usize::from(matches!(message, Message::ViewChange(_)));
            let mut heard = Vec::new();
            let _ = witness.step(received(message.clone()), &mut heard);
            let against = evidence(&heard).into_iter().find(|piece| piece.accused() == id(1));
            assert_eq!(against, None, "crash after {done} actions");
        }
    }
    assert!(spoke > 20 && moved > 3, "it said {spoke} things and left {moved} times");
}
