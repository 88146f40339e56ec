//! What the ledger promises, seen from outside: public API only.

mod proof;
mod region;
mod roles;
mod slot;
