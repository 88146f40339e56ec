//! One replica at a time: it is put into a state, gets one event, and what it does is looked at.
//!
//! Everything goes through the one door, `Protocol::step`. [`refuse`] checks for every refusal that nothing
//! changed and nothing was emitted.

mod catching_up;
mod checkpoints;
mod evidence;
mod ordering;
mod world;
mod promises;
mod reads;
mod refusals;
mod restart;
mod transfer;
mod view_changes;
mod wire_form;

use std::collections::VecDeque;
use std::sync::Arc;

use super::evidence::{Evidence, Offence, Pair};
use super::message::{Fetch, Message, Missing, NewView, Propose, Status, ViewChange};
use super::prepared::{PrePrepare, Prepare, PreparedCertificate};
use super::record::Record;
use super::replica::{Config, Replica};
use crate::action::Action;
use crate::application::Application;
use crate::certificate::{Checkpoint, CheckpointCertificate, Commit, CommitCertificate, Decision};
use crate::committee::Committee;
use crate::event::{Event, Timer, Verdict};
use crate::ids::{Digest, NetworkId, ReplicaId, SeqNum, Timestamp, View};
use crate::keys::{Keyring, Scope, Signed, Signer, Statement, Verified};
use crate::limits::{Limits, LimitsSpec};
use crate::protocol::Protocol;
use crate::reject::Reject;
use crate::request::{Proposal, Request, Submission};
use crate::sim::journal::Journal;

type Deed = Action<Message, Record, Evidence>;

/// Replicas in these tests; one more key is known, of a stranger.
const REPLICAS: u16 = 4;

fn scope() -> Scope {
    Scope::new(NetworkId::new(Digest::of("unit tests", &())))
}

fn signer(id: u16) -> Signer {
    Signer::symbolic(scope(), u64::from(id))
}

fn sign<M: Statement>(from: u16, message: M) -> Signed<M> {
    signer(from).sign(message)
}

fn verified(message: Message) -> Verified<Message> {
    let keys = (0..=REPLICAS).map(|id| signer(id).public_key()).collect();
    Keyring::symbolic(scope(), keys).verify(message).expect("signed by its author")
}

fn received(message: Message) -> Event<Message> {
    Event::Received(verified(message))
}

fn config(id: u16) -> Config {
    let spec = LimitsSpec {
        batch_requests: 2,
        batch_bytes: 1_024,
        operation_bytes: 64,
        attachment_bytes: 64,
        pipeline: 2,
        window: 8,
        checkpoint_interval: 4,
        pending: 3,
        fetch_decisions: 4,
        ..LimitsSpec::default()
    };
    Config {
        id: ReplicaId::new(id),
        committee: Committee::try_new(usize::from(REPLICAS)).expect("four replicas"),
        limits: Limits::try_new(spec).expect("these limits fit together"),
        signer: signer(id),
        genesis: Journal::default().genesis(),
    }
}

/// A replica that has just started.
fn replica(id: u16) -> Replica {
    let mut replica = Replica::new(config(id), Vec::new());
    step(&mut replica, Event::Started);
    replica
}

/// Lets an event happen that is not refused.
fn step(replica: &mut Replica, event: Event<Message>) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let what = format!("{event:?}");
    replica.step(event, &mut deeds).unwrap_or_else(|reject| panic!("{what}: {reject}"));
    deeds
}

/// Lets an event happen that is refused; nothing may have changed then, and nothing may be emitted.
fn refuse(replica: &Replica, event: Event<Message>) -> Reject {
    let mut after = replica.clone();
    let before: Vec<Deed> = vec![Action::Disarm { timer: Timer::Status }];
    let mut deeds = before.clone();
    let what = format!("{event:?}");
    match after.step(event, &mut deeds) {
        Ok(()) => panic!("not refused: {what}"),
        Err(reject) => {
            assert_eq!(after, *replica, "{reject}: the replica has changed");
            assert_eq!(deeds, before, "{reject}: something was emitted");
            reject
        }
    }
}

/// Lets an event happen, and answers every question of the replica at once.
fn drive(replica: &mut Replica, journal: &mut Journal, event: Event<Message>) -> Vec<Deed> {
    let mut queue = VecDeque::from(step(replica, event));
    let mut deeds = Vec::new();
    while let Some(deed) = queue.pop_front() {
        if let Some(answer) = answer(replica, journal, &deed) {
            let mut wanted = Vec::new();
            if replica.step(answer, &mut wanted).is_ok() {
                queue.extend(wanted);
            }
        }
        deeds.push(deed);
    }
    deeds
}

