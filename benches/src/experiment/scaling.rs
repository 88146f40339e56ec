//! What a command costs, over the size of batches and of the committee: processor time, bytes, messages, signatures.
//!
//! In: which cells to measure and how long. Out: costs per command, and whether counts are those of the formulas.
//! Refuses to know: why one size is better than another.

mod counts;

use std::time::Duration;

use node::client::{Gateway, Patience};
use node::config::Durability;
use node::metrics::Count;
use node::report::figure::{Axis, Figure, Pen, Series, Shape};
use tokio::runtime::Builder;

use crate::load::{Outcome, closed};
use crate::processes::{Mode, Processes, usage};
use crate::setting::{Output, Setting};
use crate::table::{Column, column};
use crate::watch::at_rest;

pub use counts::{Counts, Verdict};

/// What is authenticated and durable.
pub const SAYS: &str = "empty application, 200 B, closed loops with four batches of clients; every request, vote and \
    reply signed, links TLS 1.3; async: nobody waits for the disk";

/// One setting to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Replicas.
    pub replicas: usize,
    /// Most requests in a batch.
    pub batch: usize,
}

/// Sizes of batches, with four replicas.
const BATCHES: [usize; 7] = [1, 4, 16, 64, 256, 1_024, 4_096];
/// Sizes of committees, with batches of [`FIXED`].
const COMMITTEES: [usize; 5] = [4, 7, 10, 16, 31];
/// The size of batches where that of the committee varies.
const FIXED: usize = 64;
/// Bytes of one command.
const BYTES: usize = 200;
/// Clients of one connection: all their replies at once fit into its queue, so that none is lost.
const CLIENTS_OF_ONE: u32 = 1_024;
/// Most clients.
const CLIENTS: u32 = 8_192;
/// A primary is not suspected and nobody asks for votes again while every process shares the processor.
const PATIENT_MS: u64 = 60_000;
const SELDOM_MS: u64 = 2_000;
/// How long a client waits before it asks every replica, which would count as further requests.
const FIRST: Duration = Duration::from_secs(30);

/// The columns of the table.
const COLUMNS: &[Column] = &[
    column("commands_per_s", "commands/s", 0),
    column("batch", "batch", 1),
    column("p50_ms", "p50 ms", 1),
    column("failed", "failed", 0),
    column("primary_us", "primary us", 1),
    column("backup_us", "backup us", 1),
    column("clients_us", "clients us", 1),
    column("bytes", "bytes", 0),
    column("votes", "votes", 3),
    column("votes_predicted", "formula", 3),
    column("vote_checks", "checked", 3),
    column("request_checks", "requests checked", 3),
    column("replies", "replies", 3),
    column("equal_counts", "equal counts", 0),
];

/// The cells of the table in `benches/README.md`.
pub fn cells() -> Vec<Cell> {
    let batches = BATCHES.map(|batch| Cell { replicas: 4, batch });
    let committees = COMMITTEES.map(|replicas| Cell { replicas, batch: FIXED });
    let committees = committees.into_iter().filter(|cell| !batches.contains(cell));
    // Where signatures weigh most.
    let alone = Cell { replicas: 16, batch: 1 };
    batches.into_iter().chain(committees).chain([alone]).collect()
}

impl Cell {
    fn name(&self) -> String {
        format!("n={} batch={}", self.replicas, self.batch)
    }

    /// The smaller the batches, the more of them is a replica behind that had no processor for a moment. With 31
    /// replicas the NEW-VIEW of a wider window is too long for a message.
    fn window(&self) -> u64 {
        let widest = if self.replicas > 4 { 256 } else { 4_096 };
        (16_384 / self.batch.max(1) as u64).clamp(64, widest)
    }

    /// Four batches of clients: while one is decided the next gather.
    fn clients(&self) -> u32 {
        u32::try_from(4 * self.batch).unwrap_or(u32::MAX).clamp(8, CLIENTS)
    }
}

/// What one run of a cell showed.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the clients saw.
    pub outcome: Outcome,
    /// What the replicas counted.
    pub counts: Counts,
    /// Microseconds of processor time per command: each replica.
    pub replica_cpu_us: Vec<f64>,
    /// The clients' share.
    pub client_cpu_us: f64,
}

/// Measures all cells that were asked for.
///
/// # Errors
///
/// Whatever keeps the replicas from running; and in the end, if counts were not those of the formulas.
pub fn run(setting: &Setting, mut output: Output) -> anyhow::Result<()> {
    let mut table = output.table(COLUMNS)?;
    let (mut medians, mut wrong) = (Vec::new(), 0);
    for cell in setting.chosen(cells(), Cell::name)? {
        let once = || {
            let run = measure(setting, cell)?;
            let verdict = run.counts.verdict();
            match &verdict {
                Verdict::Equal(_) => {}
                Verdict::Disturbed(why) => {
                    println!("{}: counts are not compared: {why}", cell.name())
                }
                Verdict::Wrong(what) => {
                    wrong += 1;
                    println!("{}: WRONG: {what}", cell.name());
                }
            }
            Ok((row(&run, &verdict), ()))
        };
        let (median, ()) = table.cell(&cell.name(), setting.runs, once)?;
        medians.push((cell, median));
    }
    let batches =
        |(cell, row): &(Cell, Vec<f64>)| (cell.replicas == 4).then(|| (cell.batch, row.clone()));
    let committees = |(cell, row): &(Cell, Vec<f64>)| {
        (cell.batch == FIXED).then(|| (cell.replicas, row.clone()))
    };
    let batches: Vec<_> = medians.iter().filter_map(batches).collect();
    let committees: Vec<_> = medians.iter().filter_map(committees).collect();
    output.draw("", &figure("Most requests in a batch, four replicas", &batches))?;
    output.draw("replicas", &figure("Replicas, batches of at most 64", &committees))?;
    anyhow::ensure!(wrong == 0, "in {wrong} runs counts are not those of the formulas");
    Ok(())
}

