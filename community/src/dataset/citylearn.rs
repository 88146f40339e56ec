//! Recorded homes in the form of the CityLearn set: hours of load and PV, with the grid's price and
//! carbon intensity.
//!
//! In: a directory with `homes_hourly.csv[.gz]`. Out: the moments of any number of homes, what the
//! grid asks and emits. Refuses to know: orders, the ledger, civil time beyond the order of rows.
//!
//! | column | meaning |
//! |---|---|
//! | `month`, `hour_ending` | 1-12; the hour 1-24 of the local day that ends |
//! | `day_type` | 1 = Monday .. 7 = Sunday, 8 = holiday |
//! | `load_kwh_X`, `pv_kwh_X` | kWh that home X used and its panels made in the hour |
//! | `price_*_per_kwh` | what the grid asks, currency/kWh; may be missing |
//! | `carbon_kg_per_kwh` | what the grid emits, kg CO2e/kWh; may be missing |
//! | `step` | number of the row, each one more than the row above; may be missing |
//!
//! - *Hours become quarter hours* by dividing their energy by four: power is even within the hour,
//!   so nothing is known of peaks within it. In nanowatts that is exact.
//! - *Time.* Rows are equidistant hours of a clock that never changes; the zone is not given, so
//!   slots have no UTC. The year is not given either: dates are those of the first year from 2001,
//!   no leap year near, in which the first change of month falls on the weekday that the file says.
//! - *Devices.* Homes have the panels that the file has them make energy with; their rating is not
//!   in the file, the highest recorded power stands for it, rounded up to 100 W. As in the set's
//!   own description every home with panels has a battery of 6.4 kWh and 5 kW, 90 %. No cars.
//! - Home h reads building h modulo their number, in the order of the header.

use std::path::Path;

use market::{Price, Slot};

use super::table::{Row, Table};
use crate::battery::BatterySpec;
use crate::calendar::{Calendar, Date, Zone};
use crate::equipment::{Equipment, Roof};
use crate::error::{DatasetError, Expected};
use crate::home::Moment;
use crate::power::{Power, Work};

const FILE: &str = "homes_hourly.csv";
const COLUMNS: &str = "step, month, hour_ending, day_type, price_*_per_kwh, carbon_kg_per_kwh, \
                       load_kwh_*, pv_kwh_*";
/// The most energy of one home in an hour, kWh: the largest connection point of a district.
const MAX_KWH: i64 = 1_000;
/// The highest price, currency/kWh, and carbon intensity, kg/kWh: ten times any that was seen.
const MAX_PER_KWH: i64 = 100;
const SLOTS_PER_HOUR: u32 = 3_600 / Slot::SECONDS;
/// The battery of a home, from the description of the set.
const BATTERY: BatterySpec = BatterySpec {
    capacity: Work::from_wh(6_400),
    power: Power::from_watts(5_000),
    efficiency_permille: 900,
};

/// A recording in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    calendar: Calendar,
    hours: usize,
    buildings: Vec<Building>,
    prices: Option<Vec<Price>>,
    carbon: Option<Vec<i64>>,
}

/// One recorded home, by hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Building {
    load: Vec<Power>,
    pv: Vec<Power>,
}

impl Recording {
    /// Reads the recording in `dir`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`DatasetError`] with the place of the first flaw.
    pub fn open(dir: &Path) -> Result<Option<Self>, DatasetError> {
        Table::open(dir, FILE)?.map(|table| Self::read(&table)).transpose()
    }

