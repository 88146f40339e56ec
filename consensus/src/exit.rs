//! The exit: what is to leave waits here until what it depends on is durable.
//!
//! In: word of what was written and of what became durable; things that leave, in the order in which the protocol asked
//! for them. Out: the same, in the same order, none before the records that were asked for before it. Refuses to know:
//! files, sockets, how long the disk takes, and what it is that leaves.
//!
//! Time is divided into rounds. A round ends when the disk is given work: everything written in it becomes durable with
//! one wait. While the disk works the next round fills, however long that takes. Drivers of a replica and the machines
//! of the simulator share this, so that what is simulated is what is deployed.

use std::collections::VecDeque;

/// What has to become durable: records first, then the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// Records.
    pub records: bool,
    /// The chain.
    pub chain: bool,
}

/// The exit of one replica.
#[derive(Clone, Debug)]
pub struct Exit<T> {
    /// What waits, each with the round that has to be durable first.
    held: VecDeque<(u64, T)>,
    /// The round that fills.
    round: u64,
    /// The last round that is durable.
    durable: u64,
    /// Whether the disk is at work, for the round before this one.
    busy: bool,
    owed: Owed,
}

impl<T> Default for Exit<T> {
    fn default() -> Self {
        let (held, busy, owed) = (VecDeque::new(), false, Owed::default());
        Self { held, round: 0, durable: 0, busy, owed }
    }
}

impl<T> Exit<T> {
    /// A record was written: what is asked for from now on depends on it.
    pub fn wrote_record(&mut self) {
        self.owed.records = true;
    }

    /// The chain was written and has to become durable.
    pub fn wrote_chain(&mut self) {
        self.owed.chain = true;
    }

    /// Something is to leave. If it vouches for the chain, that is owed, too: a quorum of checkpoint votes lets
    /// everybody forget what the chains are then the only ones to hold.
    pub fn push(&mut self, leaving: T, vouches_for_chain: bool) {
        self.owed.chain |= vouches_for_chain;
        // Without a debt in this round it waits for the rounds before.
        let waits = self.owed != Owed::default();
        self.held.push_back((self.round + u64::from(waits), leaving));
    }

    /// Ends the round if something is owed and the disk is idle: what to have made durable.
    pub fn begin(&mut self) -> Option<Owed> {
        if self.busy || self.owed == Owed::default() {
            return None;
        }
        self.busy = true;
        self.round += 1;
        Some(std::mem::take(&mut self.owed))
    }

    /// Whether the disk is at work.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    /// What [`Exit::begin`] asked for is durable.
    pub fn end(&mut self) {
        self.busy = false;
        self.durable = self.round;
    }

    /// Everything written so far is durable, or nobody waits for it.
    pub fn forgive(&mut self) {
        self.owed = Owed::default();
        self.round += 1;
        self.end();
    }

    /// The next that may leave.
    pub fn pop(&mut self) -> Option<T> {
        let free = self.held.front().is_some_and(|(round, _)| *round <= self.durable);
        if free { self.pop_early() } else { None }
    }

    /// The next, whatever it depends on: the mistake that the simulator plants.
    pub(crate) fn pop_early(&mut self) -> Option<T> {
        self.held.pop_front().map(|(_, leaving)| leaving)
    }

    /// What waits, in order.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &T> {
        self.held.iter().map(|(_, leaving)| leaving)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [u64; 0] = [];

    fn leaves(exit: &mut Exit<u64>) -> Vec<u64> {
        std::iter::from_fn(|| exit.pop()).collect()
    }

    /// What was asked for before a record leaves at once; what was asked for after it, when it is durable; what is
    /// asked for while the disk works waits for its own record, or for the disk if it has none.
    #[test]
    fn nothing_overtakes_the_record_it_depends_on() {
        let mut exit = Exit::default();
        exit.push(1, false);
        exit.wrote_record();
        exit.push(2, false);
        assert_eq!(leaves(&mut exit), [1]);
        assert_eq!(exit.begin(), Some(Owed { records: true, chain: false }));
        exit.push(3, false);
        exit.wrote_record();
        exit.push(4, false);
        assert_eq!(leaves(&mut exit), NOTHING);
        assert_eq!(exit.begin(), None, "the disk is at work");
        exit.end();
        assert_eq!(leaves(&mut exit), [2, 3]);
        assert!(exit.begin().is_some());
        assert_eq!(leaves(&mut exit), NOTHING);
        exit.end();
        assert_eq!(leaves(&mut exit), [4]);
        assert_eq!(exit.begin(), None, "nothing is owed");
        exit.push(5, false);
        assert_eq!(leaves(&mut exit), [5], "what depends on nothing does not wait");
        exit.push(6, true);
        assert_eq!(leaves(&mut exit), NOTHING, "it vouches for the chain");
        assert_eq!(exit.begin(), Some(Owed { records: false, chain: true }));
    }

    /// Whoever does not wait for the disk lets everything go in order.
    #[test]
    fn a_debt_can_be_forgiven() {
        let mut exit = Exit::default();
        exit.wrote_record();
        exit.push(1, false);
        exit.push(2, false);
        exit.forgive();
        assert_eq!(leaves(&mut exit), [1, 2]);
        assert_eq!(exit.begin(), None);
    }
}
