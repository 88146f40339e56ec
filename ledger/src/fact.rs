//! What happened: everything a bill, a report or a score is made from.
//!
//! In: what contracts did. Out: plain values in the order in which they happened. Refuses to know:
//! accounts and receipts; `posting` maps facts to money, receipts tell authors.

use credit::{Assessment, Score};
use market::{GridLine, Line, Money, Order, Outcome, ParticipantId, Price, Slot};
use serde::{Deserialize, Serialize};

use crate::identity::MeterId;
use crate::receipt::{GateSummary, SlotSummary};

/// One thing that happened. Within a slot's close: bills by participant, the grid's and the
/// operator's line, transfers by (participant, counter), scores by participant, then the summary.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fact {
    /// A member joined.
    Registered {
        /// Who.
        participant: ParticipantId,
        /// Its meter.
        meter: MeterId,
        /// What it paid in.
        deposit: Money,
    },
    /// The market opened.
    Opened {
        /// The first slot.
        slot: Slot,
    },
    /// What became of an order when the gate closed.
    Ordered {
        /// The slot.
        slot: Slot,
        /// The order.
        order: Order,
        /// Its one outcome.
        outcome: Outcome,
    },
    /// The auction ran.
    GateClosed(GateSummary),
    /// A member's slot was settled.
    Billed(Bill),
    /// The region's exchange with the grid was settled.
    GridSettled {
        /// The slot.
        slot: Slot,
        /// Energy and amount.
        line: GridLine,
    },
    /// What the operator's account gained by bills and grid; negative is a loss.
    OperatorSettled {
        /// The slot.
        slot: Slot,
        /// How much.
        amount: Money,
    },
    /// A transfer was executed.
    Transferred {
        /// The slot at whose close it was.
        slot: Slot,
        /// Who pays.
        from: ParticipantId,
        /// Who receives.
        to: ParticipantId,
        /// How much.
        amount: Money,
    },
    /// A transfer was not executed.
    Bounced {
        /// The slot at whose close it was not.
        slot: Slot,
        /// Who would have paid.
        from: ParticipantId,
        /// Who would have received.
        to: ParticipantId,
        /// How much.
        amount: Money,
        /// Why.
        reason: Bounce,
    },
    /// A member's score was computed anew.
    Scored {
        /// The slot that was folded in.
        slot: Slot,
        /// Whose score.
        participant: ParticipantId,
        /// The score before.
        before: Score,
        /// The score now, its factors, and at most four reasons.
        assessment: Assessment,
    },
    /// The slot is closed.
    SlotClosed(SlotSummary),
}

/// One member's bill of one slot, complete enough to be checked by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bill {
    /// The slot.
    pub slot: Slot,
    /// Energies and amounts.
    pub line: Line,
    /// The price of contracted energy, `None` when nothing traded.
    pub price: Option<Price>,
    /// The price of energy used beyond the contract: the region's, or retail without a reading.
    pub buy: Price,
    /// The price of energy fed in beyond the contract.
    pub sell: Price,
}

/// Why a transfer was not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Bounce {
    /// The balance at that moment did not cover it.
    NotCovered {
        /// The balance.
        balance: Money,
    },
    /// Nobody has that number.
    NoSuchMember,
    /// The receiver's balance would leave the range of 64 bits.
    ReceiverFull,
}