/// What the application and the driver say to an action, if anything.
fn answer(replica: &Replica, journal: &mut Journal, deed: &Deed) -> Option<Event<Message>> {
    match deed {
        Action::Build { requests } => {
            let proposal = journal.build(replica.id(), requests.clone());
            Some(Event::Built { proposal })
        }
        Action::Validate { digest, proposal, .. } => {
            let good = journal.validate(proposal);
            let verdict = if good { Verdict::Acceptable } else { Verdict::Refused };
            Some(Event::Validated { digest: *digest, verdict })
        }
        Action::Export { seq } => Some(Event::Exported { seq: *seq, chunks: journal.export() }),
        Action::Install { seq, chunks } => {
            Some(Event::Installed { seq: *seq, state: journal.install(chunks) })
        }
        Action::Query { read } => {
            let result = journal.query(&read.operation);
            Some(Event::Answered { client: read.client(), timestamp: read.timestamp, result })
        }
        Action::Execute { decision, fresh } => {
            let done = journal.execute(decision, fresh);
            let (state, outcomes, checkpoint) = (done.state, done.outcomes, done.checkpoint);
            Some(Event::Executed { seq: decision.seq(), state, outcomes, checkpoint })
        }
        _ => None,
    }
}

/// A public request of client `client`.
fn request(client: u64, timestamp: u64) -> Submission {
    submission(client, timestamp, vec![0, 7], Vec::new())
}

/// A request with a private part that the journal asks for.
fn private_request(client: u64, private: &[u8]) -> Submission {
    let digest = Digest::of("journal private part", &private.to_vec());
    submission(client, 1, [&[1], digest.bytes().as_slice()].concat(), private.to_vec())
}

fn submission(client: u64, timestamp: u64, operation: Vec<u8>, attachment: Vec<u8>) -> Submission {
    let signer = Signer::symbolic(scope(), 1_000 + client);
    let timestamp = Timestamp::new(timestamp);
    let request = Request::new(signer.public_key(), timestamp, operation);
    Submission { request: signer.sign(request), attachment }
}

/// A batch of `proposer` with one request of each of `clients`.
fn batch(proposer: u16, clients: &[u64]) -> Proposal {
    let requests = clients.iter().map(|client| request(*client, 1)).collect();
    Proposal::new(ReplicaId::new(proposer), Vec::new(), requests)
}

fn propose(view: u64, seq: u64, proposal: &Proposal) -> Message {
    propose_as(u16::try_from(view % 4).expect("a replica"), view, seq, proposal)
}

fn propose_as(from: u16, view: u64, seq: u64, proposal: &Proposal) -> Message {
    let pre_prepare = pre_prepare(from, view, seq, proposal.batch.digest());
    Message::Propose(Propose { pre_prepare, proposal: Arc::new(proposal.clone()) })
}

fn pre_prepare(from: u16, view: u64, seq: u64, digest: Digest) -> Signed<PrePrepare> {
    let (view, seq) = (View::new(view), SeqNum::new(seq));
    sign(from, PrePrepare { view, seq, digest, from: ReplicaId::new(from) })
}

fn prepare_vote(from: u16, view: u64, seq: u64, digest: Digest) -> Signed<Prepare> {
    let (view, seq) = (View::new(view), SeqNum::new(seq));
    sign(from, Prepare { view, seq, digest, from: ReplicaId::new(from) })
}

fn prepare(from: u16, view: u64, seq: u64, digest: Digest) -> Message {
    Message::Prepare(prepare_vote(from, view, seq, digest))
}

fn commit_vote(from: u16, view: u64, seq: u64, digest: Digest) -> Signed<Commit> {
    let (view, seq) = (View::new(view), SeqNum::new(seq));
    sign(from, Commit { view, seq, digest, from: ReplicaId::new(from) })
}

fn commit(from: u16, view: u64, seq: u64, digest: Digest) -> Message {
    Message::Commit(commit_vote(from, view, seq, digest))
}

/// The certificate that `digest` prepared, from the two lowest backups.
fn prepared(view: u64, seq: u64, digest: Digest) -> PreparedCertificate {
    let primary = u16::try_from(view % 4).expect("a replica");
    let backups = (0..REPLICAS).filter(|id| *id != primary).take(2);
    PreparedCertificate {
        pre_prepare: pre_prepare(primary, view, seq, digest),
        prepares: backups.map(|id| prepare_vote(id, view, seq, digest)).collect(),
    }
}

fn decision(view: u64, seq: u64, proposal: &Proposal) -> Decision {
    let digest = proposal.batch.digest();
    let commits = (0..3).map(|id| commit_vote(id, view, seq, digest)).collect();
    let (view, seq) = (View::new(view), SeqNum::new(seq));
    let certificate = CommitCertificate { view, seq, digest, commits };
    Decision { certificate, proposal: Some(Arc::new(proposal.clone())) }
}

/// A vote for the state called `state` at `seq`.
fn checkpoint_vote(from: u16, seq: u64, state: &'static str) -> Signed<Checkpoint> {
    let (state, clients) = (Digest::of("unit test state", &state), Digest::of("clients", &state));
    sign(from, Checkpoint { seq: SeqNum::new(seq), state, clients, from: ReplicaId::new(from) })
}

