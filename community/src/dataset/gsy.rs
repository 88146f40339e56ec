//! Homes in the form that gsy-e reads: one file per home with times and powers.
//!
//! In: a directory with files `NAME.csv[.gz]`. Out: the moments of any number of homes. Refuses to
//! know: orders, the ledger, time zones (the files have none, so slots have no UTC).
//!
//! | column | meaning |
//! |---|---|
//! | `INTERVAL` or `DateTime` | `hh:mm` or `YYYY-MM-DDThh:mm`, optionally with seconds |
//! | `POWER*`, as `POWER(W)` | mean power from then on, W |
//!
//! - Fields are divided by commas or semicolons; a colon behind the name of a column, as gsy-e's
//!   own example has it, and capitals do not matter.
//! - `NAME.csv` or `load_NAME.csv` is what home NAME draws; where it is negative the home feeds in,
//!   which its panels must have made. `pv_NAME.csv` is what its panels make beside that.
//! - Rows are equidistant by 15, 30 or 60 minutes, the same in all files, and each holds until the
//!   next. Times of day alone begin at 00:00; such a profile is one day, taken to be 15 May 2023, a
//!   Monday, as in the synthetic neighbourhood.
//! - Homes come in the order of their names. Whose files make no power has no panels; a battery is
//!   dealt out beside panels by [`Equipment::draw`]; no cars. Home h reads home h modulo their
//!   number.

use std::collections::BTreeMap;
use std::path::Path;

use market::Slot;

use super::table::{Row, Table};
use crate::calendar::{Calendar, ClockTime, Date, Zone};
use crate::equipment::{Equipment, Roof};
use crate::error::{DatasetError, Expected};
use crate::home::Moment;
use crate::power::Power;

const TIME: &str = "INTERVAL";
const POWER: &str = "POWER(W)";
const COLUMNS: &str = "INTERVAL (or DateTime), POWER(W)";
/// The highest power of one home, W: the largest connection point of a district.
const MAX_POWER: i64 = 1_000_000;
/// The most files: more than the homes of any substation.
const MAX_FILES: usize = 8_192;
const DAY: i64 = 86_400;
/// The day of a profile without one: 15 May 2023, counted from 1 January 1970.
const DATELESS: i64 = 19_492;
/// Steps between rows that are read, in seconds.
const STEPS: [i64; 3] = [900, 1_800, 3_600];

/// A recording in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    axis: Axis,
    homes: Vec<Series>,
}

/// The times of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    /// Clock time of the first row.
    start: i64,
    step: i64,
    rows: usize,
}

impl Axis {
    /// Clock time of row `row`.
    const fn time(&self, row: usize) -> ClockTime {
        ClockTime(self.start + self.step * row as i64)
    }
}

/// The powers of one home by row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Series {
    load: Vec<Power>,
    pv: Vec<Power>,
}

/// The files of one home by what they hold, without their endings.
#[derive(Default)]
struct Files {
    load: Option<String>,
    pv: Option<String>,
}

impl Recording {
    /// Reads the files in `dir`; `None` if there is none. `known` are beginnings of names of files
    /// that belong to others.
    ///
    /// # Errors
    ///
    /// [`DatasetError`] with the place of the first flaw.
    pub fn open(dir: &Path, known: &[&str]) -> Result<Option<Self>, DatasetError> {
        let files = list(dir, known)?;
        let (mut axis, mut homes) = (None, Vec::new());
        for (name, Files { load, pv }) in pair(dir, files)? {
            let mut powers = |stem: &str, limits: (i64, i64)| {
                let gone = || DatasetError::Unreadable {
                    file: path(dir, stem),
                    reason: "it is not there any more".to_owned(),
                };
                let table = Table::open_either(dir, &format!("{stem}.csv"))?.ok_or_else(gone)?;
                read(&table, limits, &mut axis)
            };
            let Some(load) = load else {
                return Err(DatasetError::Misfit {
                    file: path(dir, &pv.unwrap_or_default()),
                    got: "panels without a home",
                    expected: format!("{name}.csv or load_{name}.csv beside it"),
                });
            };
            let net = powers(&load, (-MAX_POWER, MAX_POWER))?;
            let made = pv.map(|pv| powers(&pv, (0, MAX_POWER))).transpose()?;
            homes.push(Series::new(&net, &made.unwrap_or_default()));
        }
        Ok(axis.map(|axis| Self { axis, homes }))
    }

    /// Homes that were recorded.
    pub fn homes(&self) -> usize {
        self.homes.len()
    }

