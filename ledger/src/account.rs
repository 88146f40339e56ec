//! Accounts and the book that holds their balances.
//!
//! In: postings, each of which takes from one account what it gives to another. Out: balances whose sum is zero
//! at every moment. Refuses to know: why money moves.

use market::ParticipantId;
use serde::{Deserialize, Serialize};

/// One account. Balances are in nano-currency; a member's is what the region owes the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// A member's account. Settlement may push it below zero (the energy is used already), transfers may not.
    Member(ParticipantId),
    /// The distribution system operator's own account: the other side of every bill, and the named receiver of
    /// every remainder.
    Operator,
    /// The grid beyond the region: counter-account of energy bought and sold there.
    Grid,
    /// The world outside: counter-account of deposits.
    External,
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Member(participant) => write!(f, "member {participant}"),
            Self::Operator => f.write_str("operator"),
            Self::Grid => f.write_str("grid"),
            Self::External => f.write_str("external"),
        }
    }
}
