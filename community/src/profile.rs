//! Standard load profiles: when an average customer of a kind uses what it uses in a year.
//!
//! In: the weights of each quarter hour by kind of day. Out: for a date and a quarter hour the
//! share of the year's energy. Refuses to know: files, single homes (they are far more ragged),
//! public holidays (they count as the weekday they fall on).
//!
//! # Formulas
//!
//! - share of a quarter hour = its weight / the sum of the weights of all quarter hours of that
//!   calendar year of 96-quarter days. So a year adds up to the yearly consumption, whatever the
//!   table adds up to.
//! - Profiles of households are dynamic: the weights of day d of the year (1..=366) are multiplied
//!   by F(d) = -3.92e-10 d^4 + 3.2e-7 d^3 - 7.02e-5 d^2 + 2.1e-3 d + 1.24 (BDEW). Rounded to nine
//!   places; profiles of 1999 to four, as published then.
//! - Shares are whole multiples of 1e-16, rounded down: a year's shares fall short of 1 by less
//!   than 4e-12.

use market::Energy;

use crate::calendar::Date;
use crate::power::{Power, Work};

/// Quarter hours of a day of a profile.
pub(crate) const QUARTERS: usize = 96;

/// The weights of a day.
pub(crate) type DayWeights = [i64; QUARTERS];

/// Which row of a profile's table a date reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rows {
    /// 12 months by weekday, Saturday and Sunday: BDEW 2025.
    Months,
    /// Summer, winter and the time between by seven weekdays: VDEW 1999. Summer is 15 May to 14
    /// September, winter 1 November to 20 March.
    Seasons,
}

impl Rows {
    /// How many rows there are.
    pub const fn count(self) -> usize {
        match self {
            Self::Months => 12 * 3,
            Self::Seasons => 3 * 7,
        }
    }

    /// The row of `date`: months before kinds of day, seasons (summer, winter, between) before
    /// weekdays.
    pub const fn of(self, date: Date) -> usize {
        let weekday = date.weekday() as usize;
        match self {
            Self::Months => {
                let kind = match weekday {
                    7 => 2,
                    6 => 1,
                    _ => 0,
                };
                (date.month as usize - 1) * 3 + kind
            }
            Self::Seasons => season(date) * 7 + weekday - 1,
        }
    }
}

/// 0 summer, 1 winter, 2 between.
const fn season(date: Date) -> usize {
    match (date.month, date.day) {
        (5, 15..) | (6..=8, _) | (9, ..=14) => 0,
        (11 | 12 | 1 | 2, _) | (3, ..=20) => 1,
        _ => 2,
    }
}

/// How a profile follows the day of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dynamic {
    /// Not at all.
    Fixed,
    /// By F(d) to nine places.
    NinePlaces,
    /// By F(d) to four places.
    FourPlaces,
}

impl Dynamic {
    /// The factor of day `day` of the year, in units of 1e-9.
    fn factor(self, day: u32) -> i128 {
        // F(d) in units of 1e-12, in which all its coefficients are whole.
        let d = i128::from(day);
        let exact = (((-392 * d + 320_000) * d - 70_200_000) * d + 2_100_000_000) * d;
        let exact = exact + 1_240_000_000_000;
        let places = |unit: i128| (exact + unit / 2).div_euclid(unit) * unit / 1_000;
        match self {
            Self::Fixed => 1_000_000_000,
            Self::NinePlaces => places(1_000),
            Self::FourPlaces => places(100_000_000),
        }
    }
}

/// The part of a year's energy that falls into one quarter hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(i64);

impl Share {
    /// Units of a whole year.
    pub const WHOLE: i64 = 10_000_000_000_000_000;

    /// The share in units of 1 / [`Self::WHOLE`].
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Mean power in this quarter hour of a customer that uses `yearly` in the year, rounded down
    /// to whole nanowatts.
    pub fn power(self, yearly: Energy) -> Power {
        // Wh in a quarter hour x 4 are W, x 1e9 nanowatts; 4e9 / 1e16 = 1 / 2,500,000.
        let nano = (i128::from(yearly.wh()) * i128::from(self.0)).div_euclid(2_500_000);
        let max = i128::from(Power::MAX.nanowatts());
        Power::from_nanowatts(i64::try_from(nano.clamp(-max, max)).expect("cut to a power"))
    }

