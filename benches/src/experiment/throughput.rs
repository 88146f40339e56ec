//! How many commands a second: closed loops with many clients against four replica processes on this machine.
//!
//! In: which cells to measure, how often and how long. Out: one line per cell with the median of the runs. Refuses to
//! know: why.

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
