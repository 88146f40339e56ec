//! What a node runs behind the protocol: the region's ledger in a deployment, a workload in a benchmark.
//!
//! In: what the protocol asks of an application. Out: batches, verdicts, outcomes. Refuses to know: how a batch was
//! agreed on, disks, sockets. The counterpart for clusters in one thread is `consensus::application`; a node's
//! application is told the time, because only a node has a clock.

use consensus::certificate::Decision;
use consensus::event::Verdict;
use consensus::ids::{ClientId, Digest, ReplicaId};
use consensus::request::{Outcome, Proposal, Submission};
use ledger::BlockHeader;

/// What one execution did.
#[derive(Debug)]
pub struct Executed {
    /// The header of the block.
    pub header: BlockHeader,
    /// The digest that checkpoints certify.
    pub state: Digest,
    /// One outcome per fresh request.
    pub outcomes: Vec<Outcome>,
    /// Whether the application asks for a checkpoint here; the same at every replica.
    pub checkpoint: bool,
}

/// An application behind a replica.
pub trait Application: Send + 'static {
    /// Puts a batch together at `time_ms`, Unix time in milliseconds; none if no request is admissible.
    fn build(
        &self,
        proposer: ReplicaId,
        requests: Vec<Submission>,
        time_ms: u64,
    ) -> Option<Proposal>;

    /// Judges a proposal by its bytes, and by `now_ms` if it is `fresh`. Reads no executed state: honest replicas stand
    /// at different positions and must judge alike.
    fn validate(&self, proposal: &Proposal, fresh: bool, now_ms: u64) -> Verdict;

    /// Answers a read from the state as it is. Nobody asks: the ledger has no command that is a question, so a founding
    /// that turns reads on is refused (see [`crate::founding`]).
    fn query(&self, operation: &[u8]) -> Vec<u8> {
        let _ = operation;
        Vec::new()
    }

    /// Executes the requests of a decision that are marked fresh.
    fn execute(&mut self, decision: &Decision, fresh: &[bool]) -> Executed;
}

/// Who may come in, and with what: the part of an application that is asked before the protocol is.
pub trait Gate: std::fmt::Debug + Send + Sync + 'static {
    /// Whether an honest primary would propose the request.
    fn is_admissible(&self, submission: &Submission) -> bool;

    /// Whether a key is known, as of the last block.
    fn is_member(&self, client: &ClientId) -> bool;
}
