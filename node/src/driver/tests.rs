//! What the driver makes durable before what leaves, and how it begins.

use std::path::{Path, PathBuf};

use community::terms;
use consensus::certificate::{CommitCertificate, Decision};
use consensus::classic::{Config, Replica};
use consensus::ids::{Digest, Timestamp, View};
use consensus::keys::Signer;
use consensus::request::{Request, Submission};
use ledger::Genesis;

use super::*;
use crate::config::Durability;
use crate::executor::Executor;
use crate::founding::{Founding, FoundingFile, state_digest};
use crate::hex::Hex32;
use crate::people;
use crate::store::chain::Chain;
use crate::store::records::Records;
use crate::store::syncer::Syncer;

/// A folder that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("gridquorum-driver-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("chain")).expect("the temporary folder is writable");
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn founding() -> Founding {
    let operator = people::author_of(people::operator_seed(1));
    let region = Genesis::try_new(terms::charter(operator)).expect("the terms fit together");
    let anywhere = consensus::keys::Scope::new(consensus::ids::NetworkId::new(Digest::NULL));
    let key = |seed: u8| Hex32(*Signer::ed25519(anywhere, [seed; 32]).public_key().bytes());
    let replicas = (1..=4).map(key).collect();
    Founding::try_new(FoundingFile { region, replicas, limits: Default::default() })
        .expect("four keys and the usual limits")
}

/// Replica 1 with its disk in `folder`. Nobody listens on its links.
fn driver(folder: &Path, metrics: &Arc<Metrics>) -> Driver<Replica, Executor> {
    let founding = founding();
    let (records, promises) = Records::open(&folder.join("records.log")).expect("a good file");
    let id = ReplicaId::new(1);
    let config = Config {
        id,
        committee: founding.committee(),
        limits: founding.limits().clone(),
        signer: Signer::ed25519(founding.scope(), [2; 32]),
        genesis: state_digest(&founding.genesis_header()),
    };
    let (_, stop) = watch::channel(false);
    let chain = Chain::open(&folder.join("chain")).expect("good files");
    let syncer = Syncer::start().expect("a thread");
    Driver::new(Parts {
        replica: Replica::new(config, promises),
        application: Executor::new(&founding),
        journal: Journal::new(records, chain, syncer, Durability::Sync),
        signer: Signer::ed25519(founding.scope(), [2; 32]),
        clients: ClientAuthentication::Signature,
        evidence: EvidenceLog::open(&folder.join("chain")).expect("a good file"),
        senders: Senders::start(id, Vec::new(), metrics, &stop),
        registry: Arc::default(),
        standing: watch::channel(Status::default()).0,
        trace: Arc::default(),
        metrics: metrics.clone(),
        others: founding.committee().replicas().filter(|other| *other != id).collect(),
        window: 256,
    })
}

/// Null requests at the positions up to `last`, as a chain on disk holds them.
fn nulls(last: u64) -> Vec<Decision> {
    let decision = |seq| {
        let (view, digest, commits) = (View::ZERO, Digest::NULL, Vec::new());
        let certificate = CommitCertificate { view, seq: SeqNum::new(seq), digest, commits };
        Decision { certificate, proposal: None }
    };
    (1..=last).map(decision).collect()
}

/// A replica's own CHECKPOINT leaves only when the chain that it vouches for is durable, and that sync is counted.
/// Other rounds leave the chain to the operating system.
#[tokio::test]
async fn a_checkpoint_vote_waits_for_the_chain() {
    let scratch = Scratch::new("checkpoint");
    let metrics = Arc::new(Metrics::default());
    let mut driver = driver(&scratch.0, &metrics);
    driver.start().expect("nothing to replay");
    let me = driver.parts.replica.id();
    // The default interval is 64: the vote is due at position 64, not before.
    let all = nulls(64);
    for (decisions, synced) in [(all[..63].to_vec(), false), (all[63..].to_vec(), true)] {
        let before = metrics.read(Count::Syncs);
        driver.step(Event::Recalled { to: me, decisions }).expect("null requests are skipped");
        assert_eq!(driver.exit.waiting().any(Outgoing::is_checkpoint), synced);
        driver.finish_round().expect("the disk works");
        let votes = driver.exit.waiting().any(Outgoing::is_checkpoint);
        assert_eq!(votes, synced, "a vote waits, other things leave");
        while driver.exit.is_busy() {
            metrics.add(Count::Syncs, driver.parts.journal.end().await.expect("the disk works"));
            driver.exit.end();
        }
        driver.finish_round().expect("the disk works");
        assert_eq!(driver.exit.waiting().count(), 0);
        assert_eq!(!driver.parts.journal.chain().is_dirty(), synced);
        assert_eq!(metrics.read(Count::Syncs) > before, synced, "blocks.log was waited for");
    }
}

/// After a restart `Started` comes first and the chain on disk second, as in the simulator and the models: the
/// first thing that the replica says is that it stands at the beginning.
#[tokio::test]
async fn a_restart_begins_with_started() {
    let scratch = Scratch::new("order");
    let metrics = Arc::new(Metrics::default());
    let mut first = driver(&scratch.0, &metrics);
    first.start().expect("nothing to replay");
    let me = first.parts.replica.id();
    first.step(Event::Recalled { to: me, decisions: nulls(3) }).expect("skipped");
    first.finish_round().expect("the disk works");
    drop(first);

    let mut second = driver(&scratch.0, &metrics);
    second.start().expect("a good chain");
    assert_eq!(second.parts.replica.standing().executed, SeqNum::new(3), "all of it is replayed");
    let Some(Outgoing::All(Message::Status(status), _)) = second.exit.waiting().next() else {
        panic!("a replica begins by saying where it stands");
    };
    assert_eq!(status.executed, SeqNum::ZERO);
}

