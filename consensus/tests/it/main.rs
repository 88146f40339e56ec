//! The protocol from outside: whole clusters in one thread, public API only.

mod calm;
mod rough;
mod world;
