//! Who takes part in a slot and where its home hangs, as the market sees it: numbers, nothing more.
//!
//! In: numbers chosen by the ledger. Out: opaque, ordered names. Refuses to know: keys, owners,
//! meters, addresses. Whether a participant may act at all is decided before it reaches this crate.

use serde::{Deserialize, Serialize};

/// One participant of a market: a connection point with an account behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParticipantId(u32);

impl ParticipantId {
    /// Names participant number `id`.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The number behind the name.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One feeder: the low-voltage line that a street of homes hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeederId(u32);

impl FeederId {
    /// Names feeder number `id`.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The number behind the name.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for FeederId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One aggregator: the substation that several feeders hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AggregatorId(u32);

impl AggregatorId {
    /// Names aggregator number `id`.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The number behind the name.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for AggregatorId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Identifies an order within one slot: the participant, and a counter that the ledger hands out.
/// Ties between participants are decided by the participant alone: a counter can be chosen, by
/// placing other orders first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId {
    /// Whose order.
    pub participant: ParticipantId,
    /// Which of this participant's orders of the slot, from 0.
    pub counter: u32,
}

impl std::fmt::Display for OrderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.participant, self.counter)
    }
}
