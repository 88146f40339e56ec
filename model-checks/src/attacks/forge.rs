//! Messages of anybody, signed with whatever key one likes.
//!
//! In: who, which view, which position, what. Out: messages in the scope of the simulator, and whether their
//! signatures hold. Refuses to know: what they are good for.

use std::sync::Arc;

use consensus::certificate::{
    Checkpoint, CheckpointCertificate, Commit, CommitCertificate, Decision,
};
use consensus::classic::message::{Message, NewView, Propose, Status, ViewChange};
use consensus::classic::prepared::{PrePrepare, Prepare, PreparedCertificate};
use consensus::ids::{Digest, ReplicaId, SeqNum, Timestamp, View};
use consensus::keys::{Forged, Keyring, Signed, Signer, Statement, Verified};
use consensus::request::{Proposal, Request, Submission};
use consensus::sim::cluster::scope;

/// Replicas in these attacks.
pub const REPLICAS: u16 = 4;

/// Replica number `id`.
pub fn replica(id: u16) -> ReplicaId {
    ReplicaId::new(id)
}

/// The key of a replica; of a client from a million on.
pub fn signer(id: u64) -> Signer {
    Signer::symbolic(scope(), id)
}

/// Signs with the key of replica `from`.
pub fn sign<M: Statement>(from: u16, message: M) -> Signed<M> {
    signer(u64::from(from)).sign(message)
}

/// Checks signatures as a deployed replica does before its handler sees a message.
///
/// # Errors
///
/// [`Forged`].
pub fn check(message: Message) -> Result<Verified<Message>, Forged> {
    let keys = (0..REPLICAS).map(|id| signer(u64::from(id)).public_key()).collect();
    Keyring::symbolic(scope(), keys).verify(message)
}

/// A request of client `client` with an operation and a private part.
pub fn submission(client: u64, timestamp: u64, operation: &[u8], private: &[u8]) -> Submission {
    let signer = signer(1_000_000 + client);
    let request = Request::new(signer.public_key(), Timestamp::new(timestamp), operation.to_vec());
    Submission { request: signer.sign(request), attachment: private.to_vec() }
}

/// A batch of `proposer` with one public request of each of `clients`.
pub fn batch(proposer: u16, clients: &[u64]) -> Proposal {
    let requests = clients.iter().map(|client| submission(*client, 1, &[0, 7], &[])).collect();
    Proposal::new(replica(proposer), Vec::new(), requests)
}

/// The primary of a view.
pub fn leader(view: u64) -> u16 {
    u16::try_from(view % u64::from(REPLICAS)).expect("a replica")
}

/// A PRE-PREPARE of the primary of its view.
pub fn pre_prepare(view: u64, seq: u64, digest: Digest) -> Signed<PrePrepare> {
    let from = leader(view);
    let (view, seq) = (View::new(view), SeqNum::new(seq));
    sign(from, PrePrepare { view, seq, digest, from: replica(from) })
}

/// A proposal of the primary of its view.
pub fn propose(view: u64, seq: u64, proposal: &Proposal) -> Message {
    let pre_prepare = pre_prepare(view, seq, proposal.batch.digest());
    Message::Propose(Propose { pre_prepare, proposal: Arc::new(proposal.clone()) })
}

fn prepare_vote(from: u16, view: u64, seq: u64, digest: Digest) -> Signed<Prepare> {
    let (view, seq) = (View::new(view), SeqNum::new(seq));
    sign(from, Prepare { view, seq, digest, from: replica(from) })
}

/// A PREPARE.
pub fn prepare(from: u16, view: u64, seq: u64, digest: Digest) -> Message {
    Message::Prepare(prepare_vote(from, view, seq, digest))
}

fn commit_vote(from: u16, view: u64, seq: u64, digest: Digest) -> Signed<Commit> {
    let (view, seq) = (View::new(view), SeqNum::new(seq));
    sign(from, Commit { view, seq, digest, from: replica(from) })
}

/// A COMMIT.
pub fn commit(from: u16, view: u64, seq: u64, digest: Digest) -> Message {
    Message::Commit(commit_vote(from, view, seq, digest))
}

/// The certificate that something prepared, from the two lowest backups.
pub fn prepared(view: u64, seq: u64, digest: Digest) -> PreparedCertificate {
    let backups = (0..REPLICAS).filter(|id| *id != leader(view)).take(2);
    PreparedCertificate {
        pre_prepare: pre_prepare(view, seq, digest),
        prepares: backups.map(|id| prepare_vote(id, view, seq, digest)).collect(),
    }
}

/// A decision of replicas 0, 1 and 2.
pub fn decision(view: u64, seq: u64, proposal: &Proposal) -> Decision {
    let digest = proposal.batch.digest();
    let commits = (0..3).map(|id| commit_vote(id, view, seq, digest)).collect();
    let (view, seq) = (View::new(view), SeqNum::new(seq));
    let certificate = CommitCertificate { view, seq, digest, commits };
    Decision { certificate, proposal: Some(Arc::new(proposal.clone())) }
}

/// What replicas 0, 1 and 2 certify if they report what `vote` reports.
pub fn stable(vote: &Checkpoint) -> CheckpointCertificate {
    let of = |id| sign(id, Checkpoint { from: replica(id), ..vote.clone() });
    let (seq, state, clients) = (vote.seq, vote.state, vote.clients);
    CheckpointCertificate { seq, state, clients, votes: (0..3).map(of).collect() }
}

/// A VIEW-CHANGE.
pub fn change(
    from: u16,
    view: u64,
    checkpoint: Option<CheckpointCertificate>,
    prepared: Vec<PreparedCertificate>,
) -> Arc<Signed<ViewChange>> {
    let stable = checkpoint.as_ref().map_or(SeqNum::ZERO, |held| held.seq);
    let (view, id) = (View::new(view), replica(from));
    Arc::new(sign(from, ViewChange { view, stable, checkpoint, prepared, from: id }))
}

/// A NEW-VIEW of the primary of its view that proposes `digests` from position `first` on.
pub fn new_view(
    view: u64,
    view_changes: Vec<Arc<Signed<ViewChange>>>,
    first: u64,
    digests: &[Digest],
) -> Message {
    let from = leader(view);
    let proposals = (first..).zip(digests).map(|(seq, digest)| pre_prepare(view, seq, *digest));
    let pre_prepares = proposals.collect();
    let new_view =
        NewView { view: View::new(view), view_changes, pre_prepares, from: replica(from) };
    Message::NewView(Arc::new(sign(from, new_view)))
}

/// Replica `from` in view 0 says that it executed nothing and waits for votes.
pub fn waits(from: u16) -> Message {
    let (view, executed, stable) = (View::ZERO, SeqNum::ZERO, SeqNum::ZERO);
    let status = Status { view, active: true, executed, stable, waits: true, from: replica(from) };
    Message::Status(sign(from, status))
}
