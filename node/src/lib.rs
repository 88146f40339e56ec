//! The roof: sockets, disk, clocks, tasks, command line, pages.
//!
//! In: configuration, bytes from outside, the time. Out: a replica process, a client, a trial, a report. Refuses to
//! know: how agreement works and what commands mean; it is the only place that has met both.
#![allow(
    clippy::float_arithmetic,
    reason = "reports and measurements are shown in floats; nothing here is agreed on"
)]

pub mod report;
