//! A whole cluster in one thread: a seed goes in, the same run comes out, every time.
//!
//! In: a [`setup::Setup`] and a seed. Out: what every replica executed, and a digest of everything that happened.
//! Refuses to know: real time, sockets and disks; delays, losses, crashes and restarts are drawn from the seed.
//!
//! A crash falls between any two actions of a step: what was synced before it survives, what would have been
//! sent after it never leaves. A driver that does not wait for its disk ([`crate::exit`]) goes further before it
//! dies, and finds less of it again. Safety is checked by [`oracle`] at every step; a broken rule panics with its name.

pub mod random;
pub mod journal;
pub mod fault;
pub mod agenda;
pub mod trace;
pub mod tally;
pub mod branch;
pub mod plan;
pub mod watch;
pub mod leaving;
pub mod setup;
pub mod network;
pub mod disk;
pub mod process;
pub mod users;
pub mod oracle;
pub mod liveness;
pub mod cluster;
mod deed;
mod depart;
mod post;
mod run;
pub mod scenario;
pub mod swarm;

pub use cluster::Cluster;
