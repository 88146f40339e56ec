//! Inputs of the benchmarks: the same for every run, made from seeds.
//!
//! In: sizes and seeds. Out: batches, order books, ledgers, running clusters, experiments over them. Refuses to know:
//! what an outcome is good for.
#![allow(
    clippy::float_arithmetic,
    reason = "measurements are shown in floats; nothing here is agreed on"
)]
#![allow(clippy::disallowed_types, reason = "whoever measures reads clocks")]

pub mod workload;
pub mod deployment;
pub mod disk;
pub mod processes;
pub mod load;
pub mod watch;
pub mod table;
pub mod setting;
pub mod experiment;