/// Measures a cell once.
///
/// # Errors
///
/// Whatever keeps the replicas from running.
pub fn measure(setting: &Setting, cell: Cell) -> anyhow::Result<Run> {
    let mode = Mode {
        replicas: cell.replicas,
        batch: cell.batch,
        durability: Durability::Async,
        view_timeout_ms: PATIENT_MS,
        status_interval_ms: SELDOM_MS,
        window: cell.window(),
        ..Mode::SAFE
    };
    let processes = Processes::start(&setting.program, mode)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let run = runtime.block_on(async {
        let most = Duration::from_millis(PATIENT_MS);
        let connections = cell.clients().div_ceil(CLIENTS_OF_ONE);
        let patience = Patience { first: FIRST, most };
        let gateways = (0..connections).map(|_| processes.gateway(patience));
        let gateways = gateways.collect::<anyhow::Result<Vec<Gateway>>>()?;
        for gateway in &gateways {
            gateway.wait(mode.replicas, Duration::from_secs(30)).await;
        }
        anyhow::Ok(load(setting, cell, &processes, &gateways).await)
    })?;
    processes.stop()?;
    Ok(run)
}

async fn load(setting: &Setting, cell: Cell, processes: &Processes, gateways: &[Gateway]) -> Run {
    let (scope, clients) = (processes.founding().scope(), cell.clients());
    let own = || usage(std::process::id()).unwrap_or_default().cpu;
    let rest = async || at_rest(&gateways[0], cell.replicas).await;
    closed(gateways, scope, clients, BYTES, setting.warm_up).await;
    let before = rest().await;
    let (used, mine) = (processes.usage(), own());
    let outcome = closed(gateways, scope, clients, BYTES, setting.measured).await;
    let (after_used, mine) = (processes.usage(), own() - mine);
    let counts = Counts::new(cell.replicas, before, rest().await, cell.batch, gateways.len())
        .with_resent(outcome.slowest >= FIRST);
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / counts.commands.max(1) as f64;
    let spent = used.iter().zip(&after_used).map(|(before, after)| after.cpu - before.cpu);
    let replica_cpu_us = spent.map(each).collect();
    Run { outcome, client_cpu_us: each(mine), replica_cpu_us, counts }
}

fn row(run: &Run, verdict: &Verdict) -> Vec<f64> {
    let (primary, backups) = run.replica_cpu_us.split_first().unwrap_or((&0.0, &[]));
    let counts = &run.counts;
    let gained = |count| counts.per_command(counts.gained(count));
    let equal = match verdict {
        Verdict::Equal(equal) => *equal as f64,
        Verdict::Wrong(_) => 0.0,
        Verdict::Disturbed(_) => f64::NAN,
    };
    vec![
        run.outcome.rate(),
        counts.commands as f64 / counts.decisions as f64,
        run.outcome.quantile_ms(0.5),
        run.outcome.failed as f64,
        *primary,
        backups.iter().sum::<f64>() / backups.len().max(1) as f64,
        run.client_cpu_us,
        gained(Count::BytesOut),
        counts.per_command(counts.votes()),
        counts.per_command(counts.predicted_votes()),
        gained(Count::VoteChecks),
        gained(Count::RequestChecks),
        gained(Count::Replies),
        equal,
    ]
}

/// Costs per command over a size, both logarithmic.
fn figure(size: &str, medians: &[(usize, Vec<f64>)]) -> Figure {
    let place = |name: &str| COLUMNS.iter().position(|column| column.name == name).unwrap_or(0);
    let points = |name: &str| -> Vec<_> {
        medians.iter().map(|(size, row)| (*size as f64, row[place(name)])).collect()
    };
    let line = |title: &str, pen, name| Series::new(title, pen, Shape::Line(points(name)));
    let series = vec![
        line("µs at the primary", Pen::Blue, "primary_us"),
        line("µs at a backup", Pen::Teal, "backup_us"),
        line("votes between replicas", Pen::Orange, "votes"),
        Series::new("as the formula says", Pen::Orange, Shape::Rings(points("votes_predicted"))),
        line("checks of requests", Pen::Green, "request_checks"),
    ];
    let x = Axis::log(format!("{size}, logarithmic"));
    Figure::new("Costs of a command", x, Axis::log("Per command, logarithmic"), series)
}
