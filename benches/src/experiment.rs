//! Experiments: whole clusters under a load, measured from outside.
//!
//! In: which one. Out: tables and figures. Refuses to know: how a replica works.

pub mod throughput;
pub mod latency;
pub mod recovery;
pub mod burst;
pub mod scaling;
