//! What credit refuses, with the values that clash. After any of these nothing has changed.
//!
//! In: nothing. Out: one enum for the crate, so that callers match and count. Refuses to know: who
//! asked, and whose history it was.

use market::{Energy, Slot};
use serde::{Deserialize, Serialize};

/// A typed refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum CreditError {
    /// A history is folded slot by slot, forward, each slot once.
    #[error("slot {got} does not come after slot {last}, the last one in the history")]
    OutOfOrder {
        /// The slot of the entry.
        got: Slot,
        /// The last slot of the history.
        last: Slot,
    },
    /// Local solar energy is a part of the import, and neither is negative.
    #[error("slot {slot} needs 0 Wh <= local solar <= import, got {local_solar} and {import}")]
    LocalSolar {
        /// The slot of the entry.
        slot: Slot,
        /// The member's import.
        import: Energy,
        /// The part said to be local.
        local_solar: Energy,
    },
    /// Nobody counted an import where no reading came.
    #[error("slot {slot} has no reading, so no import is known, got {import}")]
    Unmetered {
        /// The slot of the entry.
        slot: Slot,
        /// The import it states.
        import: Energy,
    },
    /// A debt cannot be older than the slot it is seen in is late.
    #[error("slot {slot} is overdue since slot {since}, which comes after it")]
    OverdueSince {
        /// The slot of the entry.
        slot: Slot,
        /// Since when it says the member is in debt.
        since: Slot,
    },
    /// A history from outside says something that no folding of slots can have produced.
    #[error("{slots} slots cannot have given {observed:?} occasions and cost {lost:?} points")]
    History {
        /// Slots it says were folded in.
        slots: u32,
        /// Occasions per factor.
        observed: [u64; 3],
        /// Points lost per cause.
        lost: [u64; 5],
    },
    /// A rule needs some weight, each at most 1000, and a prior of at least one slot.
    #[error(
        "weights must be 0..=1000 and not all zero, the prior above zero, got {weights:?}, {prior}"
    )]
    Rule {
        /// Punctuality, reliability, loyalty.
        weights: [u16; 3],
        /// Slots of neutral evidence.
        prior: u32,
    },
}
