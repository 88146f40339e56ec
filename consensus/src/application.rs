//! What an application looks like to harnesses that run a cluster in one thread.
//!
//! The protocol never sees this trait: it emits actions, and whoever drives it answers them. Simulator, models
//! and workloads plug in here; the node has its own bridge.
//!
//! In: requests, proposals, decisions. Out: batches, verdicts, outcomes. Refuses to know: disks and clocks.

use std::fmt::Debug;
use std::hash::Hash;

use bytes::Bytes;

use crate::certificate::Decision;
use crate::ids::{Digest, ReplicaId};
use crate::request::{Outcome, Proposal, Submission};

/// What executing one decision did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Execution {
    /// The digest of the state after it.
    pub state: Digest,
    /// One outcome per fresh request, in order.
    pub outcomes: Vec<Outcome>,
    /// Whether to checkpoint here.
    pub checkpoint: bool,
}

/// A deterministic application.
pub trait Application: Clone + Eq + Hash + Debug {
    /// The digest of the state before anything was executed.
    fn genesis(&self) -> Digest;

    /// Puts a batch together from the requests it finds admissible; none if it finds none.
    fn build(&self, proposer: ReplicaId, requests: Vec<Submission>) -> Option<Proposal>;

    /// Looks at a proposal's bytes alone.
    fn validate(&self, proposal: &Proposal) -> bool;

    /// Answers a question from the state as it is; changes nothing.
    fn query(&self, operation: &[u8]) -> Vec<u8>;

    /// The state in parts.
    fn export(&self) -> Vec<Bytes>;

    /// Takes an exported state and answers its digest.
    fn install(&mut self, chunks: &[Bytes]) -> Digest;

    /// Executes the fresh requests of a decision's batch.
    fn execute(&mut self, decision: &Decision, fresh: &[bool]) -> Execution;
}
