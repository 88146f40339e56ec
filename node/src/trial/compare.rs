//! Whether the trial came out as the simulation says, and prediction beside measurement.
//!
//! In: the reference, what was played, the audits. Out: the report. Refuses to know: how it looks.

use std::collections::BTreeMap;

use community::Outcome;
use consensus::adversary::Adversary;
use consensus::committee::Committee;

use crate::audit::Outcome as Audited;
use crate::chains::disagreements;
use crate::harvest::Harvest;
use crate::report::histogram::Samples;
use crate::report::{
    Check, EventRow, Found, Latency, Prediction, ProcessRow, ReplicaRow, Report, RunInfo, ViewRow,
};
use crate::simulation::Reference;
use crate::talk::Status;

use super::growth;
use super::liars::Inquiry;
use super::predict;
use super::primitives::Primitives;
use super::remote::Remains;
use super::setup::Setup;

/// What playing the days gave.
pub(super) struct Played {
    pub(super) outcome: Outcome,
    pub(super) remains: Remains,
    /// Who lied, and how.
    pub(super) liars: BTreeMap<u16, Adversary>,
    /// Where each replica stood at the end; none if it was down or lied.
    pub(super) statuses: Vec<Option<Status>>,
    pub(super) starts: Vec<u32>,
    pub(super) views: Vec<ViewRow>,
    /// Looks at the replicas' processes.
    pub(super) processes: Vec<ProcessRow>,
    /// What went wrong with the run itself, each as a line; whatever came after it is missing.
    pub(super) trouble: Vec<String>,
}

/// Everything a trial has to compare.
pub(super) struct Evidence<'a> {
    pub(super) setup: &'a Setup,
    pub(super) reference: &'a Reference,
    pub(super) played: &'a Played,
    pub(super) committee: Committee,
    /// One per replica; none for one that was down at the end or lied.
    pub(super) audits: &'a [Option<Audited>],
    /// Gathered from the chain of the first replica that was up.
    pub(super) harvest: &'a Harvest,
    pub(super) primitives: Primitives,
    pub(super) run: RunInfo,
}

