//! How many commands a second: closed loops with many clients against four replica processes on this machine.
//!
//! In: which cell to measure and how long. Out: what the clients saw and what it cost. Refuses to know: why.

use std::fmt;
use std::time::Duration;

use consensus::keys::ClientAuthentication;
use node::client::Patience;
use node::config::Durability;
use tokio::runtime::Builder;

use crate::load::{Outcome, closed};
use crate::processes::{Mode, Processes, usage};

/// One setting to measure.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// What it is called.
    pub name: &'static str,
    /// How the replicas are set up.
    pub mode: Mode,
    /// Clients, each with one request outstanding.
    pub clients: u32,
    /// Bytes of one request.
    pub bytes: usize,
    /// Commands in one request.
    pub commands: u32,
}

/// What one run of a cell showed.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the clients saw.
    pub outcome: Outcome,
    /// Microseconds of processor time per command: each replica, and the clients.
    pub replica_cpu_us: Vec<f64>,
    /// The clients' share.
    pub client_cpu_us: f64,
    /// The most memory a replica held, in kB.
    pub peak_kb: u64,
}

const NONE: ClientAuthentication = ClientAuthentication::None;
const SIGNED: ClientAuthentication = ClientAuthentication::Signature;

/// The cells of the table in `benches/README.md`.
pub const CELLS: [Cell; 6] = [
    cell("end to end, 512 B", NONE, Durability::Async, 4_000, 512, 1),
    cell("end to end, 16 B", NONE, Durability::Async, 4_000, 16, 1),
    cell("bundles, 512 B", SIGNED, Durability::Async, 64, 51_200, 100),
    cell("bundles, 16 B", SIGNED, Durability::Async, 64, 48_000, 3_000),
    cell("signed and durable, 200 B", SIGNED, Durability::Sync, 4_000, 200, 1),
    cell("one client, 16 B", SIGNED, Durability::Async, 1, 16, 1),
];

const fn cell(
    name: &'static str,
    clients: ClientAuthentication,
    durability: Durability,
    outstanding: u32,
    bytes: usize,
    commands: u32,
) -> Cell {
    let mode = Mode { replicas: 4, clients, durability, batch: 1_024 };
    Cell { name, mode, clients: outstanding, bytes, commands }
}

/// Measures a cell once.
///
/// # Errors
///
/// Whatever keeps the replicas from running.
pub fn measure(cell: Cell, warm_up: Duration, measured: Duration) -> anyhow::Result<Run> {
    let processes = Processes::start(cell.mode)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let own = || usage(std::process::id()).unwrap_or_default().cpu;
    let (outcome, before, after, mine) = runtime.block_on(async {
        let patience = Patience { first: Duration::from_secs(10), most: Duration::from_secs(60) };
        let gateway = processes.gateway(patience)?;
        gateway.wait(cell.mode.replicas, Duration::from_secs(10)).await;
        let scope = processes.founding().scope();
        closed(&gateway, scope, cell.clients, cell.bytes, Duration::ZERO, warm_up).await;
        let (before, mine) = (processes.usage(), own());
        let load = closed(&gateway, scope, cell.clients, cell.bytes, Duration::ZERO, measured);
        let outcome = load.await;
        anyhow::Ok((outcome, before, processes.usage(), own() - mine))
    })?;
    let commands = (outcome.done * u64::from(cell.commands)).max(1) as f64;
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / commands;
    let spent = before.iter().zip(&after).map(|(before, after)| after.cpu - before.cpu);
    let run = Run {
        outcome,
        replica_cpu_us: spent.map(each).collect(),
        client_cpu_us: each(mine),
        peak_kb: after.iter().map(|usage| usage.peak_kb).max().unwrap_or(0),
    };
    processes.stop()?;
    Ok(run)
}

/// What one run showed, as it is written down.
#[derive(Clone, Debug)]
pub struct Row {
    /// The cell.
    pub name: &'static str,
    /// Commands per second.
    pub rate: f64,
    /// Latency of requests in milliseconds: median, 99 %, 99.9 %.
    pub latency_ms: [f64; 3],
    /// Requests without an answer in time.
    pub failed: u64,
    /// Microseconds of processor time per command: the primary, the mean of the backups, the clients.
    pub cpu_us: [f64; 3],
    /// The most memory a replica held, in MB.
    pub peak_mb: f64,
}

impl Row {
    /// The head of the CSV file.
    pub const HEADER: &'static str = "cell,commands_per_s,p50_ms,p99_ms,p999_ms,failed,\
        primary_us,backup_us,clients_us,peak_mb";
    /// The head of the table.
    pub const TITLE: &'static str = "cell                          commands/s   p50 ms   p99 ms p99.9 ms failed  \
        us: primary  backup clients  peak MB  [least .. most commands/s]";

    /// What `run` showed about `cell`.
    pub fn of(cell: &Cell, run: &Run) -> Self {
        let ms = |fraction| run.outcome.quantile(fraction).as_secs_f64() * 1e3;
        let (primary, backups) = run.replica_cpu_us.split_first().unwrap_or((&0.0, &[]));
        let backup = backups.iter().sum::<f64>() / backups.len().max(1) as f64;
        Self {
            name: cell.name,
            rate: run.outcome.rate() * f64::from(cell.commands),
            latency_ms: [ms(0.5), ms(0.99), ms(0.999)],
            failed: run.outcome.failed,
            cpu_us: [*primary, backup, run.client_cpu_us],
            peak_mb: run.peak_kb as f64 / 1024.0,
        }
    }

    /// A line of the CSV file.
    pub fn record(&self) -> String {
        let Self { name, rate, latency_ms: [p50, p99, p999], failed, cpu_us, peak_mb } = self;
        let [primary, backup, clients] = cpu_us;
        format!(
            "\"{name}\",{rate:.1},{p50:.3},{p99:.3},{p999:.3},{failed},{primary:.3},{backup:.3},{clients:.3},\
             {peak_mb:.1}"
        )
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, rate, latency_ms: [p50, p99, p999], failed, cpu_us, peak_mb } = self;
        let [primary, backup, clients] = cpu_us;
        write!(
            f,
            "{name:28} {rate:11.0} {p50:8.2} {p99:8.2} {p999:8.2} {failed:6}  {primary:11.2} {backup:7.2} \
             {clients:7.2} {peak_mb:8.0}"
        )
    }
}
