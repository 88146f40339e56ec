//! What a single household draws: a ragged day of appliances, not the smooth average of many.
//!
//! In: a seed, the home's number, a day, the hour of dusk. Out: 96 mean powers in whole watts.
//! Refuses to know: PV, batteries, cars, prices.
//!
//! A household is a few numbers drawn once (persons, somebody home by day, standby). A day is
//! standby, a fridge that cycles, light after dusk, and runs of appliances: how often, at which
//! hours, how long and how strong comes from [`APPLIANCES`]. Numbers are ours; a household of two
//! uses about 8 kWh a day, within the 5.5 to 17 kWh a day of the homes in the HAMLET set.

use market::Slot;

use crate::power::Power;
use crate::random::{Purpose, Stream};

const QUARTERS: usize = Slot::PER_DAY as usize;
const MINUTES_PER_DAY: u32 = 1440;
const MINUTES_PER_QUARTER: u32 = 15;

/// One kind of appliance and how households use it.
struct Appliance {
    /// Power while it runs, W.
    watts: (i64, i64),
    /// Length of a run, minutes.
    minutes: (i64, i64),
    /// Expected runs a day in permille: for the household, and for each person in it.
    runs: (u32, u32),
    /// Hours in which a run starts, on working days and on free days.
    starts: (&'static [u8], &'static [u8]),
    /// Whether a run on a working day needs somebody home by day.
    by_day: bool,
}

/// The appliances of a household. `starts` lists hours; an hour listed twice is twice as likely.
const APPLIANCES: [Appliance; 9] = [
    // Breakfast: kettle, coffee, toaster.
    Appliance {
        watts: (1200, 2000),
        minutes: (4, 10),
        runs: (0, 800),
        starts: (&[6, 6, 7, 7, 8], &[8, 9, 9, 10]),
        by_day: false,
    },
    // Lunch on the hob.
    Appliance {
        watts: (1200, 2500),
        minutes: (20, 40),
        runs: (600, 50),
        starts: (&[11, 12, 12], &[12, 12, 13]),
        by_day: true,
    },
    // Dinner: hob and oven.
    Appliance {
        watts: (900, 2400),
        minutes: (25, 45),
        runs: (750, 30),
        starts: (&[16, 17, 18, 18, 19, 20], &[16, 17, 18, 18, 19, 20]),
        by_day: false,
    },
    // Washing machine.
    Appliance {
        watts: (600, 1100),
        minutes: (60, 100),
        runs: (100, 130),
        starts: (&[7, 8, 10, 16, 17, 18, 19], &[9, 10, 11, 12, 14]),
        by_day: false,
    },
    // Dishwasher.
    Appliance {
        watts: (700, 1100),
        minutes: (60, 90),
        runs: (250, 120),
        starts: (&[9, 13, 19, 20, 21, 22], &[10, 13, 14, 20]),
        by_day: false,
    },
    // Tumble dryer.
    Appliance {
        watts: (1500, 2400),
        minutes: (40, 70),
        runs: (0, 80),
        starts: (&[9, 10, 15, 18, 19, 20, 21], &[11, 12, 13, 15, 16]),
        by_day: false,
    },
    // Television and computers in the evening.
    Appliance {
        watts: (80, 260),
        minutes: (90, 240),
        runs: (500, 350),
        starts: (&[15, 17, 18, 19, 20, 21], &[14, 17, 19, 20, 20]),
        by_day: false,
    },
    // A desk at home.
    Appliance {
        watts: (70, 180),
        minutes: (180, 480),
        runs: (700, 0),
        starts: (&[8, 9, 9, 10], &[10, 14]),
        by_day: true,
    },
    // Iron, vacuum cleaner, hair dryer, power tools.
    Appliance {
        watts: (700, 2000),
        minutes: (5, 30),
        runs: (0, 450),
        starts: (&[6, 7, 10, 15, 18, 19], &[9, 10, 11, 15, 17]),
        by_day: false,
    },
];

