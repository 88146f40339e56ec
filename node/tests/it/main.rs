//! The node as its users see it: the program and its public API.

mod world;
mod calculators;
mod refusals;
mod unguarded;
mod reference;
mod audited;
mod struck;
mod crashes;
mod hostile;
mod liars;
mod found_out;
