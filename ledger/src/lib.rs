//! What ordered commands mean: accounts, contracts, identity, blocks.
//!
//! In: entries - an author, a command, a private part - in an order that somebody else agreed on.
//! Out: receipts, facts, a state root, block headers. Refuses to know: replicas, views, signatures,
//! seals, clocks, floats.
//!
//! ```
//! use credit::ScoreRule;
//! use ledger::{Author, Charter, Command, Entry, Genesis, Hash, Ledger, Receipt, slot_market};
//! use market::{Decimal, Energy, Kappa, NrgXSafe, Price, PriceRule, Slot, Tariff};
//!
//! let dso = Author::new([7; 32]);
//! let price = Price::from_micro_per_kwh;
//! let decimal = |text| Decimal::parse(text).expect("a decimal");
//! let rule = NrgXSafe::try_new(decimal("0.12"), decimal("0.4"), decimal("0.5"))?;
//! let charter = Charter {
//!     name: "a street".into(),
//!     dso,
//!     tariff: Tariff::try_new(price(80_000), price(300_000))?,
//!     kappa: Kappa::HALF,
//!     rule: PriceRule::NrgXSafe(rule),
//!     scoring: ScoreRule::V1,
//!     connection_limit: Energy::from_wh(100_000),
//! };
//! let mut ledger = Ledger::new(Genesis::try_new(charter)?);
//!
//! let open = Command::SlotMarket(slot_market::Command::Open).encode();
//! let entries = [Entry { author: dso, command: &open, private: &[] }];
//! Ledger::validate(&entries)?;
//! let applied = ledger.apply(&entries);
//! assert_eq!(applied.receipts, [Receipt::Opened { slot: Slot::ZERO }]);
//!
//! let genesis = ledger.head().hash();
//! let batch = Hash::new([1; 32]); // as the consensus names it
//! let header = ledger.commit(1, batch);
//! assert_eq!((header.parent, header.root), (genesis, ledger.root()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
