//! What the ledger promises, seen from outside: public API only.

mod region;
mod roles;
mod slot;
