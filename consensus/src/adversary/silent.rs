//! A replica that says nothing to some or to all.
//!
//! In: what it would say. Out: less. Refuses to know: what is in a message.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::ids::ReplicaId;

use super::mouth::{Deed, Deeds, Mouth, send};

/// Whom it does not talk to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Silent {
    shunned: BTreeSet<ReplicaId>,
}

impl Silent {
    /// Silent to all once in three times, else to a random part.
    pub fn new(mouth: &mut Mouth) -> Self {
        let everybody = mouth.draw.one_in(3);
        let shunned = if everybody { mouth.others() } else { mouth.halves().0 };
        Self { shunned: shunned.into_iter().collect() }
    }

    /// Passes on what is for those it talks to; clients get answers only if everybody is talked to.
    pub fn speak(&self, mouth: &Mouth, deed: Deed, out: &mut Deeds) {
        match deed {
            Action::Send { to, .. } if self.shunned.contains(&to) => {}
            Action::Broadcast { message } => {
                let mut receivers = mouth.others();
                receivers.retain(|to| !self.shunned.contains(to));
                send(&receivers, &message, out);
            }
            Action::Reply { .. } if !self.shunned.is_empty() => {}
            other => out.push(other),
        }
    }
}
