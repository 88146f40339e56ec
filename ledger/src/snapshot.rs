//! Snapshots: the state in chunks, for a replica that fell behind.
//!
//! In: a ledger, or chunks from a stranger and the hash of a certified head. Out: chunks, or a
//! ledger that is the one behind that head. Refuses to know: who sends chunks, and who certified
//! the head.
//!
//! A snapshot holds the readings of the open slot with their salts, because the slot cannot be
//! settled without them. It is for replicas only, like the private parts themselves.
//!
//! # Guarantee
//!
//! A ledger that was restored behaves like the one the snapshot was taken from. Why: the head's
//! hash covers its root, the root covers every part of the state but the values of open readings,
//! and those are checked against their commitments, which it covers.

use serde::{Deserialize, Serialize};

use crate::apply::Ledger;
use crate::block::BlockHeader;
use crate::contract::State;
use crate::genesis::{Genesis, MAX_MEMBERS};
use crate::hash::Hash;
use crate::violation::Violation;

/// The length of every chunk but the last: small enough for one message, large enough that a full
/// region takes thousands of chunks and not millions.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// The longest snapshot that is read: 4 KiB per member. A member with 16 orders, 16 transfers, a
/// largest import and a full history takes less than half of that.
pub const MAX_SNAPSHOT_BYTES: usize = MAX_MEMBERS as usize * 4096;

/// Why chunks are not the snapshot that was asked for. The ledger in use, if any, is untouched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// More than any region needs.
    #[error("a snapshot has at most {max} bytes, got {got}")]
    TooLong {
        /// Bytes in all chunks.
        got: usize,
        /// [`MAX_SNAPSHOT_BYTES`].
        max: usize,
    },
    /// The bytes are not the encoding of a state.
    #[error("the chunks do not decode")]
    Malformed,
    /// The head is not the one that was asked for.
    #[error("expected head {expected}, got {got}")]
    Head {
        /// The hash of the header in the snapshot.
        got: Hash,
        /// The certified hash.
        expected: Hash,
    },
    /// The state is not the one that the head names.
    #[error("expected root {expected}, got {got}")]
    Root {
        /// The root of the state in the snapshot.
        got: Hash,
        /// The root in the head.
        expected: Hash,
    },
    /// The state has the right root, and still cannot be.
    #[error("an invariant does not hold: {0}")]
    Violation(#[from] Violation),
}

/// What travels.
#[derive(Serialize, Deserialize)]
struct Snapshot<S> {
    head: BlockHeader,
    state: S,
}

impl Ledger {
    /// The state after the last block, in chunks of [`CHUNK_BYTES`].
    ///
    /// # Panics
    ///
    /// If entries were applied since the last block: no head names that state.
    pub fn snapshot(&self) -> Vec<Vec<u8>> {
        assert_eq!(self.root(), self.head().root, "a snapshot is taken between blocks");
        let snapshot = Snapshot { head: *self.head(), state: self.state() };
        let bytes =
            bcs::to_bytes(&snapshot).expect("a state is integers, digests and maps of them");
        bytes.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect()
    }

    /// The ledger whose last block is the one with the hash `head`, from the chunks of its
    /// snapshot.
    ///
    /// # Errors
    ///
    /// [`RestoreError`]; chunks come from strangers and may be anything.
    pub fn restore(genesis: Genesis, chunks: &[Vec<u8>], head: Hash) -> Result<Self, RestoreError> {
        let got = chunks.iter().fold(0_usize, |sum, chunk| sum.saturating_add(chunk.len()));
        if got > MAX_SNAPSHOT_BYTES {
            return Err(RestoreError::TooLong { got, max: MAX_SNAPSHOT_BYTES });
        }
        let snapshot: Snapshot<State> =
            bcs::from_bytes(&chunks.concat()).map_err(|_| RestoreError::Malformed)?;
        let (got, expected) = (snapshot.head.hash(), head);
        if got != expected {
            return Err(RestoreError::Head { got, expected });
        }
        let ledger = Self::resume(genesis, snapshot.state, snapshot.head);
        let (got, expected) = (ledger.root(), snapshot.head.root);
        if got != expected {
            return Err(RestoreError::Root { got, expected });
        }
        ledger.state().check()?;
        Ok(ledger)
    }
}
