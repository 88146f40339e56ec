//! The last half minute before a gate closes: everybody orders at once.
//!
//! In: how long to measure. Out: latencies, over the time as well. Refuses to know: who bids what, and why.
//!
//! A region of 100,000 homes with one order each, 80 % of them in the last 30 s, sends 80,000 / 30 s = 2,700 signed
//! commands a second. 99 % within 50 ms are wanted, with every promise synced.
//!
//! The orders go through the ledger of a region, which is what a deployment runs. It has fewer members than homes: each
//! gives as many orders as the market takes of one member, so that none is refused. What a larger register of members
//! costs is in the ledger's own benchmark. The same load through the empty application shows what agreeing costs.

use std::rc::Rc;
use std::time::{Duration, Instant};

use consensus::sim::random::Random;
use node::client::{Gateway, Patience};
use node::report::figure::{Axis, Figure, Pen, Series, Shape};
use tokio::runtime::Builder;

use crate::load::{Arrivals, Timed, client, open};
use crate::processes::{Behind, Mode, Processes};
use crate::setting::{Output, Setting};
use crate::table::{Column, column};
use crate::workload::region;

/// What is authenticated and durable.
pub const SAYS: &str = "four replicas, open loop with exponential gaps; every request, vote and reply signed, links \
    TLS 1.3; every promise synced; 99 % within 50 ms are wanted";

/// One setting to measure.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// What it is called.
    pub name: &'static str,
    /// What the replicas execute.
    pub behind: Behind,
    /// Commands a second.
    pub rate: u32,
    /// Fewest members of the region.
    pub members: u32,
}

/// The cells of the table in `benches/README.md`.
pub const CELLS: [Cell; 2] = [
    Cell {
        name: "orders of a region, 2,700/s",
        behind: Behind::Region,
        rate: 2_700,
        members: 1_000,
    },
    Cell { name: "empty, 200 B, 2,700/s", behind: Behind::Empty, rate: 2_700, members: 0 },
];

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seed of arrivals and orders.
const SEED: u64 = 1;
/// What the figure shows quantiles of.
const BIN: Duration = Duration::from_millis(500);

/// The columns of the table.
const COLUMNS: &[Column] = &[
    column("p99_ms", "p99 ms", 2),
    column("p50_ms", "p50 ms", 2),
    column("p90_ms", "p90 ms", 2),
    column("p999_ms", "p99.9 ms", 2),
    column("most_ms", "most ms", 2),
    column("answers_per_s", "answers/s", 0),
    column("failed", "failed", 0),
    column("members", "members", 0),
    column("gate_ms", "gate ms", 1),
];

/// What one run of a cell showed.
#[derive(Clone, Debug)]
pub struct Run {
    /// What became of every request, the warm-up included.
    pub timed: Timed,
    /// Members of the region; none with the empty application.
    pub members: Option<u32>,
    /// How long the operator waited for the gate to close after the burst, auction and all.
    pub gate: Option<Duration>,
}

/// Measures all cells that were asked for.
///
/// # Errors
///
/// Whatever keeps the replicas from running.
pub fn run(setting: &Setting, mut output: Output) -> anyhow::Result<()> {
    let mut table = output.table(COLUMNS)?;
    let mut drawn = None;
    for cell in setting.chosen(CELLS, |cell| cell.name.to_owned())? {
        let once = || {
            let run = measure(setting, cell)?;
            Ok((row(setting, &run), run))
        };
        let (_, run) = table.cell(cell.name, setting.runs, once)?;
        drawn.get_or_insert(run);
    }
    drawn.map_or(Ok(()), |run| output.draw("", &figure(setting, &run)))
}

