//! The two prices of the grid that bound every local price.
//!
//! In: feed-in and retail price. Out: a pair that is known to be in order. Refuses to know: who set
//! it.

use serde::{Deserialize, Serialize};

use crate::error::MarketError;
use crate::money::Price;

/// Feed-in and retail price of the grid: `0 <= feed_in <= retail <= MAX_PRICE`, true by
/// construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawTariff", into = "RawTariff")]
pub struct Tariff {
    feed_in: Price,
    retail: Price,
}

impl Tariff {
    /// 1,000 currency/kWh: far above any tariff, low enough that a price times the largest order
    /// cannot leave 64 bits.
    pub const MAX_PRICE: Price = Price::from_micro_per_kwh(1_000_000_000);

    /// A tariff with these two prices.
    ///
    /// # Errors
    ///
    /// [`MarketError::Tariff`] unless `0 <= feed_in <= retail <= MAX_PRICE`.
    pub fn try_new(feed_in: Price, retail: Price) -> Result<Self, MarketError> {
        if Price::ZERO <= feed_in && feed_in <= retail && retail <= Self::MAX_PRICE {
            Ok(Self { feed_in, retail })
        } else {
            Err(MarketError::Tariff { feed_in, retail, max: Self::MAX_PRICE })
        }
    }

    /// What the grid pays for injected energy.
    pub const fn feed_in(&self) -> Price {
        self.feed_in
    }

    /// What the grid asks for withdrawn energy.
    pub const fn retail(&self) -> Price {
        self.retail
    }

    /// Whether `price` lies in `[feed_in, retail]`.
    pub fn contains(&self, price: Price) -> bool {
        self.feed_in <= price && price <= self.retail
    }

    /// `price` moved into `[feed_in, retail]`.
    #[must_use]
    pub fn clamp(&self, price: Price) -> Price {
        price.clamp(self.feed_in, self.retail)
    }
}

/// The two numbers as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawTariff {
    feed_in: Price,
    retail: Price,
}

impl TryFrom<RawTariff> for Tariff {
    type Error = MarketError;

    fn try_from(raw: RawTariff) -> Result<Self, MarketError> {
        Self::try_new(raw.feed_in, raw.retail)
    }
}

impl From<Tariff> for RawTariff {
    fn from(tariff: Tariff) -> Self {
        Self { feed_in: tariff.feed_in, retail: tariff.retail }
    }
}
