//! The program `benches`: experiments over whole clusters.
//!
//! In: the name of an experiment. Out: a table. Refuses to know: what is measured.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use benches::experiment::{burst, latency, recovery, scaling, throughput};
use benches::processes::replica;
use benches::setting::{Output, Setting};
use clap::{Parser, Subcommand, ValueEnum};
use node::machine;

/// Load before anything is measured.
const WARM_UP: Duration = Duration::from_secs(2);

/// Experiments over whole clusters of replica processes on this machine.
#[derive(Debug, Parser)]
#[command(name = "benches")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run an experiment and print its table.
    Experiment {
        /// Which.
        #[arg(value_enum)]
        name: Name,
        /// Measure only cells whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
        /// Runs of each cell; the median counts.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        runs: u32,
        /// Seconds measured in each run, after two that are not; 30 in `burst`, 5 in all others unless given.
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        seconds: Option<u64>,
        /// Write the runs as CSV to this file, which must not exist.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// Draw the medians as SVG into this file, which must not exist.
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Run one replica with what its founding says.
    #[command(hide = true)]
    Node {
        #[arg(long)]
        config: PathBuf,
    },
}

/// The experiments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Commands a second through four replica processes, with closed loops.
    Throughput,
    /// How long one command takes alone, and among others at growing rates.
    Latency,
    /// What a dead primary costs under a steady load.
    Recovery,
    /// The half minute before a gate closes: 2,700 signed orders a second.
    Burst,
    /// What a command costs over the size of batches and of the committee; fails if counts are not the predicted ones.
    Scaling,
}

impl Name {
    /// What is measured, authenticated and durable.
    const fn says(self) -> &'static str {
        match self {
            Self::Throughput => throughput::SAYS,
            Self::Latency => latency::SAYS,
            Self::Recovery => recovery::SAYS,
            Self::Burst => burst::SAYS,
            Self::Scaling => scaling::SAYS,
        }
    }

    /// Seconds that are measured in each run unless the user says so.
    const fn seconds(self) -> u64 {
        match self {
            Self::Burst => 30,
            Self::Throughput | Self::Latency | Self::Recovery | Self::Scaling => 5,
        }
    }
}

/// The one that `gridquorum` has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Experiment { name, only, runs, seconds, csv, svg } => {
            let program = std::env::current_exe().context("this program has no path")?;
            let measured = Duration::from_secs(seconds.unwrap_or(name.seconds()));
            let setting = Setting { program, only, runs, warm_up: WARM_UP, measured };
            let output = Output::open(csv.as_deref(), svg.as_deref())?;
            println!("machine: {}", machine::described());
            println!("commit: {}", machine::COMMIT);
            println!("setting: {}; median of {runs} runs of {measured:?}", name.says());
            match name {
                Name::Throughput => throughput::run(&setting, output),
                Name::Latency => latency::run(&setting, output),
                Name::Recovery => recovery::run(&setting, output),
                Name::Burst => burst::run(&setting, output),
                Name::Scaling => scaling::run(&setting, output),
            }
        }
        Command::Node { config } => replica(&config),
    }
}
