//! The command line of the models: what there is, what it claims, and whether it holds.
//!
//! In: arguments. Out: a table, and exit code 0 (everything holds), 1 (something does not) or 2 (bad
//! input). Refuses to know: what the models do.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use consensus::classic::Replica;
use model_checks::catalogue::{self, Check, Verdict};
use model_checks::classic::Bounds;
use model_checks::mutants::{self, Mutant};

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
    }
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