/// Flow heaters and boilers: only some homes heat their water with electricity.
const HOT_WATER: Appliance = Appliance {
    watts: (2500, 4500),
    minutes: (5, 12),
    runs: (0, 700),
    starts: (&[6, 6, 7, 7, 20, 21, 22], &[8, 9, 9, 19, 21, 22]),
    by_day: false,
};

/// The habits of one home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Household {
    seed: u64,
    home: u32,
    /// 1..=5.
    persons: u32,
    /// Somebody is usually home by day.
    home_by_day: bool,
    /// Water is heated with electricity.
    hot_water: bool,
    /// What never stops, W.
    standby: i64,
    /// The fridge's power while it cools, W; off / on times in minutes.
    fridge: (i64, u32, u32),
}

impl Household {
    /// Draws the household of `home`.
    pub fn draw(seed: u64, home: u32) -> Self {
        let mut stream = Stream::new(seed, home, Purpose::Household, 0);
        // Close to the household sizes of a suburb: mostly two to four persons.
        let persons = 1 + stream.pick(&[18, 34, 22, 19, 7]) as u32;
        let home_by_day = stream.chance(400);
        let hot_water = stream.chance(250);
        let standby = stream.between(110, 170) + 12 * i64::from(persons);
        let off = 20 + stream.below(25) as u32;
        let on = 15 + stream.below(15) as u32;
        Self {
            seed,
            home,
            persons,
            home_by_day,
            hot_water,
            standby,
            fridge: (stream.between(70, 120), off, on),
        }
    }

    /// How many persons live here, 1..=5.
    pub const fn persons(&self) -> u32 {
        self.persons
    }

    /// The mean power of every quarter hour of `day` (0 is the first day of the run), in whole
    /// watts. On a free day people rise late and are home. `dusk` is the minute of the day at which
    /// it gets dark.
    pub fn day(&self, day: u32, free_day: bool, dusk: u32) -> [Power; QUARTERS] {
        let mut stream = Stream::new(self.seed, self.home, Purpose::Appliances, day);
        let mut trace = Trace::new(self.standby);
        self.run_fridge(&mut stream, &mut trace);
        self.light_up(&mut stream, &mut trace, dusk);
        for appliance in &APPLIANCES {
            self.run(appliance, &mut stream, &mut trace, free_day);
        }
        if self.hot_water {
            self.run(&HOT_WATER, &mut stream, &mut trace, free_day);
        }
        trace.means()
    }

    fn run_fridge(&self, stream: &mut Stream, trace: &mut Trace) {
        let (watts, off, on) = self.fridge;
        let mut minute = stream.below(u64::from(off)) as u32;
        while minute < MINUTES_PER_DAY {
            trace.add(watts, minute, on);
            minute += on + off;
        }
    }

    fn light_up(&self, stream: &mut Stream, trace: &mut Trace, dusk: u32) {
        let watts = stream.between(30, 70) + 15 * i64::from(self.persons);
        let bedtime = stream.between(21 * 60 + 30, 23 * 60 + 59) as u32;
        trace.add(watts, dusk, bedtime.saturating_sub(dusk));
    }

    fn run(&self, appliance: &Appliance, stream: &mut Stream, trace: &mut Trace, free_day: bool) {
        let expected = appliance.runs.0 + appliance.runs.1 * self.persons;
        let runs = expected / 1000 + u32::from(stream.chance(expected % 1000));
        let starts = if free_day { appliance.starts.1 } else { appliance.starts.0 };
        let possible = free_day || self.home_by_day || !appliance.by_day;
        for _ in 0..runs {
            let hour = u32::from(starts[stream.below(starts.len() as u64) as usize]);
            let minute = hour * 60 + stream.below(60) as u32;
            let watts = stream.between(appliance.watts.0, appliance.watts.1);
            let length = stream.between(appliance.minutes.0, appliance.minutes.1) as u32;
            if possible {
                trace.add(watts, minute, length);
            }
        }
    }
}

/// Watt minutes of each quarter hour of a day.
struct Trace([i64; QUARTERS]);

impl Trace {
    fn new(standby: i64) -> Self {
        Self([standby * i64::from(MINUTES_PER_QUARTER); QUARTERS])
    }