    /// Quarter hours that were recorded.
    pub fn slots(&self) -> u32 {
        u32::try_from(self.axis.rows).expect("rows are bounded far below 2^30")
            * self.slots_per_row()
    }

    /// The clock of the recording.
    pub const fn calendar(&self) -> Calendar {
        let dateless = self.axis.start < DAY;
        let start = if dateless { DATELESS * DAY } else { self.axis.start };
        Calendar::new(start, Zone::Unknown)
    }

    /// The devices of `home`.
    pub fn equipment(&self, seed: u64, home: u32) -> Equipment {
        let peak = self.series(home).pv.iter().max().copied().unwrap_or_default();
        let (roof, drawn) = (Roof::from_peak(peak), Equipment::draw(seed, home));
        Equipment {
            roof,
            battery: drawn.battery.filter(|_| roof.is_some()),
            vehicle: None,
            ..drawn
        }
    }

    /// What `slots` bring to `home`; slots behind the end of the recording are left out.
    pub fn moments(&self, home: u32, slots: std::ops::Range<u32>) -> Vec<Moment> {
        let series = self.series(home);
        let range = slots.start.min(self.slots())..slots.end.min(self.slots());
        let rows = range.map(|slot| (slot / self.slots_per_row()) as usize);
        rows.map(|row| Moment { load: series.load[row], pv: series.pv[row], ..Moment::default() })
            .collect()
    }

    /// Mean load of `home`.
    pub fn mean_load(&self, home: u32) -> Power {
        Power::mean(self.series(home).load.iter().copied())
    }

    const fn slots_per_row(&self) -> u32 {
        self.axis.step as u32 / Slot::SECONDS
    }

    fn series(&self, home: u32) -> &Series {
        &self.homes[home as usize % self.homes.len()]
    }
}

impl Series {
    /// The series of a home with this net power, nW, and these panels, if any.
    fn new(net: &[i64], made: &[i64]) -> Self {
        let load = net.iter().map(|nano| Power::from_nanowatts((*nano).max(0)));
        let made = made.iter().copied().chain(std::iter::repeat(0));
        let pv = net.iter().zip(made);
        Self {
            load: load.collect(),
            pv: pv.map(|(net, made)| Power::from_nanowatts(made + (-net).max(0))).collect(),
        }
    }
}

/// The file of this stem, for messages.
fn path(dir: &Path, stem: &str) -> String {
    dir.join(format!("{stem}.csv")).display().to_string()
}

/// The files of `dir` without their endings, in order, each once.
fn list(dir: &Path, known: &[&str]) -> Result<Vec<String>, DatasetError> {
    let unreadable = |error: std::io::Error| DatasetError::Unreadable {
        file: dir.display().to_string(),
        reason: error.to_string(),
    };
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut stems = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        let stem = name.strip_suffix(".gz").unwrap_or(&name).strip_suffix(".csv");
        let foreign = known.iter().any(|start| name.starts_with(start));
        stems.extend(stem.filter(|_| !foreign).map(str::to_owned));
        if stems.len() > 2 * MAX_FILES {
            break;
        }
    }
    stems.sort_unstable();
    stems.dedup();
    if stems.len() > MAX_FILES {
        return Err(DatasetError::Misfit {
            file: dir.display().to_string(),
            got: "too many files",
            expected: format!("at most {MAX_FILES}"),
        });
    }
    Ok(stems)
}

/// The files by home.
fn pair(dir: &Path, stems: Vec<String>) -> Result<BTreeMap<String, Files>, DatasetError> {
    let mut homes: BTreeMap<String, Files> = BTreeMap::new();
    for stem in stems {
        let after = |start: &str| {
            let head = stem.get(..start.len()).filter(|head| head.eq_ignore_ascii_case(start));
            head.map(|_| stem[start.len()..].to_owned())
        };
        let (name, made) = match (after("pv_"), after("load_")) {
            (Some(name), _) => (name, true),
            (None, Some(name)) => (name, false),
            (None, None) => (stem.clone(), false),
        };
        let files = homes.entry(name.clone()).or_default();
        let place = if made { &mut files.pv } else { &mut files.load };
        if place.replace(stem.clone()).is_some() {
            return Err(DatasetError::Misfit {
                file: path(dir, &stem),
                got: "a second file of its kind",
                expected: format!("one for home {name}"),
            });
        }
    }
    Ok(homes)
}

