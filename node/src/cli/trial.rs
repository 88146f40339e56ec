//! `gridquorum trial`: days of a neighbourhood through a fresh cluster of processes.
//!
//! In: days of homes, a number of replicas, faults. Out: a line per check, a report, the verdict. Refuses to know: how
//! replicas are started, struck and compared.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::output::Fields;
use super::run::{Days, describe, write_report};
use super::verdict::Verdict;
use crate::report::{Found, LiarRow, PRIVATE, Report};
use crate::trial::setup::Setup;
use crate::trial::{self, Progress};

/// Play days through a fresh cluster of replica processes on this machine, with faults if asked for, and compare
/// with the simulation.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gridquorum trial\n  \
    gridquorum trial --data DIR --days 2 --fault kill:primary@slot=40,restart=60 --fault pause:1@slot=90,for=3s\n  \
    gridquorum trial --homes 20 --days 7 --pace 2.7s --fault random:7\n  \
    gridquorum trial --homes 8 --fault lie:0=equivocator\n\n\
    Slots count from 0 over the whole run, replicas from 0. A plan that takes out more replicas at once than the \
    committee tolerates is refused; a liar counts as out all the time.\n\n\
    The example with a pace is a soak of half an hour: one replica after the other is killed or paused, and the report \
    shows what the replicas' processes held in memory and descriptors. The last one has the first primary lie; the \
    report says whether the others convict it, suspect it or do not find it out.")]
pub(super) struct Trial {
    /// Number of replicas, at least 4.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(4..=64))]
    replicas: u16,
    #[command(flatten)]
    days: Days,
    /// kill:WHO@slot=S[,restart=S2] or pause:WHO@slot=S,for=3s; WHO is a replica number or `primary`. random:SEED
    /// draws such faults for the whole run. lie:NUMBER=ADVERSARY has a replica lie from the start: silent, equivocator,
    /// replayer, censor, usurper, mutator or twins.
    #[arg(long = "fault", value_name = "SPEC")]
    faults: Vec<String>,
    /// The shortest time from the beginning of one slot to that of the next, such as 2.5s; as fast as it goes unless
    /// given.
    #[arg(long, value_name = "SECONDSs", value_parser = pace)]
    pace: Option<Duration>,
}

/// A slot in the world: to be slower than it would be no trial any more.
const PACE_MOST: Duration = Duration::from_secs(15 * 60);

/// A time from one slot to the next, such as `2.5s`.
fn pace(text: &str) -> Result<Duration, String> {
    let seconds = text.strip_suffix('s').and_then(|number| number.parse().ok());
    let pace = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    pace.filter(|pace| *pace <= PACE_MOST)
        .ok_or_else(|| format!("expected 0s to {}s, such as 2.5s", PACE_MOST.as_secs()))
}

/// What is signed, verified and durable, for a run whose replicas write to the file system of `folder`.
fn guarantees(folder: &Path) -> String {
    let place = match file_system(folder) {
        Some(kind) if ["tmpfs", "ramfs"].contains(&kind.as_str()) => {
            format!("a {kind}, which is memory: nothing on it survives a loss of power")
        }
        Some(kind) => format!("an {kind} file system, as far as it and its device keep their word"),
        None => "a file system that this machine does not name".to_owned(),
    };
    format!("{GUARANTEES} The replicas' files lay beside this report, on {place}.")
}

/// The type of the file system that `path` lies on, as the mount table names it.
fn file_system(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    innermost(&std::fs::read_to_string("/proc/self/mounts").ok()?, &path)
}

/// Of the lines `device folder type ...`, the type of the innermost folder that holds `path`; of several mounted on one
/// folder the last is seen.
fn innermost(mounts: &str, path: &Path) -> Option<String> {
    let parts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?.replace("\\040", " "), words.next()?))
    });
    let holding = parts.filter(|(folder, _)| path.starts_with(folder));
    let (_, kind) = holding.max_by_key(|(folder, _)| folder.len())?;
    Some(kind.to_owned())
}

const GUARANTEES: &str = "Every command is signed by its home (Ed25519) and checked by every replica; every vote \
    is signed; every promise of a replica is synced to disk (fdatasync) before the message that depends on it \
    leaves; blocks are synced at checkpoints; links are TLS 1.3 with pinned certificates.";

