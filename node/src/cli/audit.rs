//! `gridquorum audit`: a chain checked offline.
//!
//! In: a folder with one chain or all chains of a report. Out: what was checked and what is wrong, and the verdict.
//! Refuses to know: how a chain is checked.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::verdict::Verdict;
use crate::audit::{Outcome, audit_trusting};
use crate::chains::{Presence, disagreements, presence};
use crate::founding::Founding;

/// Check a chain offline: certificates, signatures, replay, prices, bills, scores.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gridquorum audit region/replica-0/data\n  \
    gridquorum audit reports/trial-1            (all chains of a report)\n  \
    gridquorum audit reports/trial-1 --genesis genesis.json\n\n\
    A chain is checked with the keys in the genesis beside it; whoever made the chain wrote that file, too. Only with \
    --genesis, the founding document as you got it from those you trust, does the audit say whose chain it is. The \
    chains of a report must be of one network, equal block by block, and complete as its run.json lists them.\n\n\
    Exit code 0: everything that lies in the folder was checked and holds, or what was not checked is named. \
    1: something does not hold; the block is named. 2: there is no chain in the folder.")]
pub(super) struct Audit {
    /// A replica's data folder, a chain folder, or a report folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The founding document (genesis.json) that the auditor trusts; a chain of another network fails.
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
}

/// What was found about all chains together.
struct Together {
    outcomes: Vec<Outcome>,
    /// What does not fit together.
    findings: Vec<String>,
    not_checked: String,
}

/// Runs the command.
pub(super) fn run(args: &Audit, json: bool) -> anyhow::Result<Verdict> {
    let trusted = args.genesis.as_deref().map(Founding::read).transpose()?;
    let outcomes = chains(&args.folder)?
        .iter()
        .map(|chain| audit_trusting(chain, trusted.as_ref(), |_| {}))
        .collect::<Result<Vec<_>, _>>()?;
    let report = args.folder.join("chains").is_dir();
    let Presence { missing, not_checked } =
        if report { presence(&args.folder) } else { Presence::default() };
    let findings =
        missing.into_iter().chain(disagreements(&outcomes.iter().collect::<Vec<_>>())).collect();
    let all = Together { outcomes, findings, not_checked };
    let holds = all.findings.is_empty() && all.outcomes.iter().all(|outcome| outcome.holds);
    let mut out = std::io::stdout().lock();
    if json {
        let object = serde_json::json!({
            "holds": holds,
            "genesis_trusted": trusted.is_some(),
            "findings": all.findings,
            "not_checked": all.not_checked,
            "chains": all.outcomes,
        });
        writeln!(out, "{object}")?;
    } else {
        out.write_all(describe_all(&all, trusted.is_some(), holds).as_bytes())?;
    }
    Ok(if holds { Verdict::Holds } else { Verdict::Fails })
}

fn describe_all(all: &Together, trusted: bool, holds: bool) -> String {
    let mut text: String = all.outcomes.iter().map(|outcome| describe(outcome, trusted)).collect();
    if all.outcomes.len() == 1 && all.findings.is_empty() && all.not_checked.is_empty() {
        return text;
    }
    text.push_str("together\n");
    let mut row = |name: &str, what: &str| text.push_str(&format!("  {name:<12} {what}\n"));
    for finding in &all.findings {
        row("WRONG", finding);
    }
    let read = all.outcomes.iter().all(|outcome| !outcome.hashes.is_empty());
    if all.findings.is_empty() && read {
        row("compared", &format!("{} chains, equal as far as each goes", all.outcomes.len()));
    }
    if !all.not_checked.is_empty() {
        row("not checked", &all.not_checked);
    }
    row("verdict", if holds { "holds" } else { "DOES NOT HOLD" });
    text
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

fn describe(outcome: &Outcome, trusted: bool) -> String {
    let Outcome { blocks, nulls, seals, checkpoints, signatures, commands, repeats, .. } = outcome;
    let Outcome { orders, readings, slots, bills, scores, roots, invariants, .. } = outcome;
    let mut text = format!("{}\n", outcome.chain);
    let mut row = |name: &str, what: String| text.push_str(&format!("  {name:<12} {what}\n"));
    let whose = if trusted { "the trusted one" } else { "by the word of the genesis beside it" };
    if !outcome.network.is_empty() {
        row("network", format!("{}, {whose}", outcome.network));
    }
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
    if outcome.unsigned > 0 {
        row("unsigned", format!("{} blocks of commands that nobody signed", outcome.unsigned));
    }
    if !outcome.root.is_empty() {
        row("root", outcome.root.clone());
    }
    for accused in &outcome.accused {
        row("accused", accused.clone());
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
