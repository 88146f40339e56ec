//! Attacks of clients that are partly correct.
//!
//! In: a replica. Out: whether it falls for them. Refuses to know: other attacks.

use anyhow::{Result, ensure};
use consensus::action::Action;
use consensus::classic::message::Message;
use consensus::ids::Digest;
use consensus::reject::Reject;
use consensus::request::Proposal;

use super::attack::Attack;
use super::forge::{decision, propose, replica, submission};
use super::victim::Victim;
use crate::replica::{Deed, Subject};

pub(super) fn all<P: Subject>() -> Vec<Attack> {
    vec![
        Attack {
            name: "two-requests-in-one",
            source: "PBFT implementations in the table of ByzzFuzz: reply re-executed for an old timestamp",
            claim: "of two requests with one timestamp one is executed, whoever got which",
            play: two_requests_in_one::<P>,
        },
        Attack {
            name: "partly-correct-client",
            source: "partly correct clients: a private part that is right for some replicas only",
            claim: "a batch whose private part is spoilt gets no vote, and gets one when the right part arrives",
            play: partly_correct_client::<P>,
        },
        Attack {
            name: "request-nobody-builds",
            source: "Fabric v0.6: view-change timers fired for requests the replica itself could not execute",
            claim: "a primary that may not build a request forgets it, and does not build it again",
            play: request_nobody_builds::<P>,
        },
    ]
}

fn two_requests_in_one<P: Subject>() -> Result<()> {
    let (one, other) = (submission(1, 1, &[0, 7], &[]), submission(1, 1, &[0, 8], &[]));
    let mut victim = Victim::<P>::new(2);
    victim.hears(Message::Request(one.clone()))?;
    let refused = victim.hears(Message::Request(other.clone()));
    ensure!(matches!(refused, Err(Reject::ConflictingRequest { .. })), "taken: {refused:?}");
    // The primary got the other one, and then this one too.
    for (seq, ordered) in [(1, other), (2, one)] {
        let ordered = Proposal::new(replica(0), Vec::new(), vec![ordered]);
        victim.hears(Message::Decisions(vec![decision(0, seq, &ordered)]))?;
    }
    let (stands, executed) = (victim.standing().executed.get(), victim.executed());
    ensure!((stands, executed) == (2, 1), "it executed {executed} requests up to {stands}");
    ensure!(!victim.armed, "it waits for the request that lost");
    Ok(())
}

fn partly_correct_client<P: Subject>() -> Result<()> {
    let named = Digest::of("journal private part", &b"right".to_vec());
    let operation = [&[1], named.bytes().as_slice()].concat();
    let with = |private: &[u8]| {
        let asked = vec![submission(1, 1, &operation, private)];
        propose(0, 1, &Proposal::new(replica(0), Vec::new(), asked))
    };
    let mut victim = Victim::<P>::new(2);
    victim.hears(with(b"wrong"))?;
    ensure!(victim.count("prepare") == 0, "it votes for a spoilt private part");
    victim.hears(with(b"right"))?;
    ensure!(victim.count("prepare") == 1, "it does not vote for the right private part");
    Ok(())
}

fn request_nobody_builds<P: Subject>() -> Result<()> {
    let builds = |victim: &Victim<P>| {
        let built = |deed: &&Deed| matches!(deed, Action::Build { .. });
        victim.deeds.iter().filter(built).count()
    };
    let mut primary = Victim::<P>::new(0);
    primary.hears(Message::Request(submission(1, 1, &[1], b"unfit")))?;
    ensure!(builds(&primary) == 1 && primary.count("pre-prepare") == 0, "it was proposed");
    ensure!(primary.standing().waiting == 0, "it still waits");
    primary.hears(Message::Request(submission(2, 1, &[0, 7], &[])))?;
    ensure!(builds(&primary) == 2 && primary.count("pre-prepare") == 1, "it holds up the next");
    Ok(())
}
