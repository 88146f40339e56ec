//! Which quarter hour of which local day a slot is, and when that is in UTC.
//!
//! In: when a run begins and how its clocks change. Out: for a slot its moment in UTC, its local
//! date and quarter hour; for a local day its slots. Refuses to know: data sets, homes, holidays.
//!
//! # How slots map to UTC
//!
//! Slot n begins exactly 900 n seconds after slot 0, whatever local clocks do meanwhile: no slot is
//! skipped and none comes twice. Local time is derived from it. So the local day on which clocks go
//! forward has 92 slots, and quarter hours 8..12 (2:00 to 3:00) do not occur in it; the one on
//! which they go back has 100, and quarter hours 8..12 come twice, an hour apart in UTC; all others
//! have 96. Day 0 is the local day in which slot 0 lies; a run that begins or ends in the middle of
//! a day has fewer slots in that day.

use std::fmt;
use std::ops::Range;

use market::Slot;

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
const SLOT: i64 = Slot::SECONDS as i64;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year of the common era.
    pub year: i64,
    /// 1..=12.
    pub month: u32,
    /// 1..=31.
    pub day: u32,
}

impl Date {
    /// The day that begins `days` days after 1 January 1970.
    pub const fn from_days(days: i64) -> Self {
        // Days since 1 March of year 0, in cycles of 400 years of 146,097 days.
        let day = days + 719_468;
        let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        Self { year, month: month as u32, day: day as u32 }
    }

    /// Days since 1 January 1970. A day that its month does not have counts on into the next.
    pub const fn days(self) -> i64 {
        let year = self.year - if self.month <= 2 { 1 } else { 0 };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let month_from_march = (self.month as i64 + 9) % 12;
        let of_year = (153 * month_from_march + 2) / 5 + self.day as i64 - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        era * 146_097 + of_era - 719_468
    }

    /// 1 = Monday .. 7 = Sunday (ISO 8601).
    pub const fn weekday(self) -> u32 {
        // 1 January 1970 was a Thursday.
        (self.days() + 3).rem_euclid(7) as u32 + 1
    }

    /// Day of the year, 1..=366.
    pub const fn day_of_year(self) -> u32 {
        let first = Self { month: 1, day: 1, ..self };
        (self.days() - first.days()) as u32 + 1
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A moment on a local clock, in seconds since 1970-01-01T00:00 of that clock; of the clock alone,
/// without a day, if it lies on that day. Displays as in ISO 8601 to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime(pub i64);

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, minutes) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY) / 60);
        if day != 0 {
            write!(f, "{}T", Date::from_days(day))?;
        }
        write!(f, "{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// How far a local clock is ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// A clock that never changes and of which nobody said how far from UTC it is.
    Unknown,
    /// Europe/Berlin and its neighbours: one hour ahead, in summer two. Summer lasts from the last
    /// Sunday of March, 01:00 UTC, to the last Sunday of October, 01:00 UTC (Directive 2000/84/EC;
    /// so since 1996, earlier years had other ends).
    CentralEurope,
}

impl Zone {
    /// Seconds by which the local clock is ahead of UTC at `utc`, in Unix seconds.
    const fn ahead(self, utc: i64) -> i64 {
        match self {
            Self::Unknown => 0,
            Self::CentralEurope => {
                let year = Date::from_days(utc.div_euclid(DAY)).year;
                let summer = change(year, 3) <= utc && utc < change(year, 10);
                if summer { 2 * HOUR } else { HOUR }
            }
        }
    }
}

/// 01:00 UTC on the last Sunday of `month`, which has 31 days.
const fn change(year: i64, month: u32) -> i64 {
    let last = Date { year, month, day: 31 };
    (last.days() - (last.weekday() % 7) as i64) * DAY + HOUR
}

/// The clock of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Calendar {
    start: i64,
    zone: Zone,
}

impl Calendar {
    /// The last second that a run may begin at: the end of the year 9999, so that nothing computed
    /// from it leaves 64 bits.
    pub const MAX_START: i64 = 253_402_300_799;

    /// The clock of a run whose slot 0 begins at `start`: Unix seconds or, if the zone is unknown,
    /// seconds since 1970-01-01T00:00 of the local clock. Starts outside 0 ..= [`Self::MAX_START`]
    /// are cut to it.
    pub const fn new(start: i64, zone: Zone) -> Self {
        let start = if start < 0 {
            0
        } else if start > Self::MAX_START {
            Self::MAX_START
        } else {
            start
        };
        Self { start, zone }
    }

