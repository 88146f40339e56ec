//! Attacks on timers and on what is sent again.
//!
//! In: a replica. Out: whether it falls for them. Refuses to know: other attacks.

use anyhow::{Result, ensure};
use consensus::classic::message::Message;

use super::attack::Attack;
use super::forge::{batch, change, commit, decision, prepare, propose, submission, waits};
use super::victim::Victim;
use crate::replica::Subject;

pub(super) fn all<P: Subject>() -> Vec<Attack> {
    vec![
        Attack {
            name: "endless-resend",
            source: "Fabric v0.6: an 'already sent' check caused infinite re-sending",
            claim: "a message that is known makes no message, and a peer that waits is answered once between two ticks",
            play: endless_resend::<P>,
        },
        Attack {
            name: "timer-for-what-is-done",
            source: "Fabric v0.6: view-change timers fired for requests the replica itself could not execute",
            claim: "no timer runs for a request that was executed, however the replica learned of it",
            play: timer_for_what_is_done::<P>,
        },
        Attack {
            name: "timer-before-quorum",
            source: "Sawtooth PBFT: the timer was started before 2f+1 view changes",
            claim: "the timer of a new view starts with the view change that completes a quorum",
            play: timer_before_quorum::<P>,
        },
        Attack {
            name: "silent-leader",
            source: "Sawtooth PBFT: a silent leader with no client request never timed out",
            claim: "a request that a backup hears starts its timer and goes to the primary; without a request there \
                    is nothing to wait for",
            play: silent_leader::<P>,
        },
    ]
}

fn endless_resend<P: Subject>() -> Result<()> {
    let held = batch(0, &[1]);
    let digest = held.batch.digest();
    let mut victim = Victim::<P>::new(2);
    victim.hears(propose(0, 1, &held))?;
    let votes = [prepare(1, 0, 1, digest), prepare(3, 0, 1, digest), commit(1, 0, 1, digest)];
    for vote in votes.clone() {
        victim.hears(vote)?;
    }
    let before = victim.said().count();
    for vote in votes {
        victim.hears(vote)?;
    }
    ensure!(victim.said().count() == before, "what it knows makes it speak");
    for _ in 0..100 {
        victim.hears(waits(3))?;
    }
    let answers = victim.said().count() - before;
    ensure!(answers == 2, "it answered with {answers} messages instead of its two votes");
    Ok(())
}

fn timer_for_what_is_done<P: Subject>() -> Result<()> {
    let mut victim = Victim::<P>::new(2);
    victim.hears(Message::Request(submission(1, 1, &[0, 7], &[])))?;
    ensure!(victim.armed, "it waits for the request to be ordered");
    victim.hears(Message::Decisions(vec![decision(0, 1, &batch(0, &[1]))]))?;
    ensure!(!victim.armed, "it waits for what it executed");
    victim.hears(Message::Request(submission(1, 1, &[0, 7], &[])))?;
    ensure!(!victim.armed, "it waits for what it executed, because somebody asks again");
    Ok(())
}

fn timer_before_quorum<P: Subject>() -> Result<()> {
    let mut victim = Victim::<P>::new(2);
    victim.hears(Message::Request(submission(1, 1, &[0, 7], &[])))?;
    victim.armed = false;
    victim.loses_patience();
    ensure!(!victim.armed, "it times a view that nobody else asks for");
    victim.hears(Message::ViewChange(change(0, 1, None, vec![])))?;
    ensure!(!victim.armed, "it times a view that two of four ask for");
    victim.hears(Message::ViewChange(change(3, 1, None, vec![])))?;
    ensure!(victim.armed, "three ask for the view, and it does not time its beginning");
    Ok(())
}

fn silent_leader<P: Subject>() -> Result<()> {
    let mut victim = Victim::<P>::new(2);
    ensure!(!victim.armed, "it waits for nothing");
    victim.hears(Message::Request(submission(1, 1, &[0, 7], &[])))?;
    ensure!(victim.armed && victim.count("request") == 1, "it waits, and reminds the primary");
    victim.loses_patience();
    ensure!(victim.count("view-change") == 1, "it asks for the next view");
    Ok(())
}
