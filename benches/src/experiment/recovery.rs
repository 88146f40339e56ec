//! What a dead primary costs: it is killed under a steady load, and the others change the view.
//!
//! In: how long to measure. Out: when the first command of the new view was committed, and when the rate was back.
//! Refuses to know: how a view changes.
//!
//! # What is measured
//!
//! *Timer.* A backup's timer starts with the first request that waits at it. Requests that are meant for the dead
//! primary are lost with it until their clients lose patience and ask every replica. From the kill on every backup is
//! asked, every two milliseconds, what it has executed and what waits; its timer runs at the latest since the look
//! before the first one that showed a request waiting and nothing executed any more until the view changed. The
//! earliest of all backups counts, until a client holds f+1 replies of the new view. Reckoned a look too early and a
//! reply too late, the time is at most some milliseconds too long, never too short. At most 1.2 time-outs are wanted.
//!
//! *Kill.* From the kill to the same replies; what users see. It holds the patience of clients as well.
//!
//! *Lost.* From the intended time of the first request that was not answered in the old view to the first reply of the
//! new one, all from outside. It holds the patience of one client, and is longer than *timer* by about that.
//!
//! *Rate.* From the kill until the first 200 ms in which as many replies come as requests are due, 5 % less allowed.

use std::cell::Cell as Shared;
use std::rc::Rc;
use std::time::{Duration, Instant};

use consensus::committee::Committee;
use node::client::{Gateway, Patience};
use node::report::figure::{Axis, Figure, Note, Pen, Series, Shape};
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::load::{Arrivals, Fate, Timed, client, open};
use crate::processes::{Mode, Processes};
use crate::setting::{Output, Setting};
use crate::table::{Column, column};
use crate::watch::status;

/// What is authenticated and durable.
pub const SAYS: &str = "four replicas, empty application, 200 B; every request, vote and reply signed, links TLS 1.3; \
    every promise synced; clients ask all replicas after 100 ms; equal gaps";

/// One setting to measure.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// What it is called.
    pub name: &'static str,
    /// The time-out of a view, in milliseconds.
    pub timeout_ms: u64,
    /// Requests a second.
    pub rate: u32,
}

/// The cells of the table in `benches/README.md`: the time-out of a deployment, and a shorter one.
pub const CELLS: [Cell; 3] = [
    Cell { name: "time-out 2 s, 500/s", timeout_ms: 2_000, rate: 500 },
    Cell { name: "time-out 2 s, 2,000/s", timeout_ms: 2_000, rate: 2_000 },
    Cell { name: "time-out 500 ms, 500/s", timeout_ms: 500, rate: 500 },
];

/// How long a client waits before it asks every replica.
const FIRST: Duration = Duration::from_millis(100);
/// Between two looks at a backup.
const LOOK: Duration = Duration::from_millis(2);
/// What replies are counted in.
const BIN: Duration = Duration::from_millis(50);
/// Bins that show whether the rate is back.
const BINS: usize = 4;

/// The columns of the table.
const COLUMNS: &[Column] = &[
    column("timer_to_commit_ms", "timer ms", 0),
    column("of_timeout", "of time-out", 3),
    column("kill_to_commit_ms", "kill ms", 0),
    column("lost_to_commit_ms", "lost ms", 0),
    column("rate_back_ms", "rate ms", 0),
    column("failed", "failed", 0),
];

/// What one run of a cell showed.
#[derive(Clone, Debug)]
pub struct Run {
    /// What became of every request.
    pub timed: Timed,
    /// When the primary was killed, and since when the first backup waited; since the load began.
    pub killed: Duration,
    /// None if no look showed a backup waiting.
    pub timer: Option<Duration>,
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
            Ok((row(cell, &run), run))
        };
        let (_, run) = table.cell(cell.name, setting.runs, once)?;
        drawn.get_or_insert(run);
    }
    drawn.map_or(Ok(()), |run| output.draw("", &figure(&run)))
}

