//! Attacks on positions: null requests, and work that is under way when a view ends.
//!
//! In: a replica. Out: whether it falls for them. Refuses to know: other attacks.

use anyhow::{Result, ensure};
use consensus::action::Action;
use consensus::classic::message::Message;
use consensus::ids::Digest;

use super::attack::Attack;
use super::forge::{
    batch, change, commit, decision, new_view, prepare, prepared, propose, replica,
};
use super::victim::Victim;
use crate::replica::Subject;

pub(super) fn all<P: Subject>() -> Vec<Attack> {
    vec![
        Attack {
            name: "null-request",
            source: "Fabric v0.6: null requests did not advance the persisted sequence number",
            claim: "a null request takes its position, before and after a restart",
            play: null_request::<P>,
        },
        Attack {
            name: "view-change-during-commit",
            source: "Sawtooth PBFT: a view change while a block commit was pending reset the phase",
            claim: "what prepared is shown in the view change, is proposed again, and runs once",
            play: view_change_during_commit::<P>,
        },
        Attack {
            name: "alone-in-a-view-change",
            source: "Sawtooth PBFT: stuck in a view change after catching up",
            claim: "a replica that left its view alone executes what the others decide there, and joins the next view",
            play: alone_in_a_view_change::<P>,
        },
    ]
}

fn null_request<P: Subject>() -> Result<()> {
    let held = batch(0, &[2]);
    let digest = held.batch.digest();
    // Only position 2 prepared in view 0: position 1 becomes null in view 1.
    let votes = vec![
        change(0, 1, None, vec![prepared(0, 2, digest)]),
        change(2, 1, None, vec![]),
        change(3, 1, None, vec![]),
    ];
    let mut victim = Victim::<P>::new(2);
    victim.hears(new_view(1, votes, 1, &[Digest::NULL, digest]))?;
    victim.hears(Message::Proposal(held.into()))?;
    for (seq, digest) in [(1, Digest::NULL), (2, digest)] {
        for from in [0, 3] {
            victim.hears(prepare(from, 1, seq, digest))?;
        }
        for from in [0, 1, 3] {
            victim.hears(commit(from, 1, seq, digest))?;
        }
    }
    let executed = victim.standing().executed.get();
    ensure!(executed == 2 && victim.executed() == 1, "it stands at {executed}");
    victim.restarts();
    let executed = victim.standing().executed.get();
    ensure!(executed == 2 && victim.executed() == 1, "after a restart it stands at {executed}");
    Ok(())
}

fn view_change_during_commit<P: Subject>() -> Result<()> {
    let held = batch(0, &[1]);
    let digest = held.batch.digest();
    let mut victim = Victim::<P>::new(2);
    victim.prompt = false;
    victim.hears(propose(0, 1, &held))?;
    for from in [1, 3] {
        victim.hears(prepare(from, 0, 1, digest))?;
    }
    for from in [0, 1] {
        victim.hears(commit(from, 0, 1, digest))?;
    }
    // Decided, and the application is busy. Now the view ends, and the next one proposes the batch again.
    for from in [0, 3] {
        victim.hears(Message::ViewChange(change(from, 1, None, vec![])))?;
    }
    let shows = victim.said().any(|message| match message {
        Message::ViewChange(vote) => vote.prepared.iter().any(|held| held.digest() == digest),
        _ => false,
    });
    ensure!(shows, "its view change hides what prepared");
    let votes = vec![
        change(0, 1, None, vec![prepared(0, 1, digest)]),
        change(1, 1, None, vec![]),
        change(3, 1, None, vec![]),
    ];
    victim.hears(new_view(1, votes, 1, &[digest]))?;
    for from in [0, 3] {
        victim.hears(prepare(from, 1, 1, digest))?;
    }
    for from in [0, 1, 3] {
        victim.hears(commit(from, 1, 1, digest))?;
    }
    let asked = victim.deeds.iter().filter(|deed| matches!(deed, Action::Execute { .. }));
    let asked = asked.count();
    ensure!(asked == 1, "the application was asked {asked} times to execute position 1");
    let commits = victim.said().filter(|message| match message {
        Message::Commit(vote) => vote.from == replica(2),
        _ => false,
    });
    ensure!(commits.count() == 2, "it commits in both views");
    Ok(())
}

fn alone_in_a_view_change<P: Subject>() -> Result<()> {
    let held = batch(0, &[1]);
    let mut victim = Victim::<P>::new(2);
    victim.hears(propose(0, 1, &held))?;
    victim.loses_patience();
    ensure!(!victim.standing().active, "it left view 0");
    victim.hears(Message::Decisions(vec![decision(0, 1, &held)]))?;
    ensure!(victim.executed() == 1, "it executes what the others decided");
    let votes = [0, 1, 3].map(|from| change(from, 1, None, vec![])).to_vec();
    victim.hears(new_view(1, votes, 1, &[]))?;
    let stands = victim.standing();
    ensure!(stands.active && stands.view.get() == 1, "it stands at {stands:?}");
    Ok(())
}
