//! Power in whole nanowatts and work in whole nanojoules: fine enough that no reading is rounded on
//! its way in.
//!
//! In: integers. Out: integers. Refuses to know: floats, slots, meters.
//!
//! A decimal with nine places is exact in nanowatts; so is a per-unit value with nine places times
//! a panel of whole watts. Nanowatts times seconds are nanojoules, and 1 Wh is 3.6e12 of them.
//!
//! Arithmetic policy: a [`Power`] is held to +-[`Power::MAX`], so sums of a home's handful of flows
//! stay far inside 64 bits; [`Work`] is 128 bits wide and outlasts any run. Neither operation can
//! overflow.

use market::Energy;

/// Nanojoules in a watt hour.
const NANOJOULES_PER_WH: i128 = 3_600_000_000_000;

/// Mean power over a slot, in nanowatts. Positive is what a home draws, wherever a sign has a
/// meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Power(i64);

impl Power {
    /// No power.
    pub const ZERO: Self = Self(0);
    /// 100 MW: a hundred times the largest connection point of a district; larger values are cut to
    /// it.
    pub const MAX: Self = Self(100_000_000 * Self::NANO_PER_WATT);
    /// Nanowatts in a watt.
    pub const NANO_PER_WATT: i64 = 1_000_000_000;

    /// `nano` nanowatts, cut to +-[`Power::MAX`].
    pub const fn from_nanowatts(nano: i64) -> Self {
        if nano > Self::MAX.0 {
            Self::MAX
        } else if nano < -Self::MAX.0 {
            Self(-Self::MAX.0)
        } else {
            Self(nano)
        }
    }

    /// `watts` watts, cut to +-[`Power::MAX`].
    pub const fn from_watts(watts: i64) -> Self {
        Self::from_nanowatts(watts.saturating_mul(Self::NANO_PER_WATT))
    }

    /// The power in nanowatts.
    pub const fn nanowatts(self) -> i64 {
        self.0
    }

    /// The mean of `powers`, rounded towards zero; zero for none.
    pub fn mean(powers: impl IntoIterator<Item = Self>) -> Self {
        let (mut sum, mut count) = (Work::ZERO, 0);
        for power in powers {
            sum = sum + power.over(1);
            count += 1;
        }
        sum.spread(count)
    }

    /// What this power does in `seconds`.
    pub const fn over(self, seconds: u32) -> Work {
        Work(self.0 as i128 * seconds as i128)
    }

    /// `self * permille / 1000`, rounded towards zero.
    #[must_use]
    pub fn scaled(self, permille: i64) -> Self {
        Work(i128::from(self.0) * i128::from(permille)).spread(1000)
    }
}

impl std::ops::Add for Power {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::from_nanowatts(self.0 + other.0)
    }
}

impl std::ops::Sub for Power {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::from_nanowatts(self.0 - other.0)
    }
}

impl std::ops::Neg for Power {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// An exact amount of energy in nanojoules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(i128);

impl Work {
    /// None.
    pub const ZERO: Self = Self(0);

    /// `wh` watt hours.
    pub const fn from_wh(wh: i64) -> Self {
        Self(wh as i128 * NANOJOULES_PER_WH)
    }

    /// `nano` nanojoules.
    pub const fn from_nanojoules(nano: i128) -> Self {
        Self(nano)
    }

    /// The amount in nanojoules.
    pub const fn nanojoules(self) -> i128 {
        self.0
    }

    /// The nearest whole watt hour; halves go up.
    pub fn rounded(self) -> Energy {
        let wh = (self.0 + NANOJOULES_PER_WH / 2).div_euclid(NANOJOULES_PER_WH);
        Energy::from_wh(
            i64::try_from(wh).expect("100 MW need ten million years to fill 64 bits of Wh"),
        )
    }

    /// The largest constant power that does at most this work in `seconds`; zero for no time.
    pub fn spread(self, seconds: u32) -> Power {
        let nano = self.0.checked_div(i128::from(seconds)).unwrap_or(0);
        let cut = nano.clamp(-i128::from(Power::MAX.0), i128::from(Power::MAX.0));
        Power(i64::try_from(cut).expect("cut to the range of a power"))
    }
}

impl std::ops::Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Work {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 1 W over an hour is 1 Wh, and a half rounds up on both sides of zero: 0.5 -> 1, -0.5 -> 0.
    #[test]
    fn a_watt_for_an_hour_is_a_watt_hour() {
        assert_eq!(Power::from_watts(1).over(3600), Work::from_wh(1));
        assert_eq!(Power::from_watts(1).over(1800).rounded(), Energy::from_wh(1));
        assert_eq!(Power::from_watts(-1).over(1800).rounded(), Energy::ZERO);
    }

    // Values no connection point can have are cut, so that later sums cannot leave 64 bits.
    #[test]
    fn absurd_powers_are_cut_to_the_limit() {
        assert_eq!(Power::from_watts(i64::MAX), Power::MAX);
        assert_eq!(Power::from_watts(i64::MIN), -Power::MAX);
        assert_eq!(Power::MAX + Power::MAX, Power::MAX);
        assert_eq!(Power::MAX.scaled(2000), Power::MAX);
    }

    // By hand: the mean of 1, 2 and 6 W is 3 W; of nothing it is nothing.
    #[test]
    fn a_mean_is_a_sum_spread_evenly() {
        assert_eq!(Power::mean([1, 2, 6].map(Power::from_watts)), Power::from_watts(3));
        assert_eq!(Power::mean([]), Power::ZERO);
    }

    // 1 Wh in a quarter hour is 4 W; a spread power never does more than the work it came from.
    #[test]
    fn spreading_work_over_a_slot_never_exceeds_it() {
        assert_eq!(Work::from_wh(1).spread(900), Power::from_watts(4));
        let odd = Work::from_nanojoules(1_000_000_001);
        assert!(odd.spread(900).over(900) <= odd);
        assert_eq!(odd.spread(0), Power::ZERO);
    }
}