/// Runs the command.
pub(super) fn run(args: &Trial, json: bool) -> anyhow::Result<Verdict> {
    args.days.check_folder()?;
    let chosen = args.days.open(Some(1))?;
    let replicas = usize::from(args.replicas);
    trial::check_plan(replicas, &args.faults, chosen.slots)?;
    let folder = args.days.make_folder("trial")?;
    let info = describe("trial", args.days.seed, &chosen, &guarantees(&folder));
    let setup = Setup {
        replicas,
        dataset: chosen.dataset,
        slots: chosen.slots,
        seed: args.days.seed,
        faults: args.faults.clone(),
        pace: args.pace.unwrap_or_default(),
        program: std::env::current_exe().context("this program's own path")?,
        folder: folder.clone(),
        run: info,
    };
    let bar = progress_bar(chosen.slots);
    let ran = trial::run(setup, |progress| show(&bar, progress));
    bar.finish_and_clear();
    let report = match ran {
        Ok(report) => report,
        Err(error) => {
            // The days never began. If the folder cannot be removed, the error says enough.
            let _ = std::fs::remove_dir_all(&folder);
            return Err(error);
        }
    };
    write_report(&report, &folder)?;
    tell(&report, &folder, json)?;
    Ok(if report.found() == Found::Fails { Verdict::Fails } else { Verdict::Holds })
}

fn progress_bar(slots: u32) -> ProgressBar {
    let bar = ProgressBar::new(u64::from(slots));
    let style = ProgressStyle::with_template("slot {pos}/{len} [{bar:40}] {msg}");
    bar.set_style(style.expect("a fixed template").progress_chars("=> "));
    bar.set_message("starting replicas");
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_position(u64::from(progress.slots));
    bar.set_message(format!("view {}, {:.0} commands/s", progress.view, progress.rate));
}

fn tell(report: &Report, folder: &Path, json: bool) -> anyhow::Result<()> {
    if !json {
        let mut out = std::io::stdout().lock();
        for check in &report.checks {
            let mark = match check.found {
                Found::Holds => "ok",
                Found::NotChecked => "not checked",
                Found::Fails => "WRONG",
            };
            writeln!(out, "{mark:<11} {}\n            {}", check.claim, check.detail)?;
        }
        for liar in &report.liars {
            let (replica, adversary, words) = (liar.replica, &liar.adversary, &liar.words);
            writeln!(out, "liar        replica {replica}, {adversary}: {}", liar.verdict)?;
            writeln!(out, "            {words}")?;
        }
        for event in &report.events {
            writeln!(out, "slot {:>4}: {}", event.slot, event.what)?;
        }
        writeln!(out, "\n{PRIVATE}\n")?;
    }
    let wide = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let mut fields = Fields::new();
    let verdict = match report.found() {
        Found::Holds => "holds",
        Found::NotChecked => "holds as far as it was checked",
        Found::Fails => "DOES NOT HOLD",
    };
    fields.text("verdict", verdict);
    fields.text("data", &report.run.dataset);
    fields.integer("replicas", wide(report.replicas.len() as u64));
    fields.text("root", &report.run.root);
    if let Some(latency) = report.latencies.first() {
        fields.integer("commands", wide(latency.count));
        fields.integer("latency_p50_us", wide(latency.p50_us));
        fields.integer("latency_p99_us", wide(latency.p99_us));
    }
    if !report.liars.is_empty() {
        let liar = |row: &LiarRow| format!("{} {} {}", row.replica, row.adversary, row.verdict);
        let liars: Vec<String> = report.liars.iter().map(liar).collect();
        fields.text("liars", &liars.join(", "));
    }
    fields.integer("wall_ms", wide(report.run.wall_us / 1_000));
    fields.text("report", &folder.join("report.html").display().to_string());
    fields.print(json)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest is a slot of the world; what is no time is said to be none.
    #[test]
    fn a_pace_is_a_time_in_seconds() {
        assert_eq!(pace("2.5s"), Ok(Duration::from_millis(2_500)));
        assert_eq!(pace("900s"), Ok(PACE_MOST));
        for text in ["", "s", "2.5", "-1s", "901s", "NaNs", "infs", "1m"] {
            assert_eq!(pace(text), Err("expected 0s to 900s, such as 2.5s".to_owned()), "{text}");
        }
    }

    /// The innermost mount counts, a later one hides an earlier, and a name that only begins alike holds nothing.
    #[test]
    fn the_file_system_is_that_of_the_innermost_mount() {
        let mounts = "d / ext4 rw 0 0\nt /srv/fast tmpfs rw 0 0\nx /srv/fast/my\\040disk xfs rw 0 0\n\
                      a /far ext2 rw 0 0\nb /far btrfs rw 0 0\n";
        let of = |path: &str| innermost(mounts, Path::new(path));
        assert_eq!(of("/data/me").as_deref(), Some("ext4"));
        assert_eq!(of("/srv/fast/run").as_deref(), Some("tmpfs"));
        assert_eq!(of("/srv/fast/my disk/run").as_deref(), Some("xfs"));
        assert_eq!(of("/srv/fastfoo").as_deref(), Some("ext4"));
        assert_eq!(of("/far/run").as_deref(), Some("btrfs"));
    }
}
