//! Who wants what: the homes of a neighbourhood, their devices and their bids, as a stream of
//! commands.
//!
//! In: a data set (or a seed for a synthetic one), tariff and price rule, a strategy, the authors
//! to speak for. Out: the commands of a day, and the one loop that feeds them to a ledger. Refuses
//! to know: keys, signatures, sockets, replicas, clocks.
//!
//! # Same bits everywhere
//!
//! A run is a function of its data and its seed: the same on every machine and any number of
//! threads. Devices, meters and bids are exact integers. Floating point appears in one file,
//! `solar.rs`, and keeps to `+ - * /` and the pure-Rust functions of `libm`, because the platform's
//! own `sin` and `exp` differ in the last bit; what leaves that file is rounded to whole watts.
//! Randomness is one stream per (seed, home, purpose, index), so that no draw depends on how many
//! draws another home made.
//!
//! # A day in memory
//!
//! ```
//! use community::{Cast, Community, Dataset, InMemory, Settings, ZeroIntelligence, run, terms};
//! use ledger::{Author, Genesis, Ledger};
//!
//! let dataset = Dataset::synthetic(terms::HOMES, terms::DAYS, terms::SEED)?;
//! let operator = Author::new([255; 32]);
//! let cast = Cast { operator, homes: (0..50).map(|home| Author::new([home; 32])).collect() };
//! let settings = Settings::from_seed(terms::SEED);
//! let mut homes = Community::try_new(dataset, cast, Box::new(ZeroIntelligence), settings)?;
//!
//! let ledger = Ledger::new(Genesis::try_new(terms::charter(operator))?);
//! let mut facts = Vec::new();
//! let mut region = InMemory::new(ledger, |fact| facts.push(fact));
//! let outcome = run(&mut homes, &mut region, terms::tariff(), Some(48), |slot| {
//!     println!("slot {}: {} traded", slot.slot, slot.volume);
//! })?;
//! assert_eq!((outcome.slots.len(), outcome.refused), (48, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calendar;
mod error;
mod random;
mod power;
mod register;
mod battery;
mod vehicle;
mod trip;
mod solar;
mod clouds;
mod demand;
mod equipment;
mod home;
mod profile;
pub mod dataset;
mod prices;
mod strategy;
pub mod bidding;
mod forecast;
mod feeders;
mod crew;
pub mod terms;
mod day;
mod bills;
mod simulate;

pub use battery::{Battery, BatterySpec, Dispatch};
pub use bidding::price_responsive::PriceResponsive;
pub use bidding::self_consumption::SelfConsumption;
pub use bidding::zero_intelligence::ZeroIntelligence;
pub use bills::{Bills, Tally};
pub use calendar::{Calendar, ClockTime, Date, Zone};
pub use dataset::Dataset;
pub use day::{Cast, Community, Settings, Speaker, Submission, Wish};
pub use demand::Household;
pub use equipment::{Equipment, Roof};
pub use error::{CastError, DatasetError, Excerpt, Expected, FeederError, Place, UnknownStrategy};
pub use feeders::Feeders;
pub use forecast::ERROR_PERMILLE;
pub use home::{Flows, Home, Moment, Plan};
pub use power::{Power, Work};
pub use prices::{Band, LastDay};
pub use profile::{Dynamic, Profile, Rows, Share};
pub use random::{Purpose, Stream};
pub use register::Register;
pub use simulate::{InMemory, Outcome, Region, RunError, Step, run};
pub use solar::{Panels, Sunlight};
pub use strategy::{LimitOrder, Strategy, TICK, View, price_at};
pub use trip::Trip;
pub use vehicle::{Charge, Charging, Vehicle, VehicleSpec};
