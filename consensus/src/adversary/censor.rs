//! A primary that never orders certain clients, and keeps as many replicas out of the loop as lies are tolerated.
//!
//! In: requests to build from, messages to say. Out: fewer. Refuses to know: what is asked for.
//!
//! The second half is the leader of Berger, Reiser and Bessani 2021: those it leaves out cannot force a view change
//! alone, and must obtain every decision from others.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::classic::message::Message;
use crate::ids::{ClientId, ReplicaId};

use super::mouth::{Deed, Deeds, Mouth, send};

/// Whom it leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Censor {
    outside: BTreeSet<ReplicaId>,
    odd: u8,
}

impl Censor {
    /// Leaves out f random replicas, and about half of all clients.
    pub fn new(mouth: &mut Mouth) -> Self {
        let mut outside = BTreeSet::new();
        while outside.len() < mouth.committee.faults() {
            outside.insert(mouth.somebody());
        }
        Self { outside, odd: u8::from(mouth.draw.one_in(2)) }
    }

    fn hates(&self, client: &ClientId) -> bool {
        client.digest().bytes()[0] % 2 == self.odd
    }

    /// Says less.
    pub fn speak(&self, mouth: &Mouth, deed: Deed, out: &mut Deeds) {
        match deed {
            Action::Build { mut requests } => {
                requests.retain(|submission| !self.hates(&submission.request.client()));
                out.push(Action::Build { requests });
            }
            Action::Reply { reply } if self.hates(&reply.client) => {}
            Action::Send { message: Message::Request(request), .. }
                if self.hates(&request.request.client()) => {}
            Action::Send { to, .. } if self.outside.contains(&to) => {}
            Action::Broadcast { message } => {
                let mut receivers = mouth.others();
                receivers.retain(|to| !self.outside.contains(to));
                send(&receivers, &message, out);
            }
            other => out.push(other),
        }
    }
}
