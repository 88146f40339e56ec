//! The figures of a report: which part of the data is drawn how, and the sentence below it.
//!
//! In: the data. Out: exhibits; none where there is no data. Refuses to know: the page.

pub(super) mod market;
pub(super) mod homes;
pub(super) mod service;
pub(super) mod decision;
pub(super) mod processes;
