//! The roof: sockets, disk, clocks, tasks, command line, pages.
//!
//! In: configuration, bytes from outside, the time. Out: a replica process, a client, a trial, a report. Refuses to
//! know: how agreement works and what commands mean; it is the only place that has met both.
#![allow(
    clippy::float_arithmetic,
    reason = "reports and measurements are shown in floats; nothing here is agreed on"
)]
#![allow(clippy::disallowed_types, reason = "the node is where clocks are read")]

pub mod report;
pub mod machine;
pub mod hex;
pub mod founding;
pub mod keys;
pub mod config;
pub mod metrics;
pub mod store;
pub mod peers;
pub mod talk;
pub mod fuzz;
pub mod trace;
pub mod application;
pub mod executor;
pub mod registry;
pub mod driver;
pub mod verifier;
pub mod clients;
pub mod service;
pub mod process;
pub mod client;
pub mod audit;
pub mod chains;
pub mod people;
pub mod init;
pub mod harvest;
pub mod simulation;
pub mod trial;
pub mod cli;
