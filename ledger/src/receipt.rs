//! What an author is told about its command: one receipt per command, accepted or refused.
//!
//! In: what a contract did. Out: a small value with a canonical encoding that travels in replies.
//! Refuses to know: requests, replicas, retries. Receipts are not part of the state root.

use market::{Energy, Money, OrderId, ParticipantId, Price, Slot};
use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::identity::MeterId;
use crate::refusal::Refusal;

/// The answer to one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Receipt {
    /// Nothing has changed, and why.
    Refused(Refusal),
    /// A member was registered.
    Registered {
        /// Who.
        participant: ParticipantId,
    },
    /// A transfer was admitted. It is executed when the slot closes, if the balance covers it then.
    TransferAdmitted {
        /// The slot at whose close it is executed.
        slot: Slot,
        /// Which of the author's transfers of the slot, from 0.
        counter: u32,
    },
    /// The market opened.
    Opened {
        /// The first slot.
        slot: Slot,
    },
    /// An order stands in the book.
    OrderPlaced {
        /// Its name within the slot.
        id: OrderId,
    },
    /// The gate closed and the auction ran.
    GateClosed(GateSummary),
    /// A reading was taken.
    ReadingTaken {
        /// The meter.
        meter: MeterId,
        /// The slot.
        slot: Slot,
    },
    /// The slot was settled and the next one is open.
    SlotClosed(SlotSummary),
}

impl Receipt {
    /// No encoded receipt is longer than this many bytes; what a reply must make room for.
    pub const MAX_BYTES: usize = 1024;

    /// Whether the command had an effect.
    pub const fn is_accepted(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

/// What the auction of a slot did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GateSummary {
    /// The slot.
    pub slot: Slot,
    /// The uniform price, `None` when nothing traded.
    pub price: Option<Price>,
    /// Energy that traded.
    pub volume: Energy,
    /// Bids in the book.
    pub bids: u32,
    /// Offers in the book.
    pub offers: u32,
}

/// What one slot came to, over all members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SlotSummary {
    /// The slot.
    pub slot: Slot,
    /// The auction's price, `None` when nothing traded.
    pub price: Option<Price>,
    /// Energy that traded in the auction.
    pub volume: Energy,
    /// Sum of what members injected.
    pub production: Energy,
    /// Sum of what members withdrew.
    pub consumption: Energy,
    /// The smaller of the two: produced and used inside the region.
    pub local: Energy,
    /// What the region as a whole drew from the grid, 0 or more.
    pub grid_import: Energy,
    /// What the region as a whole fed into the grid, 0 or more.
    pub grid_export: Energy,
    /// What members paid for energy beyond their contracts.
    pub buy: Price,
    /// What members got for energy beyond their contracts.
    pub sell: Price,
    /// What the operator's account gained; negative is a loss.
    pub operator: Money,
    /// Members without a reading, settled on a substitute.
    pub missing: u32,
    /// Transfers executed.
    pub transfers: u32,
    /// Transfers that the balance did not cover, or whose receiver nobody knows.
    pub bounced: u32,
    /// The state root as the close left it; it seeds the next slot's auction.
    pub root: Hash,
}
