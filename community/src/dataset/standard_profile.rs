//! Tables of standard load profiles, as the German energy industry published them.
//!
//! In: a directory with `bdew2025_quarter_hour.csv[.gz]`, `bdew1999_quarter_hour.csv[.gz]` or both.
//! Out: profiles by name. Refuses to know: customers, years, what a profile is used for.
//!
//! | column of 2025 | meaning |
//! |---|---|
//! | `profile`, `month` | name; 1 to 12 |
//! | `day_type` | WEEKDAY, SAT or SUN_HOL |
//! | `quarter_hour` | 0 to 95, of the local day |
//! | `kwh_per_*` | kWh in it for a group that uses so many kWh a year |
//!
//! | column of 1999 | meaning |
//! |---|---|
//! | `period`, `weekday` | summer, winter or transition; 1 (Monday) to 7 |
//! | `row` | the number of the row, not used; may be missing |
//! | any other | the weights of a profile, the quarter hours of a day from top to bottom |
//!
//! Rows of 2025 may stand in any order. Profiles of households, also with panels or batteries
//! (names in H, P, S), are dynamic, those of trade and farms are not, as BDEW prescribes.

use std::collections::BTreeMap;
use std::path::Path;

use super::table::{Row, Table};
use crate::error::{DatasetError, Expected};
use crate::profile::{Dynamic, Profile, QUARTERS, Rows};

/// File of the profiles of 2025.
const NEW: &str = "bdew2025_quarter_hour.csv";
/// File of the profiles of 1999.
const OLD: &str = "bdew1999_quarter_hour.csv";
/// More profiles than were ever published together.
const MAX_PROFILES: usize = 64;
const MAX_WEIGHT: i64 = Profile::MAX_WEIGHT / 1_000_000_000;
const PERIODS: &str = "summer, winter, transition";
const DAY_TYPES: &str = "WEEKDAY, SAT, SUN_HOL";

/// Standard load profiles by name: `H25`, `G0`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profiles {
    by_name: BTreeMap<String, Profile>,
}

impl Profiles {
    /// Reads the tables in `dir`; `None` if there are none.
    ///
    /// # Errors
    ///
    /// [`DatasetError`] with the place of the first flaw.
    pub fn open(dir: &Path) -> Result<Option<Self>, DatasetError> {
        let mut by_name = BTreeMap::new();
        if let Some(table) = Table::open(dir, OLD)? {
            by_name.extend(read_old(&table)?);
        }
        if let Some(table) = Table::open(dir, NEW)? {
            by_name.extend(read_new(&table)?);
        }
        Ok((!by_name.is_empty()).then_some(Self { by_name }))
    }

    /// The profile of this name, in capitals.
    pub fn get(&self, name: &str) -> Option<&Profile> {
        self.by_name.get(name)
    }

    /// The names there are, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The profile of a household: that of 2025 or, without it, the older one.
    pub fn household(&self) -> Option<&Profile> {
        self.get("H25").or_else(|| self.get("H0"))
    }
}

/// The rows of a profile as far as they were read.
type Partial = Vec<[Option<i64>; QUARTERS]>;

/// The columns of 2025.
struct Columns {
    profile: usize,
    month: usize,
    day_type: usize,
    quarter: usize,
    weight: usize,
}

impl Columns {
    fn find(table: &Table) -> Result<Self, DatasetError> {
        let at = |wanted: &'static str| {
            let position = table.header().iter().position(|name| match wanted.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == wanted,
            });
            position.ok_or_else(|| table.bad_column(wanted, Expected::Column(wanted)))
        };
        Ok(Self {
            profile: at("profile")?,
            month: at("month")?,
            day_type: at("day_type")?,
            quarter: at("quarter_hour")?,
            weight: at("kwh_per_*")?,
        })
    }

    /// Which row of the profile a line of the file is about.
    fn row(&self, row: &Row<'_>) -> Result<usize, DatasetError> {
        let month = row.whole(self.month, 1, 12)? as usize;
        let kind = match row.bytes(self.day_type) {
            b"WEEKDAY" => 0,
            b"SAT" => 1,
            b"SUN_HOL" => 2,
            _ => return Err(row.bad(self.day_type, Expected::Word(DAY_TYPES))),
        };
        Ok((month - 1) * 3 + kind)
    }
}

