//! Prices in micro-currency per kWh and amounts in nano-currency: the two units whose product is
//! exact.
//!
//! 1e-6 currency/kWh x 1 Wh = 1e-9 currency, so `Price * Energy` never rounds. In: integers. Out:
//! integers; overflow is an `Option`, never a wrap. Refuses to know: which currency it is, and
//! floats.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;

/// A price in micro-currency per kWh: 250,000 is 0.25 currency/kWh. May be negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Price(i64);

impl Price {
    /// Free of charge.
    pub const ZERO: Self = Self(0);

    /// `micro` micro-currency per kWh.
    pub const fn from_micro_per_kwh(micro: i64) -> Self {
        Self(micro)
    }

    /// The price in micro-currency per kWh.
    pub const fn micro_per_kwh(self) -> i64 {
        self.0
    }

    /// What `energy` costs at this price, exactly; `None` on overflow.
    #[must_use]
    pub const fn checked_mul(self, energy: Energy) -> Option<Money> {
        match self.0.checked_mul(energy.wh()) {
            Some(nano) => Some(Money(nano)),
            None => None,
        }
    }
}

impl std::fmt::Display for Price {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        decimal(f, self.0, 6)?;
        f.write_str("/kWh")
    }
}

/// An amount of money in nano-currency: 1,000,000,000 is one unit of the currency. The sign says
/// which way it flows; each use states it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `nano` nano-currency.
    pub const fn from_nano(nano: i64) -> Self {
        Self(nano)
    }

    /// The amount in nano-currency.
    pub const fn nano(self) -> i64 {
        self.0
    }

    /// `self + other`, `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(nano) => Some(Self(nano)),
            None => None,
        }
    }

    /// `self - other`, `None` on overflow.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(nano) => Some(Self(nano)),
            None => None,
        }
    }

    /// `-self`, `None` for the one amount that has no opposite.
    #[must_use]
    pub const fn checked_neg(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(nano) => Some(Self(nano)),
            None => None,
        }
    }

    /// The sum of `amounts`, `None` on overflow.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        decimal(f, self.0, 9)
    }
}

/// Writes `value / 10^places` in decimal without going through a float.
pub(crate) fn decimal(
    f: &mut std::fmt::Formatter<'_>,
    value: i64,
    places: u32,
) -> std::fmt::Result {
    let scale = 10_u64.pow(places);
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let (whole, fraction) = (magnitude / scale, magnitude % scale);
    write!(f, "{sign}{whole}.{fraction:0width$}", width = places as usize)
}
