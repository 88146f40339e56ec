//! Experiments: whole clusters of processes under load, measured from outside.
//!
//! In: what to vary. Out: tables, CSV files, figures. Refuses to know: how a replica works.

pub mod throughput;
