//! The model of ordering and view change: four shipped replicas, one position, a few views.
//!
//! In: [`Bounds`]. Out: a `stateright` model, [`Classic`]. Refuses to know: how replicas work; it only
//! chooses what happens to them next.
//!
//! # What is left out, and why nothing is lost by it
//!
//! 1. A vote that its receiver only remembers is not delivered alone: it arrives together with the
//!    vote that completes a quorum, in the order of the voters. Messages stay on the network for
//!    ever, so a delivery without effect can wait until just before the step it makes possible. A
//!    message for a view that has not begun at its receiver waits for that view in the same way.
//! 2. Quorums that prove the same are one: a stand-in takes their place, see [`crate::evidence`]. Of the
//!    view changes only what prepared, and in which view, decides what a new view proposes.
//! 3. A message is delivered to one replica once: the second time has no effect. Every step that is
//!    computed checks that.
//!
//! [`Detail`] takes 2, or both 1 and 2, back. Tests compare what can happen with and without them in
//! worlds small enough to explore both ways.

mod bounds;
mod setup;
mod search;
mod world;
mod moves;
mod model;

pub use bounds::{Bounds, Crash, Detail, Faulty};
pub use world::{Classic, Move, World};
