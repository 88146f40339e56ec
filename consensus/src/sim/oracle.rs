//! What must be true in every run, restated without the protocol's own arithmetic.
//!
//! In: what replicas executed and certified. Out: a panic that says which rule broke; counts of what happened.
//! Refuses to know: how a replica came to do it. An oracle that asked the code under test for its quorum or its
//! digests would inherit its mistakes.

use std::collections::{BTreeMap, BTreeSet};

use crate::certificate::{CheckpointCertificate, Decision};
use crate::ids::{ClientId, Digest, ReplicaId, Timestamp};
use crate::wire::encode;

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    /// The batch bytes at each position, by whoever executed it first; empty for the null request.
    order: BTreeMap<u64, Vec<u8>>,
    /// The state after each position.
    states: BTreeMap<u64, Digest>,
    /// The last position each replica executed in its current life.
    positions: BTreeMap<ReplicaId, u64>,
    /// The requests each replica executed in its current life.
    ran: BTreeMap<ReplicaId, BTreeSet<(ClientId, Timestamp)>>,
    /// Crashes injected.
    pub crashes: u64,
    /// Messages lost.
    pub losses: u64,
    /// Null requests passed over.
    pub nulls: u64,
    /// Requests that were in a batch and were passed over because they had run before.
    pub repeats: u64,
    /// Checkpoints that became stable somewhere.
    pub checkpoints: u64,
    /// The highest view in which anything was decided.
    pub view: u64,
}

impl Oracle {
    /// A replica starts over: it executes everything again.
    pub fn forget(&mut self, at: ReplicaId) {
        self.positions.remove(&at);
        self.ran.remove(&at);
    }

    /// A replica executes a batch.
    ///
    /// # Panics
    ///
    /// If it disagrees with another replica, leaves a gap or runs a request twice.
    pub fn executed(&mut self, at: ReplicaId, decision: &Decision, fresh: &[bool], state: Digest) {
        let proposal = decision.proposal.as_ref().expect("a batch is executed");
        self.agree(at, decision, encode(&proposal.batch));
        let seq = decision.seq().get();
        let known = *self.states.entry(seq).or_insert(state);
        assert_eq!(known, state, "replica {at} reached another state at position {seq}");
        for (request, fresh) in proposal.batch.requests.iter().zip(fresh) {
            if *fresh {
                let key = (request.client(), request.timestamp);
                let new = self.ran.entry(at).or_default().insert(key);
                assert!(new, "replica {at} ran a request twice at position {seq}");
            } else {
                self.repeats += 1;
            }
        }
    }

    /// A replica passes over a null request.
    ///
    /// # Panics
    ///
    /// As [`Oracle::executed`].
    pub fn skipped(&mut self, at: ReplicaId, decision: &Decision) {
        self.agree(at, decision, Vec::new());
        self.nulls += 1;
    }

    /// A replica holds a stable checkpoint.
    ///
    /// # Panics
    ///
    /// If the certified state is not the one that was executed.
    pub fn stable(&mut self, at: ReplicaId, certificate: &CheckpointCertificate) {
        let last = self.states.range(..=certificate.seq.get()).next_back();
        let (_, state) = last.expect("nobody certifies what nobody executed");
        assert_eq!(*state, certificate.state, "replica {at} holds a certificate for another state");
        self.checkpoints += 1;
    }

    fn agree(&mut self, at: ReplicaId, decision: &Decision, bytes: Vec<u8>) {
        let seq = decision.seq().get();
        let before = self.positions.insert(at, seq).unwrap_or(0);
        assert_eq!(seq, before + 1, "replica {at} went from position {before} to {seq}");
        let known = self.order.entry(seq).or_insert_with(|| bytes.clone());
        assert_eq!(*known, bytes, "replica {at} disagrees about position {seq}");
        self.view = self.view.max(decision.certificate.view.get());
    }
}
