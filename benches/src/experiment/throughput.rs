//! How many commands a second: closed loops with many clients against four replica processes on this machine.
//!
//! In: which cells to measure and how long. Out: what the clients saw and what it cost. Refuses to know: why.

use std::time::Duration;

use consensus::keys::ClientAuthentication;
use node::client::Patience;
use node::config::Durability;
use node::report::figure::{Axis, Bar, Figure, Pen, Series, Shape, Tick, Ticks};
use tokio::runtime::Builder;

use crate::load::{Outcome, closed};
use crate::processes::{Mode, Processes, usage};
use crate::setting::{Output, Setting};
use crate::table::{Column, column};

/// What is authenticated and durable, beside what the cells say.
pub const SAYS: &str = "four replicas, empty application, closed loops; every vote signed, links TLS 1.3; \
    requests signed and durable as the cells say";

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
    let mode = Mode { clients, durability, ..Mode::SAFE };
    Cell { name, mode, clients: outstanding, bytes, commands }
}

/// The columns of the table.
const COLUMNS: &[Column] = &[
    column("commands_per_s", "commands/s", 0),
    column("p50_ms", "p50 ms", 2),
    column("p99_ms", "p99 ms", 2),
    column("p999_ms", "p99.9 ms", 2),
    column("failed", "failed", 0),
    column("primary_us", "primary us", 2),
    column("backup_us", "backup us", 2),
    column("clients_us", "clients us", 2),
    column("peak_mb", "peak MB", 0),
];

/// Measures all cells that were asked for.
///
/// # Errors
///
/// Whatever keeps the replicas from running.
pub fn run(setting: &Setting, mut output: Output) -> anyhow::Result<()> {
    let cells = setting.chosen(CELLS, |cell| cell.name.to_owned())?;
    let mut table = output.table(COLUMNS)?;
    let mut rates = Vec::new();
    for cell in cells {
        let once = || Ok((row(&cell, &measure(setting, cell)?), ()));
        let (median, ()) = table.cell(cell.name, setting.runs, once)?;
        rates.push((cell.name, median[0]));
    }
    output.draw("", &figure(&rates))
}

/// Measures a cell once.
///
/// # Errors
///
/// Whatever keeps the replicas from running.
pub fn measure(setting: &Setting, cell: Cell) -> anyhow::Result<Run> {
    let processes = Processes::start(&setting.program, cell.mode)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let own = || usage(std::process::id()).unwrap_or_default().cpu;
    let (outcome, before, after, mine) = runtime.block_on(async {
        let patience = Patience { first: Duration::from_secs(10), most: Duration::from_secs(60) };
        let gateway = [processes.gateway(patience)?];
        gateway[0].wait(cell.mode.replicas, Duration::from_secs(10)).await;
        let scope = processes.founding().scope();
        closed(&gateway, scope, cell.clients, cell.bytes, setting.warm_up).await;
        let (before, mine) = (processes.usage(), own());
        let outcome = closed(&gateway, scope, cell.clients, cell.bytes, setting.measured).await;
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

fn row(cell: &Cell, run: &Run) -> Vec<f64> {
    let (primary, backups) = run.replica_cpu_us.split_first().unwrap_or((&0.0, &[]));
    let backup = backups.iter().sum::<f64>() / backups.len().max(1) as f64;
    let outcome = &run.outcome;
    vec![
        outcome.rate() * f64::from(cell.commands),
        outcome.quantile_ms(0.5),
        outcome.quantile_ms(0.99),
        outcome.quantile_ms(0.999),
        outcome.failed as f64,
        *primary,
        backup,
        run.client_cpu_us,
        run.peak_kb as f64 / 1024.0,
    ]
}

/// A bar for each cell, with its name under it.
fn figure(rates: &[(&str, f64)]) -> Figure {
    let place = |index: usize| index as f64;
    let bar = |(index, (_, rate)): (usize, &(&str, f64))| {
        let lowest = 100.0;
        Bar { x: (place(index) + 0.2, place(index) + 0.8), y: (lowest, rate.max(lowest)) }
    };
    let bars = rates.iter().enumerate().map(bar).collect();
    let tick = |(index, (name, _)): (usize, &(&str, f64))| Tick::new(place(index) + 0.5, *name);
    let ticks = Ticks::Choices(vec![rates.iter().enumerate().map(tick).collect()]);
    let x = Axis::linear("").within(0.0, place(rates.len())).with_ticks(ticks);
    let y = Axis::log("Commands a second, logarithmic");
    Figure::new("Throughput", x, y, vec![Series::new("", Pen::Blue, Shape::Bars(bars))])
}
