//! The state root: one hash over the book's and every contract's sub-root.
//!
//! In: sub-roots. Out: the root that headers carry. Refuses to know: what a sub-root covers.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// How many contracts there are.
pub(crate) const CONTRACTS: usize = 4;
/// Where the scores stand among them.
pub(crate) const SCORES: usize = 3;

/// The sub-roots of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Roots {
    /// Of the book of accounts.
    pub(crate) book: Hash,
    /// Of the contracts, in the order in which they are listed.
    pub(crate) contracts: [Hash; CONTRACTS],
}

impl Roots {
    /// The root over all of them.
    pub(crate) fn root(&self) -> Hash {
        Hash::of("gridquorum ledger state root v1", self)
    }
}
