//! A replica that claims what it has no right to: the primacy, the voices of others, certificates it does not hold.
//!
//! In: what it hears. Out: proposals in views it does not lead, new views that do not follow, votes in the name of
//! others, requests without bounds. Refuses to know: the keys of others; what it says in their names is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::Action;
use crate::certificate::{Checkpoint, CheckpointCertificate, Commit};
use crate::classic::message::{Message, NewView, ViewChange};
use crate::classic::prepared::{PrePrepare, Prepare};
use crate::ids::{Digest, SeqNum, Timestamp, View};
use crate::keys::Signed;
use crate::request::{Request, Submission};

use super::mouth::{Deeds, Mouth};

/// Once in so many messages heard, something is usurped.
const CHANCES: u64 = 4;

/// The next view that this replica leads.
fn own_view(mouth: &Mouth, view: View) -> View {
    let mut view = view.next();
    while mouth.committee.primary(view) != mouth.id {
        view = view.next();
    }
    view
}

/// The last view changes heard, of different replicas; those for `view` first, if there are enough of them.
fn shown(mouth: &Mouth, view: View) -> Vec<Arc<Signed<ViewChange>>> {
    let quorum = mouth.committee.quorum();
    let all = mouth.heard.iter().rev().filter_map(|message| match message {
        Message::ViewChange(vote) => Some(vote.clone()),
        _ => None,
    });
    let mut fitting = BTreeMap::new();
    for vote in all.clone().filter(|vote| vote.view == view) {
        fitting.entry(vote.from).or_insert(vote);
    }
    if fitting.len() >= quorum {
        return fitting.into_values().take(quorum).collect();
    }
    all.take(quorum).collect()
}

/// A new view out of the view changes at hand, which may be too few, of other views, or repeated; its proposal does
/// not follow from them.
fn new_view(mouth: &mut Mouth, view: View) -> Message {
    let mut view_changes = shown(mouth, view);
    let claim = ViewChange {
        view,
        stable: SeqNum::ZERO,
        checkpoint: None,
        prepared: Vec::new(),
        from: mouth.id,
    };
    while view_changes.len() < mouth.committee.quorum() {
        view_changes.push(Arc::new(mouth.sign(claim.clone())));
    }
    let digest = mouth.last_proposal().map_or(Digest::NULL, |last| last.pre_prepare.digest);
    let seq = SeqNum::new(1);
    let pre_prepares = vec![mouth.sign(PrePrepare { view, seq, digest, from: mouth.id })];
    let new_view = NewView { view, view_changes, pre_prepares, from: mouth.id };
    Message::NewView(Arc::new(mouth.sign(new_view)))
}

/// A request of its own: too long, older than another, at odds with another, or one that the application of the
/// simulator refuses, because its private part is missing.
fn request(mouth: &mut Mouth) -> Message {
    let length = match mouth.draw.below(3) {
        0 => mouth.operation_bytes + 1,
        other => usize::try_from(other).expect("small"),
    };
    let timestamp = Timestamp::new(mouth.draw.below(4));
    let tag = u8::from(mouth.draw.one_in(2));
    let operation = vec![tag; length];
    let request = mouth.sign(Request::new(mouth.key(), timestamp, operation));
    Message::Request(Submission { request, attachment: Vec::new() })
}

/// A vote in somebody else's name, signed with its own key.
fn forgery(mouth: &mut Mouth, view: View, seq: SeqNum, digest: Digest) -> Message {
    let from = mouth.somebody();
    if mouth.draw.one_in(2) {
        Message::Prepare(mouth.sign(Prepare { view, seq, digest, from }))
    } else {
        Message::Commit(mouth.sign(Commit { view, seq, digest, from }))
    }
}

/// A certificate made of its own vote, as often as it takes.
fn certificate(mouth: &Mouth, seq: SeqNum, digest: Digest) -> Message {
    let (state, clients) = (digest, digest);
    let vote = mouth.sign(Checkpoint { seq, state, clients, from: mouth.id });
    let votes = vec![vote; mouth.committee.quorum()];
    Message::Stable(CheckpointCertificate { seq, state, clients, votes })
}

/// Claims something.
pub fn hear(mouth: &mut Mouth, out: &mut Deeds) {
    if let Some(Message::ViewChange(vote)) = mouth.heard.back()
        && mouth.committee.primary(vote.view) == mouth.id
    {
        let message = new_view(mouth, vote.view);
        let to = mouth.somebody();
        out.push(Action::Send { to, message });
    }
    if !mouth.draw.one_in(CHANCES) {
        return;
    }
    let Some(last) = mouth.last_proposal() else { return };
    let PrePrepare { view, seq, digest, .. } = last.pre_prepare.message;
    let far = SeqNum::new(seq.get() + mouth.window + 1);
    let message = match mouth.draw.below(11) {
        0 => mouth.propose(view, seq.next(), last.proposal.as_ref().clone()),
        1 => mouth.propose(view.next(), seq, last.proposal.as_ref().clone()),
        2 => mouth.prepare(view, seq, digest),
        3 => forgery(mouth, view, seq, digest),
        4 => {
            let view = own_view(mouth, view);
            new_view(mouth, view)
        }
        5 => new_view(mouth, view.next()),
        6 => request(mouth),
        7 => mouth.commit(view, far, digest),
        8 => certificate(mouth, seq, digest),
        9 => Message::Proposal(last.proposal.clone()),
        _ => mouth.prepare(View::new(view.get() + 1_000), seq, digest),
    };
    let to = mouth.somebody();
    out.push(Action::Send { to, message });
}
