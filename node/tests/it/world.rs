//! Clusters in a temporary folder, and the program as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use community::terms;
use consensus::ids::{ReplicaId, Timestamp};
use consensus::keys::{ClientAuthentication, Signer};
use consensus::limits::LimitsSpec;
use consensus::wire;
use ledger::{MeterId, Receipt, members, slot_market};
use market::{Energy, Money, ParticipantId, Price, Side, Slot};
use node::client::{Door, Gateway, Patience, SubmitError};
use node::config::Config;
use node::init::{Deployment, Plan, init};
use node::people;
use node::talk::{Answer, Question, Status};
use node::trial::cluster::{Cluster, free_addresses};
use tokio::runtime::Runtime;

/// The seed of all keys in these tests.
pub(crate) const SEED: u64 = 5;

/// The program.
pub(crate) fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_gridquorum").into()
}

/// Runs the program as a user does.
pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().expect("the program starts")
}

/// Runs the program and expects one line on standard error and exit code 2; returns the line.
pub(crate) fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert_eq!(error.lines().count(), 1, "{arguments:?} fails in one line: {error}");
    assert!(output.stdout.is_empty(), "{arguments:?} prints nothing else");
    error.trim_end().to_owned()
}

/// Replaces the first `from` in a file by `to`.
pub(crate) fn edit(path: &Path, from: &str, to: &str) {
    let before = std::fs::read_to_string(path).expect("readable");
    assert!(before.contains(from), "{} has no {from}", path.display());
    std::fs::write(path, before.replacen(from, to, 1)).expect("writable");
}

/// A folder that is removed at the end.
#[derive(Debug)]
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gridquorum-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path); // left by an earlier process of this number
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Four replica processes and somebody who talks to them.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) gateway: Gateway,
    pub(crate) cluster: Cluster,
    pub(crate) deployment: Deployment,
    pub(crate) addresses: Vec<(std::net::SocketAddr, std::net::SocketAddr)>,
    folder: Scratch,
}

impl World {
    /// Starts four replicas.
    pub(crate) fn start(name: &str) -> Self {
        Self::start_with(name, ClientAuthentication::Signature, |_| {})
    }

    /// Starts four replicas and a gateway that does as `clients` says, when `edit` is done with each configuration.
    pub(crate) fn start_with(
        name: &str,
        clients: ClientAuthentication,
        edit: impl Fn(&Path),
    ) -> Self {
        let folder = Scratch::new(name);
        let addresses = free_addresses(4).expect("free ports");
        let limits =
            LimitsSpec { view_timeout_ms: 500, status_interval_ms: 100, ..LimitsSpec::default() };
        let plan = Plan {
            addresses: addresses.clone(),
            operator: Some(people::operator_seed(SEED)),
            charter: terms::charter,
            limits,
        };
        let deployment = init(&folder.path("deployment"), &plan).expect("a fresh folder");
        deployment.configs.iter().for_each(|config| edit(config));
        let cluster = Cluster::start(&program(), deployment.configs.clone()).expect("they start");
        let runtime = Runtime::new().expect("a runtime");
        let gateway = {
            let _inside = runtime.enter();
            let patience =
                Patience { first: Duration::from_secs(1), most: Duration::from_secs(60) };
            let doors = doors(&deployment);
            Gateway::start_as(clients, &deployment.founding, doors, patience).expect("TLS")
        };
        Self { runtime, gateway, cluster, deployment, addresses, folder }
    }

    /// The processes, and the folder that goes with them.
    pub(crate) fn take_apart(self) -> (Cluster, Scratch) {
        (self.cluster, self.folder)
    }

    /// The data folder of a replica.
    pub(crate) fn data(&self, replica: usize) -> PathBuf {
        self.deployment.configs[replica].with_file_name("data")
    }

    /// The operator's key.
    pub(crate) fn operator(&self) -> Signer {
        Signer::ed25519(self.deployment.founding.scope(), people::operator_seed(SEED))
    }

    /// A home's key.
    pub(crate) fn home(&self, home: u32) -> Signer {
        Signer::ed25519(self.deployment.founding.scope(), people::home_seed(SEED, home))
    }

    /// Has one command executed.
    pub(crate) fn submit(
        &self,
        signer: &Signer,
        command: ledger::Command,
    ) -> Result<Receipt, SubmitError> {
        let submit = self.gateway.submit(signer, Timestamp::ZERO, command.encode(), Vec::new());
        let done = self.runtime.block_on(submit)?;
        Ok(wire::decode(&done.result, Receipt::MAX_BYTES).expect("a receipt"))
    }

    /// Registers `homes` homes and opens the market.
    pub(crate) fn enrol(&self, homes: u32) {
        for home in 0..homes {
            let receipt = self.submit(&self.operator(), register(home)).expect("answered");
            assert!(receipt.is_accepted(), "{receipt:?}");
        }
        let open = ledger::Command::SlotMarket(slot_market::Command::Open);
        assert!(self.submit(&self.operator(), open).expect("answered").is_accepted());
    }

    /// Where a replica stands.
    pub(crate) fn status(&self, replica: u16) -> Option<Status> {
        let ask =
            self.gateway.ask(ReplicaId::new(replica), Question::Status, Duration::from_secs(2));
        match self.runtime.block_on(ask) {
            Some(Answer::Status(status)) => Some(status),
            _ => None,
        }
    }

    /// Waits until all four replicas have executed the same position, at least `position`.
    pub(crate) fn settle(&self, position: u64) -> Vec<Status> {
        for _ in 0..600 {
            let all: Vec<_> = (0..4).filter_map(|replica| self.status(replica)).collect();
            let reached = |status: &Status| status.executed >= position;
            let equal = |status: &Status| status.executed == all[0].executed;
            if all.len() == 4 && all.iter().all(reached) && all.iter().all(equal) {
                return all;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!(
            "the replicas did not come together: {:?}",
            (0..4).map(|r| self.status(r)).collect::<Vec<_>>()
        );
    }
}

/// Where the replicas of a deployment take clients.
pub(crate) fn doors(deployment: &Deployment) -> Vec<Door> {
    let config = Config::read(&deployment.configs[0]).expect("as it was written");
    let door = |peer: &node::config::Peer| Door {
        address: peer.clients,
        certificate: peer.certificate.clone(),
    };
    config.replicas.iter().map(door).collect()
}

/// The operator registers a home.
pub(crate) fn register(home: u32) -> ledger::Command {
    ledger::Command::Members(members::Command::Register {
        participant: ParticipantId::new(home),
        author: people::author_of(people::home_seed(SEED, home)),
        meter: MeterId::new(home),
        deposit: Money::from_nano(10_000_000_000),
    })
}

/// A home bids for a little energy.
pub(crate) fn bid(slot: u32, wh: i64) -> ledger::Command {
    ledger::Command::SlotMarket(slot_market::Command::PlaceOrder {
        slot: Slot::new(slot),
        side: Side::Bid,
        price: Price::from_micro_per_kwh(200_000),
        quantity: Energy::from_wh(wh),
    })
}
