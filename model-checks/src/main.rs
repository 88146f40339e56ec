//! The command line of the models: what there is, what it claims, and whether it holds.
//!
//! In: arguments. Out: a table, and exit code 0 (everything holds), 1 (something does not), 2 (bad
//! input) or 3 (given up without a verdict). Refuses to know: what the models do.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use consensus::classic::Replica;
use consensus::sim::scenario::Scenario;
use model_checks::attacks::{self, attack::Attack};
use model_checks::catalogue::{self, Check, Verdict};
use model_checks::classic::Bounds;
use model_checks::linear::history::{self, Sent};
use model_checks::linear::region::Region;
use model_checks::linear::search;
use model_checks::mutants::{self, Mutant};
use model_checks::swarm::{self, Report};
use model_checks::twins;

/// Operations shown before the one that cannot be.
const SHOWN: usize = 8;

/// Explores the shipped consensus code exhaustively, in worlds small enough for that.
#[derive(Debug, Parser)]
#[command(name = "model-checks", after_help = "Example: model-checks check --quick")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Names the models and what each claims.
    #[command(after_help = "Example: model-checks list")]
    List,
    /// Explores models and prints claim, bounds, states, seconds, verdict, and what is not covered.
    #[command(after_help = "Example: model-checks check equivocating-primary --quick")]
    Check(CheckArguments),
    /// Shows that broken replicas are caught: prints a counterexample for each broken rule.
    #[command(after_help = "Example: model-checks mutants quorum")]
    Mutants {
        /// The broken rule; all of them if none is named.
        name: Option<String>,
    },
    /// Plays attacks that succeeded against other implementations.
    #[command(after_help = "Example: model-checks attacks")]
    Attacks,
    /// Runs random clusters with faults and liars, and says what was reached; a failure is made short.
    #[command(after_help = "Example: model-checks swarm --seeds 1000")]
    Swarm(SwarmArguments),
    /// Plays every way in which one replica of four can be two while the network is split in the first views.
    #[command(after_help = "Example: model-checks twins --rounds 2")]
    Twins {
        /// How many views have a split of their own.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=4))]
        rounds: u16,
        /// Threads.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
        threads: u16,
    },
    /// Says whether the history of a trial is linearizable: each answer possible, each command once, none lost.
    #[command(after_help = "Example: model-checks linear report/history.jsonl")]
    Linear {
        /// The file.
        file: PathBuf,
        /// Steps after which the search is given up, and nothing said.
        #[arg(long, default_value_t = 100_000_000)]
        bound: u64,
    },
    /// Runs a scenario that was written down.
    #[command(after_help = "Example: model-checks replay failure.txt")]
    Replay {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Args, Debug)]
struct SwarmArguments {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    first_seed: u64,
    /// One seed only.
    #[arg(long, conflicts_with_all = ["seeds", "first_seed"])]
    seed: Option<u64>,
    /// Threads.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Replicas in each cluster; drawn if not said.
    #[arg(long, value_parser = clap::value_parser!(u64).range(4..=31))]
    replicas: Option<u64>,
}

