//! What the ledger promises, seen from outside: public API only.

mod audit;
mod chain;
mod day;
mod order;
mod proof;
mod region;
mod roles;
mod seed;
mod seen;
mod slot;
