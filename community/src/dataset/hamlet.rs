//! Recorded homes in the form of the HAMLET set: quarter hours of load, PV per unit, and cars.
//!
//! In: a directory with `homes_15min.csv[.gz]` and, if there are cars, `evs_15min.csv[.gz]`; a
//! plain file is preferred to a packed one. Out: the moments of any number of homes. Refuses to
//! know: prices, the ledger.
//!
//! | column | meaning |
//! |---|---|
//! | `timestamp_unix_utc` | start of the quarter hour, s; each row 900 after the one above |
//! | `load_w_*` | mean power of one home, W |
//! | `pv_pu_*` | PV output in W per W installed |
//! | `avail_X`, `used_X` | car X is plugged in (0, 1); Wh a trip took, booked when it is back |
//!
//! Home h reads load column h modulo their number, in the order of the header; a town larger than
//! the recording repeats it. Panels, batteries and cars are dealt out by [`Equipment::draw`]; which
//! PV and which car series a home reads is drawn with them. Local time is Europe/Berlin's, of whose
//! change of clocks the published window has one. Decimals are exact to nine places, so
//! PV in watts is exact in nanowatts.

use std::path::Path;

use market::Slot;

use super::table::{Row, Table};
use crate::calendar::{Calendar, Zone};
use crate::equipment::Equipment;
use crate::error::{DatasetError, Expected};
use crate::home::Moment;
use crate::power::{Power, Work};

/// File of the homes.
const HOMES: &str = "homes_15min.csv";
/// File of the cars.
const CARS: &str = "evs_15min.csv";
const TIME: &str = "timestamp_unix_utc";
/// What the columns of the file of the homes may be, for messages.
const HOME_COLUMNS: &str = "timestamp_unix_utc, load_w_*, pv_pu_*";
/// What the columns of the file of the cars may be, for messages.
const CAR_COLUMNS: &str = "timestamp_unix_utc, avail_*, used_*";
/// The highest load of one home, W: the largest connection point of a district.
const MAX_LOAD: i64 = 1_000_000;
/// The highest PV output per unit installed; panels exceed 1 for moments under broken clouds.
const MAX_PV: i64 = 2;
/// The most one trip takes, Wh: ten times the largest car battery.
const MAX_TRIP: i64 = 1_000_000;

/// A recording in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    start: i64,
    rows: usize,
    /// One series per column, W in nano.
    loads: Vec<Vec<Power>>,
    /// One series per column, per unit in nano.
    pv: Vec<Vec<i64>>,
    cars: Vec<Car>,
}

/// One recorded car.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Car {
    plugged: Vec<bool>,
    trips: Vec<Work>,
}

impl Recording {
    /// Reads the recording in `dir`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`DatasetError`] with the place of the first flaw.
    pub fn open(dir: &Path) -> Result<Option<Self>, DatasetError> {
        let Some(homes) = Table::open(dir, HOMES)? else { return Ok(None) };
        let mut recording = Self::read_homes(&homes)?;
        if let Some(cars) = Table::open(dir, CARS)? {
            recording.read_cars(&cars)?;
        }
        Ok(Some(recording))
    }

    fn read_homes(table: &Table) -> Result<Self, DatasetError> {
        let columns = HomeColumns::find(table)?;
        let mut clock = Clock::default();
        let mut loads = vec![Vec::new(); columns.loads.len()];
        let mut pv = vec![Vec::new(); columns.pv.len()];
        table.for_each_row(|_, row| {
            clock.tick(row, columns.time)?;
            for (series, column) in loads.iter_mut().zip(&columns.loads) {
                series.push(Power::from_nanowatts(row.nano(*column, MAX_LOAD)?));
            }
            for (series, column) in pv.iter_mut().zip(&columns.pv) {
                series.push(row.nano(*column, MAX_PV)?);
            }
            Ok(())
        })?;
        Ok(Self { start: clock.start, rows: clock.rows, loads, pv, cars: Vec::new() })
    }

    fn read_cars(&mut self, table: &Table) -> Result<(), DatasetError> {
        let columns = CarColumns::find(table)?;
        let mut cars = vec![Car { plugged: Vec::new(), trips: Vec::new() }; columns.pairs.len()];
        let mut rows = 0;
        table.for_each_row(|number, row| {
            let expected = self.time(number);
            match row.quarter_hour(columns.time)? {
                _ if number >= self.rows => return Err(row.bad(columns.time, Expected::NoMoreRows)),
                time if time == expected => {}
                _ => return Err(row.bad(columns.time, Expected::SameQuarterHour(expected))),
            }
            for (car, (plugged, trip)) in cars.iter_mut().zip(&columns.pairs) {
                car.plugged.push(row.flag(*plugged)?);
                let wh_nano = i128::from(row.nano(*trip, MAX_TRIP)?);
                car.trips.push(Work::from_nanojoules(wh_nano * 3_600));
            }
            rows = number + 1;
            Ok(())
        })?;
        if rows < self.rows {
            return Err(table.bad_end(Expected::SameQuarterHour(self.time(rows))));
        }
        self.cars = cars;
        Ok(())
    }

