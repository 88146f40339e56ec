//! The synchronisation primitives of this crate: the standard library's, or loom's under
//! `cfg(loom)`.
//!
//! In: nothing. Out: `Arc` and `Mutex`. Refuses to know: who uses them. Loom's versions let a test
//! try every interleaving of the code that is shipped.

#[cfg(loom)]
pub(crate) use loom::sync::{Arc, Mutex};
#[cfg(not(loom))]
pub(crate) use std::sync::{Arc, Mutex};