    /// Energy in this quarter hour of such a customer, to the nearest Wh.
    pub fn energy(self, yearly: Energy) -> Energy {
        // 1 Wh is 3.6e12 nJ; 3.6e12 / 1e16 = 360 / 1,000,000.
        let nanojoules = i128::from(yearly.wh()) * i128::from(self.0) * 360 / 1_000_000;
        Work::from_nanojoules(nanojoules).rounded()
    }
}

/// A standard load profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    rows: Rows,
    dynamic: Dynamic,
    weights: Vec<DayWeights>,
    sums: Vec<i128>,
}

impl Profile {
    /// The highest weight, so that no product leaves 128 bits: 1,000 with nine places.
    pub const MAX_WEIGHT: i64 = 1_000_000_000_000;

    /// A profile of these weights, one row for each of [`Rows::count`]; `None` for another number
    /// of rows, a weight outside `0 ..= MAX_WEIGHT`, or rows among which one is all zero.
    pub fn try_new(rows: Rows, dynamic: Dynamic, weights: Vec<DayWeights>) -> Option<Self> {
        let sums: Vec<i128> = weights.iter().map(sum).collect();
        let bounded =
            weights.iter().flatten().all(|weight| (0..=Self::MAX_WEIGHT).contains(weight));
        let whole = weights.len() == rows.count() && sums.iter().all(|sum| *sum > 0);
        (bounded && whole).then_some(Self { rows, dynamic, weights, sums })
    }

    /// The sum of the weights of `year`, in units of 1e-9 of a weight: what a table that is meant
    /// for 1,000,000 kWh comes to.
    pub fn year(&self, year: i64) -> i128 {
        let first = Date { year, month: 1, day: 1 }.days();
        let next = Date { year: year + 1, month: 1, day: 1 }.days();
        let days = (first..next).map(Date::from_days);
        days.map(|date| self.sums[self.rows.of(date)] * self.dynamic.factor(date.day_of_year()))
            .sum()
    }

    /// The shares of the quarter hours of `date` in its year.
    pub fn day(&self, date: Date) -> [Share; QUARTERS] {
        let year = self.year(date.year);
        let factor = self.dynamic.factor(date.day_of_year());
        let share = |weight: i64| {
            let units = i128::from(weight) * factor * i128::from(Share::WHOLE) / year;
            Share(i64::try_from(units).expect("a part is at most the whole"))
        };
        self.weights[self.rows.of(date)].map(share)
    }

    /// The share of one quarter hour, 0..96 (later ones count as the last).
    pub fn share(&self, date: Date, quarter: u32) -> Share {
        self.day(date)[(quarter as usize).min(QUARTERS - 1)]
    }
}