/// Measures a cell once: the load warms up, the primary dies, and the load goes on for one and a half time-outs and as
/// long as is measured.
///
/// # Errors
///
/// Whatever keeps the replicas from running.
pub fn measure(setting: &Setting, cell: Cell) -> anyhow::Result<Run> {
    let mode = Mode { view_timeout_ms: cell.timeout_ms, ..Mode::SAFE };
    let mut processes = Processes::start(&setting.program, mode)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let outage = Duration::from_millis(cell.timeout_ms * 3 / 2);
    let lasting = setting.warm_up + outage + setting.measured;
    let run = runtime.block_on(async {
        let patience = Patience { first: FIRST, most: 2 * outage };
        let (gateway, watching) = (processes.gateway(patience)?, processes.gateway(patience)?);
        for gateway in [&gateway, &watching] {
            gateway.wait(mode.replicas, Duration::from_secs(10)).await;
        }
        let scope = processes.founding().scope();
        // As many clients as requests that are due during the outage.
        let many = (f64::from(cell.rate) * outage.as_secs_f64()) as u32;
        let clients: Rc<[_]> = (0..many).map(|index| client(scope, index)).collect();
        let arrivals = Arrivals { rate: f64::from(cell.rate), seed: None, lasting };
        let begun = Instant::now();
        let over = Rc::new(Shared::new(false));
        let load = async {
            let timed = open(&gateway, clients, arrivals, begun, |_| vec![7; 200], |_| true).await;
            over.set(true);
            timed
        };
        let strike = async {
            sleep(setting.warm_up).await;
            let killed = begun.elapsed();
            processes.cluster().kill(0)?;
            let committee = Committee::try_new(mode.replicas)?;
            let backups = committee.replicas().skip(1).map(|id| id.get());
            anyhow::Ok((killed, timer(&watching, backups.collect(), begun, &over).await))
        };
        let (timed, struck) = tokio::join!(load, strike);
        let (killed, timer) = struck?;
        anyhow::Ok(Run { timed: timed?, killed, timer })
    })?;
    processes.stop()?;
    Ok(run)
}

/// What a backup showed last: the position it stands at, and since when requests wait there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Standing {
    executed: u64,
    waits_since: Option<Duration>,
    has_left: bool,
}

impl Standing {
    /// After a look at `now` that showed this, the look before having been at `before`.
    fn look(&mut self, executed: u64, waiting: u64, has_left: bool, before: Duration) {
        if self.has_left {
            return;
        }
        self.has_left = has_left;
        if has_left {
            // It leaves because its timer ran out, or because others' did: what it said before counts.
            return;
        }
        let goes_on = self.waits_since.filter(|_| executed == self.executed);
        self.waits_since = (waiting > 0).then(|| goes_on.unwrap_or(before));
        self.executed = executed;
    }
}

/// Looks at the backups until all have left the view or the load is over; since when the first of them waited.
async fn timer(
    gateway: &Gateway,
    backups: Vec<u16>,
    begun: Instant,
    over: &Shared<bool>,
) -> Option<Duration> {
    let mut standings = vec![Standing::default(); backups.len()];
    let mut before = begun.elapsed();
    while !over.get() && standings.iter().any(|standing| !standing.has_left) {
        let now = begun.elapsed();
        for (backup, standing) in backups.iter().zip(&mut standings) {
            let Some(said) = status(gateway, *backup).await else { continue };
            let has_left = said.view > 0 || !said.active;
            standing.look(said.executed, said.waiting, has_left, before);
        }
        before = now;
        sleep(LOOK).await;
    }
    standings.iter().filter_map(|standing| standing.waits_since).min()
}

impl Run {
    /// When a client first held a result of the new view, the primary being dead.
    pub fn first_commit(&self) -> Option<Duration> {
        let later = self.timed.fates.iter().filter(|fate| fate.view > 0);
        later.filter_map(|fate| fate.done).filter(|done| *done >= self.killed).min()
    }

    /// When the first request that the old view did not answer was meant to leave.
    pub fn first_lost(&self) -> Option<Duration> {
        let lost = self.timed.fates.iter().filter(|fate| fate.view > 0 || fate.done.is_none());
        lost.map(|fate| fate.intended).min()
    }

    /// Replies in each of the equal parts of the whole time.
    fn bins(&self) -> Vec<u32> {
        let end = self.timed.fates.iter().map(|fate| fate.intended).max().unwrap_or_default();
        let place = |time: Duration| (time.as_nanos() / BIN.as_nanos()) as usize;
        let mut bins = vec![0; place(end)];
        for done in self.timed.fates.iter().filter_map(|fate: &Fate| fate.done) {
            if let Some(bin) = bins.get_mut(place(done)) {
                *bin += 1;
            }
        }
        bins
    }

    /// When the rate was back after the first commit of the new view.
    fn rate_back(&self, rate: u32) -> Option<Duration> {
        let first = self.first_commit()?;
        let wanted = 0.95 * f64::from(rate) * BIN.as_secs_f64() * BINS as f64;
        let bins = self.bins();
        let mut windows = (0_u32..).zip(bins.windows(BINS));
        let back = windows.find(|(index, window)| {
            BIN * (*index + 1) > first && f64::from(window.iter().sum::<u32>()) >= wanted
        });
        back.map(|(index, _)| (BIN * index).max(first))
    }
}

