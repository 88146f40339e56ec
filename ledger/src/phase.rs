//! Where the market stands: every command is allowed in exactly one phase, and every refusal names
//! two of them.
//!
//! In: nothing. Out: a name. Refuses to know: clocks; the operator's commands move the phase.

use market::Slot;
use serde::{Deserialize, Serialize};

/// The phases of a run. `Enrolment`, then for each slot `Orders` and `Delivered`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Members are registered; no slot is open yet.
    Enrolment,
    /// Orders for this slot are taken.
    Orders(Slot),
    /// The gate of this slot is closed, its auction has run; readings are taken.
    Delivered(Slot),
}

impl Phase {
    /// The slot that is open, `None` before the first.
    pub const fn slot(self) -> Option<Slot> {
        match self {
            Self::Enrolment => None,
            Self::Orders(slot) | Self::Delivered(slot) => Some(slot),
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Enrolment => f.write_str("enrolment"),
            Self::Orders(slot) => write!(f, "orders of slot {slot}"),
            Self::Delivered(slot) => write!(f, "delivery of slot {slot}"),
        }
    }
}