    fn read(table: &Table) -> Result<Self, DatasetError> {
        let columns = Columns::find(table)?;
        let mut clock = Clock::default();
        let mut buildings = vec![Building::default(); columns.buildings.len()];
        let (mut prices, mut carbon) = (Vec::new(), Vec::new());
        table.for_each_row(|_, row| {
            clock.tick(row, &columns)?;
            for (building, (load, pv)) in buildings.iter_mut().zip(&columns.buildings) {
                building.load.push(mean_power(row, *load)?);
                building.pv.push(pv.map_or(Ok(Power::ZERO), |pv| mean_power(row, pv))?);
            }
            if let Some(column) = columns.price {
                let micro = (row.nano(column, MAX_PER_KWH)? + 500) / 1_000;
                prices.push(Price::from_micro_per_kwh(micro));
            }
            if let Some(column) = columns.carbon {
                carbon.push(row.nano(column, MAX_PER_KWH)?);
            }
            Ok(())
        })?;
        Ok(Self {
            calendar: clock.calendar(),
            hours: clock.rows,
            buildings,
            prices: columns.price.map(|_| prices),
            carbon: columns.carbon.map(|_| carbon),
        })
    }

    /// Homes that were recorded.
    pub fn homes(&self) -> usize {
        self.buildings.len()
    }

    /// Quarter hours that were recorded.
    pub fn slots(&self) -> u32 {
        let hours = u32::try_from(self.hours).expect("rows are bounded far below 2^30");
        hours * SLOTS_PER_HOUR
    }

    /// The clock of the recording.
    pub const fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// The devices of `home`.
    pub fn equipment(&self, home: u32) -> Equipment {
        let building = self.building(home);
        let peak = building.pv.iter().max().copied().unwrap_or_default();
        let roof = Roof::from_peak(peak);
        Equipment { roof, battery: roof.map(|_| BATTERY), vehicle: None, series: home }
    }

    /// What `slots` bring to `home`; slots behind the end of the recording are left out.
    pub fn moments(&self, home: u32, slots: std::ops::Range<u32>) -> Vec<Moment> {
        let building = self.building(home);
        let range = slots.start.min(self.slots())..slots.end.min(self.slots());
        let hours = range.map(|slot| (slot / SLOTS_PER_HOUR) as usize);
        hours
            .map(|hour| Moment {
                load: building.load[hour],
                pv: building.pv[hour],
                ..Moment::default()
            })
            .collect()
    }

    /// Mean load of `home`.
    pub fn mean_load(&self, home: u32) -> Power {
        Power::mean(self.building(home).load.iter().copied())
    }

    /// What the grid asks in `slot`, if the recording says.
    pub fn grid_price(&self, slot: Slot) -> Option<Price> {
        self.prices.as_ref()?.get((slot.get() / SLOTS_PER_HOUR) as usize).copied()
    }

    /// What the grid emits in `slot`, ug CO2e/kWh (1e-9 kg/kWh), if the recording says.
    pub fn carbon(&self, slot: Slot) -> Option<i64> {
        self.carbon.as_ref()?.get((slot.get() / SLOTS_PER_HOUR) as usize).copied()
    }

    fn building(&self, home: u32) -> &Building {
        &self.buildings[home as usize % self.buildings.len()]
    }
}

/// The energy of an hour as mean power: 1 kWh/h is 1,000 W.
fn mean_power(row: &Row<'_>, column: usize) -> Result<Power, DatasetError> {
    Ok(Power::from_nanowatts(row.nano(column, MAX_KWH)? * 1_000))
}

struct Columns {
    step: Option<usize>,
    month: usize,
    hour: usize,
    day_type: usize,
    price: Option<usize>,
    carbon: Option<usize>,
    /// Load, PV.
    buildings: Vec<(usize, Option<usize>)>,
}