fn sum(day: &DayWeights) -> i128 {
    day.iter().copied().map(i128::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i64, month: u32, day: u32) -> Date {
        Date { year, month, day }
    }

    fn flat(rows: Rows, dynamic: Dynamic) -> Profile {
        Profile::try_new(rows, dynamic, vec![[5; QUARTERS]; rows.count()]).expect("positive")
    }

    // By hand: F(1) = 1.24 + 0.0021 - 0.0000702 + 0.00000032 - 0.000000000392 = 1.242030119608;
    // F(100) = 1.24 + 0.21 - 0.702 + 0.32 - 0.0392 = 1.0288.
    #[test]
    fn the_dynamic_factor_is_the_published_polynomial() {
        assert_eq!(Dynamic::NinePlaces.factor(1), 1_242_030_120);
        assert_eq!(Dynamic::FourPlaces.factor(1), 1_242_000_000);
        assert_eq!(Dynamic::NinePlaces.factor(100), 1_028_800_000);
        assert_eq!(Dynamic::Fixed.factor(100), 1_000_000_000);
        let mut year = (1..=366).map(|day| Dynamic::NinePlaces.factor(day));
        assert!(year.all(|factor| (700_000_000..1_300_000_000).contains(&factor)));
    }

    // Seasons change on 15 May, 15 September, 1 November and 21 March.
    #[test]
    fn seasons_change_on_the_published_days() {
        let cases = [
            ((5, 14), 2),
            ((5, 15), 0),
            ((9, 14), 0),
            ((9, 15), 2),
            ((10, 31), 2),
            ((11, 1), 1),
            ((3, 20), 1),
            ((3, 21), 2),
        ];
        for ((month, day), expected) in cases {
            assert_eq!(season(date(2023, month, day)), expected, "{month}-{day}");
        }
        // 15 May 2023 was a Monday, 20 May a Saturday, 21 May a Sunday.
        let rows =
            |day| (Rows::Seasons.of(date(2023, 5, day)), Rows::Months.of(date(2023, 5, day)));
        assert_eq!((rows(15), rows(20), rows(21)), ((0, 12), (5, 13), (6, 14)));
    }

    // A flat profile of a year without a leap day: each quarter hour is 1 / 35,040 of it, so a
    // customer of 3,504 kWh draws 400 W, 100 Wh in each. In a leap year it is 1 / 35,136.
    #[test]
    fn a_flat_year_is_spread_evenly() {
        let profile = flat(Rows::Seasons, Dynamic::Fixed);
        let (ordinary, yearly) = (profile.share(date(2023, 7, 1), 40), Energy::from_wh(3_504_000));
        assert_eq!(ordinary.units(), Share::WHOLE / 35_040);
        assert_eq!(ordinary.energy(yearly), Energy::from_wh(100));
        assert!((Power::from_watts(400) - ordinary.power(yearly)).nanowatts() <= 5);
        assert_eq!(profile.share(date(2024, 7, 1), 40).units(), Share::WHOLE / 35_136);
    }

    // Whatever the table, the shares of each year add up to 1, less the stated rounding, and a
    // dynamic profile has more in winter.
    #[test]
    fn a_year_adds_up_to_the_whole() {
        for (rows, dynamic) in [
            (Rows::Months, Dynamic::NinePlaces),
            (Rows::Months, Dynamic::Fixed),
            (Rows::Seasons, Dynamic::FourPlaces),
        ] {
            let weights = (0..rows.count()).map(|row| {
                std::array::from_fn(|quarter| ((row * 31 + quarter * 17) % 97) as i64 * 1_000_003)
            });
            let profile = Profile::try_new(rows, dynamic, weights.collect()).expect("positive");
            for (year, days) in [(2023, 365), (2024, 366)] {
                let first = date(year, 1, 1).days();
                let dates = (first..first + days).map(Date::from_days);
                let sum: i64 = dates
                    .map(|date| profile.day(date).iter().map(|s| s.units()).sum::<i64>())
                    .sum();
                let short = Share::WHOLE - sum;
                assert!((0..=35_136).contains(&short), "{rows:?} {year}: {short}");
            }
        }
        let flat = flat(Rows::Months, Dynamic::NinePlaces);
        assert!(flat.share(date(2023, 1, 10), 0) > flat.share(date(2023, 7, 10), 0));
    }

    // What is not a profile is none: too few rows, an empty day, a negative or absurd weight.
    #[test]
    fn tables_that_are_no_profile_are_refused() {
        let good = vec![[1; QUARTERS]; 36];
        let with = |row: usize, weight: i64| {
            let mut weights = good.clone();
            weights[row][7] = weight;
            Profile::try_new(Rows::Months, Dynamic::Fixed, weights)
        };
        assert!(with(3, Profile::MAX_WEIGHT).is_some());
        assert_eq!(with(3, Profile::MAX_WEIGHT + 1), None);
        assert_eq!(with(3, -1), None);
        assert_eq!(Profile::try_new(Rows::Seasons, Dynamic::Fixed, good.clone()), None);
        let mut empty = good;
        empty[35] = [0; QUARTERS];
        assert_eq!(Profile::try_new(Rows::Months, Dynamic::Fixed, empty), None);
    }
}
