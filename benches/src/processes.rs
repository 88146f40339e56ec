//! A cluster of replica processes, started afresh for each measurement.
//!
//! In: how many replicas, what they execute, authenticate and make durable. Out: processes, what they cost, a gateway
//! to them. Refuses to know: what is submitted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use consensus::classic::Replica;
use consensus::keys::{ClientAuthentication, Signer};
use consensus::limits::LimitsSpec;
use consensus::protocol::Protocol;
use ledger::{Author, Charter};
use node::client::{Door, Gateway, Patience};
use node::config::{Config, Durability};
use node::founding::Founding;
use node::init::{Plan, init};
use node::process;
use node::service::Works;
use node::trial::cluster::{Cluster, free_addresses};

use crate::workload::empty::{Empty, Open};

/// What is agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// Nothing but bytes.
    Empty,
    /// The ledger of a region.
    Region,
}

/// The name of a region whose replicas run the empty application. Replicas read from their founding what they run.
const EMPTY: &str = "empty application";
/// The operator's secret key.
const OPERATOR: [u8; 32] = [9; 32];

/// How replicas are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Replicas.
    pub replicas: usize,
    /// What they execute.
    pub behind: Behind,
    /// Whether requests and replies are signed.
    pub clients: ClientAuthentication,
    /// When a promise counts as kept.
    pub durability: Durability,
    /// Most requests in one batch.
    pub batch: usize,
    /// How long a request may wait before a backup asks for another primary, in milliseconds.
    pub view_timeout_ms: u64,
    /// How often a replica that waits for something says so, in milliseconds.
    pub status_interval_ms: u64,
    /// Positions above the stable checkpoint; the records of those are kept.
    pub window: u64,
}

impl Mode {
    /// Four replicas of the empty application as a deployment would run them, but patient: nobody suspects a primary
    /// that is merely busy.
    pub const SAFE: Self = Self {
        replicas: 4,
        behind: Behind::Empty,
        clients: ClientAuthentication::Signature,
        durability: Durability::Sync,
        batch: 1_024,
        view_timeout_ms: 20_000,
        status_interval_ms: 200,
        // Batches are large here.
        window: 64,
    };
}

/// Running replicas.
#[derive(Debug)]
pub struct Processes {
    cluster: Cluster,
    mode: Mode,
    founding: Founding,
    doors: Vec<Door>,
    folder: PathBuf,
}

/// What processes have used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Time on a processor, user and system.
    pub cpu: Duration,
    /// The most memory held at one time, in kB.
    pub peak_kb: u64,
}

impl Processes {
    /// Starts them, each as `program node --config FILE`, with their data in a temporary folder.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from starting.
    pub fn start(program: &Path, mode: Mode) -> anyhow::Result<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let name = format!("gridquorum-experiment-{process}-{number}");
        let folder = std::env::temp_dir().join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let limits = LimitsSpec {
            batch_requests: mode.batch,
            batch_bytes: 4 << 20,
            operation_bytes: 60 << 10,
            attachment_bytes: 1 << 10,
            pending: 65_536,
            view_timeout_ms: mode.view_timeout_ms,
            status_interval_ms: mode.status_interval_ms,
            window: mode.window,
            checkpoint_interval: mode.window / 4,
            ..LimitsSpec::default()
        };
        let plan = Plan {
            addresses: free_addresses(mode.replicas)?,
            operator: Some(OPERATOR),
            charter: |operator| charter(mode.behind, operator),
            limits,
        };
        let made = init(&folder, &plan)?;
        for path in &made.configs {
            set(path, mode)?;
        }
        let door = |path: &PathBuf| -> anyhow::Result<Door> {
            let config = Config::read(path)?;
            let own = config.own();
            Ok(Door { address: own.clients, certificate: own.certificate.clone() })
        };
        let doors = made.configs.iter().map(door).collect::<Result<_, _>>()?;
        let cluster = Cluster::start(program, made.configs)?;
        Ok(Self { cluster, mode, founding: made.founding, doors, folder })
    }

    /// The running processes.
    pub fn cluster(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// What all replicas agree on.
    pub fn founding(&self) -> &Founding {
        &self.founding
    }

    /// Where their data lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The operator of the region.
    pub fn operator(&self) -> Signer {
        Signer::ed25519(self.founding.scope(), OPERATOR)
    }

    /// A gateway to them, on the current runtime.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up.
    pub fn gateway(&self, patience: Patience) -> anyhow::Result<Gateway> {
        Ok(Gateway::start_as(self.mode.clients, &self.founding, self.doors.clone(), patience)?)
    }

    /// What each running replica has used since it started.
    pub fn usage(&self) -> Vec<Usage> {
        (0..self.mode.replicas).filter_map(|id| usage(self.cluster.pid(id)?)).collect()
    }

    /// Asks all to finish.
    ///
    /// # Errors
    ///
    /// If one of them fails.
    pub fn stop(self) -> anyhow::Result<()> {
        self.cluster.stop()?;
        fs::remove_dir_all(&self.folder).context("the temporary folder")
    }
}

/// Runs one replica, with what its founding says, until it is told to stop.
///
/// # Errors
///
/// Whatever keeps it from running.
pub fn replica(config: &Path) -> anyhow::Result<()> {
    let config = Config::read(config)?;
    let works = Works::of_region(&config.founding);
    if config.founding.region().charter().name == EMPTY {
        let (application, shown) = (Empty::new(&config.founding), works.shown);
        let works = Works { application, gate: Arc::new(Open), shown };
        return Ok(process::run(Replica::new, works, config)?);
    }
    Ok(process::run(Replica::new, works, config)?)
}

fn charter(behind: Behind, operator: Author) -> Charter {
    let charter = community::terms::charter(operator);
    match behind {
        Behind::Region => charter,
        Behind::Empty => Charter { name: EMPTY.to_owned(), ..charter },
    }
}

/// What a process has used, if the machine tells.
pub fn usage(pid: u32) -> Option<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; user and system time are the 14th and 15th field.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let peak_kb = peak.split_whitespace().nth(1)?.parse().ok()?;
    // Linux counts in hundredths of a second wherever programs can see it.
    Some(Usage { cpu: Duration::from_millis(10 * ticks), peak_kb })
}

/// Writes a mode into a configuration as `init` makes it.
fn set(path: &Path, mode: Mode) -> anyhow::Result<()> {
    let text = fs::read_to_string(path)?;
    let durability = match mode.durability {
        Durability::Sync => "sync",
        Durability::Async => "async",
    };
    let clients = match mode.clients {
        ClientAuthentication::Signature => "signature",
        ClientAuthentication::None => "none",
    };
    let set = |line: &str| match line.split(' ').next() {
        Some("durability") => format!("durability = \"{durability}\"\n"),
        Some("client_authentication") => format!("client_authentication = \"{clients}\"\n"),
        _ => format!("{line}\n"),
    };
    let edited: String = text.lines().map(set).collect();
    fs::write(path, edited).context("the configuration")
}