/// Measures a cell once.
///
/// # Errors
///
/// Whatever keeps the replicas from running, and a region that cannot be founded.
pub fn measure(setting: &Setting, cell: Cell) -> anyhow::Result<Run> {
    let mode = Mode { behind: cell.behind, ..Mode::SAFE };
    let processes = Processes::start(&setting.program, mode)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let run = runtime.block_on(async {
        let gateway = processes.gateway(Patience { first: PATIENCE / 4, most: PATIENCE })?;
        gateway.wait(mode.replicas, Duration::from_secs(10)).await;
        match cell.behind {
            Behind::Region => ordering(setting, cell, &gateway, &processes).await,
            Behind::Empty => {
                let scope = processes.founding().scope();
                let clients: Rc<[_]> = (0..cell.rate).map(|index| client(scope, index)).collect();
                let arrivals = arrivals(setting, cell);
                let bytes = |_| vec![7; 200];
                let timed = open(&gateway, clients, arrivals, Instant::now(), bytes, |_| true);
                Ok(Run { timed: timed.await?, members: None, gate: None })
            }
        }
    })?;
    processes.stop()?;
    Ok(run)
}

async fn ordering(
    setting: &Setting,
    cell: Cell,
    gateway: &Gateway,
    processes: &Processes,
) -> anyhow::Result<Run> {
    let arrivals = arrivals(setting, cell);
    let orders = arrivals.rate * arrivals.lasting.as_secs_f64();
    // Exponential gaps give a few more or less, and members do not order in strict turn: 5 % to spare.
    let members = (orders * 1.05 / f64::from(region::MAX_ORDERS)).ceil() as u32;
    let members = members.max(cell.members);
    let (operator, scope) = (processes.operator(), processes.founding().scope());
    let keys = region::found(gateway, &operator, scope, members).await?;
    let mut random = Random::new(SEED);
    let order = |member| region::place(member, &mut random);
    let timed = open(gateway, keys.into(), arrivals, Instant::now(), order, region::is_accepted);
    let timed = timed.await?;
    let gate = region::close_gate(gateway, &operator).await?;
    Ok(Run { timed, members: Some(members), gate: Some(gate) })
}

fn arrivals(setting: &Setting, cell: Cell) -> Arrivals {
    let lasting = setting.warm_up + setting.measured;
    Arrivals { rate: f64::from(cell.rate), seed: Some(SEED), lasting }
}

fn row(setting: &Setting, run: &Run) -> Vec<f64> {
    let outcome = run.timed.outcome(setting.warm_up, setting.warm_up + setting.measured);
    let quantile = |fraction| outcome.quantile_ms(fraction);
    let gate = run.gate.map_or(f64::NAN, |gate| gate.as_secs_f64() * 1e3);
    vec![
        quantile(0.99),
        quantile(0.5),
        quantile(0.9),
        quantile(0.999),
        quantile(1.0),
        outcome.rate(),
        outcome.failed as f64,
        run.members.map_or(f64::NAN, f64::from),
        gate,
    ]
}

/// Latency over the time of the burst.
fn figure(setting: &Setting, run: &Run) -> Figure {
    let bins = setting.measured.div_duration_f64(BIN).ceil() as u32;
    let outcomes = (0..bins).map(|bin| {
        let from = setting.warm_up + BIN * bin;
        ((BIN * bin + BIN / 2).as_secs_f64(), run.timed.outcome(from, from + BIN))
    });
    let outcomes: Vec<_> = outcomes.collect();
    let line = |name: &str, pen, fraction| {
        let points = outcomes.iter().map(|(at, outcome)| (*at, outcome.quantile_ms(fraction)));
        Series::new(name, pen, Shape::Line(points.collect()))
    };
    let end = setting.measured.as_secs_f64();
    let wanted = Shape::Line(vec![(0.0, 50.0), (end, 50.0)]);
    let series = vec![
        Series::new("wanted of 99 %", Pen::Muted, wanted).wide(1.0),
        line("half within", Pen::Blue, 0.5),
        line("99 % within", Pen::Orange, 0.99),
        line("all within", Pen::Green, 1.0),
    ];
    let x = Axis::linear("Time since the burst began (s)").within(0.0, end);
    let y = Axis::log("Latency from the intended time (ms), logarithmic");
    Figure::new("The burst before a gate closes", x, y, series)
}