fn row(cell: Cell, run: &Run) -> Vec<f64> {
    let first = run.first_commit();
    let since = |from: Option<Duration>, to: Option<Duration>| match (from, to) {
        (Some(from), Some(to)) => to.as_secs_f64() * 1e3 - from.as_secs_f64() * 1e3,
        (_, None) => f64::INFINITY,
        (None, _) => f64::NAN,
    };
    let timer = since(run.timer, first);
    let failed = run.timed.fates.iter().filter(|fate| fate.done.is_none()).count();
    vec![
        timer,
        timer / cell.timeout_ms as f64,
        since(Some(run.killed), first),
        since(run.first_lost(), first),
        since(Some(run.killed), run.rate_back(cell.rate)),
        failed as f64,
    ]
}

/// Replies over time, from one second before the kill.
fn figure(run: &Run) -> Figure {
    let at = |time: Duration| time.as_secs_f64() - run.killed.as_secs_f64();
    let bins = (0_u32..).zip(run.bins());
    let points: Vec<_> = bins.map(|(index, count)| (at(BIN * index), f64::from(count))).collect();
    let points: Vec<_> = points.into_iter().filter(|(x, _)| *x >= -1.0).collect();
    let top = points.iter().map(|point| point.1).fold(1.0, f64::max);
    let marks = [
        ("primary killed", Some(run.killed)),
        ("first timer", run.timer),
        ("first commit of the new view", run.first_commit()),
    ];
    let marks: Vec<_> =
        marks.into_iter().filter_map(|(words, time)| Some((words, at(time?)))).collect();
    let lines = marks.iter().map(|(_, x)| [(*x, 0.0), (*x, top)]).collect();
    let series = vec![
        Series::new("", Pen::Blue, Shape::Step(points)),
        Series::new("", Pen::Red, Shape::Segments(lines)).wide(1.2),
    ];
    let x = Axis::linear("Time since the primary was killed (s)");
    let y = Axis::linear(format!("Replies per {} ms", BIN.as_millis()));
    let mut figure = Figure::new("Replies around the death of a primary", x, y, series);
    figure.notes = (0_u32..)
        .zip(&marks)
        .map(|(row, (words, x))| Note {
            at: (*x, top * (0.9 - 0.1 * f64::from(row))),
            below: false,
            text: (*words).to_owned(),
            pen: Pen::Ink,
        })
        .collect();
    figure
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A backup that goes on executing has no old timer; one that waits at one position has had its timer since the
    /// look before the first that showed it, until it leaves.
    #[test]
    fn a_timer_runs_since_requests_wait_and_nothing_is_executed() {
        let mut standing = Standing::default();
        standing.look(7, 1, false, 10 * MS);
        standing.look(8, 2, false, 12 * MS);
        assert_eq!(standing.waits_since, Some(12 * MS), "7 was executed meanwhile");
        standing.look(8, 0, false, 14 * MS);
        assert_eq!(standing.waits_since, None);
        standing.look(8, 3, false, 16 * MS);
        standing.look(8, 9, false, 18 * MS);
        standing.look(8, 9, true, 20 * MS);
        standing.look(9, 1, true, 22 * MS);
        assert_eq!((standing.waits_since, standing.has_left), (Some(16 * MS), true));
    }

    /// 100 a second for a second, nothing for half a second, then everything: the rate is back with the first 200 ms
    /// that hold 19 replies, which begin with the burst.
    #[test]
    fn the_rate_is_back_when_replies_keep_up() {
        let fate = |ms: u32| {
            let (intended, lost) = (ms * MS, (1_000..1_500).contains(&ms));
            let done = if lost { 1_500 * MS } else { intended };
            Fate { intended, done: Some(done), view: u64::from(ms >= 1_000) }
        };
        let fates = (0..300).map(|index| fate(index * 10)).collect();
        let run = Run { timed: Timed { fates }, killed: 995 * MS, timer: None };
        assert_eq!(run.first_commit(), Some(1_500 * MS));
        assert_eq!(run.first_lost(), Some(1_000 * MS));
        assert_eq!(run.rate_back(100), Some(1_500 * MS));
        let row = row(Cell { name: "", timeout_ms: 500, rate: 100 }, &run);
        assert!(row[0].is_nan() && (row[2] - 505.0).abs() < 1e-6 && row[5] == 0.0, "{row:?}");
    }
}