    /// Start of row `number`, Unix seconds.
    fn time(&self, number: usize) -> i64 {
        self.start + i64::from(Slot::SECONDS) * number as i64
    }

    /// Homes that were recorded.
    pub fn homes(&self) -> usize {
        self.loads.len()
    }

    /// Quarter hours that were recorded.
    pub fn slots(&self) -> u32 {
        u32::try_from(self.rows).expect("rows are bounded far below 2^32")
    }

    /// The clock of the recording.
    pub const fn calendar(&self) -> Calendar {
        Calendar::new(self.start, Zone::CentralEurope)
    }

    /// Mean load of `home`.
    pub fn mean_load(&self, home: u32) -> Power {
        Power::mean(self.loads[home as usize % self.loads.len()].iter().copied())
    }

    /// What `slots` bring to `home` with these devices; slots behind the end of the recording are
    /// left out.
    pub fn moments(&self, home: u32, own: &Equipment, slots: std::ops::Range<u32>) -> Vec<Moment> {
        let load = &self.loads[home as usize % self.loads.len()];
        let pv = &self.pv[own.series as usize % self.pv.len()];
        let car =
            own.vehicle.and_then(|_| self.cars.get(own.series as usize % self.cars.len().max(1)));
        let peak = own.roof.map_or(0, |roof| i64::from(roof.peak_watts));
        let range = slots.start.min(self.slots())..slots.end.min(self.slots());
        range
            .map(|slot| slot as usize)
            .map(|row| Moment {
                load: load[row],
                pv: Power::from_nanowatts(pv[row] * peak),
                plugged: car.is_some_and(|car| car.plugged[row]),
                trip: car.map_or(Work::ZERO, |car| car.trips[row]),
            })
            .collect()
    }
}

/// Checks that rows follow each other by a quarter hour.
#[derive(Default)]
struct Clock {
    start: i64,
    next: i64,
    rows: usize,
}

impl Clock {
    fn tick(&mut self, row: &Row<'_>, column: usize) -> Result<(), DatasetError> {
        let time = row.quarter_hour(column)?;
        if self.rows == 0 {
            self.start = time;
        } else if time != self.next {
            return Err(row.bad(column, Expected::NextQuarterHour(self.next)));
        }
        self.next = time + i64::from(Slot::SECONDS);
        self.rows += 1;
        Ok(())
    }
}

struct HomeColumns {
    time: usize,
    loads: Vec<usize>,
    pv: Vec<usize>,
}

impl HomeColumns {
    fn find(table: &Table) -> Result<Self, DatasetError> {
        let (mut time, mut loads, mut pv) = (None, Vec::new(), Vec::new());
        for (index, name) in table.header().iter().enumerate() {
            match name.as_str() {
                TIME => time = Some(index),
                _ if name.starts_with("load_w_") => loads.push(index),
                _ if name.starts_with("pv_pu_") => pv.push(index),
                _ => return Err(table.bad_column(name, Expected::KnownColumn(HOME_COLUMNS))),
            }
        }
        let missing = |name| table.bad_column(name, Expected::Column(name));
        let time = time.ok_or_else(|| missing(TIME))?;
        if loads.is_empty() {
            return Err(missing("load_w_*"));
        }
        if pv.is_empty() {
            return Err(missing("pv_pu_*"));
        }
        Ok(Self { time, loads, pv })
    }
}

struct CarColumns {
    time: usize,
    /// Plugged in, trip.
    pairs: Vec<(usize, usize)>,
}

impl CarColumns {
    fn find(table: &Table) -> Result<Self, DatasetError> {
        let at = |wanted: &str| table.header().iter().position(|name| name == wanted);
        let time = at(TIME).ok_or_else(|| table.bad_column(TIME, Expected::Column(TIME)))?;
        let paired =
            |name: String| at(&name).ok_or_else(|| table.bad_column(&name, Expected::PairedColumn));
        let mut pairs = Vec::new();
        for (index, name) in table.header().iter().enumerate() {
            if let Some(car) = name.strip_prefix("avail_") {
                pairs.push((index, paired(format!("used_{car}"))?));
            } else if let Some(car) = name.strip_prefix("used_") {
                paired(format!("avail_{car}"))?;
            } else if name != TIME {
                return Err(table.bad_column(name, Expected::KnownColumn(CAR_COLUMNS)));
            }
        }
        Ok(Self { time, pairs })
    }
}

#[cfg(test)]
mod tests;
