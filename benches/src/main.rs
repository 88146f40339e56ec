//! The program `benches`: experiments over whole clusters.
//!
//! In: the name of an experiment. Out: a table. Refuses to know: what is measured.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use benches::experiment::throughput::{CELLS, Cell, Row, measure};
use benches::workload::empty::{Empty, Open};
use clap::{Parser, Subcommand, ValueEnum};
use consensus::classic::Replica;
use consensus::protocol::Protocol;
use node::config::Config;
use node::process;
use node::service::Works;

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
        /// Seconds measured in each run, after two that are not.
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
        seconds: u64,
        /// Write the runs as CSV to this file, which must not exist.
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// Run one replica with the empty application.
    #[command(hide = true)]
    Node {
        #[arg(long)]
        config: PathBuf,
    },
}

/// The experiments.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Name {
    /// Commands a second through four replica processes, with closed loops.
    Throughput,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Experiment { name: Name::Throughput, only, runs, seconds, csv } => {
            let cells: Vec<Cell> =
                CELLS.into_iter().filter(|cell| cell.name.contains(&only)).collect();
            anyhow::ensure!(!cells.is_empty(), "--only {only:?}: no cell has that in its name");
            let out = csv.map(File::create_new).transpose().context("--csv")?;
            experiment(&cells, runs, Duration::from_secs(seconds), out)
        }
        Command::Node { config } => replica(&config),
    }
}

fn replica(config: &Path) -> anyhow::Result<()> {
    let config = Config::read(config)?;
    let shown = Works::of_region(&config.founding).shown;
    let works = Works { application: Empty::new(&config.founding), gate: Arc::new(Open), shown };
    Ok(process::run(Replica::new, works, config)?)
}

fn experiment(
    cells: &[Cell],
    runs: u32,
    measured: Duration,
    mut csv: Option<File>,
) -> anyhow::Result<()> {
    if let Some(csv) = &mut csv {
        writeln!(csv, "{}", Row::HEADER)?;
    }
    println!("{}", Row::TITLE);
    for cell in cells {
        let mut rows = Vec::new();
        for _ in 0..runs {
            let row = Row::of(cell, &measure(*cell, WARM_UP, measured)?);
            if let Some(csv) = &mut csv {
                writeln!(csv, "{}", row.record())?;
            }
            rows.push(row);
        }
        rows.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let (least, most) = (rows[0].rate, rows[rows.len() - 1].rate);
        println!("{}  [{least:.0} .. {most:.0}]", rows[rows.len() / 2]);
    }
    Ok(())
}
