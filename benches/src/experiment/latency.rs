//! How long a command takes: one client that waits for each answer, then many that do not wait, at growing rates.
//!
//! In: which cells to measure and how long. Out: quantiles beside bounds, and a curve over the rate. Refuses to know:
//! what a replica does meanwhile.
//!
//! What is wanted of one client is 0.9 ms in the median where nobody waits for the disk, and 1.5 ms plus three syncs
//! (before pre-prepare, prepare and commit leave) where everybody does. A sync is measured in the same run, on the same
//! disk, in the way of the store: alone, which the bound uses, and four at once, since four replicas share this disk.

use std::rc::Rc;
use std::time::{Duration, Instant};

use node::client::{Gateway, Patience};
use node::config::Durability;
use node::report::figure::{Axis, Figure, Pen, Series, Shape};
use tokio::runtime::Builder;

use crate::disk;
use crate::load::{Arrivals, Outcome, client, closed, open};
use crate::processes::{Mode, Processes};
use crate::setting::{Output, Setting};
use crate::table::{Column, column};

/// What is authenticated and durable.
pub const SAYS: &str = "four replicas, empty application; every request, vote and reply signed, links TLS 1.3; \
    durable as the cells say";

/// One setting to measure.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What it is called.
    pub name: String,
    /// When a promise counts as kept.
    pub durability: Durability,
    /// Requests a second of an open loop; without it one client waits for each answer.
    pub rate: Option<f64>,
    /// Bytes of one request.
    pub bytes: usize,
}

/// The rates of the curve, a second.
const RATES: [u32; 7] = [500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000];
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Seed of arrivals.
const SEED: u64 = 1;

/// The columns of the table.
const COLUMNS: &[Column] = &[
    column("p50_ms", "p50 ms", 2),
    column("p99_ms", "p99 ms", 2),
    column("p999_ms", "p99.9 ms", 2),
    column("bound_ms", "wanted p50 ms", 2),
    column("sync_ms", "sync ms", 2),
    column("four_syncs_ms", "4 at once ms", 2),
    column("answers_per_s", "answers/s", 0),
    column("failed", "failed", 0),
    column("peak_mb", "peak MB", 0),
];

/// The cells of the table in `benches/README.md`.
pub fn cells() -> Vec<Cell> {
    let one =
        |name: &str, durability| Cell { name: name.to_owned(), durability, rate: None, bytes: 16 };
    let many = |rate: u32| Cell {
        name: format!("open loop, sync, {rate}/s"),
        durability: Durability::Sync,
        rate: Some(f64::from(rate)),
        bytes: 200,
    };
    let ones =
        [one("one client, async", Durability::Async), one("one client, sync", Durability::Sync)];
    ones.into_iter().chain(RATES.map(many)).collect()
}

/// Measures all cells that were asked for.
///
/// # Errors
///
/// Whatever keeps the replicas from running.
pub fn run(setting: &Setting, mut output: Output) -> anyhow::Result<()> {
    let mut table = output.table(COLUMNS)?;
    let mut curve = Vec::new();
    for cell in setting.chosen(cells(), |cell| cell.name.clone())? {
        let once = || {
            let run = measure(setting, &cell)?;
            Ok((row(&cell, &run), ()))
        };
        let (median, ()) = table.cell(&cell.name, setting.runs, once)?;
        curve.extend(cell.rate.map(|rate| (rate, [median[0], median[1], median[2]])));
    }
    output.draw("", &figure(&curve))
}

/// What one run of a cell showed.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the clients saw.
    pub outcome: Outcome,
    /// The median of one sync, alone and four at once.
    pub syncs: [Duration; 2],
    /// The most memory a replica held, in kB.
    pub peak_kb: u64,
}

/// Measures a cell once.
///
/// # Errors
///
/// Whatever keeps the replicas from running.
pub fn measure(setting: &Setting, cell: &Cell) -> anyhow::Result<Run> {
    let mode = Mode { durability: cell.durability, ..Mode::SAFE };
    let processes = Processes::start(&setting.program, mode)?;
    let syncs =
        [disk::sync(processes.folder(), 1)?, disk::sync(processes.folder(), mode.replicas)?];
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let gateway = processes.gateway(Patience { first: PATIENCE / 2, most: PATIENCE })?;
        gateway.wait(mode.replicas, Duration::from_secs(10)).await;
        anyhow::Ok(load(setting, cell, &processes, gateway).await?)
    })?;
    let peak_kb = processes.usage().iter().map(|usage| usage.peak_kb).max().unwrap_or(0);
    processes.stop()?;
    Ok(Run { outcome, syncs, peak_kb })
}

async fn load(
    setting: &Setting,
    cell: &Cell,
    processes: &Processes,
    gateway: Gateway,
) -> std::io::Result<Outcome> {
    let (scope, bytes) = (processes.founding().scope(), cell.bytes);
    let Some(rate) = cell.rate else {
        let gateway = [gateway];
        closed(&gateway, scope, 1, bytes, setting.warm_up).await;
        return Ok(closed(&gateway, scope, 1, bytes, setting.measured).await);
    };
    // As many clients as requests arrive in a second: so many may be outstanding.
    let clients: Rc<[_]> = (0..rate as u32).map(|index| client(scope, index)).collect();
    let (from, to) = (setting.warm_up, setting.warm_up + setting.measured);
    let arrivals = Arrivals { rate, seed: Some(SEED), lasting: to };
    let timed = open(&gateway, clients, arrivals, Instant::now(), |_| vec![7; bytes], |_| true);
    Ok(timed.await?.outcome(from, to))
}

fn row(cell: &Cell, run: &Run) -> Vec<f64> {
    let [alone, together] = run.syncs.map(|sync| sync.as_secs_f64() * 1e3);
    let bound = match (cell.rate, cell.durability) {
        (Some(_), _) => f64::NAN,
        (None, Durability::Async) => 0.9,
        (None, Durability::Sync) => 1.5 + 3.0 * alone,
    };
    let quantile = |fraction| run.outcome.quantile_ms(fraction);
    vec![
        quantile(0.5),
        quantile(0.99),
        quantile(0.999),
        bound,
        alone,
        together,
        run.outcome.rate(),
        run.outcome.failed as f64,
        run.peak_kb as f64 / 1024.0,
    ]
}

/// Latency over the rate of an open loop; a quantile that some requests never reached has a gap.
fn figure(curve: &[(f64, [f64; 3])]) -> Figure {
    let names = ["half within", "99 % within", "99.9 % within"];
    let line = |(index, name): (usize, &str)| {
        let points = curve.iter().map(|(rate, quantiles)| (*rate, quantiles[index])).collect();
        Series::new(name, Pen::nth(index), Shape::Line(points))
    };
    let series = names.into_iter().enumerate().map(line).collect();
    let x = Axis::log("Requests a second, open loop, logarithmic");
    let y = Axis::log("Latency from the intended time (ms), logarithmic");
    Figure::new("Latency over the rate", x, y, series)
}
