//! A replica process put together: sockets, tasks, disk; started from a configuration, stopped by a signal.
//!
//! In: a configuration, bound listeners, a signal to stop. Out: a replica that serves until then. Refuses to know:
//! where listeners and signals come from, so that a test can start four of them in one process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use consensus::classic::record::Record;
use consensus::classic::{Config as ReplicaConfig, Replica};
use consensus::protocol::Protocol;
use ledger::Published;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::application::{Application, Gate};
use crate::clients::{Knowledge, Port};
use crate::config::Config;
use crate::driver::{Classic, Driver, DriverError, Parts, QUEUE};
use crate::executor::{Executor, Shown};
use crate::founding::{Founding, state_digest};
use crate::metrics::Metrics;
use crate::peers::handshake;
use crate::peers::link::{Senders, listen};
use crate::registry::Registry;
use crate::store::chain::{Chain, ChainError};
use crate::store::evidence::{EvidenceError, EvidenceLog};
use crate::store::journal::Journal;
use crate::store::records::{Records, RecordsError};
use crate::store::syncer::Syncer;
use crate::talk::Status;
use crate::trace::Trace;
use crate::verifier::Verifier;

/// The two listening sockets of a replica.
#[derive(Debug)]
pub struct Listeners {
    /// For replicas.
    pub peers: TcpListener,
    /// For clients.
    pub clients: TcpListener,
}

