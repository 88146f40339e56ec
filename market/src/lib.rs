//! What happens in one 15-minute slot: price, match, settle.
//!
//! In: orders, metered energy, a tariff. Out: facts - trades, prices, settlement lines - that add up exactly.
//! Refuses to know: accounts, identities, signatures, replicas, time, floats.

mod ids;
mod slot;
mod energy;
mod money;
mod error;
mod tariff;
mod order;

pub use energy::Energy;
pub use error::MarketError;
pub use ids::{OrderId, ParticipantId};
pub use money::{Money, Price};
pub use order::{Order, Outcome, Rejection, Side};
pub use slot::Slot;
pub use tariff::Tariff;
