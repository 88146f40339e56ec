//! What to try: everything that a trial is told before it begins.
//!
//! In: sizes, homes, faults, where things are. Out: the same with names. Refuses to know: what is done with it.

use std::path::PathBuf;
use std::time::Duration;

use community::Dataset;

use crate::report::RunInfo;

/// One trial.
#[derive(Debug)]
pub struct Setup {
    /// Number of replicas.
    pub replicas: usize,
    /// The homes and their days.
    pub dataset: Dataset,
    /// Slots to run.
    pub slots: u32,
    /// Seed of keys, bids and salts.
    pub seed: u64,
    /// Faults, as they were asked for.
    pub faults: Vec<String>,
    /// The shortest time from the beginning of one slot to that of the next; zero for as fast as it goes.
    pub pace: Duration,
    /// The program that runs a replica with `node --config FILE`.
    pub program: PathBuf,
    /// Folder for chains and history; exists and is empty.
    pub folder: PathBuf,
    /// What is known about the run beforehand.
    pub run: RunInfo,
}
