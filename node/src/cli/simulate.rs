//! `gridquorum simulate`: the reference outcome of a run.
//!
//! In: days of homes. Out: the root that replicas must reach, what the homes saved, a report. Refuses to know:
//! replicas.

use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use market::Money;

use super::output::{Fields, Unit};
use super::run::{Days, describe, write_report};
use super::verdict::Verdict;
use crate::report::{Check, Report};
use crate::simulation::simulate;

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
    let saved = homes.iter().map(|home| home.bill_nano.saturating_sub(home.grid_only_nano));
    let saved = Money::from_nano(saved.fold(0, i64::saturating_add));
    let mut fields = Fields::new();
    fields.text("root", &info.root);
    fields.text("data", &info.dataset);
    fields.integer("slots", i64::from(chosen.slots));
    fields.integer("orders", i64::try_from(outcome.orders).unwrap_or(i64::MAX));
    fields.integer("refused", i64::try_from(outcome.refused).unwrap_or(i64::MAX));
    fields.put("saved_by_all_homes", Unit::Currency, saved);
    fields.integer("microseconds", i64::try_from(took.as_micros()).unwrap_or(i64::MAX));
    if !args.no_report {
        let folder = args.days.make_folder("simulate")?;
        let checks = vec![Check {
            claim: "Every invariant of the ledger held after every slot".to_owned(),
            holds: true,
            detail: format!(
                "{} slots; the run ends at once where one does not",
                outcome.slots.len()
            ),
        }];
        let slots = harvest.slots().to_vec();
        let report = Report { run: info, checks, slots, homes, ..Report::default() };
        write_report(&report, &folder)?;
        fields.text("report", &folder.join("report.html").display().to_string());
    }
    fields.print(json)?;
    std::io::stdout().flush()?;
    Ok(Verdict::Holds)
}