    /// When `slot` begins, in Unix seconds; `None` if the zone is unknown.
    pub const fn utc(&self, slot: Slot) -> Option<i64> {
        match self.zone {
            Zone::Unknown => None,
            Zone::CentralEurope => Some(self.at(slot)),
        }
    }

    /// What the local clock shows when `slot` begins.
    pub const fn clock(&self, slot: Slot) -> ClockTime {
        let at = self.at(slot);
        ClockTime(at + self.zone.ahead(at))
    }

    /// The local day in which `slot` begins.
    pub const fn date(&self, slot: Slot) -> Date {
        Date::from_days(self.clock(slot).0.div_euclid(DAY))
    }

    /// The quarter hour that the local clock shows when `slot` begins, 0..96.
    pub const fn quarter(&self, slot: Slot) -> u32 {
        (self.clock(slot).0.rem_euclid(DAY) / SLOT) as u32
    }

    /// The number of the local day in which `slot` begins; that of slot 0 is day 0.
    pub const fn day(&self, slot: Slot) -> u32 {
        (self.clock(slot).0.div_euclid(DAY) - self.clock(Slot::ZERO).0.div_euclid(DAY)) as u32
    }

    /// The slots that begin in local day `day`: 92, 96 or 100, fewer in day 0 if slot 0 is not its
    /// first.
    pub const fn slots(&self, day: u32) -> Range<u32> {
        self.first(day as i64)..self.first(day as i64 + 1)
    }

    /// The first slot of local day `day`.
    const fn first(&self, day: i64) -> u32 {
        let midnight = (self.clock(Slot::ZERO).0.div_euclid(DAY) + day) * DAY;
        // Clocks change at 01:00 UTC, so an hour before and an hour after any local midnight they
        // are as far ahead as at midnight.
        let utc = midnight - self.zone.ahead(midnight - HOUR);
        let slot = (utc - self.start) / SLOT;
        if slot < 0 {
            0
        } else if slot > u32::MAX as i64 {
            u32::MAX
        } else {
            slot as u32
        }
    }

