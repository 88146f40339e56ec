//! Auctions of one slot: who trades how much, at which price.
//!
//! In: the orders of a slot, the choices that are not the orders' own (kappa, a seed for ties).
//! Out: exactly one outcome per order. Refuses to know: when an order arrived, what its author
//! deserves.

mod clearing;
mod ration;
pub mod uniform;
#[cfg(any(test, feature = "oracle"))]
pub mod naive;

pub use clearing::{Clearing, Contract, Kappa, Seed, Trade};
