//! Messages of a view that has not begun here: kept, a few of each author, until it does.
//!
//! In: proposals and votes of later views. Out: those of the view that begins. Refuses to know: whether they
//! are any good. Without it each vote that overtakes the NEW-VIEW on another link would wait for a resend.

use std::collections::BTreeMap;

use super::message::Message;
use crate::ids::{ReplicaId, View};
use crate::keys::Verified;

/// The messages kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Early {
    held: BTreeMap<ReplicaId, Vec<(View, Verified<Message>)>>,
}

impl Early {
    /// Messages kept of one author: a proposal and two votes at a handful of positions.
    const PER_AUTHOR: usize = 16;

    /// Keeps a message; false if its author has too many here. One that is repeated takes no room.
    pub(super) fn hold(&mut self, from: ReplicaId, view: View, message: Verified<Message>) -> bool {
        let held = self.held.entry(from).or_default();
        if held.iter().any(|(_, known)| *known == message) {
            return true;
        }
        let room = held.len() < Self::PER_AUTHOR;
        if room {
            held.push((view, message));
        }
        room
    }

    /// Takes the messages of `view` in the order they came, and forgets those of earlier views.
    pub(super) fn take(&mut self, view: View) -> Vec<Verified<Message>> {
        let mut taken = Vec::new();
        for held in self.held.values_mut() {
            let all = std::mem::take(held);
            let (due, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|(of, _)| *of <= view);
            *held = rest;
            taken.extend(due.into_iter().filter(|(of, _)| *of == view).map(|(_, message)| message));
        }
        self.held.retain(|_, held| !held.is_empty());
        taken
    }
}

#[cfg(test)]
mod tests;