fn read_new(table: &Table) -> Result<BTreeMap<String, Profile>, DatasetError> {
    let columns = Columns::find(table)?;
    let mut partial: BTreeMap<String, Partial> = BTreeMap::new();
    table.for_each_row(|_, row| {
        let name = String::from_utf8_lossy(row.bytes(columns.profile)).to_uppercase();
        if !partial.contains_key(&name) && partial.len() == MAX_PROFILES {
            return Err(row.bad(columns.profile, Expected::FewerProfiles(MAX_PROFILES)));
        }
        let rows =
            partial.entry(name).or_insert_with(|| vec![[None; QUARTERS]; Rows::Months.count()]);
        let quarter = row.whole(columns.quarter, 0, QUARTERS as i64 - 1)? as usize;
        let weight = row.nano(columns.weight, MAX_WEIGHT)?;
        match rows[columns.row(row)?][quarter].replace(weight) {
            None => Ok(()),
            Some(_) => Err(row.bad(columns.quarter, Expected::OnceOnly)),
        }
    })?;
    let dynamic = |name: &str| {
        if name.starts_with(['H', 'P', 'S']) { Dynamic::NinePlaces } else { Dynamic::Fixed }
    };
    finish(table, Rows::Months, dynamic, partial)
}

fn read_old(table: &Table) -> Result<BTreeMap<String, Profile>, DatasetError> {
    let at = |wanted: &'static str| {
        let position = table.header().iter().position(|name| name == wanted);
        position.ok_or_else(|| table.bad_column(wanted, Expected::Column(wanted)))
    };
    let (period, weekday) = (at("period")?, at("weekday")?);
    let named = table.header().iter().enumerate();
    let names: Vec<(usize, String)> = named
        .filter(|(column, name)| ![period, weekday].contains(column) && name.as_str() != "row")
        .map(|(column, name)| (column, name.to_uppercase()))
        .collect();
    if let Some((_, extra)) = names.get(MAX_PROFILES) {
        return Err(table.bad_column(extra, Expected::FewerProfiles(MAX_PROFILES)));
    }
    let empty: Partial = vec![[None; QUARTERS]; Rows::Seasons.count()];
    let mut partial: BTreeMap<String, Partial> =
        names.iter().map(|(_, name)| (name.clone(), empty.clone())).collect();
    let mut quarters = vec![0; Rows::Seasons.count()];
    table.for_each_row(|_, row| {
        let season = match row.bytes(period) {
            b"summer" => 0,
            b"winter" => 1,
            b"transition" => 2,
            _ => return Err(row.bad(period, Expected::Word(PERIODS))),
        };
        let day = season * 7 + row.whole(weekday, 1, 7)? as usize - 1;
        let quarter: usize = quarters[day];
        if quarter == QUARTERS {
            return Err(row.bad(weekday, Expected::OnceOnly));
        }
        quarters[day] += 1;
        for (column, name) in &names {
            let weight = row.nano(*column, MAX_WEIGHT)?;
            if let Some(rows) = partial.get_mut(name) {
                rows[day][quarter] = Some(weight);
            }
        }
        Ok(())
    })?;
    let dynamic =
        |name: &str| if name.starts_with('H') { Dynamic::FourPlaces } else { Dynamic::Fixed };
    finish(table, Rows::Seasons, dynamic, partial)
}

