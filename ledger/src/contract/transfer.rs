//! Transfers: money from one member to another.
//!
//! In: transfers by members. Out: facts, executed or bounced, when the slot closes. Refuses to know: energy,
//! prices, why somebody pays.

use market::{Money, ParticipantId};
use serde::{Deserialize, Serialize};

/// What a member may ask of this contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Moves money to another member when the slot closes. Members only, whenever a slot is open.
    Transfer {
        /// The receiver; it must be a member when the slot closes.
        to: ParticipantId,
        /// How much, above 0.
        amount: Money,
    },
}
