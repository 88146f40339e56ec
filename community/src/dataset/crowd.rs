//! Homes that no file describes one by one: a crowd scaled from a standard profile, and copies of
//! recorded homes.
//!
//! In: a seed, a profile or a recorded day. Out: loads that differ from home to home and are as
//! ragged as single homes are. Refuses to know: files, PV, cars, prices.
//!
//! Numbers are ours:
//!
//! - A home of a crowd uses 1,500 to 5,500 kWh a year, a bell around 3,500. Each quarter hour is
//!   the profile's times a factor: in 85 of 100 cases 0.3 to 1.0, in 15 a burst of 1.4 to 4.566,
//!   each evenly drawn. Its mean is 0.85 x 0.65 + 0.15 x 2.983 = 0.99995: the crowd follows the
//!   profile and none of its homes does.
//! - A copy of a recorded home uses 0.7 to 1.3 times what the original uses, and each quarter hour
//!   differs by another tenth either way. PV and car are the original's.

use market::Energy;

use crate::calendar::Date;
use crate::home::Moment;
use crate::power::Power;
use crate::profile::{Profile, QUARTERS, Share};
use crate::random::{Purpose, Stream};

/// Middle and half width of the yearly consumption of a home, Wh.
const YEARLY: (i64, i64) = (3_500_000, 2_000_000);
/// How often a quarter hour is a burst, permille.
const BURST_PERMILLE: u32 = 150;
/// Factor of a quarter hour without and with a burst, permille.
const QUIET: (i64, i64) = (300, 1_000);
const BURST: (i64, i64) = (1_400, 4_566);
/// How far the consumption of a copy lies from its original, and its quarter hours beyond that.
const COPY_SPREAD: i64 = 300;
const COPY_NOISE: i64 = 100;

/// Homes of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crowd {
    seed: u64,
    days: Vec<[Share; QUARTERS]>,
}

impl Crowd {
    /// A crowd that follows `profile` for `days` days from `first`.
    pub fn new(seed: u64, profile: &Profile, first: Date, days: u32) -> Self {
        let first = first.days();
        let dates = (first..first + i64::from(days)).map(Date::from_days);
        Self { seed, days: dates.map(|date| profile.day(date)).collect() }
    }

    /// What `home` uses in a year.
    pub fn yearly(&self, home: u32) -> Energy {
        let mut stream = Stream::new(self.seed, home, Purpose::Consumption, 0);
        Energy::from_wh(YEARLY.0 + stream.bell(YEARLY.1))
    }

    /// Load of `home` on `day`; zero behind the last day.
    pub fn load(&self, home: u32, day: u32) -> [Power; QUARTERS] {
        let mut stream = Stream::new(self.seed, home, Purpose::Ragged, day);
        let yearly = self.yearly(home);
        let shares = self.days.get(day as usize).copied().unwrap_or([Share::default(); QUARTERS]);
        shares.map(|share| {
            let range = if stream.chance(BURST_PERMILLE) { BURST } else { QUIET };
            share.power(yearly).scaled(stream.between(range.0, range.1))
        })
    }
}

/// What a copy of a recorded home uses, in permille of the original.
pub(super) fn copy_permille(seed: u64, home: u32) -> i64 {
    1_000 + Stream::new(seed, home, Purpose::Consumption, 0).between(-COPY_SPREAD, COPY_SPREAD)
}

/// Turns the moments of day `day` of a recorded home into those of its copy `home`.
pub(super) fn copy(seed: u64, home: u32, day: u32, moments: &mut [Moment]) {
    let scale = copy_permille(seed, home);
    let mut stream = Stream::new(seed, home, Purpose::Ragged, day);
    for moment in moments {
        let noise = 1_000 + stream.between(-COPY_NOISE, COPY_NOISE);
        moment.load = moment.load.scaled(scale).scaled(noise);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Dynamic, Rows};

    const FIRST: Date = Date { year: 2023, month: 5, day: 15 };

    fn flat(days: u32) -> Crowd {
        let weights = vec![[1; QUARTERS]; Rows::Months.count()];
        let profile = Profile::try_new(Rows::Months, Dynamic::Fixed, weights).expect("positive");
        Crowd::new(7, &profile, FIRST, days)
    }

    /// Wh of a day.
    fn wh(day: &[Power]) -> i64 {
        (day.iter().map(|power| i128::from(power.nanowatts())).sum::<i128>() / 4_000_000_000) as i64
    }

    // 400 homes of a flat profile: consumptions lie in 1,500 to 5,500 kWh around 3,500 (standard
    // deviation of the mean 29), and over 20 days together they use 20 / 365 of it within 2 %.
    #[test]
    fn a_crowd_uses_what_its_profile_says() {
        let crowd = flat(20);
        let yearly: Vec<i64> = (0..400).map(|home| crowd.yearly(home).wh()).collect();
        assert!(yearly.iter().all(|wh| (1_500_000..=5_500_000).contains(wh)));
        let total: i64 = yearly.iter().sum();
        assert!((total / 400 - 3_500_000).abs() < 150_000, "{}", total / 400);
        let days = (0..400).flat_map(|home| (0..20).map(move |day| (home, day)));
        let used: i64 = days.map(|(home, day)| wh(&crowd.load(home, day))).sum();
        let expected = total * 20 / 365;
        assert!((used - expected).abs() * 50 < expected, "{used} Wh, {expected} expected");
    }

    // A home of a flat profile is not flat: on every day its highest quarter hour is more than
    // twice its mean, and two homes never have the same day; behind the last day there is nothing.
    #[test]
    fn a_home_of_a_crowd_is_ragged() {
        let crowd = flat(2);
        for home in 0..50 {
            let day = crowd.load(home, 1);
            let peak = day.iter().max().map_or(0, |power| power.nanowatts()) / 1_000_000;
            let mean = wh(&day) * 1_000 / 24;
            assert!(peak > 2 * mean, "home {home}: {peak} mW at most, {mean} mW on average");
            assert_ne!(day, crowd.load(home + 1, 1));
            assert_ne!(day, crowd.load(home, 0));
        }
        assert_eq!(crowd.load(0, 2), [Power::ZERO; QUARTERS]);
    }

    // Copies use 0.7 to 1.3 of the original, on both sides of it, each in its own way.
    #[test]
    fn copies_differ_from_each_other_and_not_much_from_the_original() {
        let original = [Moment { load: Power::from_watts(500), ..Moment::default() }; 96];
        let mut days = Vec::new();
        for home in 0..100 {
            let mut moments = original;
            copy(3, home, 0, &mut moments);
            let (least, most) = (Power::from_watts(300), Power::from_watts(750));
            assert!(moments.iter().all(|m| least < m.load && m.load < most));
            days.push(wh(&moments.map(|moment| moment.load)));
        }
        assert!(days.iter().any(|wh| *wh < 9_500) && days.iter().any(|wh| *wh > 14_500));
        days.sort_unstable();
        days.dedup();
        assert!(days.len() > 90);
    }
}