/// Why a replica could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// An address could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: std::net::SocketAddr,
        /// What the machine said.
        source: io::Error,
    },
    /// The data folder could not be made.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the machine said.
        source: io::Error,
    },
    /// The machine gives no thread to wait for the disk.
    #[error("cannot start a thread: {source}")]
    Thread {
        /// What the machine said.
        source: io::Error,
    },
    /// A certificate and a key that do not belong together.
    #[error("link key and certificate: {0}")]
    Tls(#[from] rustls::Error),
    /// The records.
    #[error("{0}{advice}", advice = .0.advice())]
    Records(#[from] RecordsError),
    /// The chain.
    #[error("{0}{advice}", advice = .0.advice())]
    Chain(#[from] ChainError),
    /// The evidence.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The driver.
    #[error(transparent)]
    Driver(#[from] DriverError),
}

impl Listeners {
    /// Binds the addresses of a configuration.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Bind`], naming the address.
    pub async fn bind(config: &Config) -> Result<Self, ServiceError> {
        let own = config.own();
        let bind = async |address| {
            let bound = TcpListener::bind(address).await;
            bound.map_err(|source| ServiceError::Bind { address, source })
        };
        Ok(Self { peers: bind(own.peers).await?, clients: bind(own.clients).await? })
    }
}

/// What a node runs: a replica, behind it an application, before it the gate that the application keeps.
#[derive(Debug)]
pub struct Works<A> {
    /// Executes what is agreed on.
    pub application: A,
    /// Knows who may come in.
    pub gate: Arc<dyn Gate>,
    /// What readers see.
    pub shown: Arc<Published<Shown>>,
}

impl Works<Executor> {
    /// The ledger of a region.
    pub fn of_region(founding: &Founding) -> Self {
        let application = Executor::new(founding);
        let (gate, shown) = (application.admitted(), application.shown());
        Self { application, gate, shown }
    }
}

/// Serves the ledger of a region until `stop` says so; then finishes what was taken in, makes it durable and returns.
///
/// # Errors
///
/// [`ServiceError`]; nothing is promised any more then.
pub async fn serve(
    config: Config,
    listeners: Listeners,
    stop: watch::Receiver<bool>,
) -> Result<(), ServiceError> {
    let works = Works::of_region(&config.founding);
    serve_as(Replica::new, works, config, listeners, stop).await
}

/// Like [`serve`], with a replica that `make` makes, and with an application of the caller's.
///
/// # Errors
///
/// As [`serve`].
pub async fn serve_as<P: Classic, A: Application>(
    make: impl FnOnce(ReplicaConfig, Vec<Record>) -> P,
    works: Works<A>,
    config: Config,
    listeners: Listeners,
    stop: watch::Receiver<bool>,
) -> Result<(), ServiceError> {
    let metrics = Arc::new(Metrics::default());
    let trace = Arc::new(Trace::default());
    let registry = Arc::new(Registry::default());
    let (standing, standing_reader) = watch::channel(Status::default());
    let (input, inbox) = mpsc::channel(QUEUE);

    let (records, chain, evidence, promises) = open_store(&config.data, &config.genesis)?;
    let Works { application, gate, shown } = works;
    let replica = make(replica_config(&config), promises);
    let syncer = Syncer::start().map_err(|source| ServiceError::Thread { source })?;

    let certificates: Vec<_> =
        config.replicas.iter().map(|peer| peer.certificate.clone()).collect();
    let own = config.own().certificate.clone();
    let peer_tls =
        handshake::listener(own.clone(), config.link_key.clone_key(), certificates.clone())?;
    let client_tls = handshake::client_listener(own.clone(), config.link_key.clone_key())?;
    let caller = |peer: &crate::config::Peer| {
        let (key, certificate) = (config.link_key.clone_key(), peer.certificate.clone());
        handshake::caller(own.clone(), key, certificate).map(|tls| (peer.peers, tls))
    };
    let callers = config.replicas.iter().map(caller).collect::<Result<Vec<_>, _>>()?;

    let senders = Senders::start(config.id, callers, &metrics, &stop);
    let clients = config.client_authentication;
    let keyring = config.founding.keyring().with_clients(clients);
    let verifier = Verifier::new(&config.founding, keyring, gate.clone(), metrics.clone(), input);
    let knowledge = Knowledge {
        shown,
        gate,
        standing: standing_reader,
        trace: trace.clone(),
        metrics: metrics.clone(),
    };
    let port =
        Port { me: config.id, verifier: verifier.clone(), registry: registry.clone(), knowledge };
    let links = listen(
        listeners.peers,
        peer_tls,
        certificates.into(),
        verifier,
        metrics.clone(),
        stop.clone(),
    );
    let tasks = [
        tokio::spawn(links),
        tokio::spawn(port.listen(listeners.clients, client_tls, stop.clone())),
    ];

    let others = config.founding.committee().replicas().filter(|id| *id != config.id).collect();
    let window = usize::try_from(config.founding.limits().spec().window).unwrap_or(usize::MAX);
    let parts = Parts {
        replica,
        application,
        journal: Journal::new(records, chain, syncer, config.durability),
        signer: config.signer.clone(),
        clients,
        evidence,
        senders,
        registry,
        standing,
        trace,
        metrics,
        others,
        window,
    };
    let outcome = Driver::new(parts).run(inbox, stop).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    outcome.map_err(ServiceError::Driver)
}

/// What lies on disk, open, and the promises in it.
type Store = (Records, Chain, EvidenceLog, Vec<Record>);

fn open_store(data: &Path, founding: &Path) -> Result<Store, ServiceError> {
    let folder = data.join("chain");
    let make = |path: &PathBuf| {
        std::fs::create_dir_all(path)
            .map_err(|source| ServiceError::Folder { path: path.clone(), source })
    };
    make(&folder)?;
    let genesis = folder.join("genesis.json");
    if !genesis.exists() {
        std::fs::copy(founding, &genesis)
            .map_err(|source| ServiceError::Folder { path: genesis, source })?;
    }
    let (records, promises) = Records::open(&data.join("records.log"))?;
    let chain = Chain::open(&folder)?;
    let evidence = EvidenceLog::open_or_set_aside(data)?;
    Ok((records, chain, evidence, promises))
}

fn replica_config(config: &Config) -> ReplicaConfig {
    ReplicaConfig {
        id: config.id,
        committee: config.founding.committee(),
        limits: config.founding.limits().clone(),
        signer: config.signer.clone(),
        genesis: state_digest(&config.founding.genesis_header()),
    }
}

#[cfg(test)]
mod tests {
    use consensus::certificate::Commit;
    use consensus::classic::evidence::{Evidence, Pair};
    use consensus::ids::{Digest, NetworkId, ReplicaId, SeqNum, View};
    use consensus::keys::{Scope, Signer};

    use super::*;
    use crate::store::log::LogError;

    fn damaged(path: &str) -> LogError {
        LogError::Damaged { path: path.into(), entry: 3, offset: 70 }
    }

    /// Advice about a damaged file must not cost a replica its memory of its own votes: the chain may go, since the
    /// others hold it; the records never. A failing machine gets no advice about files at all.
    #[test]
    fn nobody_is_told_to_remove_the_records() {
        let records = ServiceError::from(RecordsError::from(damaged("records.log"))).to_string();
        assert!(records.starts_with("records.log: entry 3 at byte 70 is damaged; never remove"));
        assert!(!records.contains("start it again"), "{records}");
        let chain = ServiceError::from(ChainError::from(damaged("blocks.log"))).to_string();
        assert!(chain.contains("remove the folder `chain` and nothing else"), "{chain}");
        let diverged = DriverError::Diverged(SeqNum::new(9)).to_string();
        for text in [&chain, &diverged] {
            assert!(text.contains("Never remove records.log"), "{text}");
            assert!(text.contains("Keep evidence.log"), "{text}");
        }
        let source = || io::Error::from(io::ErrorKind::StorageFull);
        let full = || LogError::Io { path: "blocks.log".into(), source: source() };
        let plain = full().to_string();
        assert_eq!(ServiceError::from(ChainError::from(full())).to_string(), plain);
        assert_eq!(ServiceError::from(RecordsError::from(full())).to_string(), plain);
    }

    /// Whoever follows the advice about a chain, to the letter, still holds the proof that another replica lied. If
    /// that proof is damaged the replica starts all the same and keeps the bytes.
    #[test]
    fn evidence_outlives_the_folder_that_may_be_removed() {
        let folder = std::env::temp_dir().join(format!("gridquorum-advice-{}", std::process::id()));
        let data = folder.join("data");
        let genesis = folder.join("genesis.json");
        std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
        std::fs::write(&genesis, "{}").expect("writable");
        let scope = Scope::new(NetworkId::new(Digest::NULL));
        let commit = |name: &str| {
            let (view, seq, digest) = (View::ZERO, SeqNum::new(1), Digest::of("batch", &name));
            let vote = Commit { view, seq, digest, from: ReplicaId::new(3) };
            Signer::symbolic(scope, 3).sign(vote)
        };
        let lie = Evidence::Commits(Pair { first: commit("a"), second: commit("b") });
        let (_, _, mut evidence, _) = open_store(&data, &genesis).expect("a fresh replica");
        assert!(evidence.keep(&lie).expect("written"));
        drop(evidence);
        std::fs::remove_dir_all(data.join("chain")).expect("the folder of the advice");
        let (_, _, evidence, _) = open_store(&data, &genesis).expect("it starts again");
        assert!(evidence.accused().contains_key(&3), "{:?}", evidence.accused());
        drop(evidence);
        std::fs::write(data.join("evidence.log"), b"no log at all").expect("writable");
        let (_, _, evidence, _) = open_store(&data, &genesis).expect("it needs none to start");
        assert!(evidence.accused().is_empty());
        let aside = std::fs::read(data.join("evidence.log.damaged-0")).expect("set aside");
        assert_eq!(aside, b"no log at all");
        std::fs::remove_dir_all(&folder).expect("the temporary folder is writable");
    }
}
