//! The contracts: units of rules, each with its own commands, state, facts and invariants.
//!
//! In: a decoded command and who gave it. Out: a receipt and facts. Refuses to know: bytes, blocks, order of
//! arrival. This file is the one place where the contracts are listed.

pub mod members;
pub mod transfer;
pub mod slot_market;

use serde::{Deserialize, Serialize};

/// A command of one of the contracts. The order of the variants is their tag on the wire: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Who takes part.
    Members(members::Command),
    /// Money between members.
    Transfer(transfer::Command),
    /// The market of the open slot.
    SlotMarket(slot_market::Command),
}
