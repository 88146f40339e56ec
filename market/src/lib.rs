//! What happens in one 15-minute slot: price, match, settle.
//!
//! In: orders, metered energy, a tariff. Out: facts - trades, prices, settlement lines - that add
//! up exactly. Refuses to know: accounts, identities, signatures, replicas, time, floats.
//!
//! ```
//! use market::{Decimal, NrgXSafe, PriceRule, Tariff, Terms};
//! use market::{Contract, Energy, Kappa, Meter, Metered, ParticipantId, Position, Price};
//! use market::{Order, OrderId, Seed, Side};
//!
//! // Home 1 wants 400 Wh for at most 0.25, home 2 offers 300 Wh for at least 0.15 currency/kWh.
//! let (wh, price) = (Energy::from_wh, Price::from_micro_per_kwh);
//! let order = |home, side, price, quantity| Order {
//!     id: OrderId { participant: ParticipantId::new(home), counter: 0 },
//!     side,
//!     price,
//!     quantity,
//! };
//! let bid = order(1, Side::Bid, price(250_000), wh(400));
//! let offer = order(2, Side::Offer, price(150_000), wh(300));
//! let clearing = market::clear(&[bid, offer], Kappa::HALF, &Seed::new([0; 32]))?;
//! assert_eq!(clearing.volume, wh(300));
//! // The 100 Wh of the bid that found no seller keep the price at the bid.
//! assert_eq!(clearing.price(), Some(price(250_000)));
//! let contracts = clearing.contracts(&[bid, offer])?;
//!
//! // Delivery: home 1 used 420 Wh, home 2 gave 280 Wh.
//! let position = |contract: &Contract, metered| Position {
//!     participant: contract.participant,
//!     contracted: contract.energy,
//!     contract_amount: contract.amount,
//!     meter: Meter::Read(metered),
//! };
//! let used = position(&contracts[0], Metered::try_new(wh(420), wh(0))?);
//! let gave = position(&contracts[1], Metered::try_new(wh(0), wh(280))?);
//!
//! let tariff = Tariff::try_new(price(80_000), price(300_000))?;
//! let decimal = |text| Decimal::parse(text).expect("a decimal");
//! let rule = NrgXSafe::try_new(decimal("0.2"), decimal("0.4"), decimal("0.25"))?;
//! let region = PriceRule::NrgXSafe(rule).prices(&market::totals(&[used, gave])?, &tariff);
//! let terms = Terms { surplus: clearing.surplus()?, region, tariff };
//! let settlement = market::settle(&[used, gave], &terms)?;
//!
//! let members: i64 = settlement.lines.iter().map(|line| line.amount().nano()).sum();
//! let all = members + settlement.grid.amount.nano() + settlement.operator.nano();
//! assert_eq!(all, 0, "nothing is lost and nothing appears");
//! # Ok::<(), market::MarketError>(())
//! ```

mod ids;
mod slot;
mod energy;
mod money;
mod coin;
mod apportion;
mod fixed;
mod error;
mod grid;
mod tariff;
mod invariant;
mod fee;
mod order;
mod book;
pub mod pricing;
mod minting;
pub mod matching;
pub mod tier;
mod meter;
mod settlement;
pub mod exchange;
pub mod response;
#[cfg(feature = "oracle")]
pub mod kit;

pub use book::MAX_ORDERS;
pub use coin::{CoinPrice, Coins};
pub use energy::Energy;
pub use error::{Expected, MarketError, Parameter, Quantity};
pub use fee::{Fee, Fees, Rates};
pub use fixed::{Decimal, DecimalError};
pub use grid::{Aggregator, Feeder, Grid, Home, Limit, Tier, Zone};
pub use ids::{AggregatorId, FeederId, OrderId, ParticipantId};
pub use invariant::Invariant;
pub use matching::uniform::{clear, clear_k_double};
pub use matching::{Clearing, Contract, Kappa, Mechanism, Prices, Seed, Trade};
pub use meter::{Meter, Metered};
pub use minting::{Matched, matched, minted};
pub use money::{Money, Price};
pub use order::{Order, OrderFlaw, Outcome, Rejection, Side};
pub use pricing::{InternalQuote, NrgX, NrgXSafe, PriceRule, Promise, Quote};
pub use pricing::{RegionPrices, RegionTotals};
pub use settlement::{GridLine, Line, Position, Settlement, Sums, Terms, settle, totals};
pub use slot::Slot;
pub use tariff::Tariff;
pub use tier::{TierClearing, TierMarket};
