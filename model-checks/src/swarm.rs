//! Many random clusters with faults and liars: what each seed does to the shipped replica, and what was reached.
//!
//! In: a range of seeds. Out: counts of everything that happened, failures by seed, and whether seeds that ran twice
//! went the same way. Refuses to know: what a seed means; `consensus::sim::swarm` draws it.

mod shrink;

use std::cell::Cell;
use std::ops::Range;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use consensus::adversary::Adversary;
use consensus::ids::Digest;
use consensus::sim::branch::{Branches, expected};
use consensus::sim::fault::Class;
use consensus::sim::leaving::Driver;
use consensus::sim::scenario::{Outcome, Scenario};
use consensus::sim::swarm;
use consensus::sim::tally::{REFUSALS, Tally};
use consensus::sim::trace::Fold;

use crate::replica::Subject;

pub use shrink::{rule, shrink};

/// One seed in so many runs twice.
const TWICE: u64 = 100;
/// From so many seeds on, everything usual has to be reached.
pub const DEMANDING: u64 = 1_000;
/// From so many seeds on, every refusal and every rare branch too.
pub const DEMANDING_MORE: u64 = 10_000;
/// Failures that are kept; a broken rule fails everywhere.
const FAILURES_MAX: usize = 20;

/// What a range of seeds did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Seeds that ran.
    pub runs: u64,
    /// Seeds whose cluster had a liar.
    pub lying: u64,
    /// Seeds that ran twice.
    pub twice: u64,
    /// Those of them that did not go the same way.
    pub unequal: Vec<u64>,
    /// Seeds that failed, and how; the first few.
    pub failures: Vec<(u64, String)>,
    /// Events of all runs.
    pub events: u64,
    /// All traces in one number, in whatever order they came: two swarms that differ here went different ways.
    pub traces: u64,
    /// Positions decided in all runs.
    pub decided: u64,
    /// The fewest positions decided in one run.
    pub fewest: Option<u64>,
    /// Runs that decided something after a view change.
    pub changed: u64,
    /// How often what happened.
    pub tally: Tally,
    /// What came of which event at honest replicas.
    pub branches: Branches,
}

impl Report {
    fn add(&mut self, seed: u64, scenario: &Scenario, outcome: Outcome) {
        self.runs += 1;
        self.lying += u64::from(!scenario.liars.is_empty());
        self.events += outcome.events;
        self.traces = self.traces.wrapping_add(Fold::of(&(seed, outcome.trace)));
        self.decided += outcome.decided;
        self.fewest = Some(self.fewest.map_or(outcome.decided, |few| few.min(outcome.decided)));
        self.changed += u64::from(outcome.view > 0);
        self.tally.merge(&outcome.tally);
        self.branches.merge(&outcome.branches);
        self.tally.count("driver", Driver::of(scenario.number("driver")).name());
        for (adversary, _) in scenario.liars.values() {
            self.tally.count("liar", adversary.name());
        }
        if let Some(failure) = outcome.failure
            && self.failures.len() < FAILURES_MAX
        {
            self.failures.push((seed, failure));
        }
    }

    fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.lying += other.lying;
        self.twice += other.twice;
        self.unequal.extend(other.unequal);
        self.failures.extend(other.failures);
        self.failures.sort();
        self.events += other.events;
        self.traces = self.traces.wrapping_add(other.traces);
        self.decided += other.decided;
        self.fewest = self.fewest.into_iter().chain(other.fewest).min();
        self.changed += other.changed;
        self.tally.merge(&other.tally);
        self.branches.merge(&other.branches);
    }

    /// What should have happened and did not.
    pub fn unreached(&self) -> Vec<(&'static str, &'static str)> {
        let mut missing = counted();
        let mut branches: Vec<_> = expected::pairs(expected::USUAL).collect();
        if self.runs >= DEMANDING_MORE {
            missing.extend(REFUSALS.map(|name| ("refused", name)));
            branches.extend(expected::pairs(expected::RARE));
        }
        missing.retain(|(group, name)| self.tally.of(group, name) == 0);
        branches.retain(|(event, effect)| self.branches.of(event, effect) == 0);
        missing.extend(branches);
        missing
    }

    /// Whether nothing failed, and everything was reached if there were seeds enough.
    pub fn is_clean(&self) -> bool {
        let reached = self.runs < DEMANDING || self.unreached().is_empty();
        self.failures.is_empty() && self.unequal.is_empty() && reached
    }
}

/// Every message kind, as the replica names them.
const MESSAGES: [&str; 12] = [
    "request",
    "pre-prepare",
    "prepare",
    "commit",
    "checkpoint",
    "view-change",
    "new-view",
    "status",
    "fetch",
    "proposal",
    "decisions",
    "stable",
];
/// Turns of a run that are worth a count of their own.
const EVENTS: [&str; 5] = [
    "null request",
    "stable checkpoint",
    "catch-up served",
    "refuses to start",
    "execution undone",
];

/// Everything beside refusals and branches of handlers that a swarm has to reach.
pub fn counted() -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = Class::ALL.iter().map(|class| ("fault", class.name())).collect();
    all.extend(Adversary::ALL.iter().map(|adversary| ("liar", adversary.name())));
    all.extend([Driver::InStep, Driver::Pipelined].map(|driver| ("driver", driver.name())));
    all.extend(MESSAGES.map(|name| ("received", name)));
    all.push(("refused", "forged"));
    all.extend(EVENTS.map(|name| ("event", name)));
    all
}

thread_local! {
    /// Whether panics of this thread are outcomes.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` without a word about panics that it catches.
pub fn quietly<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = work();
    QUIET.set(before);
    result
}

/// Runs all seeds on so many threads; `size` fixes the number of replicas.
pub fn run<P: Subject>(seeds: Range<u64>, threads: usize, size: Option<u64>) -> Report {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        quietly(|| {
            let mut report = Report::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return report;
                }
                one::<P>(seed, size, &mut report);
            }
        })
    };
    let mut report = Report::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            report.merge(worker.join().expect("failures are caught"));
        }
    });
    report
}

fn one<P: Subject>(seed: u64, size: Option<u64>, report: &mut Report) {
    let scenario = scenario(seed, size);
    let outcome = scenario.play::<P>();
    if seed.is_multiple_of(TWICE) {
        report.twice += 1;
        let again: Digest = scenario.play::<P>().trace;
        if again != outcome.trace {
            report.unequal.push(seed);
        }
    }
    report.add(seed, &scenario, outcome);
}

/// The scenario of a seed.
pub fn scenario(seed: u64, size: Option<u64>) -> Scenario {
    size.map_or_else(|| swarm::drawn(seed), |size| swarm::of_size(seed, size))
}