    /// Adds `watts` for `length` minutes from `start`; what would run past midnight is cut off
    /// there.
    fn add(&mut self, watts: i64, start: u32, length: u32) {
        let end = (start + length).min(MINUTES_PER_DAY);
        let mut minute = start;
        while minute < end {
            let quarter = minute / MINUTES_PER_QUARTER;
            let until = end.min((quarter + 1) * MINUTES_PER_QUARTER);
            self.0[quarter as usize] += watts * i64::from(until - minute);
            minute = until;
        }
    }

    fn means(&self) -> [Power; QUARTERS] {
        self.0.map(|watt_minutes| Power::from_watts(watt_minutes / i64::from(MINUTES_PER_QUARTER)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUSK: u32 = 19 * 60;

    fn watts(household: &Household, day: u32) -> Vec<i64> {
        let powers = household.day(day, day % 7 >= 5, DUSK);
        powers.iter().map(|p| p.nanowatts() / Power::NANO_PER_WATT).collect()
    }

    // A run of 600 W from minute 10 for 20 minutes is 5 minutes in the first quarter hour and 15 in
    // the second: means of 200 W and 600 W; a run into midnight ends there.
    #[test]
    fn runs_are_split_at_quarter_hours_and_cut_at_midnight() {
        let mut trace = Trace::new(0);
        trace.add(600, 10, 20);
        trace.add(900, 1430, 500);
        let means = trace.means();
        assert_eq!(means[..3], [Power::from_watts(200), Power::from_watts(600), Power::ZERO]);
        assert_eq!(means[95], Power::from_watts(600)); // 10 of 15 minutes at 900 W
    }

    // Over two weeks every home uses between 5 and 20 kWh a day, and households of four or more use
    // clearly more than singles.
    #[test]
    fn daily_use_is_that_of_real_homes_and_grows_with_persons() {
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for home in 0..120 {
            let household = Household::draw(11, home);
            let wh: i64 = (0..14).flat_map(|day| watts(&household, day)).sum::<i64>() / 4 / 14;
            assert!((5_000..=20_000).contains(&wh), "home {home}, {household:?}: {wh} Wh a day");
            match household.persons() {
                1 => small.push(wh),
                4.. => large.push(wh),
                _ => {}
            }
        }
        let mean = |all: &[i64]| all.iter().sum::<i64>() / all.len() as i64;
        assert!(mean(&large) * 10 > mean(&small) * 14, "{} and {}", mean(&small), mean(&large));
    }

    // A single home is ragged: on a usual day its peak quarter hour is at least three times its
    // mean, while the average of 120 homes stays below two and a half times its mean - and peaks in
    // the evening.
    #[test]
    fn one_home_is_ragged_and_the_crowd_is_smooth() {
        let mut crowd = [0_i64; QUARTERS];
        let mut ragged = 0;
        for home in 0..120 {
            let day = watts(&Household::draw(11, home), 2);
            let peak = day.iter().max().copied().unwrap_or(0);
            ragged += u32::from(peak * QUARTERS as i64 >= 3 * day.iter().sum::<i64>());
            day.iter().zip(&mut crowd).for_each(|(watts, sum)| *sum += watts);
        }
        assert!(ragged > 90, "{ragged} of 120 homes are ragged");
        let peak = (0..QUARTERS).max_by_key(|q| crowd[*q]).unwrap_or(0);
        assert!(
            (68..84).contains(&peak),
            "the crowd peaks at quarter {peak}, 17:00 to 21:00 expected"
        );
        let total: i64 = crowd.iter().sum();
        assert!(2 * crowd[peak] * (QUARTERS as i64) < 5 * total, "{crowd:?}");
    }

    // A day is a function of seed, home and day.
    #[test]
    fn days_differ_and_repeat() {
        let household = Household::draw(5, 1);
        assert_eq!(watts(&household, 3), watts(&Household::draw(5, 1), 3));
        assert_ne!(watts(&household, 3), watts(&household, 4));
        assert_ne!(watts(&household, 3), watts(&Household::draw(5, 2), 3));
    }
}