impl Columns {
    fn find(table: &Table) -> Result<Self, DatasetError> {
        let at = |wanted: &str| table.header().iter().position(|name| name == wanted);
        let needed = |wanted: &'static str| {
            at(wanted).ok_or_else(|| table.bad_column(wanted, Expected::Column(wanted)))
        };
        let mut price = None;
        let mut buildings = Vec::new();
        for (index, name) in table.header().iter().enumerate() {
            if let Some(home) = name.strip_prefix("load_kwh_") {
                buildings.push((index, at(&format!("pv_kwh_{home}"))));
            } else if let Some(home) = name.strip_prefix("pv_kwh_") {
                let load = format!("load_kwh_{home}");
                at(&load).ok_or_else(|| table.bad_column(&load, Expected::PairedColumn))?;
            } else if name.starts_with("price_") && name.ends_with("_per_kwh") && price.is_none() {
                price = Some(index);
            } else if !["step", "month", "hour_ending", "day_type", "carbon_kg_per_kwh"]
                .contains(&name.as_str())
            {
                return Err(table.bad_column(name, Expected::KnownColumn(COLUMNS)));
            }
        }
        if buildings.is_empty() {
            return Err(table.bad_column("load_kwh_*", Expected::Column("load_kwh_*")));
        }
        Ok(Self {
            step: at("step"),
            month: needed("month")?,
            hour: needed("hour_ending")?,
            day_type: needed("day_type")?,
            price,
            carbon: at("carbon_kg_per_kwh"),
            buildings,
        })
    }
}

/// Checks that rows follow each other by an hour, and finds out when they begin.
#[derive(Default)]
struct Clock {
    rows: usize,
    step: i64,
    month: i64,
    hour: i64,
    /// Hour of the local day in which the first row begins, 0..24.
    begin: i64,
    /// Row, month and weekday of the first midnight at which a month begins.
    turn: Option<(usize, i64, i64)>,
}

impl Clock {
    fn tick(&mut self, row: &Row<'_>, columns: &Columns) -> Result<(), DatasetError> {
        let step = columns.step.map_or(Ok(0), |column| row.whole(column, 0, i64::MAX - 1))?;
        let month = row.whole(columns.month, 1, 12)?;
        let hour = row.whole(columns.hour, 1, 24)?;
        let weekday = row.whole(columns.day_type, 1, 8)?;
        if self.rows == 0 {
            self.begin = hour - 1;
            self.turn = (hour == 1).then_some((0, month, weekday));
        } else {
            self.follows(row, columns, (step, month, hour))?;
            if month != self.month && self.turn.is_none_or(|(row, ..)| row == 0) {
                self.turn = Some((self.rows, month, weekday));
            }
        }
        self.rows += 1;
        (self.step, self.month, self.hour) = (step, month, hour);
        Ok(())
    }

    /// Whether this row is the hour after the last one.
    fn follows(
        &self,
        row: &Row<'_>,
        columns: &Columns,
        (step, month, hour): (i64, i64, i64),
    ) -> Result<(), DatasetError> {
        if let Some(column) = columns.step.filter(|_| step != self.step + 1) {
            return Err(row.bad(column, Expected::NextWhole(self.step + 1)));
        }
        let next = self.hour % 24 + 1;
        if hour != next {
            return Err(row.bad(columns.hour, Expected::NextWhole(next)));
        }
        let may_turn = hour == 1 && month == self.month % 12 + 1;
        if month != self.month && !may_turn {
            return Err(row.bad(columns.month, Expected::NextWhole(self.month)));
        }
        Ok(())
    }

    /// The clock of the rows read: dated back from the first midnight at which a month begins, or,
    /// without one, from the first day of the first row's month.
    fn calendar(&self) -> Calendar {
        let (row, month, weekday) = self.turn.unwrap_or((0, self.month, 8));
        let month = u32::try_from(month).expect("1 to 12");
        // The years after leap years have every weekday among seven of them.
        let mut years = (0..7).map(|each| Date { year: 2001 + 4 * each, month, day: 1 });
        let fits = |date: &Date| weekday == 8 || i64::from(date.weekday()) == weekday;
        let date = years.find(fits).unwrap_or(Date { year: 2001, month, day: 1 });
        let begin = if self.turn.is_some() { 0 } else { self.begin };
        let hours = date.days() * 24 + begin - row as i64;
        Calendar::new(hours * 3_600, Zone::Unknown)
    }
}

#[cfg(test)]
mod tests;