#[derive(Args, Debug)]
struct CheckArguments {
    /// The model; all of them if none is named.
    #[arg(conflicts_with = "all")]
    name: Option<String>,
    /// All models, which is what happens without a name.
    #[arg(long)]
    all: bool,
    /// The small bounds, which is what happens without --full.
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// The large bounds as well: minutes and gigabytes.
    #[arg(long)]
    full: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command, &mut io::stdout().lock()) {
        Ok(code) => code,
        // Whoever reads the output has seen enough.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(is_broken_pipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

fn run(command: Command, out: &mut impl Write) -> Result<ExitCode> {
    match command {
        Command::List => list(out),
        Command::Check(arguments) => check(&arguments, out),
        Command::Mutants { name } => catch(name.as_deref(), out),
        Command::Attacks => attack(out),
        Command::Swarm(arguments) => storm(&arguments, out),
        Command::Twins { rounds, threads } => split(rounds, threads, out),
        Command::Linear { file, bound } => explain(&file, bound, out),
        Command::Replay { file } => replay(&file, out),
    }
}

fn explain(file: &Path, bound: u64, out: &mut impl Write) -> Result<ExitCode> {
    let opened = File::open(file).with_context(|| file.display().to_string())?;
    let sent = history::read(BufReader::new(opened)).with_context(|| file.display().to_string())?;
    let told = |index: usize| {
        let Sent { process, number, timed } = &sent[index];
        format!(
            "operation {number} of {process}: {:?}\n       {:?}",
            timed.operation.command, timed.operation.outcome
        )
    };
    let history: Vec<_> = sent.iter().map(|sent| sent.timed.clone()).collect();
    let unknown = history.iter().filter(|one| one.answered.is_none()).count();
    let answered = history.len() - unknown;
    writeln!(out, "{answered} commands answered, {unknown} without a known end")?;
    let (verdict, seconds) = catalogue::timed(|| search::check(Region::default(), &history, bound));
    Ok(match verdict {
        search::Verdict::Linearizable(_) => {
            writeln!(out, "linearizable; {seconds:.1} s")?;
            ExitCode::SUCCESS
        }
        search::Verdict::Violated { placed, stuck } => {
            writeln!(
                out,
                "NOT LINEARIZABLE; {seconds:.1} s. This answer cannot be:\n       {}",
                told(stuck)
            )?;
            writeln!(
                out,
                "after these, the last of {} that can be put in an order:",
                placed.len()
            )?;
            for index in placed.iter().rev().take(SHOWN).rev() {
                writeln!(out, "       {}", told(*index))?;
            }
            ExitCode::from(1)
        }
        search::Verdict::Undecided { steps } => {
            writeln!(out, "UNDECIDED: given up after {steps} steps")?;
            ExitCode::from(3)
        }
    })
}

fn attack(out: &mut impl Write) -> Result<ExitCode> {
    let mut all_hold = true;
    for Attack { name, source, claim, play } in attacks::all::<Replica>() {
        let played = play();
        all_hold &= played.is_ok();
        let word = if played.is_ok() { "holds" } else { "FAILS" };
        writeln!(out, "{word}  {name}: {claim}\n       {source}")?;
        if let Err(why) = played {
            writeln!(out, "       {why:#}")?;
        }
    }
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn storm(arguments: &SwarmArguments, out: &mut impl Write) -> Result<ExitCode> {
    let first = arguments.seed.unwrap_or(arguments.first_seed);
    let count = arguments.seed.map_or(arguments.seeds, |_| 1);
    let last = first.checked_add(count).context("the last seed is too large")?;
    let threads = usize::from(arguments.threads);
    let (report, seconds) =
        catalogue::timed(|| swarm::run::<Replica>(first..last, threads, arguments.replicas));
    tell(&report, seconds, out)?;
    if arguments.seed.is_some() {
        write!(out, "\n{}", swarm::scenario(first, arguments.replicas))?;
    }
    if let Some((seed, failure)) = report.failures.first() {
        let scenario = swarm::scenario(*seed, arguments.replicas);
        writeln!(out, "\nseed {seed}: {failure}\n{scenario}")?;
        if let Some((short, runs)) = swarm::quietly(|| swarm::shrink::<Replica>(&scenario)) {
            writeln!(
                out,
                "made short in {runs} runs; replay it with `model-checks replay FILE`:\n"
            )?;
            write!(out, "{short}")?;
        }
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn split(rounds: u16, threads: u16, out: &mut impl Write) -> Result<ExitCode> {
    let (rounds, threads) = (usize::from(rounds), usize::from(threads));
    let (report, seconds) = catalogue::timed(|| twins::run::<Replica>(rounds, threads));
    let twins::Report { played, total, accused, changed, busy, .. } = report;
    writeln!(out, "{played} scenarios played, which stand for {total}; {seconds:.1} s")?;
    writeln!(out, "{busy} executed something while split, {changed} decided after a view change")?;
    writeln!(out, "{accused} proved that the twins said two things")?;
    for (split, failure) in &report.failures {
        writeln!(out, "FAILS: {split} {failure}")?;
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn tell(report: &Report, seconds: f64, out: &mut impl Write) -> Result<()> {
    let mut group = "";
    for (of, name, count) in report.tally.iter() {
        if group != of {
            writeln!(out, "{of}")?;
            group = of;
        }
        writeln!(out, "{count:>14}  {name}")?;
    }
    tell_branches(report, out)?;
    let Report { runs, lying, twice, events, decided, changed, .. } = report;
    let fewest = report.fewest.unwrap_or(0);
    let millis = Duration::from_secs_f64(seconds).as_millis().max(1);
    let rate = u128::from(runs + twice) * 1_000 / millis;
    writeln!(out, "{runs} seeds, {lying} with liars, {changed} decided after a view change")?;
    writeln!(out, "{decided} positions decided, at least {fewest} in each run; {events} events")?;
    writeln!(out, "all traces together: {:016x}", report.traces)?;
    writeln!(out, "{twice} ran twice, {} of them differently", report.unequal.len())?;
    writeln!(out, "{seconds:.1} s, {rate} runs per second")?;
    for (group, name) in report.unreached() {
        writeln!(out, "never happened, although it should: {group} {name}")?;
    }
    for seed in &report.unequal {
        writeln!(out, "FAILS: seed {seed} went two ways")?;
    }
    for (seed, failure) in &report.failures {
        writeln!(out, "FAILS: seed {seed}: {failure}")?;
    }
    Ok(())
}

/// For each event, what came of it at honest replicas.
fn tell_branches(report: &Report, out: &mut impl Write) -> Result<()> {
    let mut event = "";
    for (of, effect, count) in report.branches.iter() {
        if event != of {
            writeln!(out, "what came of: {of}")?;
            event = of;
        }
        writeln!(out, "{count:>14}  {effect}")?;
    }
    Ok(())
}

fn replay(file: &Path, out: &mut impl Write) -> Result<ExitCode> {
    let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    let scenario: Scenario = text.parse().with_context(|| format!("{}", file.display()))?;
    let outcome = swarm::quietly(|| scenario.play::<Replica>());
    let faults = outcome.injected.len();
    writeln!(out, "{} events, {faults} faults, trace {}", outcome.events, outcome.trace)?;
    match outcome.failure {
        None => writeln!(out, "holds: {} positions decided", outcome.decided)?,
        Some(failure) => {
            writeln!(out, "FAILS: {failure}")?;
            return Ok(ExitCode::from(1));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(out: &mut impl Write) -> Result<ExitCode> {
    for check in catalogue::all() {
        writeln!(out, "{:<22}{}", check.name, check.claim)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn check(arguments: &CheckArguments, out: &mut impl Write) -> Result<ExitCode> {
    let checks = match &arguments.name {
        None => catalogue::all(),
        Some(name) => vec![catalogue::find(name)?],
    };
    let mut all_hold = true;
    writeln!(out, "{:>12} {:>9}  {:<8} model: bounds", "states", "seconds", "verdict")?;
    for check in checks {
        let larger = if arguments.full { check.full } else { &[] };
        for bounds in [check.quick].iter().chain(larger) {
            all_hold &= explore(&check, *bounds, out)?;
        }
        writeln!(out, "{INDENT}claim: {}", check.claim)?;
        for gap in check.not_covered {
            writeln!(out, "{INDENT}not covered: {gap}")?;
        }
    }
    writeln!(out, "\nNot covered by any of them:")?;
    for gap in catalogue::NOT_COVERED {
        writeln!(out, "- {gap}")?;
    }
    writeln!(out, "Reduced without loss (see model-checks/README.md): {REDUCED}.")?;
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Where lines about a model begin, under its name.
const INDENT: &str = "                                 ";
/// The reductions in one line.
const REDUCED: &str = "votes are delivered by the quorum; one quorum stands for all that prove the same; a \
                       message is delivered to a replica once";

fn explore(check: &Check, bounds: Bounds, out: &mut impl Write) -> Result<bool> {
    let (verdict, seconds) = catalogue::timed(|| catalogue::explore::<Replica>(bounds));
    let word = if verdict.holds() { "holds" } else { "FAILS" };
    let states = verdict.states;
    writeln!(out, "{states:>12} {seconds:>9.1}  {word:<8} {}: {bounds}", check.name)?;
    report(&verdict, out)?;
    Ok(verdict.holds())
}

fn report(verdict: &Verdict, out: &mut impl Write) -> Result<()> {
    for name in &verdict.unreached {
        writeln!(out, "never happens, although it should: {name}")?;
    }
    for (name, trace) in &verdict.violations {
        writeln!(out, "does not hold: {name}")?;
        for line in trace {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn catch(name: Option<&str>, out: &mut impl Write) -> Result<ExitCode> {
    let chosen: Vec<Mutant> = match name {
        None => mutants::all(),
        Some(name) => vec![mutants::find(name)?],
    };
    let mut all_caught = true;
    for mutant in chosen {
        let (found, seconds) = catalogue::timed(|| (mutant.hunt)(mutant.bounds));
        writeln!(out, "mutant {}: {}", mutant.name, mutant.broken)?;
        match found {
            Some((property, trace)) => {
                writeln!(out, "caught in {seconds:.1} s, does not hold: {property}")?;
                for line in trace {
                    writeln!(out, "{line}")?;
                }
            }
            None => {
                all_caught = false;
                writeln!(out, "NOT CAUGHT in {}", mutant.bounds)?;
            }
        }
        writeln!(out)?;
    }
    Ok(if all_caught { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
