//! What formulas predict, to be set beside what is measured.
//!
//! In: sizes of a deployment. Out: numbers. Refuses to know: replicas, messages, and how anything is measured.

pub mod cost;