/// However often a replica asks for what it missed, it is answered a few times between two ticks.
#[tokio::test]
async fn questions_for_decisions_are_answered_a_few_times_per_tick() {
    let scratch = Scratch::new("recall");
    let metrics = Arc::new(Metrics::default());
    let mut driver = driver(&scratch.0, &metrics);
    driver.start().expect("nothing to replay");
    let me = driver.parts.replica.id();
    driver.step(Event::Recalled { to: me, decisions: nulls(3) }).expect("skipped");
    driver.exit = Exit::default();
    let ask = |driver: &mut Driver<Replica, Executor>, to| {
        for _ in 0..100 {
            driver.recall(ReplicaId::new(to), SeqNum::new(1), 64).expect("readable");
        }
        std::mem::take(&mut driver.local).len()
    };
    assert_eq!((ask(&mut driver, 0), ask(&mut driver, 2)), (4, 4), "each has its own share");
    driver.timers.insert(Timer::Status, Instant::now());
    driver.expire().expect("a tick");
    assert_eq!(ask(&mut driver, 0), 4);
}

/// A client's request waits here, and the patience for it runs out.
fn leaves_its_view(driver: &mut Driver<Replica, Executor>) {
    let signer = Signer::ed25519(founding().scope(), people::operator_seed(1));
    let request = Request::new(signer.public_key(), Timestamp::new(1), vec![1_u8]);
    let attachment = Vec::new();
    let message = Message::Request(Submission { request: signer.sign(request), attachment });
    let message = founding().keyring().verify(message).expect("signed");
    driver.step(Event::Received(message)).expect("it waits");
    driver.step(Event::Expired(Timer::View)).expect("it asks for the next view");
}

fn waiting_view_changes(driver: &Driver<Replica, Executor>) -> usize {
    let is_one = |outgoing: &&Outgoing| {
        matches!(
            outgoing,
            Outgoing::All(Message::ViewChange(_), _) | Outgoing::To(_, Message::ViewChange(_), _)
        )
    };
    driver.exit.waiting().filter(is_one).count()
}

/// A VIEW-CHANGE that waits for the disk when the replica is stopped leaves after the disk has ended, not before.
#[tokio::test]
async fn a_stop_waits_for_the_disk() {
    let scratch = Scratch::new("stop");
    let metrics = Arc::new(Metrics::default());
    let mut driver = driver(&scratch.0, &metrics);
    driver.start().expect("nothing to replay");
    driver.finish_round().expect("the disk works");
    leaves_its_view(&mut driver);
    driver.finish_round().expect("the disk works");
    assert!(driver.exit.is_busy());
    assert_eq!((waiting_view_changes(&driver), metrics.read(Count::Syncs)), (1, 0));
    driver.finish().await.expect("the disk works");
    assert_eq!(waiting_view_changes(&driver), 0);
    assert_eq!(metrics.read(Count::Syncs), 1, "records.log was waited for");
}

/// What a killed process promised may be in the machine's memory only. The next one repeats it to others, so it has it
/// made durable before it says anything.
#[tokio::test]
async fn a_restart_makes_old_promises_durable() {
    let scratch = Scratch::new("old");
    let metrics = Arc::new(Metrics::default());
    let mut first = driver(&scratch.0, &metrics);
    first.start().expect("nothing to replay");
    leaves_its_view(&mut first);
    first.parts.journal.flush().expect("the operating system has it, and no disk");
    drop(first);

    assert_eq!(metrics.read(Count::Syncs), 0);
    let mut second = driver(&scratch.0, &metrics);
    second.start().expect("good records");
    assert_eq!(metrics.read(Count::Syncs), 1, "records.log was waited for");
    assert_eq!(second.parts.replica.standing().view, View::new(1), "it remembers");
}

/// As long as a promise is not durable, no block that could rest on it is in the file.
#[tokio::test]
async fn the_chain_follows_the_promises() {
    let scratch = Scratch::new("follows");
    let metrics = Arc::new(Metrics::default());
    let mut driver = driver(&scratch.0, &metrics);
    driver.start().expect("nothing to replay");
    driver.finish_round().expect("the disk works");
    let me = driver.parts.replica.id();
    let blocks = scratch.0.join("chain/blocks.log");
    let length = || std::fs::metadata(&blocks).expect("there").len();
    leaves_its_view(&mut driver);
    driver.step(Event::Recalled { to: me, decisions: nulls(3) }).expect("skipped");
    assert_eq!(length(), 0, "a promise is owed");
    driver.finish_round().expect("the disk works");
    // While the disk is at work more is decided; nothing but the disk's thread may write it.
    let later: Vec<_> = nulls(4).split_off(3);
    driver.step(Event::Recalled { to: me, decisions: later }).expect("skipped");
    driver.finish_round().expect("the disk works");
    let asked = driver.parts.journal.chain().recall(SeqNum::new(1), 9, 1 << 20);
    assert!(asked.expect("readable").is_empty(), "nothing is known to be in the file");
    driver.parts.journal.end().await.expect("the disk works");
    driver.exit.end();
    let three = length();
    let recalled = |driver: &Driver<Replica, Executor>| {
        driver.parts.journal.chain().recall(SeqNum::new(1), 9, 1 << 20).expect("readable").len()
    };
    assert_eq!((three > 0, recalled(&driver)), (true, 3));
    driver.finish_round().expect("the disk works");
    assert!(length() > three && recalled(&driver) == 4, "no promise is owed: the rest follows");
}
