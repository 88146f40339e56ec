//! Exhaustive checks of the shipped consensus code on worlds small enough to explore completely.
//!
//! In: the shipped replica, and the bounds of a world. Out: what holds in every state of it, or the steps
//! to where it does not; beside it, the bodies of the fuzz targets. Refuses to know: sockets, disks, clocks
//! and the node.

pub mod properties;
pub mod network;
pub mod replica;
pub mod evidence;
pub mod byzantine;
pub mod transitions;
pub mod classic;
pub mod trace;
pub mod catalogue;
pub mod mutants;
pub mod attacks;
pub mod swarm;
pub mod twins;
pub mod linear;
pub mod fuzz;
