//! What happens in one 15-minute slot: price, match, settle.
//!
//! In: orders, metered energy, a tariff. Out: facts - trades, prices, settlement lines - that add
//! up exactly. Refuses to know: accounts, identities, signatures, replicas, time, floats.

mod ids;
mod slot;
mod energy;
mod money;
mod fixed;
mod error;
mod tariff;
mod order;
mod book;
mod pricing;
pub mod matching;
mod meter;
mod settlement;

pub use book::MAX_ORDERS;
pub use energy::Energy;
pub use error::{Expected, MarketError, Parameter, Quantity};
pub use fixed::{Decimal, DecimalError};
pub use ids::{OrderId, ParticipantId};
pub use matching::uniform::{clear, clear_k_double};
pub use matching::{Clearing, Contract, Kappa, Seed, Trade};
pub use meter::Metered;
pub use money::{Money, Price};
pub use order::{Order, Outcome, Rejection, Side};
pub use pricing::{NrgX, NrgXSafe, PriceRule, Quote, RegionPrices, RegionTotals};
pub use settlement::{GridLine, Line, Position, Settlement, Sums, Terms, settle, totals};
pub use slot::Slot;
pub use tariff::Tariff;