/// Where the chain of a replica lies in the folder of a report: a liar's apart.
pub(super) fn chain_of(replica: u16, lies: bool) -> String {
    format!("{}/replica-{replica}", if lies { "liars" } else { "chains" })
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
        let inquiry = self.inquiry();
        let (evidence, signs) = (inquiry.evidence(), inquiry.signs());
        let liars = inquiry.verdicts(&evidence, &signs);
        let mut checks = self.checks(&root);
        checks.push(inquiry.spared(&evidence));
        checks.extend(inquiry.convicted(&liars));
        Report {
            checks,
            liars,
            signs,
            evidence,
            slots: self.harvest.slots().to_vec(),
            homes: self.harvest.homes(&setup.dataset, &played.outcome.homes, &tariff),
            predictions: self.predictions(),
            latencies: self.latencies(),
            views: played.views.clone(),
            diagram: diagram.unwrap_or_default(),
            replicas: self.replicas(),
            processes: played.processes.clone(),
            events: self.events(),
            run: RunInfo { root, ..self.run },
        }
    }

    fn inquiry(&self) -> Inquiry<'_> {
        let Played { liars, statuses, .. } = self.played;
        Inquiry { committee: self.committee, liars, statuses, audits: self.audits }
    }

    fn checks(&self, root: &str) -> Vec<Check> {
        let mut checks = vec![
            self.ended(),
            self.roots(root),
            self.complete(),
            self.once(),
            self.bills(),
            self.audited(),
        ];
        checks.extend(self.struck());
        checks.extend(growth::check(&self.played.processes, self.setup.replicas));
        checks.push(predict::counted(self.played.remains.probe.as_ref(), self.setup.replicas));
        checks
    }

    fn predictions(&self) -> Vec<Prediction> {
        let (remains, replicas) = (&self.played.remains, self.setup.replicas);
        let mut rows = predict::counts(remains.probe.as_ref(), replicas);
        if let Some(probe) = &remains.probe {
            let seen = remains.latencies.get("register").cloned().unwrap_or_default();
            rows.extend(predict::delays(probe.round_trip, self.primitives, replicas, seen));
        }
        rows
    }

    /// The word that stands before replicas in claims, if some lie.
    fn honest(&self) -> &'static str {
        if self.played.liars.is_empty() { "" } else { "honest " }
    }

    fn ended(&self) -> Check {
        let trouble = &self.played.trouble;
        let starts: u32 = self.played.starts.iter().sum();
        Check {
            claim: format!(
                "The run came to its end, and no {}replica ended by itself",
                self.honest()
            ),
            found: Found::of(trouble.is_empty()),
            detail: if trouble.is_empty() {
                format!("{} replicas, {starts} starts", self.setup.replicas)
            } else {
                trouble.join("; ")
            },
        }
    }

    /// None without faults: there is nothing to claim.
    fn struck(&self) -> Option<Check> {
        let script = &self.played.remains.script;
        (script.planned > 0).then(|| Check {
            claim: "Every fault of the plan struck in its slot, and whoever was to return did"
                .to_owned(),
            found: Found::of(script.missed.is_empty()),
            detail: if script.missed.is_empty() {
                format!("{} faults", script.planned)
            } else {
                script.missed.join("; ")
            },
        })
    }

    fn roots(&self, root: &str) -> Check {
        let live: Vec<_> = self.played.statuses.iter().flatten().collect();
        let equal = live.iter().filter(|status| status.root.to_string() == root).count();
        let computed = self.audits.iter().flatten().filter(|audit| audit.root == root).count();
        Check {
            claim: format!(
                "Every {}replica that was up at the end has the state root that the simulation computed without \
                 consensus",
                self.honest()
            ),
            found: Found::of(!live.is_empty() && equal == live.len() && computed == live.len()),
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
            found: Found::of(ran == wanted && same),
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
        let in_chains = executed.first().copied().unwrap_or(0);
        // A liar may have requests of its own executed; that none of ours is missing, the roots show.
        let strange = if self.played.liars.is_empty() { 0 } else { in_chains.saturating_sub(sent) };
        let repeats: u64 =
            self.audits.iter().flatten().map(|audit| audit.repeats).max().unwrap_or(0);
        Check {
            claim: "No command was lost and none was executed twice".to_owned(),
            found: Found::of(
                sent == answered && executed.iter().all(|count| *count == sent + strange),
            ),
            detail: format!(
                "{sent} sent, {answered} answered by f+1 replicas, {in_chains} executed by each chain, {repeats} \
                 repeats passed over{}",
                if strange > 0 { format!(", {strange} made up by liars") } else { String::new() }
            ),
        }
    }

    fn bills(&self) -> Check {
        let equal = self.harvest.bills() == self.reference.harvest.bills();
        Check {
            claim: "Every home's bill, recomputed from the chain, equals the simulation's to the last nano".to_owned(),
            found: Found::of(equal),
            detail: format!("{} homes", self.harvest.bills().iter().count()),
        }
    }

    fn audited(&self) -> Check {
        let audits: Vec<_> = self.audits.iter().flatten().collect();
        let up = self.played.statuses.iter().flatten().count();
        let apart = disagreements(&audits);
        let clean = audits.iter().filter(|a| a.holds && a.not_checked.is_empty()).count();
        let sum = |of: fn(&Audited) -> u64| audits.iter().map(|audit| of(audit)).sum::<u64>();
        Check {
            claim: format!(
                "Every chain {}passes the offline audit, and all are equal block by block",
                if self.played.liars.is_empty() { "" } else { "of an honest replica " }
            ),
            found: Found::of(up > 0 && clean == up && apart.is_empty()),
            detail: format!(
                "{clean} of {up} chains: {} certificates, {} signatures, {} bills, {} scores, {} invariant checks{}{}",
                sum(|a| a.seals + a.checkpoints),
                sum(|a| a.signatures),
                sum(|a| a.bills),
                sum(|a| a.scores),
                sum(|a| a.invariants),
                if apart.is_empty() { "" } else { "; " },
                apart.join("; "),
            ),
        }
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
            let lies = self.played.liars.get(&replica).map(|how| how.name().to_owned());
            let chain = chain_of(replica, lies.is_some());
            let row = ReplicaRow { replica, lies, starts: *starts, chain, ..ReplicaRow::default() };
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
        let mut events = self.played.remains.script.events.clone();
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
