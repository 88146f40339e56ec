//! What ordered commands mean: accounts, contracts, identity, blocks.
//!
//! In: entries - an author, a command, a private part - in an order that somebody else agreed on. Out: receipts,
//! facts, a state root, block headers. Refuses to know: replicas, views, signatures, seals, clocks, floats.

mod hash;
mod identity;
mod commitment;
mod phase;
mod account;
mod refusal;
mod receipt;
pub mod contract;
mod command;

pub use account::Account;
pub use command::{Entry, MAX_COMMAND_BYTES};
pub use commitment::{Commitment, Invalid, Reading};
pub use contract::Command;
pub use contract::{members, slot_market, transfer};
pub use hash::Hash;
pub use identity::{Author, MeterId, Role};
pub use phase::Phase;
pub use receipt::{GateSummary, Receipt, SlotSummary};
pub use refusal::Refusal;
