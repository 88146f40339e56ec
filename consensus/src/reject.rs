//! Everything the protocol refuses, with the values that clash.
//!
//! A reject is an ordinary answer to a peer, a client or a driver that sent something useless. After it the
//! state is what it was and no action was emitted.
//!
//! In: clashing values. Out: a sentence that names them. Refuses to know: who counts them.

use crate::certificate::BadCertificate;
use crate::ids::{ClientId, Digest, ReplicaId, SeqNum, Timestamp, View};
use crate::request::BadProposal;

/// Why an event was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reject {
    /// A message of another view than the one it would count in.
    #[error("message of view {got} in view {current}")]
    WrongView {
        /// View of the message.
        got: View,
        /// View of the replica.
        current: View,
    },
    /// Between two views a replica takes part in view changes and checkpoints only (OSDI '99, 4.4).
    #[error("no votes while changing to view {target}")]
    ChangingView {
        /// The view the replica is changing to.
        target: View,
    },
    /// A position at or below the low, or above the high watermark.
    #[error("position {got} outside the window ({low}, {high}]")]
    OutsideWindow {
        /// The position.
        got: SeqNum,
        /// Low watermark, h: the stable checkpoint.
        low: SeqNum,
        /// High watermark, H = h + L.
        high: SeqNum,
    },
    /// A statement that only the primary of its view may make.
    #[error("replica {from} is not the primary {primary} of view {view}")]
    NotPrimary {
        /// Who made it.
        from: ReplicaId,
        /// Who may make it.
        primary: ReplicaId,
        /// In which view.
        view: View,
    },
    /// The primary's PRE-PREPARE is its vote; a PREPARE of its own would count it twice.
    #[error("a PREPARE of the primary {0}")]
    PrepareOfPrimary(ReplicaId),
    /// A second statement of one replica about one position, different from the first, where such a contradiction of
    /// the same kind is on record already. Position 0 stands for statements about a view.
    #[error("replica {from} contradicts itself at position {seq}")]
    Equivocation {
        /// Who.
        from: ReplicaId,
        /// Where.
        seq: SeqNum,
    },
    /// A proposal that no application could make acceptable.
    #[error("bad proposal: {0}")]
    BadProposal(#[from] BadProposal),
    /// A fresh batch must name the primary that proposes it.
    #[error("replica {from} proposes a batch in the name of {named}")]
    WrongProposer {
        /// Who proposes.
        from: ReplicaId,
        /// Who is named in the batch.
        named: ReplicaId,
    },
    /// Votes that do not add up.
    #[error("bad certificate: {0}")]
    BadCertificate(#[from] BadCertificate),
    /// A view change whose claims do not hold together.
    #[error("view change of replica {from}: {why}")]
    BadViewChange {
        /// Who sent it.
        from: ReplicaId,
        /// What is wrong.
        why: BadClaim,
    },
    /// A new view that does not follow from the view changes it shows.
    #[error("new view {view}: {why}")]
    BadNewView {
        /// The view.
        view: View,
        /// What is wrong.
        why: BadClaim,
    },
    /// A request older than the last one executed for this client.
    #[error("request {got} of client {client} after request {last} was executed")]
    StaleRequest {
        /// The client.
        client: ClientId,
        /// Timestamp of the request.
        got: Timestamp,
        /// Timestamp of the last executed request.
        last: Timestamp,
    },
    /// A client has one request outstanding; this one contradicts it.
    #[error("client {client} already waits for another request with timestamp {waiting}")]
    ConflictingRequest {
        /// The client.
        client: ClientId,
        /// The timestamp of the request that waits.
        waiting: Timestamp,
    },
    /// No room for more waiting requests: the client should try again later.
    #[error("{0} requests are waiting already")]
    Overloaded(usize),
    /// A read where this deployment orders everything.
    #[error("reads are off: every operation is ordered")]
    ReadsOff,
    /// Something longer than the limits allow.
    #[error("{what}: {got} bytes where at most {max} are allowed")]
    TooLarge {
        /// What.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The limit.
        max: usize,
    },
    /// A part of a state that is not what was asked for.
    #[error("replica {from} sends a chunk {got} where {expected} was asked for")]
    BadChunk {
        /// Who sent it.
        from: ReplicaId,
        /// What was asked for.
        expected: Digest,
        /// What came.
        got: Digest,
    },
    /// A statement of the replica itself, from outside.
    #[error("a {0} of this very replica, which it does not take from others")]
    OwnStatement(&'static str),
    /// Not one outcome for each request that was to be executed.
    #[error("{got} outcomes of position {seq}, where {expected} requests were to be executed")]
    Outcomes {
        /// The position.
        seq: SeqNum,
        /// Outcomes given.
        got: usize,
        /// Requests that were to be executed.
        expected: usize,
    },
    /// An answer to a question that was not asked, or not any more.
    #[error("nobody asked for {0}")]
    Unasked(Unasked),
}

/// What is wrong with the claims of a view change or new view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BadClaim {
    /// The checkpoint or a prepared certificate does not add up.
    #[error("{0}")]
    Certificate(#[from] BadCertificate),
    /// The stable position and the certificate shown for it differ.
    #[error("claims checkpoint {claimed} and proves {proved}")]
    Stable {
        /// Position claimed.
        claimed: SeqNum,
        /// Position proved.
        proved: SeqNum,
    },
    /// A prepared certificate outside the window of the claimed checkpoint, repeated or out of order.
    #[error("a prepared certificate at {0} is repeated, out of order or outside the window")]
    Position(SeqNum),
    /// A prepared certificate of the new view or a later one.
    #[error("a prepared certificate of view {0}, which has not begun")]
    FutureCertificate(View),
    /// A prepared certificate whose pre-prepare was not made by the primary of its view.
    #[error("a prepared certificate with a pre-prepare of replica {0}, who was not primary")]
    NotPrimary(ReplicaId),
    /// A view change for another view among those of a new view.
    #[error("shows a view change for view {0}")]
    View(View),
    /// The proposals of a new view are not those that follow from its view changes.
    #[error("proposes {got} at position {seq} where {expected} follows")]
    Decision {
        /// The position.
        seq: SeqNum,
        /// What it proposes; null also stands for nothing.
        got: Digest,
        /// What follows.
        expected: Digest,
    },
}

/// What an unasked answer was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unasked {
    /// A built batch.
    #[error("a built batch")]
    Built,
    /// A verdict on a proposal.
    #[error("a verdict on {0}")]
    Verdict(Digest),
    /// The outcome of an execution.
    #[error("the outcome of position {0}")]
    Outcome(SeqNum),
    /// An answer to a read.
    #[error("an answer to read {0}")]
    Read(Timestamp),
    /// An exported state.
    #[error("an exported state at {0}")]
    Export(SeqNum),
    /// What a state consists of.
    #[error("an offer of the state at {0}")]
    Offer(SeqNum),
    /// A part of a state.
    #[error("chunk {0}")]
    Chunk(Digest),
    /// That a state was installed.
    #[error("an installed state at {0}")]
    Installed(SeqNum),
    /// A proposal.
    #[error("proposal {0}")]
    Proposal(Digest),
    /// Decisions.
    #[error("decisions from position {0}")]
    Decisions(SeqNum),
}