fn checkpoint(from: u16, seq: u64, state: &'static str) -> Message {
    Message::Checkpoint(checkpoint_vote(from, seq, state))
}

/// What replicas 0, 1 and 2 certify at `seq`.
fn certificate(seq: u64) -> CheckpointCertificate {
    let votes: Vec<_> = (0..3).map(|id| checkpoint_vote(id, seq, "good")).collect();
    let (state, clients) = (votes[0].state, votes[0].clients);
    CheckpointCertificate { seq: SeqNum::new(seq), state, clients, votes }
}

/// What replicas 0, 1 and 2 certify at `seq` if batches of the clients 1 to `seq` are executed up to there.
fn true_certificate(seq: u64) -> CheckpointCertificate {
    let decided = (1..=seq).map(|seq| decision(0, seq, &batch(0, &[seq]))).collect();
    let decided = received(Message::Decisions(decided));
    let deeds = drive(&mut replica(1), &mut Journal::default(), decided);
    let mut votes = sent(&deeds).into_iter().filter_map(|message| match message {
        Message::Checkpoint(vote) if vote.seq.get() == seq => Some(vote.message.clone()),
        _ => None,
    });
    let vote = votes.next().expect("a checkpoint is due there");
    let sign_as = |id| sign(id, Checkpoint { from: ReplicaId::new(id), ..vote.clone() });
    let votes = (0..3).map(sign_as).collect();
    CheckpointCertificate { seq: vote.seq, state: vote.state, clients: vote.clients, votes }
}

/// Replica `from` in view 0 says how far it is, and whether it waits for votes.
fn status(from: u16, executed: u64, stable: u64, waits: bool) -> Message {
    let (executed, stable) = (SeqNum::new(executed), SeqNum::new(stable));
    let (view, from_id) = (View::ZERO, ReplicaId::new(from));
    let status = Status { view, active: true, executed, stable, waits, from: from_id };
    Message::Status(sign(from, status))
}

fn fetch(from: u16, what: Missing) -> Message {
    Message::Fetch(sign(from, Fetch { what, from: ReplicaId::new(from) }))
}

fn view_change(from: u16, view: u64, prepared: Vec<PreparedCertificate>) -> ViewChange {
    ViewChange {
        view: View::new(view),
        stable: SeqNum::ZERO,
        checkpoint: None,
        prepared,
        from: ReplicaId::new(from),
    }
}

fn change(vote: ViewChange) -> Message {
    Message::ViewChange(Arc::new(sign(vote.from.get(), vote)))
}

/// A NEW-VIEW that shows `votes` and proposes `digests` from position 1 on.
fn new_view(view: u64, votes: Vec<ViewChange>, digests: &[Digest]) -> NewView {
    let primary = u16::try_from(view % 4).expect("a replica");
    let proposals =
        (1..).zip(digests).map(|(seq, digest)| pre_prepare(primary, view, seq, *digest));
    NewView {
        view: View::new(view),
        view_changes: votes.into_iter().map(|v| Arc::new(sign(v.from.get(), v))).collect(),
        pre_prepares: proposals.collect(),
        from: ReplicaId::new(primary),
    }
}

/// A NEW-VIEW of replicas 0, 1 and 2, at which nothing prepared.
fn plain_view(view: u64) -> Message {
    let votes = (0..3).map(|id| view_change(id, view, Vec::new())).collect();
    enter(new_view(view, votes, &[]))
}

fn enter(new_view: NewView) -> Message {
    Message::NewView(Arc::new(sign(new_view.from.get(), new_view)))
}

/// What was sent to others, without what is said at every start.
fn sent(deeds: &[Deed]) -> Vec<&Message> {
    let mut messages = Vec::new();
    for deed in deeds {
        if let Action::Broadcast { message } | Action::Send { message, .. } = deed
            && !matches!(message, Message::Status(_))
        {
            messages.push(message);
        }
    }
    messages
}

/// The names of what was done, in order.
fn names(deeds: &[Deed]) -> Vec<&'static str> {
    let name = |deed: &Deed| match deed {
        Action::Send { message, .. } | Action::Broadcast { message } => message.name(),
        Action::Reply { .. } => "reply",
        Action::Persist { .. } => "persist",
        Action::Arm { .. } => "arm",
        Action::Disarm { .. } => "disarm",
        Action::Build { .. } => "build",
        Action::Validate { .. } => "validate",
        Action::Query { .. } => "query",
        Action::Export { .. } => "export",
        Action::Install { .. } => "install",
        Action::Execute { .. } => "execute",
        Action::Skip { .. } => "skip",
        Action::Stable { .. } => "stable!",
        Action::Accuse { .. } => "accuse",
        Action::Recall { .. } => "recall",
    };
    deeds.iter().map(name).collect()
}