/// The powers in a file, nW, at the times of `axis`, which is that of the first file.
fn read(
    table: &Table,
    (low, high): (i64, i64),
    axis: &mut Option<Axis>,
) -> Result<Vec<i64>, DatasetError> {
    let columns = Columns::find(table)?;
    let mut powers = Vec::new();
    let mut pace = Pace { known: *axis, first: 0, step: None };
    table.for_each_row(|number, row| {
        pace.tick(number, row, columns.time)?;
        powers.push(if low < 0 {
            row.signed_nano(columns.power, high)?
        } else {
            row.nano(columns.power, high)?
        });
        Ok(())
    })?;
    *axis = Some(pace.finish(table, powers.len())?);
    Ok(powers)
}

struct Columns {
    time: usize,
    power: usize,
}

impl Columns {
    fn find(table: &Table) -> Result<Self, DatasetError> {
        let (mut time, mut power) = (None, None);
        for (index, name) in table.header().iter().enumerate() {
            let plain = name.trim_end_matches(':').to_ascii_uppercase();
            match plain.as_str() {
                "INTERVAL" | "DATETIME" if time.is_none() => time = Some(index),
                _ if plain.starts_with("POWER") && power.is_none() => power = Some(index),
                _ => return Err(table.bad_column(name, Expected::KnownColumn(COLUMNS))),
            }
        }
        let missing = |name| table.bad_column(name, Expected::Column(name));
        let time = time.ok_or_else(|| missing(TIME))?;
        Ok(Self { time, power: power.ok_or_else(|| missing(POWER))? })
    }
}

/// Checks that rows follow each other evenly and as in the first file.
struct Pace {
    known: Option<Axis>,
    first: i64,
    step: Option<i64>,
}

impl Pace {
    fn tick(&mut self, number: usize, row: &Row<'_>, column: usize) -> Result<(), DatasetError> {
        let time =
            clock_time(row.bytes(column)).filter(|time| time % i64::from(Slot::SECONDS) == 0);
        let time = time.ok_or_else(|| row.bad(column, Expected::ClockTime))?;
        if let Some(axis) = self.known {
            let expected = axis.time(number);
            return match time {
                _ if number >= axis.rows => Err(row.bad(column, Expected::NoMoreRowsThanOthers)),
                time if time == expected.0 => Ok(()),
                _ => Err(row.bad(column, Expected::SameClockTime(expected))),
            };
        }
        let since = time - self.first;
        match (number, self.step) {
            (0, _) if (1..DAY).contains(&time) => return Err(row.bad(column, Expected::Midnight)),
            (0, _) => self.first = time,
            (_, None) if STEPS.contains(&since) => self.step = Some(since),
            (_, None) => return Err(row.bad(column, Expected::Step)),
            (_, Some(step)) if since == step * number as i64 => {}
            (_, Some(step)) => {
                let next = ClockTime(self.first + step * number as i64);
                return Err(row.bad(column, Expected::NextClockTime(next)));
            }
        }
        Ok(())
    }

    fn finish(&self, table: &Table, rows: usize) -> Result<Axis, DatasetError> {
        let axis = Axis { start: self.first, step: self.step.unwrap_or(STEPS[0]), rows };
        match self.known {
            Some(known) if rows < known.rows => {
                Err(table.bad_end(Expected::SameClockTime(known.time(rows))))
            }
            Some(known) => Ok(known),
            // A profile without a date is a whole day.
            None if axis.start < DAY && axis.time(rows).0 < DAY => {
                Err(table.bad_end(Expected::NextClockTime(axis.time(rows))))
            }
            None => Ok(axis),
        }
    }
}

/// `hh:mm` or `YYYY-MM-DDThh:mm`, with a space for the T and with seconds if need be, in seconds of
/// the clock; a time of day alone lies on day 0. Dates before 2 January 1970 are `None`.
fn clock_time(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (days, clock) = match text.split_once(['T', ' ']) {
        Some((date, clock)) => (Some(days(date)?), clock),
        None => (None, text),
    };
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    let valid = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    let days = days.map_or(Some(0), |days| (days > 0).then_some(days))?;
    valid.then_some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// `YYYY-MM-DD` as days since 1970.
fn days(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = u32::try_from(digits(parts.next()?, 2)?).ok()?;
    let day = u32::try_from(digits(parts.next()?, 2)?).ok()?;
    let date = Date { year, month, day };
    // The 31st of a shorter month counts on into the next one, and comes back as another day.
    let exists = (1..=12).contains(&month) && day > 0 && Date::from_days(date.days()) == date;
    (exists && parts.next().is_none()).then(|| date.days())
}

/// A number of exactly `length` digits.
fn digits(text: &str, length: usize) -> Option<i64> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests;
