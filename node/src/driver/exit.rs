//! The exit: what is to leave waits here until what it depends on is durable.
//!
//! In: word of what was written and of what became durable; messages and replies in the order in which the protocol
//! asked for them. Out: the same, in the same order, none before the records that were asked for before it. Refuses to
//! know: files, sockets, and how long the disk takes.
//!
//! Time is divided into rounds. A round ends when the disk is given work: everything written in it becomes durable with
//! one wait. While the disk works the next round fills, however long that takes.

use std::collections::VecDeque;

use consensus::classic::message::Message;
use consensus::ids::ReplicaId;
use consensus::request::Reply;

use crate::metrics::Count;

/// Something that leaves.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// To one replica.
    To(ReplicaId, Message, Count),
    /// To all others.
    All(Message, Count),
    /// To a client, for one of the requests of this execution.
    Reply(u64, Reply),
}

impl Outgoing {
    /// Whether it vouches for the chain. A quorum of checkpoint votes lets everybody forget what the chains are then
    /// the only ones to hold.
    pub(super) fn is_checkpoint(&self) -> bool {
        matches!(
            self,
            Self::To(_, Message::Checkpoint(_), _) | Self::All(Message::Checkpoint(_), _)
        )
    }
}

/// Something that leaves once its round is durable.
#[derive(Debug)]
struct Held {
    round: u64,
    outgoing: Outgoing,
}

/// What has to become durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Owed {
    /// Records.
    pub(super) records: bool,
    /// The chain.
    pub(super) chain: bool,
}

/// The exit of one replica.
#[derive(Debug, Default)]
pub(super) struct Exit {
    held: VecDeque<Held>,
    /// The round that fills.
    round: u64,
    /// The first round that is not durable.
    volatile: u64,
    /// Whether the disk is at work, for the round before this one.
    busy: bool,
    owed: Owed,
}

impl Exit {
    /// A record was written: what is asked for from now on depends on it.
    pub(super) fn wrote_record(&mut self) {
        self.owed.records = true;
    }

    /// The chain was written and has to become durable.
    pub(super) fn wrote_chain(&mut self) {
        self.owed.chain = true;
    }

    /// Something is to leave.
    pub(super) fn push(&mut self, outgoing: Outgoing) {
        self.owed.chain |= outgoing.is_checkpoint();
        // Without a debt in this round it waits for the rounds before.
        let waits = self.owed != Owed::default();
        let round = if waits { self.round + 1 } else { self.round };
        self.held.push_back(Held { round, outgoing });
    }

    /// Ends the round if something is owed and the disk is idle: what to have made durable.
    pub(super) fn begin(&mut self) -> Option<Owed> {
        if self.busy || self.owed == Owed::default() {
            return None;
        }
        self.busy = true;
        self.round += 1;
        Some(std::mem::take(&mut self.owed))
    }

    /// Whether the disk is at work.
    pub(super) fn is_busy(&self) -> bool {
        self.busy
    }

    /// What [`Exit::begin`] asked for is durable.
    pub(super) fn end(&mut self) {
        self.busy = false;
        self.volatile = self.round;
    }

    /// Everything written so far is durable, or nobody waits for it.
    pub(super) fn forgive(&mut self) {
        self.owed = Owed::default();
        self.busy = false;
        self.round += 1;
        self.volatile = self.round;
    }

    /// The next that may leave.
    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        let free = self.held.front().is_some_and(|held| held.round <= self.volatile);
        if free { self.held.pop_front().map(|held| held.outgoing) } else { None }
    }

    /// What waits, in order.
    pub(super) fn waiting(&self) -> impl ExactSizeIterator<Item = &Outgoing> {
        self.held.iter().map(|held| &held.outgoing)
    }
}

#[cfg(test)]
mod tests {
    use consensus::ids::{ClientId, Digest, Timestamp, View};

    use super::*;

    fn reply(number: u64) -> Outgoing {
        let client = ClientId::new(Digest::NULL);
        let (view, timestamp) = (View::ZERO, Timestamp::new(number));
        Outgoing::Reply(0, Reply { view, timestamp, client, result: Vec::new() })
    }

    const NOTHING: [u64; 0] = [];

    fn leaves(exit: &mut Exit) -> Vec<u64> {
        let number = |outgoing| match outgoing {
            Outgoing::Reply(_, reply) => reply.timestamp.get(),
            other => panic!("{other:?}"),
        };
        std::iter::from_fn(|| exit.pop()).map(number).collect()
    }

    /// What was asked for before a record leaves at once; what was asked for after it, when it is durable; what is
    /// asked for while the disk works waits for its own record, or for the disk if it has none.
    #[test]
    fn nothing_overtakes_the_record_it_depends_on() {
        let mut exit = Exit::default();
        exit.push(reply(1));
        exit.wrote_record();
        exit.push(reply(2));
        assert_eq!(leaves(&mut exit), [1]);
        assert_eq!(exit.begin(), Some(Owed { records: true, chain: false }));
        exit.push(reply(3));
        exit.wrote_record();
        exit.push(reply(4));
        assert_eq!(leaves(&mut exit), NOTHING);
        assert_eq!(exit.begin(), None, "the disk is at work");
        exit.end();
        assert_eq!(leaves(&mut exit), [2, 3]);
        assert!(exit.begin().is_some());
        assert_eq!(leaves(&mut exit), NOTHING);
        exit.end();
        assert_eq!(leaves(&mut exit), [4]);
        assert_eq!(exit.begin(), None, "nothing is owed");
        exit.push(reply(5));
        assert_eq!(leaves(&mut exit), [5], "what depends on nothing does not wait");
    }

    /// Whoever does not wait for the disk lets everything go in order.
    #[test]
    fn a_debt_can_be_forgiven() {
        let mut exit = Exit::default();
        exit.wrote_record();
        exit.push(reply(1));
        exit.push(reply(2));
        exit.forgive();
        assert_eq!(leaves(&mut exit), [1, 2]);
        assert_eq!(exit.begin(), None);
    }
}
