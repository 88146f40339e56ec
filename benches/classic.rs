//! The protocol alone: what one event costs one replica, and what a decision costs a whole cluster in one thread.
//!
//! `classic/step` is one event into one shipped replica of four, and nothing else: a batch proposed by the primary, the
//! application's consent, the PREPARE that makes it prepared, the COMMIT that decides. Others' signatures are checked
//! before a replica sees a message, outside of what is timed; its own votes are signed within, with Ed25519.
//!
//! `classic/commit` is everything that happens in a simulated cluster until all requests are answered: all replicas and
//! clients, the queue of the simulated network, which loses nothing here, and the oracle that watches. Its keys are
//! symbolic, so nothing is authenticated. It compares versions with each other; it is no cost of a replica.
//!
//! Durable: nothing, in neither. Machine, commit and command stand in `benches/README.md`.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

use std::sync::Arc;
use std::time::Duration;

use benches::workload::{proposal, scope};
use consensus::action::Action;
use consensus::certificate::Commit;
use consensus::classic::evidence::Evidence;
use consensus::classic::message::{Message, Propose};
use consensus::classic::prepared::{PrePrepare, Prepare};
use consensus::classic::record::Record;
use consensus::classic::{Config, Replica};
use consensus::committee::Committee;
use consensus::event::{Event, Verdict};
use consensus::ids::{Digest, ReplicaId, SeqNum, View};
use consensus::keys::{Keyring, Signer};
use consensus::limits::Limits;
use consensus::protocol::{Actions, Protocol};
use consensus::sim::Cluster;
use consensus::sim::journal::Journal;
use consensus::sim::setup::Setup;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn cluster(replicas: usize, clients: usize, requests: u32) -> Cluster<Replica, Journal> {
    let setup = Setup { clients, requests, ..Setup::calm(replicas) };
    let config = |setup: &Setup, id: ReplicaId, signer: Signer, genesis: Digest| Config {
        id,
        committee: setup.committee,
        limits: setup.limits.clone(),
        signer,
        genesis,
    };
    Cluster::new(setup, 1, Journal::default(), config, Message::name)
}

