//! An application that does nothing: what is left is the cost of agreeing.
//!
//! In: any bytes as a command. Out: eight bytes per command, and a state that names everything executed so far. Refuses
//! to know: what a command means. Every key may act, and every command is admissible.

use consensus::certificate::Decision;
use consensus::event::Verdict;
use consensus::ids::{ClientId, ReplicaId};
use consensus::request::{Outcome, Proposal, Submission};
use consensus::wire;
use ledger::{BlockHeader, Hash};
use node::application::{Application, Executed, Gate};
use node::executor::{Context, Executor};
use node::founding::{Founding, state_digest};

/// The application. Its state is the header of its newest block.
#[derive(Clone, Debug)]
pub struct Empty {
    head: BlockHeader,
    executed: u64,
}

impl Empty {
    /// Before the first command.
    pub fn new(founding: &Founding) -> Self {
        Self { head: founding.genesis_header(), executed: 0 }
    }
}

impl Application for Empty {
    fn build(
        &self,
        proposer: ReplicaId,
        requests: Vec<Submission>,
        time_ms: u64,
    ) -> Option<Proposal> {
        let context = wire::encode(&Context { time_ms });
        (!requests.is_empty()).then(|| Proposal::new(proposer, context, requests))
    }

    fn validate(&self, proposal: &Proposal, _fresh: bool, _now_ms: u64) -> Verdict {
        if Executor::has_context(proposal) { Verdict::Acceptable } else { Verdict::Refused }
    }

    fn execute(&mut self, decision: &Decision, fresh: &[bool]) -> Executed {
        let mut outcomes = Vec::with_capacity(fresh.len());
        for _ in fresh.iter().filter(|fresh| **fresh) {
            self.executed += 1;
            let result = self.executed.to_le_bytes().to_vec();
            outcomes.push(Outcome { result, retain: true });
        }
        let batch = Hash::new(*decision.certificate.digest.bytes());
        // The batch is under the block's hash, and so is every batch before it: that is all the state there is.
        let (parent, position, root) = (self.head.hash(), decision.seq().get(), batch);
        self.head = BlockHeader { parent, position, batch, root };
        let state = state_digest(&self.head);
        Executed { header: self.head, state, outcomes, checkpoint: false }
    }
}

/// Lets everybody in.
#[derive(Clone, Copy, Debug)]
pub struct Open;

impl Gate for Open {
    fn is_admissible(&self, _: &Submission) -> bool {
        true
    }

    fn is_member(&self, _: &ClientId) -> bool {
        true
    }
}
