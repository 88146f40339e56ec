//! How many lies were told about what: so that a test can show that a liar lied where it was to be withstood.
//!
//! In: what an honest replica would have done, and what was done instead. Out: counts by kind of message. Refuses to
//! know: why.

use std::collections::BTreeMap;

use crate::action::Action;
use crate::classic::message::Message;

use super::mouth::Deed;

/// Lies told by one replica since it last started, by the name of the message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lies(BTreeMap<&'static str, u64>);

impl Lies {
    /// A batch is built from fewer requests than there are.
    pub const BUILD: &'static str = "build";

    /// A lie about messages of this name.
    pub fn tell(&mut self, name: &'static str) {
        *self.0.entry(name).or_insert(0) += 1;
    }

    /// How many lies were told about messages of this name.
    pub fn about(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }
}

/// What a deed was before it was spoken, as far as it takes to see whether it was changed.
#[derive(Clone, Debug)]
pub enum Meant {
    /// To be said to all.
    Broadcast(&'static str),
    /// To be said to one.
    Send(Message),
    /// A batch of so many requests.
    Build(usize),
    /// Nothing that anybody lies about.
    Other,
}

impl Meant {
    /// What a deed is before it is spoken.
    pub fn by(deed: &Deed) -> Self {
        match deed {
            Action::Broadcast { message } => Self::Broadcast(message.name()),
            Action::Send { message, .. } => Self::Send(message.clone()),
            Action::Build { requests } => Self::Build(requests.len()),
            _ => Self::Other,
        }
    }

    /// The name of the lie, if what was done instead is one.
    pub fn betrayed(&self, done: &[Deed]) -> Option<&'static str> {
        let (honest, name) = match (self, done) {
            (Self::Broadcast(name), done) => (matches!(done, [Action::Broadcast { .. }]), *name),
            (Self::Send(meant), [Action::Send { message, .. }]) => (message == meant, meant.name()),
            (Self::Send(meant), _) => (false, meant.name()),
            (Self::Build(count), [Action::Build { requests }]) => {
                (requests.len() == *count, Lies::BUILD)
            }
            (Self::Build(_) | Self::Other, _) => return None,
        };
        (!honest).then_some(name)
    }
}