/// One client sends one request after the other: every decision holds one.
fn one_by_one(c: &mut Criterion) {
    const REQUESTS: u32 = 50;
    let mut group = c.benchmark_group("classic/commit");
    group.throughput(Throughput::Elements(u64::from(REQUESTS)));
    for replicas in [4, 7, 16] {
        group.bench_function(format!("n={replicas} batch=1"), |b| {
            b.iter_batched_ref(
                || cluster(replicas, 1, REQUESTS),
                |cluster| assert!(cluster.run(Duration::from_secs(600))),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Many clients at once: requests gather into batches.
fn batched(c: &mut Criterion) {
    const CLIENTS: usize = 256;
    let mut group = c.benchmark_group("classic/commit");
    group.throughput(Throughput::Elements(CLIENTS as u64));
    group.bench_function(format!("n=4 clients={CLIENTS}"), |b| {
        b.iter_batched_ref(
            || cluster(4, CLIENTS, 1),
            |cluster| assert!(cluster.run(Duration::from_secs(600))),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// The replica that is timed, a backup of view 0, and what the others say to it about position 1.
struct Stage {
    replica: Replica,
    signers: Vec<Signer>,
    ring: Keyring,
    propose: Propose,
}

impl Stage {
    /// A started backup and a batch of `requests` signed requests.
    fn new(requests: u16) -> Self {
        let signers: Vec<Signer> =
            (1..=4).map(|name| Signer::ed25519(scope(), [name; 32])).collect();
        let keys: Vec<_> = signers.iter().map(Signer::public_key).collect();
        let ring = Keyring::try_ed25519(scope(), &keys).expect("keys from seeds");
        let config = Config {
            id: ReplicaId::new(1),
            committee: Committee::try_new(4).expect("four replicas"),
            limits: Limits::default(),
            signer: signers[1].clone(),
            genesis: Digest::NULL,
        };
        let proposal = proposal(requests, 64);
        let digest = proposal.batch.digest();
        let (view, seq, from) = (View::ZERO, SeqNum::new(1), ReplicaId::ZERO);
        let pre_prepare = signers[0].sign(PrePrepare { view, seq, digest, from });
        let propose = Propose { pre_prepare, proposal: Arc::new(proposal) };
        let mut stage = Self { replica: Replica::new(config, Vec::new()), signers, ring, propose };
        stage.happens(Event::Started);
        stage
    }

    /// `message` as a replica gets it, its signatures checked.
    fn received(&self, message: Message) -> Event<Message> {
        Event::Received(self.ring.verify(message).expect("signed by its author"))
    }

    fn proposed(&self) -> Event<Message> {
        self.received(Message::Propose(self.propose.clone()))
    }

    fn prepared_by(&self, backup: u16) -> Event<Message> {
        let PrePrepare { view, seq, digest, .. } = *self.propose.pre_prepare;
        let vote = Prepare { view, seq, digest, from: ReplicaId::new(backup) };
        self.received(Message::Prepare(self.signers[usize::from(backup)].sign(vote)))
    }

    fn committed_by(&self, replica: u16) -> Event<Message> {
        let PrePrepare { view, seq, digest, .. } = *self.propose.pre_prepare;
        let vote = Commit { view, seq, digest, from: ReplicaId::new(replica) };
        self.received(Message::Commit(self.signers[usize::from(replica)].sign(vote)))
    }

    fn happens(&mut self, event: Event<Message>) -> Actions<Replica> {
        let mut actions = Vec::new();
        self.replica.step(event, &mut actions).expect("an event of the normal case");
        actions
    }

    /// Lets `event` happen to clones of the replica as it stands, again and again; then to the replica itself. `shows`
    /// is an action that only this step leads to.
    fn time(
        &mut self,
        c: &mut Criterion,
        name: &str,
        event: Event<Message>,
        shows: fn(&Action<Message, Record, Evidence>) -> bool,
    ) -> Actions<Replica> {
        c.bench_function(name, |b| {
            b.iter_batched_ref(
                || (self.replica.clone(), Some(event.clone()), Vec::with_capacity(16)),
                |(replica, event, actions)| replica.step(event.take().expect("set up"), actions),
                BatchSize::SmallInput,
            );
        });
        let actions = self.happens(event);
        assert!(actions.iter().any(shows), "{name}: {actions:?}");
        actions
    }
}

/// One event into one replica, for each step of a decision at a backup.
fn steps(c: &mut Criterion) {
    for requests in [1, 256] {
        let name = |step| format!("classic/step/{step} n=4 batch={requests}");
        let mut stage = Stage::new(requests);
        let validates = |action: &Action<_, _, _>| matches!(action, Action::Validate { .. });
        let proposed = stage.proposed();
        let asked = stage.time(c, &name("pre-prepare"), proposed, validates);
        let digest = asked.iter().find_map(|action| match action {
            Action::Validate { digest, .. } => Some(*digest),
            _ => None,
        });
        let digest = digest.expect("the application is asked");
        let consent = Event::Validated { digest, verdict: Verdict::Acceptable };
        let prepares = |action: &Action<_, _, _>| {
            matches!(action, Action::Broadcast { message: Message::Prepare(_) })
        };
        stage.time(c, &name("validated"), consent, prepares);
        let prepare = stage.prepared_by(2);
        let commits = |action: &Action<_, _, _>| {
            matches!(action, Action::Broadcast { message: Message::Commit(_) })
        };
        stage.time(c, &name("last prepare"), prepare, commits);
        let first = stage.committed_by(0);
        stage.happens(first);
        let last = stage.committed_by(2);
        let executes = |action: &Action<_, _, _>| matches!(action, Action::Execute { .. });
        stage.time(c, &name("last commit"), last, executes);
    }
}

criterion_group!(benches, steps, one_by_one, batched);
criterion_main!(benches);
