//! What must always hold, and did not: our fault, never a sender's.
//!
//! In: nothing. Out: one enum for the invariants of all contracts, with the values that clash.
//! Refuses to know: what to do about it; a running ledger stops, an audit reports.

use market::{Energy, ParticipantId, Slot};

/// A broken invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Violation {
    /// Money was made or lost.
    #[error("the balances of all accounts sum to {sum}, not to zero")]
    BalancesSum {
        /// The sum in nano-currency.
        sum: i128,
    },
    /// Members and their accounts do not match one to one.
    #[error("{members} members have {accounts} accounts")]
    Accounts {
        /// Registered members.
        members: usize,
        /// Member accounts.
        accounts: usize,
    },
    /// A member whose account belongs to somebody else.
    #[error("participant {0} has no account of its own")]
    Unmatched(ParticipantId),
    /// An index of the members contract does not lead back to the member.
    #[error("the key or meter of participant {0} leads to somebody else")]
    Index(ParticipantId),
    /// A pending transfer that should not have been admitted.
    #[error("participant {0} has a transfer that may not be pending")]
    Pending(ParticipantId),
    /// An order, contract or reading that should not stand.
    #[error("the seat of participant {0} holds what may not stand in this phase")]
    Seat(ParticipantId),
    /// A reading that is not the one that was committed to.
    #[error("the reading of participant {0} does not match its commitment")]
    Reading(ParticipantId),
    /// A largest import that no meter of a member can have reported.
    #[error("the largest import of participant {0} is none that a member can have")]
    LargestImport(ParticipantId),
    /// Contracts that do not cancel out (I1).
    #[error("in slot {slot}, {bought} were bought and {sold} sold")]
    Contracts {
        /// The open slot.
        slot: Slot,
        /// Contracted energy of the buyers.
        bought: Energy,
        /// Contracted energy of the sellers.
        sold: Energy,
    },
    /// A member is overdue without a debt, or in debt without being overdue.
    #[error("what participant {0} owes and since when do not match")]
    Overdue(ParticipantId),
    /// Members and their standings do not match one to one.
    #[error("{members} members have {standings} standings")]
    Standings {
        /// Registered members.
        members: usize,
        /// Standings.
        standings: usize,
    },
    /// A score outside its scale.
    #[error("the score of participant {0} is outside its scale")]
    Score(ParticipantId),
}
