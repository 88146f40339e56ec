//! A replica whose messages are slightly wrong, each signed as if it were right.
//!
//! In: what it would say. Out: the same with one small change. Refuses to know: what the change is good for.
//!
//! Source: ByzzFuzz (Winter and others 2023): small-scope mutations - a value or a time next to the right one, another
//! digest, a certificate that is dropped or stale - find what arbitrary bytes do not.

use std::sync::Arc;

use crate::action::Action;
use crate::certificate::Checkpoint;
use crate::classic::message::{Message, NewView, Propose, Status, ViewChange};
use crate::classic::prepared::PrePrepare;
use crate::ids::{Digest, SeqNum, View};

use super::equivocator::other_batch;
use super::mouth::{Deed, Deeds, Mouth, send};

/// Once in so many messages, one is changed.
const CHANCES: u64 = 3;

fn next_to(mouth: &mut Mouth, value: u64) -> u64 {
    if mouth.draw.one_in(2) { value.saturating_add(1) } else { value.saturating_sub(1) }
}

/// View, position and digest with one of them wrong.
fn vote(mouth: &mut Mouth, (view, seq, digest): (View, SeqNum, Digest)) -> (View, SeqNum, Digest) {
    match mouth.draw.below(4) {
        0 => (View::new(next_to(mouth, view.get())), seq, digest),
        1 => (view, SeqNum::new(next_to(mouth, seq.get())), digest),
        2 => (view, seq, Digest::NULL),
        _ => (view, seq, Digest::of("mutated", &digest)),
    }
}

fn view_change(mouth: &mut Mouth, vote: &ViewChange) -> Message {
    let mut vote = vote.clone();
    match mouth.draw.below(6) {
        0 => vote.view = View::new(next_to(mouth, vote.view.get())),
        1 => vote.stable = SeqNum::new(next_to(mouth, vote.stable.get())),
        2 => vote.checkpoint = None,
        3 => drop(vote.prepared.pop()),
        4 => vote.prepared.reverse(),
        _ => {
            if let Some(held) = vote.prepared.first_mut() {
                held.prepares.pop();
            }
        }
    }
    Message::ViewChange(Arc::new(mouth.sign(vote)))
}

fn new_view(mouth: &mut Mouth, new_view: &NewView) -> Message {
    let mut new_view = new_view.clone();
    match mouth.draw.below(4) {
        0 => drop(new_view.pre_prepares.pop()),
        1 => drop(new_view.view_changes.pop()),
        2 => {
            if let Some(first) = new_view.view_changes.first().cloned() {
                new_view.view_changes.pop();
                new_view.view_changes.push(first);
            }
        }
        _ => {
            if let Some(first) = new_view.pre_prepares.first_mut() {
                let digest = Digest::NULL;
                *first = mouth.sign(PrePrepare { digest, ..first.message.clone() });
            }
        }
    }
    Message::NewView(Arc::new(mouth.sign(new_view)))
}

/// The message with one small change.
fn mutated(mouth: &mut Mouth, message: Message) -> Message {
    match &message {
        Message::Propose(propose) => {
            let right = &propose.pre_prepare;
            if mouth.draw.one_in(2) {
                let about = (right.view, right.seq, right.digest);
                let (view, seq, digest) = vote(mouth, about);
                let pre_prepare = mouth.sign(PrePrepare { view, seq, digest, from: mouth.id });
                let proposal = propose.proposal.clone();
                return Message::Propose(Propose { pre_prepare, proposal });
            }
            let mut other = other_batch(&propose.proposal);
            match mouth.draw.below(4) {
                0 => other.batch.requests.clear(),
                1 => drop(other.attachments.pop()),
                2 => other.batch.proposer = mouth.somebody(),
                _ => {}
            }
            mouth.propose(right.view, right.seq, other)
        }
        Message::Prepare(right) => {
            let (view, seq, digest) = vote(mouth, (right.view, right.seq, right.digest));
            mouth.prepare(view, seq, digest)
        }
        Message::Commit(right) => {
            let (view, seq, digest) = vote(mouth, (right.view, right.seq, right.digest));
            mouth.commit(view, seq, digest)
        }
        Message::Checkpoint(right) => {
            let seq = SeqNum::new(next_to(mouth, right.seq.get()));
            Message::Checkpoint(mouth.sign(Checkpoint { seq, ..right.message.clone() }))
        }
        Message::ViewChange(right) => view_change(mouth, right),
        Message::NewView(right) => new_view(mouth, right),
        Message::Status(right) => {
            let executed = SeqNum::new(right.executed.get().saturating_add(1_000));
            Message::Status(mouth.sign(Status { executed, ..right.message.clone() }))
        }
        Message::Decisions(right) => {
            let mut wrong = right.clone();
            if let Some(first) = wrong.first_mut() {
                first.certificate.commits.pop();
            }
            Message::Decisions(wrong)
        }
        Message::Stable(right) => {
            let mut wrong = right.clone();
            wrong.votes.pop();
            Message::Stable(wrong)
        }
        _ => message,
    }
}

/// Says it, or something next to it; to all, or to one.
pub fn speak(mouth: &mut Mouth, deed: Deed, out: &mut Deeds) {
    match deed {
        Action::Send { to, message } if mouth.draw.one_in(CHANCES) => {
            let message = mutated(mouth, message);
            out.push(Action::Send { to, message });
        }
        Action::Broadcast { message } if mouth.draw.one_in(CHANCES) => {
            let wrong = mutated(mouth, message.clone());
            let (some, rest) = mouth.halves();
            send(&some, &wrong, out);
            send(&rest, &message, out);
        }
        other => out.push(other),
    }
}
