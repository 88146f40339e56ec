//! A replica that tells different things to different others.
//!
//! In: what it would say to all, and votes of others. Out: as primary another batch for some; as voter whatever the
//! receiver wants to hear; view changes, checkpoints and where it stands in two versions. Refuses to know: whether
//! anybody falls for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::action::Action;
use crate::certificate::Checkpoint;
use crate::classic::message::{Message, Status, ViewChange};
use crate::ids::{Digest, ReplicaId, SeqNum, View};
use crate::request::Proposal;

use super::mouth::{Deed, Deeds, Mouth, send};

/// The same requests as another batch: in another order, or with another context.
pub fn other_batch(proposal: &Proposal) -> Proposal {
    let mut other = proposal.clone();
    if other.batch.requests.len() > 1 {
        other.batch.edit(|batch| batch.requests.reverse());
        other.attachments.reverse();
    } else {
        other.batch.edit(|batch| batch.context.push(1));
    }
    other
}

/// The other version of a message; none if there is only one.
fn other_version(mouth: &Mouth, message: &Message) -> Option<Message> {
    Some(match message {
        Message::Propose(propose) => {
            let vote = &propose.pre_prepare;
            mouth.propose(vote.view, vote.seq, other_batch(&propose.proposal))
        }
        Message::Prepare(vote) => mouth.prepare(vote.view, vote.seq, Digest::NULL),
        Message::Commit(vote) => mouth.commit(vote.view, vote.seq, Digest::NULL),
        Message::ViewChange(vote) => {
            let vote = ViewChange { prepared: Vec::new(), ..vote.message.clone() };
            Message::ViewChange(Arc::new(mouth.sign(vote)))
        }
        Message::Checkpoint(vote) => {
            let vote = Checkpoint { state: vote.clients, ..vote.message.clone() };
            Message::Checkpoint(mouth.sign(vote))
        }
        Message::Status(status) => {
            let executed = status.executed.next();
            Message::Status(mouth.sign(Status { executed, ..status.message.clone() }))
        }
        _ => return None,
    })
}

/// Says it, or says two things.
pub fn speak(mouth: &mut Mouth, deed: Deed, out: &mut Deeds) {
    let Action::Broadcast { message } = deed else {
        out.push(deed);
        return;
    };
    match other_version(mouth, &message) {
        Some(other) => {
            let (some, rest) = mouth.halves();
            send(&some, &other, out);
            send(&rest, &message, out);
        }
        None => out.push(Action::Broadcast { message }),
    }
}

/// Whom it has agreed with, about what: once each, or two equivocators would agree for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Agreed {
    with: BTreeSet<(ReplicaId, View, SeqNum, Digest)>,
}

/// Agreements remembered: the open positions of a committee, in some views.
const AGREEMENTS: usize = 4_096;

/// Agrees with everybody: whoever votes for something hears that this replica does too.
pub fn hear(agreed: &mut Agreed, mouth: &Mouth, message: &Message, out: &mut Deeds) {
    let (from, view, seq, digest) = match message {
        Message::Prepare(vote) => (vote.from, vote.view, vote.seq, vote.digest),
        Message::Commit(vote) => (vote.from, vote.view, vote.seq, vote.digest),
        _ => return,
    };
    if agreed.with.len() == AGREEMENTS {
        agreed.with.clear();
    }
    if from == mouth.id || !agreed.with.insert((from, view, seq, digest)) {
        return;
    }
    if mouth.committee.primary(view) != mouth.id {
        send(&[from], &mouth.prepare(view, seq, digest), out);
    }
    send(&[from], &mouth.commit(view, seq, digest), out);
}