/// Whole profiles, or what is missing at the end of the table.
fn finish(
    table: &Table,
    rows: Rows,
    dynamic: impl Fn(&str) -> Dynamic,
    partial: BTreeMap<String, Partial>,
) -> Result<BTreeMap<String, Profile>, DatasetError> {
    let whole = |day: [Option<i64>; QUARTERS]| {
        let mut weights = [0; QUARTERS];
        for (weight, read) in weights.iter_mut().zip(day) {
            *weight = read?;
        }
        Some(weights)
    };
    let each = partial.into_iter().map(|(name, days)| {
        let weights: Option<Vec<_>> = days.into_iter().map(whole).collect();
        let missing = Expected::WholeProfile(rows.count() * QUARTERS);
        let weights = weights.ok_or_else(|| table.bad_end(missing))?;
        let profile = Profile::try_new(rows, dynamic(&name), weights);
        let profile = profile.ok_or_else(|| table.bad_end(Expected::SomeConsumption))?;
        Ok((name, profile))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Date;

    const NEW_HEADER: &str = "profile,month,day_type,quarter_hour,kwh_per_1000000kwh_year";

    fn table(text: String) -> Table {
        Table::parse("slp.csv".into(), text.into_bytes()).expect("a header")
    }

    /// A table of 2025 with a profile whose Saturdays weigh 1.5, Sundays 2.5 and other days 0.5.
    fn new_rows(name: &str) -> Vec<String> {
        let days = ["WEEKDAY", "SAT", "SUN_HOL"];
        let each = (1..=12).flat_map(|month| (0..3).map(move |day| (month, day)));
        each.flat_map(|(month, day)| (0..96).map(move |quarter| (month, day, quarter)))
            .map(|(month, day, q)| format!("{name},{month},{},{q},{}.5", days[day], day))
            .collect()
    }

    fn new(rows: &[String]) -> Result<BTreeMap<String, Profile>, DatasetError> {
        read_new(&table(format!("{NEW_HEADER}\n{}", rows.join("\n"))))
    }

    fn refused<T>(result: Result<T, DatasetError>, line: &str) {
        match result {
            Ok(_) => panic!("accepted, expected: {line}"),
            Err(error) => assert_eq!(error.to_string(), line),
        }
    }

    // Rows may come in any order and several profiles in one table; a Sunday weighs 2.5, a weekday
    // 0.5: five times the share. H25 is dynamic, G25 is not.
    #[test]
    fn a_table_of_2025_is_read_in_any_order() {
        let mut rows = new_rows("H25");
        rows.extend(new_rows("G25"));
        rows.reverse();
        let profiles = new(&rows).expect("whole");
        assert_eq!(profiles.keys().collect::<Vec<_>>(), ["G25", "H25"]);
        let share = |name: &str, month, day| {
            profiles[name].share(Date { year: 2023, month, day }, 50).units()
        };
        // 2 July 2023 was a Sunday.
        assert_eq!(share("G25", 7, 2) / share("G25", 7, 3), 5);
        assert_eq!(share("G25", 1, 3), share("G25", 7, 3));
        assert!(share("H25", 1, 3) > share("H25", 7, 3));
    }

    // A quarter hour twice or not at all, a word that is no kind of day, a weight that is none.
    #[test]
    fn a_table_of_2025_with_a_flaw_is_refused() {
        let rows = new_rows("G25");
        let with = |at: usize, row: &str| {
            let mut rows = rows.clone();
            rows[at] = row.to_owned();
            new(&rows)
        };
        refused(
            with(1, "G25,1,WEEKDAY,0,1"),
            "slp.csv:3: field quarter_hour: got \"0\", \
             expected each quarter hour of a profile once, this one stands above already",
        );
        refused(
            new(&rows[..rows.len() - 1]),
            "slp.csv:3457: field after the last row: got nothing, \
             expected 3456 quarter hours for each profile",
        );
        refused(
            with(0, "G25,1,HOLIDAY,0,1"),
            "slp.csv:2: field day_type: got \"HOLIDAY\", expected one of WEEKDAY, SAT, SUN_HOL",
        );
        refused(
            with(0, "G25,13,SAT,0,1"),
            "slp.csv:2: field month: got \"13\", expected a whole number from 1 to 12",
        );
        refused(
            with(0, "G25,1,WEEKDAY,0,-1"),
            "slp.csv:2: field kwh_per_1000000kwh_year: got \"-1\", \
             expected a decimal number from 0 to 1000",
        );
        let header = "profile,month,day_type,quarter_hour";
        refused(
            read_new(&table(format!("{header}\nG25,1,SAT,0"))),
            "slp.csv:1: field kwh_per_*: got nothing, expected a column kwh_per_*",
        );
    }

    /// A table of 1999: weekdays weigh their number, summer ten times as much.
    fn old(rows: usize) -> Result<BTreeMap<String, Profile>, DatasetError> {
        let each = (0..3).flat_map(|season| (1..=7).map(move |weekday| (season, weekday)));
        let lines = each.flat_map(|day| (0..96).map(move |_| day)).map(|(season, weekday)| {
            let weight = if season == 0 { 10 * weekday } else { weekday };
            format!("{},{weekday},{weight},1", ["summer", "winter", "transition"][season])
        });
        let lines: Vec<String> = lines.take(rows).collect();
        read_old(&table(format!("period,weekday,g0,h0\n{}", lines.join("\n"))))
    }

    // The older table has a column per profile; names come out in capitals.
    #[test]
    fn a_table_of_1999_is_read_by_column() {
        let profiles = old(3 * 7 * 96).expect("whole");
        assert_eq!(profiles.keys().collect::<Vec<_>>(), ["G0", "H0"]);
        let share = |month, day| profiles["G0"].share(Date { year: 2023, month, day }, 0).units();
        // 3 January and 4 July 2023 were Tuesdays.
        assert_eq!(share(7, 4) / share(1, 3), 10);
        refused(
            old(3 * 7 * 96 - 1),
            "slp.csv:2017: field after the last row: got nothing, \
             expected 2016 quarter hours for each profile",
        );
    }
}
