//! What ordered commands mean: accounts, contracts, identity, blocks.
//!
//! In: entries - an author, a command, a private part - in an order that somebody else agreed on.
//! Out: receipts, facts, a state root, block headers. Refuses to know: replicas, views, signatures,
//! seals, clocks, floats.

mod sync;
mod published;
mod hash;
mod merkle;
mod identity;
mod commitment;
mod phase;
mod records;
mod account;
mod genesis;
mod refusal;
mod receipt;
mod fact;
mod posting;
mod actor;
mod root;
mod violation;
pub mod contract;
mod command;
mod block;
mod apply;
mod snapshot;
mod proof;
pub mod audit;

pub use account::{Account, Book, Posting};
pub use apply::{Applied, InvalidEntry, Ledger};
pub use block::BlockHeader;
pub use command::{Entry, MAX_COMMAND_BYTES};
pub use commitment::{Commitment, Invalid, Reading};
pub use contract::{Command, INVARIANTS, Invariant, State};
pub use contract::{members, score, slot_market, transfer};
pub use fact::{Bill, Bounce, Fact};
pub use genesis::{Charter, Genesis, GenesisError, MAX_MEMBERS};
pub use hash::Hash;
pub use identity::{Author, MeterId, Role};
pub use phase::Phase;
pub use proof::{BalanceProof, ScoreProof};
pub use published::Published;
pub use receipt::{GateSummary, Receipt, SlotSummary};
pub use refusal::Refusal;
pub use snapshot::{CHUNK_BYTES, MAX_SNAPSHOT_BYTES, RestoreError};
pub use violation::Violation;
