//! Whether the trial came out as the simulation says, and prediction beside measurement.
//!
//! In: the reference, what was played, the audits. Out: the report. Refuses to know: how it looks.

use std::time::Duration;

use community::Outcome;

use crate::audit::Outcome as Audited;
use crate::harvest::Harvest;
use crate::metrics::Count;
use crate::report::histogram::Samples;
use crate::report::{Check, EventRow, Latency, Prediction, ReplicaRow, Report, RunInfo, ViewRow};
use crate::simulation::Reference;
use crate::talk::Status;

use super::primitives::Primitives;
use super::remote::Remains;
use super::setup::Setup;

/// What playing the days gave.
pub(super) struct Played {
    pub(super) outcome: Outcome,
    pub(super) remains: Remains,
    /// Where each replica stood at the end; none if it was down.
    pub(super) statuses: Vec<Option<Status>>,
    pub(super) starts: Vec<u32>,
    pub(super) views: Vec<ViewRow>,
}

/// Everything a trial has to compare.
pub(super) struct Evidence<'a> {
    pub(super) setup: &'a Setup,
    pub(super) reference: &'a Reference,
    pub(super) played: &'a Played,
    /// One per replica; none for one that was down at the end.
    pub(super) audits: &'a [Option<Audited>],
    /// Gathered from the chain of the first replica that was up.
    pub(super) harvest: &'a Harvest,
    pub(super) primitives: Primitives,
    pub(super) run: RunInfo,
}

