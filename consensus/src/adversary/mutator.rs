//! A replica whose messages are slightly wrong, each signed as if it were right.
//!
//! In: what it would say. Out: the same with one small change. Refuses to know: what the change is good for.
//!
//! Source: ByzzFuzz (Winter and others 2023): small-scope mutations - a value or a time next to the right one, another
//! digest, a certificate that is dropped or stale - find what arbitrary bytes do not.

use std::sync::Arc;

use crate::action::Action;
use crate::certificate::{Checkpoint, Decision};
use crate::classic::message::{Message, NewView, Propose, Status, ViewChange};
use crate::classic::prepared::{PrePrepare, PreparedCertificate};
use crate::ids::{Digest, SeqNum, View};
use crate::keys::Signed;
use crate::request::Proposal;

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

/// The same view change with a certificate of its own making: of a view that has not begun, or proposed by somebody who
/// did not lead.
fn with_fabrication(mouth: &mut Mouth, vote: &ViewChange) -> ViewChange {
    let before = View::new(vote.view.get().saturating_sub(1));
    let view = if mouth.draw.one_in(2) { vote.view } else { before };
    let (seq, digest) = (vote.stable.next(), Digest::of("fabricated", &vote.view));
    let pre_prepare = mouth.sign(PrePrepare { view, seq, digest, from: mouth.id });
    let fabricated = PreparedCertificate { pre_prepare, prepares: Vec::new() };
    ViewChange { prepared: vec![fabricated], from: mouth.id, ..vote.clone() }
}

fn view_change(mouth: &mut Mouth, vote: &ViewChange) -> Message {
    let mut vote = vote.clone();
    match mouth.draw.below(7) {
        0 => vote.view = View::new(next_to(mouth, vote.view.get())),
        1 => vote.stable = SeqNum::new(next_to(mouth, vote.stable.get())),
        2 => vote.checkpoint = None,
        3 => drop(vote.prepared.pop()),
        4 => vote.prepared.reverse(),
        5 => vote = with_fabrication(mouth, &vote),
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
    match mouth.draw.below(5) {
        0 => drop(new_view.pre_prepares.pop()),
        3 => {
            let own = |shown: &Arc<Signed<ViewChange>>| shown.from == mouth.id;
            let place = new_view.view_changes.iter().position(own).unwrap_or(0);
            if let Some(shown) = new_view.view_changes.get(place).cloned() {
                let fabricated = with_fabrication(mouth, &shown);
                new_view.view_changes[place] = Arc::new(mouth.sign(fabricated));
            }
        }
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

/// The same batch with one private part spoilt. No digest covers it.
fn spoilt(proposal: &Proposal) -> Proposal {
    let mut spoilt = proposal.clone();
    if let Some(first) = spoilt.attachments.first_mut() {
        first.0.push(1);
    }
    spoilt
}

fn propose(mouth: &mut Mouth, propose: &Propose) -> Message {
    let right = &propose.pre_prepare;
    match mouth.draw.below(5) {
        0 | 1 => {
            let (view, seq, digest) = vote(mouth, (right.view, right.seq, right.digest));
            let pre_prepare = mouth.sign(PrePrepare { view, seq, digest, from: mouth.id });
            Message::Propose(Propose { pre_prepare, proposal: propose.proposal.clone() })
        }
        2 => {
            let proposal = spoilt(&propose.proposal).into();
            Message::Propose(Propose { pre_prepare: right.clone(), proposal })
        }
        _ => {
            let mut other = other_batch(&propose.proposal);
            match mouth.draw.below(4) {
                0 => other.batch.edit(|batch| batch.requests.clear()),
                1 => drop(other.attachments.pop()),
                2 => {
                    let somebody = mouth.somebody();
                    other.batch.edit(|batch| batch.proposer = somebody);
                }
                _ => {}
            }
            mouth.propose(right.view, right.seq, other)
        }
    }
}

/// Decisions of which the first lacks a vote, or has a spoilt private part.
fn decisions(mouth: &mut Mouth, right: &[Decision]) -> Message {
    let mut wrong = right.to_vec();
    if let Some(first) = wrong.first_mut() {
        match &mut first.proposal {
            Some(proposal) if mouth.draw.one_in(2) => *proposal = spoilt(proposal).into(),
            _ => drop(first.certificate.commits.pop()),
        }
    }
    Message::Decisions(wrong)
}

/// The message with one small change.
fn mutated(mouth: &mut Mouth, message: Message) -> Message {
    match &message {
        Message::Propose(right) => propose(mouth, right),
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
        Message::Proposal(right) => Message::Proposal(spoilt(right).into()),
        Message::Decisions(right) => decisions(mouth, right),
        Message::Stable(right) => {
            let mut wrong = right.clone();
            wrong.votes.pop();
            Message::Stable(wrong)
        }
        _ => message,
    }
}

/// Whether this message is to be changed. Those that change views are rare, and each of them is.
fn is_chosen(mouth: &mut Mouth, message: &Message) -> bool {
    matches!(message, Message::ViewChange(_) | Message::NewView(_)) || mouth.draw.one_in(CHANCES)
}

/// Says it, or something next to it; to all, or to one.
pub fn speak(mouth: &mut Mouth, deed: Deed, out: &mut Deeds) {
    match deed {
        Action::Send { to, message } if is_chosen(mouth, &message) => {
            let message = mutated(mouth, message);
            out.push(Action::Send { to, message });
        }
        Action::Broadcast { message } if is_chosen(mouth, &message) => {
            let wrong = mutated(mouth, message.clone());
            let (some, rest) = mouth.halves();
            send(&some, &wrong, out);
            send(&rest, &message, out);
        }
        other => out.push(other),
    }
}