    const fn at(&self, slot: Slot) -> i64 {
        self.start + SLOT * slot.get() as i64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2021-02-14 23:00 UTC, the first row of the HAMLET set: local midnight in Berlin.
    const FEBRUARY: i64 = 1_613_343_600;
    /// 2021-10-01 22:00 UTC: local midnight of 2 October.
    const OCTOBER: i64 = 1_633_125_600;

    // Days known from any wall calendar: weekday and day of the year, leap years among them.
    #[test]
    fn dates_are_those_of_the_wall_calendar() {
        let cases = [
            (0, "1970-01-01", 4, 1),
            (11_016, "2000-02-29", 2, 60),
            (18_714, "2021-03-28", 7, 87),
            (18_931, "2021-10-31", 7, 304),
            (19_492, "2023-05-15", 1, 135),
            (20_088, "2024-12-31", 2, 366),
        ];
        for (days, text, weekday, of_year) in cases {
            let date = Date::from_days(days);
            assert_eq!((date.to_string().as_str(), date.days()), (text, days));
            assert_eq!((date.weekday(), date.day_of_year()), (weekday, of_year), "{date}");
        }
    }

    // Clock times show their day unless they have none.
    #[test]
    fn clock_times_are_written_to_the_minute() {
        assert_eq!(ClockTime(8 * 3_600 + 15 * 60).to_string(), "08:15");
        assert_eq!(ClockTime(FEBRUARY).to_string(), "2021-02-14T23:00");
    }

    // From 15 February 2021 to 31 March in Berlin are 45 local days; the 42nd, 28 March, lacks the
    // hour from 2:00 to 3:00, all others have 96 slots: 45 x 96 - 4 = 4,316, the rows of the set.
    #[test]
    fn the_day_on_which_clocks_go_forward_has_92_slots() {
        let calendar = Calendar::new(FEBRUARY, Zone::CentralEurope);
        let lengths: Vec<usize> = (0..45).map(|day| calendar.slots(day).len()).collect();
        let short: Vec<usize> = (0..45).filter(|day| lengths[*day] != 96).collect();
        assert_eq!((short, lengths[41]), (vec![41], 92));
        assert_eq!(calendar.slots(44).end, 4_316);

        let first = calendar.slots(41).start;
        assert_eq!(calendar.date(Slot::new(first)).to_string(), "2021-03-28");
        let quarters: Vec<u32> =
            (first..first + 92).map(|slot| calendar.quarter(Slot::new(slot))).collect();
        let expected: Vec<u32> = (0..8).chain(12..96).collect();
        assert_eq!(quarters, expected);
        // The first quarter hour of summer begins at 01:00 UTC: 1,616,893,200 s.
        assert_eq!(calendar.utc(Slot::new(first + 8)), Some(1_616_893_200));
        assert_eq!(calendar.clock(Slot::new(first + 8)).to_string(), "2021-03-28T03:00");
    }

    // On 31 October 2021 the hour from 2:00 to 3:00 comes twice.
    #[test]
    fn the_day_on_which_clocks_go_back_has_100_slots() {
        let calendar = Calendar::new(OCTOBER, Zone::CentralEurope);
        let slots = calendar.slots(29);
        assert_eq!(
            (slots.len(), calendar.slots(28).len(), calendar.slots(30).len()),
            (100, 96, 96)
        );
        let quarters: Vec<u32> =
            slots.clone().map(|slot| calendar.quarter(Slot::new(slot))).collect();
        let expected: Vec<u32> = (0..12).chain(8..96).collect();
        assert_eq!(quarters, expected);
        assert_eq!(calendar.date(Slot::new(slots.start)).to_string(), "2021-10-31");
        assert_eq!(calendar.utc(Slot::new(slots.start + 12)), Some(1_635_642_000)); // 01:00 UTC
    }

    // A clock of an unknown zone counts on, has no UTC, and days of 96 slots; a run that begins at
    // 23:00 has four slots in day 0.
    #[test]
    fn a_clock_without_a_zone_counts_on() {
        let calendar = Calendar::new(FEBRUARY, Zone::Unknown);
        assert_eq!(calendar.quarter(Slot::ZERO), 92);
        assert_eq!((calendar.slots(0), calendar.slots(1)), (0..4, 4..100));
        assert_eq!((calendar.day(Slot::new(3)), calendar.day(Slot::new(4))), (0, 1));
        assert_eq!(calendar.utc(Slot::ZERO), None);
    }

    // A start that nobody can mean is cut, and nothing overflows.
    #[test]
    fn absurd_starts_are_cut() {
        for start in [i64::MIN, -1, i64::MAX] {
            let calendar = Calendar::new(start, Zone::CentralEurope);
            let last = Slot::new(u32::MAX);
            assert!(calendar.slots(calendar.day(last)).start <= last.get());
        }
    }

    proptest! {
        // Wherever a run begins: days follow each other without gap or overlap, every slot lies in
        // the slots of its day, each day has 92, 96 or 100 of them (day 0 at most so many), quarter
        // hours rise by one within a day but for the change, and 01:00 UTC is when they change.
        #[test]
        fn days_partition_slots(start in 800_000_i64..2_500_000, day in 0_u32..800) {
            let calendar = Calendar::new(start * 900, Zone::CentralEurope);
            let (slots, next) = (calendar.slots(day), calendar.slots(day + 1));
            prop_assert_eq!(slots.end, next.start);
            prop_assert!([92, 96, 100].contains(&next.len()), "{} slots", next.len());
            prop_assert!(!slots.is_empty() && slots.len() <= 100);
            for slot in slots.clone() {
                prop_assert_eq!(calendar.day(Slot::new(slot)), day);
                let (now, then) = (Slot::new(slot), Slot::new(slot + 1));
                if calendar.clock(then).0 - calendar.clock(now).0 != 900 {
                    let utc = calendar.utc(then).expect("a known zone");
                    prop_assert_eq!(utc.rem_euclid(86_400), 3_600);
                    prop_assert!(day == 0 || slots.len() != 96);
                }
            }
        }
    }

    // The companion of the property above: in ten years there are ten days of each kind.
    #[test]
    fn ten_years_have_ten_changes_each_way() {
        let calendar = Calendar::new(FEBRUARY, Zone::CentralEurope);
        let lengths = (0..3_652).map(|day| calendar.slots(day).len());
        let short = lengths.clone().filter(|length| *length == 92).count();
        assert_eq!((short, lengths.filter(|length| *length == 100).count()), (10, 10));
    }
}
