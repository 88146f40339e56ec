//! Energy in whole watt hours.
//!
//! In: integers. Out: integers; overflow is an `Option`, never a wrap. Refuses to know: power,
//! time, floats.

use serde::{Deserialize, Serialize};

/// An amount of energy in Wh. Positive is a withdrawal from the grid wherever a sign has a meaning
/// (OBIS 1-0:1.8.0), negative an injection (1-0:2.8.0).
///
/// | operation | result | may overflow |
/// |---|---|---|
/// | `Energy + Energy` | [`Energy`] | yes: `checked_add` is `None` |
/// | [`Price`](crate::Price) ` * Energy` | [`Money`](crate::Money) | yes: `checked_mul` is `None` |
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Energy(i64);

impl Energy {
    /// No energy.
    pub const ZERO: Self = Self(0);

    /// The most that one order may hold and that one register may advance in a slot: 1 GWh in a
    /// quarter hour, far above any connection point of a district.
    pub const MAX_PER_SLOT: Self = Self(1_000_000_000);

    /// `wh` watt hours.
    pub const fn from_wh(wh: i64) -> Self {
        Self(wh)
    }

    /// The amount in Wh.
    pub const fn wh(self) -> i64 {
        self.0
    }

    /// `self + other`, `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(wh) => Some(Self(wh)),
            None => None,
        }
    }

    /// `self - other`, `None` on overflow.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(wh) => Some(Self(wh)),
            None => None,
        }
    }

    /// The sum of `amounts`, `None` on overflow.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Whether the amount is above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl std::fmt::Display for Energy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} Wh", self.0)
    }
}
