//! What classic replicas send each other, and which signatures each message carries.
//!
//! In: statements of replicas and requests of clients. Out: one enum with a fixed tag per variant. Refuses to
//! know: when a message is acceptable.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::prepared::{PrePrepare, Prepare, PreparedCertificate};
use crate::certificate::{Checkpoint, CheckpointCertificate, Commit, Decision};
use crate::ids::{Digest, ReplicaId, SeqNum, View};
use crate::keys::{Author, Check, Forged, Kind, Signatures, Signed, Statement};
use crate::request::{Proposal, Read, Submission};

/// A PRE-PREPARE with the batch that rides along, bound to it by the digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Propose {
    /// The primary's signed vote.
    pub pre_prepare: Signed<PrePrepare>,
    /// The batch, not under the signature (OSDI '99, section 4.2).
    pub proposal: Arc<Proposal>,
}

impl Signatures for Propose {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        check.signed(&self.pre_prepare)?;
        check.payload(self.pre_prepare.digest, self.proposal.batch.digest())?;
        self.proposal.visit(check)
    }
}

/// VIEW-CHANGE(v+1, n, C, P, i) of OSDI '99.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ViewChange {
    /// The view asked for.
    pub view: View,
    /// The sender's last stable checkpoint.
    pub stable: SeqNum,
    /// C: its certificate; none for the initial state.
    pub checkpoint: Option<CheckpointCertificate>,
    /// P: what prepared at the sender above it, in order, the certificate of the highest view for each.
    pub prepared: Vec<PreparedCertificate>,
    /// The sender.
    pub from: ReplicaId,
}

impl Statement for ViewChange {
    const KIND: Kind = Kind::ViewChange;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }

    fn nested(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        if let Some(certificate) = &self.checkpoint {
            certificate.visit(check)?;
        }
        self.prepared.iter().try_for_each(|certificate| certificate.visit(check))
    }
}

/// NEW-VIEW(v+1, V, O) of OSDI '99.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NewView {
    /// The view that begins.
    pub view: View,
    /// V: a quorum of view changes.
    pub view_changes: Vec<Arc<Signed<ViewChange>>>,
    /// O: one pre-prepare for each position above the latest checkpoint in V up to the last prepared one.
    pub pre_prepares: Vec<Signed<PrePrepare>>,
    /// The new primary.
    pub from: ReplicaId,
}

impl Statement for NewView {
    const KIND: Kind = Kind::NewView;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }

    fn nested(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        self.view_changes.iter().try_for_each(|vote| check.signed(vote))?;
        self.pre_prepares.iter().try_for_each(|pre_prepare| check.signed(pre_prepare))
    }
}

/// Where a replica stands: asks the others to send again what it misses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Status {
    /// Its view, or the view it is changing to.
    pub view: View,
    /// Whether it takes part in that view.
    pub active: bool,
    /// The last position it executed.
    pub executed: SeqNum,
    /// Its stable checkpoint.
    pub stable: SeqNum,
    /// Whether it waits for votes and made no step lately: those who can send theirs again.
    pub waits: bool,
    /// The sender.
    pub from: ReplicaId,
}

impl Status {
    /// Whether the sender still has to learn that `view` began.
    pub fn misses(&self, view: View) -> bool {
        if self.active { self.view < view } else { self.view <= view }
    }
}

impl Statement for Status {
    const KIND: Kind = Kind::Status;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// A question of a replica that misses something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fetch {
    /// What it misses.
    pub what: Missing,
    /// The sender.
    pub from: ReplicaId,
}

/// What a replica can miss.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Missing {
    /// Decisions from this position on.
    Decisions(SeqNum),
    /// The batch that is being agreed on at a position.
    Proposal(SeqNum, Digest),
    /// What a state at a stable checkpoint above this position consists of.
    Manifest(SeqNum),
    /// The chunk with this digest of the state at this checkpoint.
    Chunk(SeqNum, Digest),
}

impl Statement for Fetch {
    const KIND: Kind = Kind::Fetch;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// What a state at a checkpoint consists of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Manifest {
    /// Proves the digests of application and client table.
    pub certificate: CheckpointCertificate,
    /// The digests of the application's chunks, in order.
    pub state: Vec<Digest>,
    /// The digests of the client table's chunks, in order.
    pub clients: Vec<Digest>,
}

