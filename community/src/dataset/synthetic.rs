//! A made-up neighbourhood: any number of homes, any number of days, one seed.
//!
//! In: homes, days, seed, a standard profile if there is one. Out: the moments of each home.
//! Refuses to know: prices, the ledger, files.
//!
//! Households are made up of appliances or, with a profile, scaled from it ([`Crowd`]).
//! The place is at 48° north, solar time is the clock, and a run begins on 15 May, a Monday: a day
//! with sun enough to trade and an evening without. Every home is drawn from its own streams, so
//! home 7 of a town of 50 is home 7 of a town of 100,000; only the clouds are shared.

use market::Slot;

use super::crowd::Crowd;
use crate::calendar::{Calendar, Date, Zone};
use crate::clouds;
use crate::demand::Household;
use crate::equipment::Equipment;
use crate::error::DatasetError;
use crate::home::Moment;
use crate::power::{Power, Work};
use crate::profile::Profile;
use crate::random::{Purpose, Stream};
use crate::solar::{Panels, Sunlight};
use crate::trip::Trip;

/// Degrees north.
const LATITUDE: f64 = 48.1;
/// The day on which a run begins: the latest 15 May that was a Monday. Its number in the year
/// counts; that the sun's year has 365 days also when the calendar's has 366 is not seen.
const FIRST: Date = Date { year: 2023, month: 5, day: 15 };
const DAYS_OF_YEAR: u32 = 365;
/// How far the sky over one home differs from the region's, in permille of cover.
const LOCAL_SKY: i64 = 60;

/// A synthetic neighbourhood.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbourhood {
    seed: u64,
    homes: u32,
    days: u32,
    /// Light of each quarter hour of each day of the run, at most a year of it.
    light: Vec<Sunlight>,
    /// Cover of each quarter hour of the run, permille.
    cover: Vec<u16>,
    /// Whose loads follow a standard profile, if they do.
    crowd: Option<Crowd>,
}

impl Neighbourhood {
    /// The most homes: ten times the largest district anybody simulated so far, and the bound of
    /// the ledger.
    pub const MAX_HOMES: u32 = 100_000;
    /// The most days: ten years.
    pub const MAX_DAYS: u32 = 3_660;

    /// A neighbourhood of `homes` for `days`.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Size`] outside `1..=MAX_HOMES` or `1..=MAX_DAYS`.
    pub fn try_new(homes: u32, days: u32, seed: u64) -> Result<Self, DatasetError> {
        for (what, got, max) in [("homes", homes, Self::MAX_HOMES), ("days", days, Self::MAX_DAYS)]
        {
            if !(1..=max).contains(&got) {
                return Err(DatasetError::Size { what, got, max });
            }
        }
        let light = (0..days.min(DAYS_OF_YEAR)).flat_map(clear_day).collect();
        Ok(Self { seed, homes, days, light, cover: clouds::cover(seed, days), crowd: None })
    }

    /// The same, with households that follow `profile` instead of being made up of appliances.
    #[must_use]
    pub fn following(self, profile: &Profile) -> Self {
        let crowd = Crowd::new(self.seed, profile, FIRST, self.days);
        Self { crowd: Some(crowd), ..self }
    }

    /// The homes of the standard profile, if they follow one.
    pub const fn crowd(&self) -> Option<&Crowd> {
        self.crowd.as_ref()
    }

    /// Homes of the neighbourhood.
    pub const fn homes(&self) -> u32 {
        self.homes
    }

    /// Slots of the run.
    pub const fn slots(&self) -> u32 {
        self.days * Slot::PER_DAY
    }

    /// The clock of a run: solar time from 15 May on, without UTC.
    pub const fn calendar() -> Calendar {
        Calendar::new(FIRST.days() * 86_400, Zone::Unknown)
    }

    /// What `day` brings to `home` with these devices; nothing behind the last day.
    pub fn moments(&self, home: u32, own: &Equipment, day: u32) -> Vec<Moment> {
        if day >= self.days {
            return Vec::new();
        }
        let free_day = day % 7 >= 5;
        let light = self.light(day);
        let load = match &self.crowd {
            Some(crowd) => crowd.load(home, day),
            None => Household::draw(self.seed, home).day(day, free_day, dusk(light)),
        };
        let trip = own.vehicle.and_then(|_| Trip::draw(self.seed, home, day, free_day));
        let pv = self.pv(home, own, day);
        let each = load.into_iter().zip(pv).zip(0..);
        each.map(|((load, pv), quarter)| Moment {
            load,
            pv,
            plugged: own.vehicle.is_some() && !trip.is_some_and(|trip| trip.away(quarter)),
            trip: trip.filter(|trip| trip.returns == quarter).map_or(Work::ZERO, |trip| trip.used),
        })
        .collect()
    }

    fn pv(&self, home: u32, own: &Equipment, day: u32) -> Vec<Power> {
        let light = self.light(day);
        let Some(roof) = own.roof else { return vec![Power::ZERO; light.len()] };
        let panels = Panels::new(roof.peak_watts, roof.tilt, roof.azimuth);
        let mut sky = Stream::new(self.seed, home, Purpose::LocalSky, day);
        let begin = (day * Slot::PER_DAY) as usize;
        let each = light.iter().zip(&self.cover[begin..]);
        each.map(|(light, cover)| {
            let local = i64::from(*cover) + sky.bell(LOCAL_SKY);
            panels.output(light, local.clamp(0, 1000) as u32)
        })
        .collect()
    }

    fn light(&self, day: u32) -> &[Sunlight] {
        let begin = ((day % DAYS_OF_YEAR) * Slot::PER_DAY) as usize;
        &self.light[begin..begin + Slot::PER_DAY as usize]
    }
}

/// The clear sky in the middle of every quarter hour of day `day` of a run.
fn clear_day(day: u32) -> impl Iterator<Item = Sunlight> {
    let day_of_year = (FIRST.day_of_year() - 1 + day) % DAYS_OF_YEAR + 1;
    (0..Slot::PER_DAY).map(move |quarter| {
        let half_minutes = 30 * quarter + 15;
        Sunlight::at_half_minute(LATITUDE, day_of_year, half_minutes)
    })
}

/// The minute at which the last quarter hour of daylight ends.
fn dusk(light: &[Sunlight]) -> u32 {
    let last = light.iter().rposition(Sunlight::is_day).unwrap_or(0);
    (last as u32 + 1) * 15
}
