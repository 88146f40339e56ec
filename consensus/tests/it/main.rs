//! The protocol from outside: whole clusters in one thread, public API only.

mod calm;
mod liars;
mod rough;
mod world;