impl Manifest {
    /// The digests of all chunks.
    pub fn digests(&self) -> impl Iterator<Item = Digest> + '_ {
        self.state.iter().chain(&self.clients).copied()
    }

    /// Whether both list the same; their certificates may hold other votes.
    pub fn is_like(&self, other: &Self) -> bool {
        let what = |m: &Self| (m.certificate.seq, m.certificate.state, m.certificate.clients);
        what(self) == what(other) && self.digests().eq(other.digests())
    }
}

/// A replica vouches for a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Offer {
    /// What it exported.
    pub manifest: Manifest,
    /// The sender.
    pub from: ReplicaId,
}

impl Statement for Offer {
    const KIND: Kind = Kind::Offer;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }

    fn nested(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        self.manifest.certificate.visit(check)
    }
}

/// A part of a state. Signed, so that who sends a wrong one is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chunk {
    /// The checkpoint.
    pub seq: SeqNum,
    /// What was asked for.
    pub digest: Digest,
    /// The chunk, at most [`Limits::CHUNK_BYTES`](crate::limits::Limits::CHUNK_BYTES) long.
    pub bytes: Bytes,
    /// The sender.
    pub from: ReplicaId,
}

impl Statement for Chunk {
    const KIND: Kind = Kind::Chunk;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// Everything that travels to a replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Message {
    /// A client's request, from the client or passed on by a backup.
    Request(Submission),
    /// PRE-PREPARE with its batch.
    Propose(Propose),
    /// PREPARE.
    Prepare(Signed<Prepare>),
    /// COMMIT.
    Commit(Signed<Commit>),
    /// CHECKPOINT.
    Checkpoint(Signed<Checkpoint>),
    /// VIEW-CHANGE.
    ViewChange(Arc<Signed<ViewChange>>),
    /// NEW-VIEW.
    NewView(Arc<Signed<NewView>>),
    /// Where the sender stands.
    Status(Signed<Status>),
    /// What the sender misses.
    Fetch(Signed<Fetch>),
    /// Answer to a [`Missing::Proposal`]; proves itself by its digest.
    Proposal(Arc<Proposal>),
    /// Answer to a [`Missing::Decisions`]; each proves itself.
    Decisions(Vec<Decision>),
    /// A stable checkpoint; proves itself.
    Stable(CheckpointCertificate),
    /// A client's question.
    Read(Signed<Read>),
    /// Answer to a [`Missing::Manifest`].
    Offer(Signed<Offer>),
    /// Answer to a [`Missing::Chunk`]; proves itself by its digest.
    Chunk(Signed<Chunk>),
}

impl Message {
    /// The name of the variant, for counters and traces.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Propose(_) => "pre-prepare",
            Self::Prepare(_) => "prepare",
            Self::Commit(_) => "commit",
            Self::Checkpoint(_) => "checkpoint",
            Self::ViewChange(_) => "view-change",
            Self::NewView(_) => "new-view",
            Self::Status(_) => "status",
            Self::Fetch(_) => "fetch",
            Self::Proposal(_) => "proposal",
            Self::Decisions(_) => "decisions",
            Self::Stable(_) => "stable",
            Self::Read(_) => "read",
            Self::Offer(_) => "offer",
            Self::Chunk(_) => "chunk",
        }
    }
}

impl Signatures for Message {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        match self {
            Self::Request(submission) => submission.visit(check),
            Self::Propose(propose) => propose.visit(check),
            Self::Prepare(vote) => check.signed(vote),
            Self::Commit(vote) => check.signed(vote),
            Self::Checkpoint(vote) => check.signed(vote),
            Self::ViewChange(vote) => check.signed(vote),
            Self::NewView(new_view) => check.signed(new_view),
            Self::Status(status) => check.signed(status),
            Self::Fetch(fetch) => check.signed(fetch),
            Self::Proposal(proposal) => proposal.visit(check),
            Self::Decisions(decisions) => decisions.iter().try_for_each(|d| d.visit(check)),
            Self::Stable(certificate) => certificate.visit(check),
            Self::Read(read) => check.signed(read),
            Self::Offer(offer) => check.signed(offer),
            Self::Chunk(chunk) => check.signed(chunk),
        }
    }
}
