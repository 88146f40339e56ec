//! The program `benches`: experiments over whole clusters.
//!
//! In: the name of an experiment. Out: a table. Refuses to know: what is measured.
#![allow(
    clippy::float_arithmetic,
    reason = "measurements are shown in floats; nothing here is agreed on"
)]

use std::path::PathBuf;
use std::time::Duration;

use benches::experiment::throughput::{CELLS, measure};
use benches::workload::empty::{Empty, Open};
use clap::{Parser, Subcommand};
use consensus::classic::Replica;
use consensus::protocol::Protocol;
use node::config::Config;
use node::process;
use node::service::Works;
use std::sync::Arc;

/// Experiments over whole clusters of replica processes on this machine.
#[derive(Debug, Parser)]
#[command(name = "benches")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an experiment.
    Experiment {
        /// throughput
        name: String,
        /// Measure only cells whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
        /// Runs of each cell.
        #[arg(long, default_value_t = 5)]
        runs: usize,
        /// Seconds measured in each run.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Run one replica with the empty application.
    #[command(hide = true)]
    Node {
        #[arg(long)]
        config: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Experiment { only, runs, seconds, .. } => experiment(&only, runs, seconds),
        Command::Node { config } => replica(&config),
    }
}

fn replica(config: &std::path::Path) -> anyhow::Result<()> {
    let config = Config::read(config)?;
    let shown = Works::of_region(&config.founding).shown;
    let works = Works { application: Empty::new(&config.founding), gate: Arc::new(Open), shown };
    Ok(process::run(Replica::new, works, config)?)
}

fn experiment(only: &str, runs: usize, seconds: u64) -> anyhow::Result<()> {
    for cell in CELLS.iter().filter(|cell| cell.name.contains(only)) {
        for _ in 0..runs {
            let (warm_up, measured) = (Duration::from_secs(2), Duration::from_secs(seconds));
            let run = measure(*cell, warm_up, measured)?;
            let rate = run.outcome.rate() * f64::from(cell.commands);
            let ms = |fraction| run.outcome.quantile(fraction).as_secs_f64() * 1e3;
            println!(
                "{:28} {rate:9.0}/s  p50 {:.2} ms  p99 {:.2} ms  failed {}  replica {:?} us  clients {:.2} us  {} kB",
                cell.name,
                ms(0.5),
                ms(0.99),
                run.outcome.failed,
                run.replica_cpu_us.iter().map(|us| format!("{us:.2}")).collect::<Vec<_>>(),
                run.client_cpu_us,
                run.peak_kb,
            );
        }
    }
    Ok(())
}
