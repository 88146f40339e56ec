//! One faulty replica among honest ones.
//!
//! In: what an honest replica would do. Out: something else. Refuses to know: the keys of others.

pub mod draw;