impl Evidence<'_> {
    /// The report.
    pub(super) fn report(self) -> Report {
        let tariff = community::terms::tariff();
        let (setup, played) = (self.setup, self.played);
        let root = self.reference.root.to_string();
        let registered = played.remains.registered.as_ref();
        let diagram = played
            .remains
            .probe
            .as_ref()
            .zip(registered)
            .map(|(probe, done)| probe.diagram(done.invoked_us));
        Report {
            checks: self.checks(&root),
            slots: self.harvest.slots().to_vec(),
            homes: self.harvest.homes(&setup.dataset, &played.outcome.homes, &tariff),
            predictions: self.predictions(),
            latencies: self.latencies(),
            views: played.views.clone(),
            diagram: diagram.unwrap_or_default(),
            replicas: self.replicas(),
            events: self.events(),
            run: RunInfo { root, ..self.run },
        }
    }

    fn checks(&self, root: &str) -> Vec<Check> {
        let mut checks =
            vec![self.roots(root), self.complete(), self.once(), self.bills(), self.audited()];
        checks.extend(self.counted());
        checks
    }

    fn roots(&self, root: &str) -> Check {
        let live: Vec<_> = self.played.statuses.iter().flatten().collect();
        let equal = live.iter().filter(|status| status.root.to_string() == root).count();
        let computed = self.audits.iter().flatten().filter(|audit| audit.root == root).count();
        Check {
            claim: "Every replica that was up at the end has the state root that the simulation computed \
                    without consensus"
                .to_owned(),
            holds: !live.is_empty() && equal == live.len() && computed == live.len(),
            detail: format!(
                "{equal} of {} report root {}, {computed} chains lead to it when computed again",
                live.len(),
                &root[..16.min(root.len())]
            ),
        }
    }

    fn complete(&self) -> Check {
        let (ran, wanted) = (self.played.outcome.slots.len(), self.setup.slots as usize);
        let same = self.played.outcome.slots == self.reference.outcome.slots;
        Check {
            claim: "Every slot was closed with the prices, volumes and sums of the simulation"
                .to_owned(),
            holds: ran == wanted && same,
            detail: format!(
                "{ran} of {wanted} slots, summaries {}",
                if same { "equal" } else { "differ" }
            ),
        }
    }

    fn once(&self) -> Check {
        let remains = &self.played.remains;
        let sent = remains.history.count("invoke");
        let answered = remains.history.count("ok");
        let executed: Vec<u64> = self.audits.iter().flatten().map(|audit| audit.commands).collect();
        let repeats: u64 =
            self.audits.iter().flatten().map(|audit| audit.repeats).max().unwrap_or(0);
        Check {
            claim: "No command was lost and none was executed twice".to_owned(),
            holds: sent == answered && executed.iter().all(|count| *count == sent),
            detail: format!(
                "{sent} sent, {answered} answered by f+1 replicas, {} executed by each chain, \
                 {repeats} repeats passed over",
                executed.first().copied().unwrap_or(0)
            ),
        }
    }

    fn bills(&self) -> Check {
        let equal = self.harvest.bills() == self.reference.harvest.bills();
        Check {
            claim: "Every home's bill, recomputed from the chain, equals the simulation's to the last nano".to_owned(),
            holds: equal,
            detail: format!("{} homes", self.harvest.bills().iter().count()),
        }
    }

    fn audited(&self) -> Check {
        let audits: Vec<_> = self.audits.iter().flatten().collect();
        let clean = audits.iter().filter(|a| a.holds && a.not_checked.is_empty()).count();
        let sum = |of: fn(&Audited) -> u64| audits.iter().map(|audit| of(audit)).sum::<u64>();
        Check {
            claim: "Every chain passes the offline audit".to_owned(),
            holds: !audits.is_empty() && clean == audits.len(),
            detail: format!(
                "{clean} of {} chains: {} certificates, {} signatures, {} bills, {} scores, {} invariant checks",
                audits.len(),
                sum(|a| a.seals + a.checkpoints),
                sum(|a| a.signatures),
                sum(|a| a.bills),
                sum(|a| a.scores),
                sum(|a| a.invariants),
            ),
        }
    }

    /// None if the counts say nothing about the formulas: a check that did not run has not passed.
    fn counted(&self) -> Option<Check> {
        self.played.remains.probe.as_ref().filter(|probe| probe.disturbance.is_none())?;
        let exact: Vec<_> = self.predictions().into_iter().filter(|p| p.exact).collect();
        #[allow(clippy::float_cmp, reason = "both are quotients of the same small integers")]
        let wrong: Vec<_> = exact
            .iter()
            .filter(|p| p.predicted != p.measured)
            .map(|p| format!("{} {} instead of {}", p.what, p.measured, p.predicted))
            .collect();
        let detail = if wrong.is_empty() {
            format!("{} counts, all equal", exact.len())
        } else {
            wrong.join(", ")
        };
        let claim = "Messages and signature checks per decision are exactly those of the formulas";
        let holds = wrong.is_empty() && !exact.is_empty();
        Some(Check { claim: claim.to_owned(), holds, detail })
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of a probe are far below 2^52")]
    fn predictions(&self) -> Vec<Prediction> {
        let Some(probe) = &self.played.remains.probe else { return Vec::new() };
        let n = self.setup.replicas as f64;
        let per = |total: u64| total as f64 / probe.requests.max(1) as f64;
        let votes = probe.gained(Count::PrePrepares)
            + probe.gained(Count::Prepares)
            + probe.gained(Count::Commits);
        let all = votes + probe.gained(Count::Requests) + probe.replies;
        let exact = |what: &str, formula: &str, predicted: f64, measured: f64| Prediction {
            what: what.to_owned(),
            formula: match probe.disturbance {
                None => formula.to_owned(),
                Some(why) => format!("{formula} without faults; not comparable: {why}"),
            },
            predicted,
            measured,
            unit: "per decision".to_owned(),
            exact: probe.disturbance.is_none(),
        };
        let mut rows = vec![
            exact("messages", "2n(n-1) + n + 1", 2.0 * n * (n - 1.0) + n + 1.0, per(all)),
            exact("pre-prepares", "n - 1", n - 1.0, per(probe.gained(Count::PrePrepares))),
            exact("prepares", "(n-1)^2", (n - 1.0) * (n - 1.0), per(probe.gained(Count::Prepares))),
            exact("commits", "n(n-1)", n * (n - 1.0), per(probe.gained(Count::Commits))),
            exact("replies", "n", n, per(probe.replies)),
            exact(
                "signature checks of votes",
                "2n(n-1)",
                2.0 * n * (n - 1.0),
                per(probe.gained(Count::VoteChecks)),
            ),
            exact(
                "signature checks of requests by replicas",
                "n",
                n,
                per(probe.gained(Count::RequestChecks)),
            ),
            exact("signature checks of replies by clients", "n", n, per(probe.replies)),
        ];
        rows.extend(self.delays(probe.round_trip));
        rows
    }

    /// Five message delays, the signatures and syncs on their way, and what the clients saw.
    fn delays(&self, round_trip: Duration) -> Vec<Prediction> {
        let one_way = round_trip / 2;
        let Primitives { sign, verify, sync } = self.primitives;
        // Request, pre-prepare, prepare, commit, reply: each signed by its sender and checked by its receiver;
        // before pre-prepare, prepare and commit leave, a record is durable.
        let delays = 5 * one_way;
        let work = 5 * (sign + verify) + 3 * sync;
        let seen = self.played.remains.latencies.get("register").cloned().unwrap_or_default();
        let measured = percentile(seen, 50);
        let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
        let estimate = |what: &str, formula: String, predicted: Duration| Prediction {
            what: what.to_owned(),
            formula,
            predicted: micros(predicted),
            measured,
            unit: "µs, median".to_owned(),
            exact: false,
        };
        let n = u32::try_from(self.setup.replicas).unwrap_or(u32::MAX);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let cores = u32::try_from(cores).unwrap_or(1);
        // On one machine all replicas and the client share the cores: request, pre-prepare, n-1 prepares, n commits
        // and n replies are signed, and everything is checked by everybody who gets it.
        let (signed, checked) = (2 * n + 1 + n, 2 * n * (n - 1) + 2 * n);
        let shared = (signed * sign + checked * verify) / cores;
        vec![
            estimate(
                "latency of one request, lower bound",
                format!("5 message delays of {:.0} µs (half a ping)", micros(one_way)),
                delays,
            ),
            estimate(
                "latency of one request, a machine each",
                format!(
                    "5 delays + 5 signatures of {:.0} µs + 5 checks of {:.0} µs + 3 syncs of {:.0} µs",
                    micros(sign),
                    micros(verify),
                    micros(sync)
                ),
                delays + work,
            ),
            estimate(
                "latency of one request, all on this machine",
                format!(
                    "5 delays + ({signed} signatures + {checked} checks) / {cores} cores + 3 syncs"
                ),
                delays + shared + 3 * sync,
            ),
        ]
    }

    fn latencies(&self) -> Vec<Latency> {
        let (mut all, mut rows) = (Samples::new(), Vec::new());
        for (kind, times) in &self.played.remains.latencies {
            let mut samples = Samples::new();
            times.iter().for_each(|us| samples.record(*us));
            all.merge(&samples);
            rows.push(samples.latency(*kind));
        }
        rows.insert(0, all.latency("all"));
        rows
    }

    fn replicas(&self) -> Vec<ReplicaRow> {
        let rows = (0_u16..).zip(&self.played.statuses).zip(&self.played.starts);
        rows.map(|((replica, status), starts)| {
            let chain = format!("chains/replica-{replica}");
            let row = ReplicaRow { replica, starts: *starts, chain, ..ReplicaRow::default() };
            match status {
                None => row,
                Some(status) => ReplicaRow {
                    up: true,
                    root: status.root.to_string(),
                    executed: status.executed,
                    view: status.view,
                    counters: status.counters.clone(),
                    ..row
                },
            }
        })
        .collect()
    }

    /// Faults and returns as the director saw them, and the slots in which the view was found changed.
    fn events(&self) -> Vec<EventRow> {
        let mut events = self.played.remains.events.clone();
        let mut highest = 0;
        for row in &self.played.views {
            if row.view > highest {
                let what = format!("view {highest} gave way to view {}", row.view);
                events.push(EventRow { slot: row.slot, what });
                highest = row.view;
            }
        }
        events.sort_by_key(|event| event.slot);
        events
    }
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of one request are far below 2^52")]
fn percentile(mut samples: Vec<u64>, percent: usize) -> f64 {
    samples.sort_unstable();
    let index = samples.len() * percent / 100;
    samples.get(index.min(samples.len().saturating_sub(1))).copied().unwrap_or(0) as f64
}
