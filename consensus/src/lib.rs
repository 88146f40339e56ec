//! Practical Byzantine fault tolerance as a state machine without input or output.
//!
//! One door in, one door out: everything that can happen to a replica is an [`event::Event`], everything it
//! wants done is an [`action::Action`], and [`protocol::Protocol::step`] turns one into the others. No clock, no
//! threads, no randomness, no sockets: the code that a node deploys is the code that a model checker explores, a
//! simulator torments and a benchmark times.
//!
//! Refuses to know: what an operation means, where bytes come from, how time passes.

pub mod ids;
pub mod committee;
pub mod limits;
pub mod wire;
pub mod keys;
pub mod request;
pub mod certificate;
pub mod reject;
pub mod event;
pub mod action;
pub mod protocol;
pub mod application;
pub mod client;
pub mod classic;
#[cfg(feature = "sim")]
pub mod sim;
