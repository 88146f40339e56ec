//! How much a replica may hold, and how much it holds.
//!
//! In: limits; a replica. Out: bytes. Refuses to know: allocators. A state is weighed by the bytes that it feeds to a
//! hasher: every field of everything it holds, shared parts as often as they are held.

use std::hash::{Hash, Hasher};

use crate::limits::Limits;

/// Counts bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Scales(u64);

impl Hasher for Scales {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }
}

/// The bytes of a state.
pub fn weight(state: &impl Hash) -> u64 {
    let mut scales = Scales::default();
    state.hash(&mut scales);
    scales.finish()
}

/// A vote with its signature, rounded up: view, position, two digests, voter, signature, lengths.
const VOTE: u64 = 256;
/// What a replica is apart from what it holds.
const BARE: u64 = 4_096;
/// Messages of later views kept per author (`classic::early`).
const EARLY: u64 = 16;

/// The most that a replica of `n` may hold when `clients` clients are known and `views` views have begun.
///
/// This grows with views: whoever votes for another batch in each of many views without progress keeps them all, see
/// `classic`. An index that is left out of hashes (`classic::pool`) is not weighed: 48 bytes per request that waits.
///
/// Per open position: the votes of everybody, one certificate, and one batch for each view in which this replica may
/// have voted for another one. Then the decisions that wait for execution, the requests that wait, the view changes
/// and the new view at hand, and messages of later views.
pub fn bound(limits: &Limits, n: u64, clients: u64, views: u64) -> u64 {
    let spec = limits.spec();
    let batch = spec.batch_bytes as u64 + Limits::CONTEXT_BYTES as u64 + VOTE;
    let request = (spec.operation_bytes + spec.attachment_bytes) as u64 + VOTE;
    let certificate = n * VOTE;
    let position = 2 * n * VOTE + certificate + (views + 2) * (batch + 2 * VOTE);
    let change = VOTE + certificate + spec.window * certificate;
    let served = VOTE + Limits::RESULT_BYTES as u64;
    BARE + spec.window * (position + batch + certificate)
        + (spec.pending as u64) * request
        + 2 * n * change
        + spec.window * VOTE
        + n * EARLY * batch
        + clients * served
        + spec.window * n * VOTE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eight bytes of length and the bytes themselves.
    #[test]
    fn every_byte_weighs() {
        assert_eq!(weight(&vec![1_u8; 100]), 108);
        assert_eq!(weight(&(1_u64, 2_u32)), 12);
    }
}
