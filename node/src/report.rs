//! A run as data, and the folder that shows it: one page, one JSON file, one CSV per figure and
//! table.
//!
//! In: what a run measured and what was predicted. Out: files. Refuses to know: how the run was
//! made, whose chains and history stand beside its files.
//!
//! ```no_run
//! let report = node::report::Report::default(); // filled in by whoever ran
//! node::report::write(&report, std::path::Path::new("run-7"))?;
//! # Ok::<(), node::report::WriteError>(())
//! ```
//!
//! # How a figure comes about
//!
//! A part of the data becomes a [`figure::Figure`] (axes with units, series, no sizes), which is
//! drawn twice: wide for screens, narrow for phones, with fewer ticks and text of the same size to
//! the eye. The page holds both and a media query shows one of them. Colours have names, so that
//! the page can be light or dark.

mod data;
mod number;
pub mod histogram;
pub mod figure;
mod timeline;
mod savings;
mod exhibit;
mod charts;
mod worked;
mod tables;
mod page;
mod folder;

pub use data::{
    Check, EventRow, EvidenceRow, Found, HomeRow, Latency, LiarRow, MessageRow, PRIVATE,
    Prediction, ProcessRow, ReplicaRow, Report, RunInfo, SignRow, SlotRow, ViewRow,
};
pub use folder::{WriteError, write};
pub use savings::of_all as saved_by_all;
