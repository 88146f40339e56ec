//! Inputs of the benchmarks: the same for every run, made from seeds.
//!
//! In: sizes and seeds. Out: batches, order books, ledgers, a running cluster. Refuses to know: what is timed.

pub mod workload;
pub mod deployment;
