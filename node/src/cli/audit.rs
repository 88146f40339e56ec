//! `gridquorum audit`: a chain checked offline.
//!
//! In: a folder with one chain or all chains of a report. Out: what was checked and what is wrong, and the verdict.
//! Refuses to know: how a chain is checked.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::verdict::Verdict;
use crate::audit::{Outcome, audit};

/// Check a chain offline: certificates, signatures, replay, prices, bills, scores.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gridquorum audit region/replica-0/data\n  \
    gridquorum audit reports/trial-1            (all chains of a report)\n\n\
    Exit code 0: everything that lies in the folder was checked and holds. 1: something does not; the block is \
    named. 2: there is no chain in the folder.")]
pub(super) struct Audit {
    /// A replica's data folder, a chain folder, or a report folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Audit, json: bool) -> anyhow::Result<Verdict> {
    let outcomes = chains(&args.folder)?
        .iter()
        .map(|chain| audit(chain, |_| {}))
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = std::io::stdout().lock();
    let holds = outcomes.iter().all(|outcome| outcome.holds);
    if json {
        let object = serde_json::json!({ "holds": holds, "chains": outcomes });
        writeln!(out, "{object}")?;
    } else {
        for outcome in &outcomes {
            out.write_all(describe(outcome).as_bytes())?;
        }
    }
    Ok(if holds { Verdict::Holds } else { Verdict::Fails })
}

/// The chains in a report folder in order of replicas, or the folder itself.
fn chains(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let chains = folder.join("chains");
    if !chains.is_dir() {
        return Ok(vec![folder.to_owned()]);
    }
    let entries = std::fs::read_dir(&chains).with_context(|| chains.display().to_string())?;
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.with_context(|| chains.display().to_string())?.path());
    }
    found.sort();
    anyhow::ensure!(!found.is_empty(), "{}: no chains in it", chains.display());
    Ok(found)
}

fn describe(outcome: &Outcome) -> String {
    let Outcome { blocks, nulls, seals, checkpoints, signatures, commands, repeats, .. } = outcome;
    let Outcome { orders, readings, slots, bills, scores, roots, invariants, .. } = outcome;
    let mut text = format!("{}\n", outcome.chain);
    let mut row = |name: &str, what: String| text.push_str(&format!("  {name:<12} {what}\n"));
    row(
        "blocks",
        format!("{blocks} in an unbroken chain of hashes, {nulls} null requests between them"),
    );
    row(
        "certificates",
        format!("{seals} commit, {checkpoints} checkpoint, each a quorum of distinct replicas"),
    );
    row("signatures", format!("{signatures} of votes and commands"));
    row("commands", format!("{commands} executed once each, {repeats} repeats passed over"));
    row(
        "computed",
        format!(
            "{roots} roots, {slots} slots, {orders} orders, {readings} readings, {bills} bills, {scores} scores"
        ),
    );
    row("invariants", format!("{invariants} checks"));
    if !outcome.root.is_empty() {
        row("root", outcome.root.clone());
    }
    for finding in &outcome.findings {
        row("WRONG", finding.clone());
    }
    if outcome.unlisted > 0 {
        row("WRONG", format!("and {} more", outcome.unlisted));
    }
    if !outcome.not_checked.is_empty() {
        row("not checked", outcome.not_checked.clone());
    }
    let verdict = match (outcome.holds, outcome.not_checked.is_empty()) {
        (true, true) => "holds: everything was checked and nothing is wrong",
        (true, false) => "holds as far as it was checked",
        (false, _) => "DOES NOT HOLD",
    };
    row("verdict", verdict.to_owned());
    text
}
