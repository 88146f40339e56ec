//! Blocks: what was ordered and what it led to, in a chain of hashes.
//!
//! In: a position, the digest of a batch, the root after it. Out: a header and its hash. Refuses to
//! know: the seal. Replicas may hold different, equally valid certificates for one batch, so the
//! seal stands beside the header, never in it, and belongs to whoever runs the consensus.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// The header of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockHeader {
    /// The hash of the header before; for the first block that of the genesis header.
    pub parent: Hash,
    /// Where in the total order the batch stands. Positions rise; those of null requests leave no
    /// block and are left out.
    pub position: u64,
    /// The digest of the batch, as the consensus names it.
    pub batch: Hash,
    /// The state root after the batch.
    pub root: Hash,
}

impl BlockHeader {
    /// The header before the first block: position 0, the genesis in place of a batch, no parent.
    pub(crate) const fn genesis(genesis: Hash, root: Hash) -> Self {
        Self { parent: Hash::ZERO, position: 0, batch: genesis, root }
    }

    /// What names this block: whoever trusts it, trusts the whole chain up to it and the state
    /// after it.
    pub fn hash(&self) -> Hash {
        Hash::of("gridquorum ledger block header v1", self)
    }
}
