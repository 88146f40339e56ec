//! A cluster of replica processes with the empty application, started afresh for each measurement.
//!
//! In: how many replicas, what they authenticate and make durable. Out: processes, what they cost, a gateway to them.
//! Refuses to know: what is submitted.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use consensus::keys::ClientAuthentication;
use consensus::limits::LimitsSpec;
use node::client::{Door, Gateway, Patience};
use node::config::{Config, Durability};
use node::founding::Founding;
use node::init::{Plan, init};
use node::trial::cluster::{Cluster, free_addresses};

/// How replicas are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Replicas.
    pub replicas: usize,
    /// Whether requests and replies are signed.
    pub clients: ClientAuthentication,
    /// When a promise counts as kept.
    pub durability: Durability,
    /// Most requests in one batch.
    pub batch: usize,
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
    /// Starts them, with their data in a temporary folder.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from starting.
    pub fn start(mode: Mode) -> anyhow::Result<Self> {
        let name = format!("gridquorum-experiment-{}", std::process::id());
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
            view_timeout_ms: 20_000,
            // Batches are large here; the records of those above the stable checkpoint are kept.
            window: 64,
            checkpoint_interval: 16,
            ..LimitsSpec::default()
        };
        let plan = Plan {
            addresses: free_addresses(mode.replicas)?,
            operator: Some([9; 32]),
            charter: community::terms::charter,
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
        let program = std::env::current_exe().context("this program has no path")?;
        let cluster = Cluster::start(&program, made.configs)?;
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
