//! Exhaustive checks of the shipped consensus code on worlds small enough to explore completely.

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
pub mod fuzz;
