//! Which home hangs on which feeder.
//!
//! In: a feeder for each home. Out: the homes of each feeder. Refuses to know: lines, limits, fees,
//! what is above the feeders.

use crate::error::FeederError;

/// An assignment of homes to feeders. Feeders are numbered from 0 without a gap, and each has a
/// home.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Feeders {
    /// The feeder of each home.
    of: Vec<u32>,
    count: u32,
}

impl Feeders {
    /// The most feeders: as many as homes, and no more than a large town has.
    pub const MAX: u32 = 10_000;

    /// One feeder with all `homes`.
    pub fn one(homes: u32) -> Self {
        Self { of: vec![0; homes as usize], count: 1 }
    }

    /// `feeders` feeders with neighbouring numbers on one feeder, as evenly as it goes: home h of n
    /// on feeder h x feeders / n.
    ///
    /// # Errors
    ///
    /// [`FeederError::Count`] for no feeder, more than homes, or more than [`Self::MAX`].
    pub fn even(homes: u32, feeders: u32) -> Result<Self, FeederError> {
        let max = homes.min(Self::MAX);
        if !(1..=max).contains(&feeders) {
            return Err(FeederError::Count { feeders, homes, max });
        }
        let of = |home| u64::from(home) * u64::from(feeders) / u64::from(homes);
        let of = (0..homes).map(|home| u32::try_from(of(home)).expect("below feeders"));
        Ok(Self { of: of.collect(), count: feeders })
    }

    /// The feeder of each home, as given.
    ///
    /// # Errors
    ///
    /// [`FeederError`]: a feeder without a home below the highest number, more than
    /// [`Self::MAX`], or no home.
    pub fn try_new(of: Vec<u32>) -> Result<Self, FeederError> {
        let homes = u32::try_from(of.len()).unwrap_or(u32::MAX);
        let (highest, max) = (of.iter().max().copied(), homes.min(Self::MAX));
        let feeders = highest.map_or(0, |highest| highest.saturating_add(1));
        let mut seen = vec![false; max as usize];
        of.iter().filter_map(|feeder| usize::try_from(*feeder).ok()).for_each(|feeder| {
            seen.get_mut(feeder).into_iter().for_each(|seen| *seen = true);
        });
        match (0..).zip(&seen).find(|(_, seen)| !**seen) {
            Some((empty, _)) if empty < feeders => Err(FeederError::Empty { empty }),
            _ if !(1..=max).contains(&feeders) => Err(FeederError::Count { feeders, homes, max }),
            _ => Ok(Self { of, count: feeders }),
        }
    }

    /// How many feeders there are.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How many homes there are.
    pub fn homes(&self) -> u32 {
        u32::try_from(self.of.len()).expect("at most 100,000 homes")
    }

    /// The feeder of `home`; 0 for a home there is not.
    pub fn of(&self, home: u32) -> u32 {
        self.of.get(home as usize).copied().unwrap_or(0)
    }

    /// All homes, feeder by feeder, those of one feeder in order of their numbers.
    pub fn by_feeder(&self) -> Vec<u32> {
        let mut homes: Vec<u32> = (0..self.homes()).collect();
        homes.sort_by_key(|home| self.of(*home));
        homes
    }

    /// How many homes each feeder has, in order of feeders.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.count as usize];
        self.of.iter().for_each(|feeder| sizes[*feeder as usize] += 1);
        sizes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Ten homes on three feeders: 4, 3 and 3 of them, neighbours together.
    #[test]
    fn homes_are_spread_evenly() {
        let feeders = Feeders::even(10, 3).expect("in bounds");
        let of: Vec<u32> = (0..10).map(|home| feeders.of(home)).collect();
        assert_eq!(of, [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]);
        assert_eq!((feeders.sizes(), feeders.count()), (vec![4, 3, 3], 3));
        assert_eq!(Feeders::even(10, 1), Ok(Feeders::one(10)));
    }

    // Any assignment without a gap is taken, and its homes are listed feeder by feeder.
    #[test]
    fn homes_may_hang_anywhere() {
        let feeders = Feeders::try_new(vec![1, 0, 2, 0, 1]).expect("without a gap");
        assert_eq!(feeders.by_feeder(), [1, 3, 0, 4, 2]);
        assert_eq!(feeders.sizes(), [2, 2, 1]);
        assert_eq!((feeders.of(2), feeders.of(99)), (2, 0));
    }

    // Gaps, no feeders, no homes and more feeders than homes are refused with the numbers.
    #[test]
    fn assignments_with_a_gap_are_refused() {
        assert_eq!(Feeders::try_new(vec![0, 2, 2]), Err(FeederError::Empty { empty: 1 }));
        assert_eq!(Feeders::try_new(vec![u32::MAX]), Err(FeederError::Empty { empty: 0 }));
        let none = FeederError::Count { feeders: 0, homes: 0, max: 0 };
        assert_eq!(Feeders::try_new(Vec::new()), Err(none));
        let many = FeederError::Count { feeders: 4, homes: 3, max: 3 };
        assert_eq!(Feeders::even(3, 4), Err(many));
        assert_eq!(many.to_string(), "feeders: got 4 for 3 homes, expected 1 to 3");
        assert!(Feeders::even(3, 0).is_err() && Feeders::even(0, 0).is_err());
        let gap = (0..10_001).collect();
        let max = FeederError::Count { feeders: 10_001, homes: 10_001, max: 10_000 };
        assert_eq!(Feeders::try_new(gap), Err(max));
    }

    proptest! {
        // Even feeders differ by at most one home, and together they have all of them.
        #[test]
        fn even_feeders_are_even(homes in 1_u32..500, feeders in 1_u32..500) {
            let feeders = Feeders::even(homes, feeders.min(homes)).expect("in bounds");
            let sizes = feeders.sizes();
            let (least, most) = (sizes.iter().min().copied(), sizes.iter().max().copied());
            prop_assert!(most <= least.map(|least| least + 1) && least > Some(0));
            prop_assert_eq!(sizes.iter().sum::<usize>(), homes as usize);
            prop_assert_eq!(feeders.by_feeder(), (0..homes).collect::<Vec<_>>());
        }
    }
}
