//! Attacks on checkpoints and on what a new view takes from them.
//!
//! In: a replica. Out: whether it falls for them. Refuses to know: other attacks.

use anyhow::{Context, Result, ensure};
use consensus::action::Action;
use consensus::classic::message::{Message, Status};
use consensus::event::{Event, Timer};
use consensus::ids::{SeqNum, View};
use consensus::reject::Reject;

use super::attack::Attack;
use super::forge::{batch, change, commit, decision, new_view, prepared, replica, sign, stable};
use super::victim::Victim;
use crate::replica::Subject;

pub(super) fn all<P: Subject>() -> Vec<Attack> {
    vec![
        Attack {
            name: "checkpoint-of-one",
            source: "Fabric v0.6: the checkpoint was selected from a part of the view changes",
            claim: "a checkpoint that one view change of the quorum proves is where the new view starts, and the \
                    backups compute the same",
            play: checkpoint_of_one::<P>,
        },
        Attack {
            name: "checkpoint-before-execution",
            source: "Fabric v0.6: the checkpoint number came from the agreement, not from the executor",
            claim: "no checkpoint is reported for a position before the application has executed it",
            play: checkpoint_before_execution::<P>,
        },
        Attack {
            name: "certificate-below-checkpoint",
            source: "Fabric v0.6, decision code: branch B omits m.h < n",
            claim: "a view change with a prepared certificate at or below its own checkpoint is refused",
            play: certificate_below_checkpoint::<P>,
        },
        Attack {
            name: "counted-twice",
            source: "Fabric v0.6, decision code: one message may count twice in A2",
            claim: "a new view that shows one view change twice is refused",
            play: counted_twice::<P>,
        },
        Attack {
            name: "above-the-high-mark",
            source: "Fabric v0.6: messages dropped at the high water mark under load",
            claim: "whoever dropped votes above its window asks for what was decided, and executes it",
            play: above_the_high_mark::<P>,
        },
    ]
}

/// A replica that executed positions 1 to `last`, each a batch of its own client.
fn advanced<P: Subject>(id: u16, last: u64) -> Result<Victim<P>> {
    let mut victim = Victim::new(id);
    for seq in 1..=last {
        let decisions = vec![decision(0, seq, &batch(0, &[seq]))];
        victim.hears(Message::Decisions(decisions))?;
    }
    Ok(victim)
}

fn checkpoint_of_one<P: Subject>() -> Result<()> {
    let reported = advanced::<P>(1, 4)?;
    let vote = reported.reported(4).context("a checkpoint is due at position 4")?;
    let ahead = change(3, 1, Some(stable(vote)), Vec::new());
    let old = prepared(0, 2, batch(0, &[2]).batch.digest());
    let behind = change(2, 1, None, vec![old]);
    // The next primary: its own view change, one that proves the checkpoint, one that lags behind it.
    let mut primary = Victim::<P>::new(1);
    primary.hears(Message::ViewChange(ahead))?;
    primary.hears(Message::ViewChange(behind))?;
    let begun = primary.said().find(|message| matches!(message, Message::NewView(_)));
    let Some(Message::NewView(begun)) = begun.cloned() else {
        anyhow::bail!("the new view does not begin");
    };
    ensure!(begun.pre_prepares.is_empty(), "it proposes what the checkpoint covers: {begun:?}");
    let mut backup = Victim::<P>::new(0);
    backup.hears(Message::NewView(begun))?;
    let stands = backup.standing();
    ensure!((stands.view.get(), stands.stable.get()) == (1, 4), "the backup stands at {stands:?}");
    Ok(())
}

fn checkpoint_before_execution<P: Subject>() -> Result<()> {
    let mut victim = advanced::<P>(1, 3)?;
    victim.prompt = false;
    victim.hears(Message::Decisions(vec![decision(0, 4, &batch(0, &[4]))]))?;
    let executing = victim
        .deeds
        .iter()
        .any(|deed| matches!(deed, Action::Execute { decision, .. } if decision.seq().get() == 4));
    ensure!(executing, "position 4 was decided, and the application is busy with it");
    ensure!(victim.count("checkpoint") == 0, "a checkpoint left before the execution was done");
    Ok(())
}

fn certificate_below_checkpoint<P: Subject>() -> Result<()> {
    let reported = advanced::<P>(1, 4)?;
    let vote = reported.reported(4).context("a checkpoint is due at position 4")?;
    let old = prepared(0, 4, batch(0, &[4]).batch.digest());
    let mut victim = Victim::<P>::new(1);
    let refused = victim.hears(Message::ViewChange(change(2, 1, Some(stable(vote)), vec![old])));
    ensure!(matches!(refused, Err(Reject::BadViewChange { .. })), "taken: {refused:?}");
    Ok(())
}

fn counted_twice<P: Subject>() -> Result<()> {
    let shown =
        vec![change(0, 1, None, vec![]), change(2, 1, None, vec![]), change(2, 1, None, vec![])];
    let mut victim = Victim::<P>::new(3);
    let refused = victim.hears(new_view(1, shown, 1, &[]));
    ensure!(matches!(refused, Err(Reject::BadNewView { .. })), "taken: {refused:?}");
    Ok(())
}

fn above_the_high_mark<P: Subject>() -> Result<()> {
    // Windows hold 8 positions; the others are done with 9.
    let mut victim = Victim::<P>::new(3);
    let dropped = victim.hears(commit(1, 0, 9, batch(0, &[9]).batch.digest()));
    ensure!(matches!(dropped, Err(Reject::OutsideWindow { .. })), "kept: {dropped:?}");
    let (view, executed, stable) = (View::ZERO, SeqNum::new(9), SeqNum::new(8));
    let ahead = Status { view, active: true, executed, stable, waits: false, from: replica(1) };
    victim.hears(Message::Status(sign(1, ahead)))?;
    for _ in 0..3 {
        victim.happens(Event::Expired(Timer::Status))?;
    }
    ensure!(victim.count("fetch") > 0, "it never asks for what it dropped");
    for first in [1, 5] {
        let answer = (first..first + 4).map(|seq| decision(0, seq, &batch(0, &[seq]))).collect();
        victim.hears(Message::Decisions(answer))?;
    }
    victim.hears(Message::Decisions(vec![decision(0, 9, &batch(0, &[9]))]))?;
    ensure!(victim.executed() == 9, "it executed {} of 9", victim.executed());
    Ok(())
}
