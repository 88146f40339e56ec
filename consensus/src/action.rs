//! Everything a replica wants done, in order.
//!
//! Actions are performed in the order they are emitted. `Persist` is a barrier: an action after it waits until
//! the record is durable, because a vote that leaves first can be forgotten in a crash and contradicted after
//! it.
//!
//! In: nothing. Out: the vocabulary of what a driver is asked for. Refuses to know: how a driver does any of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::certificate::{CheckpointCertificate, Decision};
use crate::event::Timer;
use crate::ids::{Digest, ReplicaId, SeqNum};
use crate::request::{Proposal, Reply, Request, Submission};

/// One thing to do. `M` is the protocol's message type, `R` its record type, `E` its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action<M, R, E> {
    /// Send to one other replica. Loss is allowed; nothing comes back.
    Send {
        /// The receiver.
        to: ReplicaId,
        /// What.
        message: M,
    },
    /// Send to every other replica. Loss is allowed; nothing comes back.
    Broadcast {
        /// What.
        message: M,
    },
    /// Answer a client, if it is connected.
    Reply {
        /// The answer; it names the client. Drivers sign those that leave together as one
        /// [`Replies`](crate::request::Replies).
        reply: Reply,
    },
    /// Make durable before anything after it is performed. Given back to the constructor at a restart.
    Persist {
        /// What.
        record: R,
    },
    /// Deliver `Expired(timer)` after this time, unless armed again or disarmed before.
    Arm {
        /// Which.
        timer: Timer,
        /// When.
        after: Duration,
    },
    /// Do not deliver `Expired(timer)`.
    Disarm {
        /// Which.
        timer: Timer,
    },
    /// Have the application put a batch together; `Built` comes back. One at a time.
    Build {
        /// The waiting requests in order, already within the batch bounds.
        requests: Vec<Submission>,
    },
    /// Have the application look at a proposal's bytes alone; `Validated` comes back.
    Validate {
        /// Names the question, private parts included; to be handed back.
        digest: Digest,
        /// The proposal.
        proposal: Arc<Proposal>,
        /// Whether the batch is new. The clock bound holds for new batches only: one that a new view
        /// proposes again may have committed already.
        fresh: bool,
    },
    /// Have the application execute a decision; `Executed` comes back. One at a time, in order, each once.
    Execute {
        /// The decision, never a null request. Drivers keep it: it is the block's body and seal.
        decision: Arc<Decision>,
        /// For each request of the batch, whether it is to be executed (false: it already was).
        fresh: Vec<bool>,
    },
    /// Have the application answer a read from what is executed at this moment; `Answered` comes back.
    Query {
        /// The question.
        read: Request,
    },
    /// Have the application export its state as it is at this moment, after `seq`; `Exported` comes back.
    Export {
        /// The position.
        seq: SeqNum,
    },
    /// Have the application forget its state and take this one; `Installed` comes back. Decisions up to `seq` that
    /// the driver does not keep will not come any more.
    Install {
        /// The position.
        seq: SeqNum,
        /// What another replica's application exported there.
        chunks: Vec<Bytes>,
    },
    /// A null request was decided: there is nothing to execute, but the decision is to be kept.
    Skip {
        /// The decision.
        decision: Arc<Decision>,
    },
    /// A checkpoint became stable. Drivers keep the certificate: proofs hang on it.
    Stable {
        /// The certificate.
        certificate: CheckpointCertificate,
    },
    /// Keep proof that a replica contradicts itself, durably and for good. Each kind of offence of each replica is
    /// handed over once in the life of this one.
    Accuse {
        /// The replica.
        accused: ReplicaId,
        /// The proof.
        evidence: E,
    },
    /// Look up decisions in this replica's own records; `Recalled` comes back.
    Recall {
        /// The replica that asked, to be handed back.
        to: ReplicaId,
        /// The first position wanted.
        first: SeqNum,
        /// The most decisions wanted.
        most: usize,
    },
}
