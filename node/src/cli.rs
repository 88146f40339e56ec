//! The command line: what is typed becomes a call, what comes back becomes text and an exit code.
//!
//! In: arguments. Out: text on standard output, logs and failures on standard error, exit code 0 (holds), 1 (the
//! thing checked does not hold) or 2 (bad input). Refuses to know: how anything is done.

mod verdict;
pub mod output;
pub mod price;
pub mod clear;
pub mod score;
mod run;
mod charter;
mod init;
mod node;
mod talk;
mod audit;
mod simulate;
mod trial;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use verdict::Verdict;

/// A neighbourhood trades its energy without a middleman: benchmark and verification toolkit.
#[derive(Debug, Parser)]
#[command(name = "gridquorum", version, max_term_width = 100)]
struct Cli {
    /// Print one JSON object on standard output and nothing else.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play days through a fresh cluster of replica processes and compare with the simulation.
    Trial(trial::Trial),
    /// Play the same days through one ledger without consensus: the reference outcome.
    Simulate(simulate::Simulate),
    /// Make keys, certificates and one configuration file per replica.
    Init(init::Init),
    /// Run one replica until it is told to stop.
    Node(node::Node),
    /// Have one command ordered and executed, and print its receipt.
    Submit(talk::Submit),
    /// Ask replicas about one member's account and score.
    Query(talk::Query),
    /// Ask replicas where they stand.
    Status(talk::StatusArgs),
    /// Check a chain offline: certificates, signatures, replay, prices, bills, scores.
    Audit(audit::Audit),
    /// Compute the prices of a slot by hand.
    Price(price::Price),
    /// Clear an order book by hand.
    Clear(clear::Clear),
    /// Compute a score by hand.
    Score(score::Score),
}

/// Parses the arguments, runs the command, and turns what comes back into an exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            return explain(&error);
        }
    };
    start_logs();
    match dispatch(cli.command, cli.json) {
        Ok(verdict) => verdict.exit_code(),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gridquorum: {}", one_line(&error));
            ExitCode::from(2)
        }
    }
}

/// Help and version are answers; anything else is a line on standard error.
fn explain(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Printing fails only when nobody reads.
        let _ = error.print();
        return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
    }
    let text = error.to_string();
    // The first paragraph says what is wrong; missing options are listed one a line.
    let what = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let what = what.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    eprintln!("gridquorum: {what} (--help shows the options)");
    ExitCode::from(2)
}

/// The error with its causes in one line; a cause that an error already quotes is not repeated.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line.replace('\n', " ")
}

fn dispatch(command: Command, json: bool) -> anyhow::Result<Verdict> {
    match command {
        Command::Trial(args) => trial::run(&args, json),
        Command::Simulate(args) => simulate::run(&args, json),
        Command::Init(args) => init::run(&args, json),
        Command::Node(args) => node::run(&args),
        Command::Submit(args) => talk::submit(&args, json),
        Command::Query(args) => talk::query(&args, json),
        Command::Status(args) => talk::status(&args, json),
        Command::Audit(args) => audit::run(&args, json),
        Command::Price(args) => price::run(&args, json).map(|()| Verdict::Holds),
        Command::Clear(args) => clear::run(&args, json).map(|()| Verdict::Holds),
        Command::Score(args) => score::run(&args, json).map(|()| Verdict::Holds),
    }
}

/// Logs go to standard error; `RUST_LOG` says which.
fn start_logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only if a log was started before, and then there is one.
    let _ = subscriber.try_init();
}

/// Whoever reads us may stop reading: `gridquorum ... | head` is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.into_iter().any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
