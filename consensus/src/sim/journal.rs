//! The simplest application with everything a real one has: private parts, refusals, checkpoints on demand.
//!
//! In: operations. Out: a running digest of all that were executed, in order. Refuses to know: replicas.
//!
//! An operation is 1 tag byte and a body. Tag 0: public. Tag 1: the body is the digest of the private part,
//! which must come along. Tag 2: asks for a checkpoint.

use bytes::Bytes;

use crate::application::{Application, Execution};
use crate::certificate::Decision;
use crate::ids::{Digest, ReplicaId};
use crate::request::{Outcome, Proposal, Submission};

/// What was executed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Journal {
    head: Digest,
    /// Number of operations executed.
    pub length: u64,
}

/// The operation with its private part that client `number` submits when `left` more are to follow.
pub fn operation(number: u64, left: u32) -> (Vec<u8>, Vec<u8>) {
    let body = [number.to_le_bytes(), u64::from(left).to_le_bytes()].concat();
    match left % 4 {
        1 => {
            let digest = Digest::of("journal private part", &body);
            ([&[1], digest.bytes().as_slice()].concat(), body)
        }
        2 => ([&[2], body.as_slice()].concat(), Vec::new()),
        _ => ([&[0], body.as_slice()].concat(), Vec::new()),
    }
}

/// Whether the private part is the one the operation names.
fn is_admissible(operation: &[u8], attachment: &Vec<u8>) -> bool {
    match operation.split_first() {
        Some((1, body)) => Digest::of("journal private part", attachment).bytes() == body,
        _ => attachment.is_empty(),
    }
}

impl Application for Journal {
    fn genesis(&self) -> Digest {
        Digest::of("journal genesis", &())
    }

    fn build(&self, proposer: ReplicaId, requests: Vec<Submission>) -> Option<Proposal> {
        let good = |s: &Submission| is_admissible(&s.request.operation, &s.attachment);
        let requests: Vec<_> = requests.into_iter().filter(good).collect();
        (!requests.is_empty()).then(|| Proposal::new(proposer, Vec::new(), requests))
    }

    fn validate(&self, proposal: &Proposal) -> bool {
        proposal.submissions().all(|s| is_admissible(&s.request.operation, &s.attachment))
    }

    fn export(&self) -> Vec<Bytes> {
        const PART: usize = 16;
        let whole = [self.head.bytes().as_slice(), &self.length.to_le_bytes()].concat();
        whole.chunks(PART).map(Bytes::copy_from_slice).collect()
    }

    fn install(&mut self, chunks: &[Bytes]) -> Digest {
        let whole = chunks.concat();
        let parts = whole.split_first_chunk::<32>();
        let (head, length) = parts.expect("a journal exported it: a digest and a number");
        self.head = Digest::new(*head);
        self.length = u64::from_le_bytes(length.try_into().expect("a number is 8 bytes long"));
        self.head
    }

    fn query(&self, operation: &[u8]) -> Vec<u8> {
        Digest::of("journal answer", &(self.head, operation)).bytes().to_vec()
    }

    fn execute(&mut self, decision: &Decision, fresh: &[bool]) -> Execution {
        let proposal = decision.proposal.as_ref().expect("null requests are not executed");
        assert!(self.validate(proposal), "an unchecked private part reached execution");
        let mut checkpoint = false;
        let mut outcomes = Vec::new();
        for (request, _) in proposal.batch.requests.iter().zip(fresh).filter(|(_, fresh)| **fresh) {
            self.head = Digest::of("journal entry", &(self.head, &request.message));
            self.length += 1;
            checkpoint |= request.operation.first() == Some(&2);
            let result = request.operation.to_vec();
            outcomes.push(Outcome { result, retain: true });
        }
        Execution { state: self.head, outcomes, checkpoint }
    }
}
