//! Coins that stand for energy, and what a coin costs in money.
//!
//! One coin buys one kWh of green energy (Mihaylov et al. 2019). 1e-6 currency/coin x 1e-3 coin =
//! 1e-9 currency, so whole thousandths of a coin have an exact cost. In: integers. Out: integers;
//! what is not exact or overflows is an `Option`. Refuses to know: who owns coins, who mints them,
//! floats.

use serde::{Deserialize, Serialize};

use crate::money::{Money, decimal};

/// An amount of coins in micro-coins: 1,000,000 buy one kWh of green energy. The sign says which way
/// they flow; each use states it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Coins(i64);

impl Coins {
    /// No coins.
    pub const ZERO: Self = Self(0);

    /// `micro` micro-coins.
    pub const fn from_micro(micro: i64) -> Self {
        Self(micro)
    }

    /// The amount in micro-coins.
    pub const fn micro(self) -> i64 {
        self.0
    }

    /// `self + other`, `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// `self - other`, `None` on overflow.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// Whether the amount is above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl std::fmt::Display for Coins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        decimal(f, self.0, 6)?;
        f.write_str(" coins")
    }
}

/// What one coin costs, in micro-currency.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct CoinPrice(i64);

impl CoinPrice {
    /// Free of charge.
    pub const ZERO: Self = Self(0);

    /// `micro` micro-currency per coin.
    pub const fn from_micro_per_coin(micro: i64) -> Self {
        Self(micro)
    }

    /// The price in micro-currency per coin.
    pub const fn micro_per_coin(self) -> i64 {
        self.0
    }

    /// What `coins` cost at this price, exactly; `None` on overflow and for what is no whole number
    /// of thousandths of a coin.
    #[must_use]
    pub const fn checked_cost(self, coins: Coins) -> Option<Money> {
        if coins.0 % 1_000 != 0 {
            return None;
        }
        match self.0.checked_mul(coins.0 / 1_000) {
            Some(nano) => Some(Money::from_nano(nano)),
            None => None,
        }
    }
}

impl std::fmt::Display for CoinPrice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        decimal(f, self.0, 6)?;
        f.write_str("/coin")
    }
}
