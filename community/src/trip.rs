//! The day of a synthetic car: when it is away, and what the trip takes.
//!
//! In: a seed, the home's number, a day. Out: at most one absence. Refuses to know: how and when
//! the car charges.
//!
//! Numbers are ours: on four working days of five a commute (away from 7:00-9:00 to 15:30-18:30),
//! on half of the free days an outing; 18 Wh per 100 m. The homes of the HAMLET set drive as far on
//! average but more unevenly.

use crate::power::Work;
use crate::random::{Purpose, Stream};

/// Consumption in Wh per km.
const WH_PER_KM: i64 = 180;

/// One absence of a car.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trip {
    /// First quarter hour of the day in which it is away.
    pub leaves: u32,
    /// First quarter hour in which it is back and plugged in: after `leaves`, before 96.
    pub returns: u32,
    /// What the trip took.
    pub used: Work,
}

impl Trip {
    /// The trip of `home`'s car on `day`, if it leaves at all.
    pub fn draw(seed: u64, home: u32, day: u32, free_day: bool) -> Option<Self> {
        let mut stream = Stream::new(seed, home, Purpose::Trips, day);
        let (odds, leaves, away, km) = if free_day {
            (500, (38, 60), (6, 24), (10, 90))
        } else {
            (800, (28, 36), (34, 40), (10, 60))
        };
        if !stream.chance(odds) {
            return None;
        }
        let leaves = stream.between(leaves.0, leaves.1);
        let returns = leaves + stream.between(away.0, away.1);
        let used = Work::from_wh(stream.between(km.0, km.1) * WH_PER_KM);
        Some(Self { leaves: leaves as u32, returns: returns as u32, used })
    }

    /// Whether the car is away in this quarter hour.
    pub const fn away(&self, quarter: u32) -> bool {
        self.leaves <= quarter && quarter < self.returns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Over a year of cars: trips end on the day they began, some days have none, and the mean trip
    // lies in 20..50 km (3.6 to 9 kWh).
    #[test]
    fn trips_fit_into_their_day() {
        let days = || (0..365).map(|day| Trip::draw(4, 9, day, day % 7 >= 5));
        let trips: Vec<Trip> = days().flatten().collect();
        assert!(trips.iter().all(|trip| trip.leaves < trip.returns && trip.returns < 96));
        assert!((200..330).contains(&trips.len()), "{} trips", trips.len());
        let wh =
            trips.iter().map(|trip| trip.used.rounded().wh()).sum::<i64>() / trips.len() as i64;
        assert!((3_600..=9_000).contains(&wh), "{wh} Wh");
        let trip = trips[0];
        assert!(trip.away(trip.leaves) && !trip.away(trip.returns) && !trip.away(trip.leaves - 1));
    }
}
