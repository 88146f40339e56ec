//! The cloud cover of a region, quarter hour by quarter hour.
//!
//! In: a seed and a number of days. Out: cover in permille, shared by all homes. Refuses to know:
//! the sun, panels, what the sky over a single home adds.
//!
//! Days follow a Markov chain of three kinds (fair, changeable, dull), because real weather lasts
//! for days; within a day the cover drifts towards the mean of its kind. The chain and its numbers
//! are ours, set so that the yearly yield of a south roof lands near the 1,000 kWh per kWp usual at
//! 48° north.

use market::Slot;

use crate::random::{Purpose, REGION, Stream};

/// The kind of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fair,
    Changeable,
    Dull,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Fair, Self::Changeable, Self::Dull];

    /// How often each kind follows this one, in hundredths.
    const fn followed_by(self) -> [u32; 3] {
        match self {
            Self::Fair => [45, 35, 20],
            Self::Changeable => [20, 45, 35],
            Self::Dull => [12, 33, 55],
        }
    }

    /// Mean cover in permille, and how far a quarter hour may stray from its predecessor.
    const fn cover(self) -> (i64, i64) {
        match self {
            Self::Fair => (180, 120),
            Self::Changeable => (780, 350),
            Self::Dull => (985, 120),
        }
    }
}

/// Cover of every quarter hour of `days` days, in permille, `0..=1000`.
pub(crate) fn cover(seed: u64, days: u32) -> Vec<u16> {
    let mut kind = Kind::Changeable;
    let mut now = kind.cover().0;
    let mut cover = Vec::with_capacity(days as usize * Slot::PER_DAY as usize);
    for day in 0..days {
        let mut stream = Stream::new(seed, REGION, Purpose::Clouds, day);
        kind = Kind::ALL[stream.pick(&kind.followed_by())];
        let (mean, stray) = kind.cover();
        for _ in 0..Slot::PER_DAY {
            now = (now + (mean - now) / 8 + stream.bell(stray)).clamp(0, 1000);
            cover.push(u16::try_from(now).expect("clamped to 0..=1000"));
        }
    }
    cover
}

#[cfg(test)]
mod tests {
    use super::*;

    // A year has clear, mixed and overcast days in earnest, and neighbouring quarter hours resemble
    // each other more than quarter hours half a day apart.
    #[test]
    fn the_sky_changes_slowly_and_has_all_kinds_of_days() {
        let year = cover(3, 365);
        assert_eq!(year.len(), 365 * 96);
        let means: Vec<u32> = year
            .chunks(96)
            .map(|day| day.iter().map(|c| u32::from(*c)).sum::<u32>() / 96)
            .collect();
        for (low, high) in [(0, 300), (300, 800), (800, 1001)] {
            let days = means.iter().filter(|mean| (low..high).contains(*mean)).count();
            assert!(days > 40, "{days} days with a mean cover of {low}..{high}");
        }
        let apart = |step: usize| -> u64 {
            year.iter().zip(&year[step..]).map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
        };
        assert!(apart(1) * 2 < apart(48));
    }

    // Asking for more days does not change the days before.
    #[test]
    fn a_longer_run_has_the_same_beginning() {
        assert_eq!(cover(3, 30)[..96 * 10], cover(3, 10));
    }
}
