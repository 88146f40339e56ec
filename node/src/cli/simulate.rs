//! `gridquorum simulate`: the reference outcome of a run.
//!
//! In: days of homes. Out: the root that replicas must reach, what the homes saved, a report. Refuses to know:
//! replicas.

use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use anyhow::Context;
use market::Money;

use super::output::{Fields, Unit};
use super::run::{Days, describe, write_report};
use super::verdict::Verdict;
use crate::report::{Check, Found, Report, saved_by_all};
use crate::simulation::{Reference, simulate};

/// Play the days through one ledger without consensus: the reference outcome and its root.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gridquorum simulate\n  \
    gridquorum simulate --data DIR --days 2 --report out")]
pub(super) struct Simulate {
    #[command(flatten)]
    days: Days,
    /// Threads that prepare the homes' days; the outcome does not depend on it.
    #[arg(long, value_name = "T", default_value = "1")]
    threads: NonZeroUsize,
    /// Only compute: write no report.
    #[arg(long, conflicts_with = "report")]
    no_report: bool,
}

const GUARANTEES: &str = "Nothing is signed, ordered or stored: this is the reference that replicas are \
    compared with.";

/// Runs the command.
pub(super) fn run(args: &Simulate, json: bool) -> anyhow::Result<Verdict> {
    args.days.check_folder()?;
    let chosen = args.days.open(None)?;
    let mut info = describe("simulate", args.days.seed, &chosen, GUARANTEES);
    let begun = Instant::now();
    let (seed, slots) = (args.days.seed, Some(chosen.slots));
    let reference = simulate(&chosen.dataset, seed, slots, args.threads, |_| {})?;
    let took = begun.elapsed();
    info.wall_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    info.root = reference.root.to_string();
    let (outcome, harvest) = (&reference.outcome, &reference.harvest);
    let tariff = community::terms::tariff();
    let homes = harvest.homes(&chosen.dataset, &outcome.homes, &tariff);
    let saved = i64::try_from(saved_by_all(&homes)).context("the homes' savings leave 64 bits")?;
    let check = invariants(&reference);
    let holds = check.found == Found::Holds;
    let mut fields = Fields::new();
    fields.text("root", &info.root);
    fields.text("data", &info.dataset);
    fields.integer("slots", i64::from(chosen.slots));
    fields.integer("orders", i64::try_from(outcome.orders).unwrap_or(i64::MAX));
    fields.integer("refused", i64::try_from(outcome.refused).unwrap_or(i64::MAX));
    fields.put("saved_by_all_homes", Unit::Currency, Money::from_nano(saved));
    fields.integer("microseconds", i64::try_from(took.as_micros()).unwrap_or(i64::MAX));
    if !args.no_report {
        let folder = args.days.make_folder("simulate")?;
        let slots = harvest.slots().to_vec();
        let report = Report { run: info, checks: vec![check], slots, homes, ..Report::default() };
        write_report(&report, &folder)?;
        fields.text("report", &folder.join("report.html").display().to_string());
    }
    fields.print(json)?;
    std::io::stdout().flush()?;
    Ok(if holds { Verdict::Holds } else { Verdict::Fails })
}

/// What was looked at beyond what the ledger looks at itself: it ends the run where an invariant breaks.
fn invariants(reference: &Reference) -> Check {
    let (all, broken) = (reference.invariants, &reference.violations);
    let run = format!("{} slots, {} bills posted", reference.outcome.slots.len(), reference.bills);
    Check {
        claim: "The invariants of the ledger hold in its last state".to_owned(),
        found: Found::of(broken.is_empty() && all > 0),
        detail: if broken.is_empty() {
            format!("{all} invariants looked at after {run}")
        } else {
            format!("{} of {all} do not hold after {run}: {}", broken.len(), broken.join("; "))
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state that breaks an invariant is not reported as one that keeps them.
    #[test]
    fn a_broken_invariant_is_a_failed_check() {
        let mut reference = Reference {
            outcome: community::Outcome {
                slots: Vec::new(),
                homes: Vec::new(),
                orders: 0,
                refused: 0,
            },
            harvest: crate::harvest::Harvest::default(),
            root: ledger::Hash::new([0; 32]),
            bills: 0,
            invariants: 9,
            violations: Vec::new(),
        };
        assert_eq!(invariants(&reference).found, Found::Holds);
        reference.violations.push("balances sum to 1".to_owned());
        let check = invariants(&reference);
        assert_eq!(check.found, Found::Fails);
        assert!(check.detail.contains("balances sum to 1"), "{}", check.detail);
    }
}
