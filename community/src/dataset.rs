//! Where homes come from: recorded or made up.
//!
//! In: a directory, or sizes and a seed. Out: for each home its devices and, day by day, its
//! moments; the clock of the run, and what else the data says. Refuses to know: orders, the ledger.
//!
//! | what lies in the directory | reader |
//! |---|---|
//! | `homes_15min.csv` | [`hamlet`] |
//! | `homes_hourly.csv` | [`citylearn`] |
//! | a CSV file per home with `INTERVAL` and `POWER(W)` | [`gsy`] |
//! | nothing but `bdew2025_quarter_hour.csv` | a [`crowd`] of its household profile |
//!
//! Each file may be packed, with `.gz` behind its name. Standard profiles beside homes
//! ([`standard_profile`]) give [`Dataset::substitute`]. Homes beyond the recorded ones are copies
//! that differ, see [`crowd`].

pub mod table;
pub mod standard_profile;
pub mod crowd;
pub mod hamlet;
pub mod citylearn;
pub mod gsy;
pub mod synthetic;

use std::path::Path;

use market::{Energy, Price, Slot};

use crate::calendar::Calendar;
use crate::dataset::standard_profile::Profiles;
use crate::dataset::synthetic::Neighbourhood;
use crate::equipment::Equipment;
use crate::error::DatasetError;
use crate::home::Moment;
use crate::power::Power;

/// What makes a directory a data set, for messages.
const EXPECTED: &str = "homes_15min.csv, homes_hourly.csv, bdew2025_quarter_hour.csv, or a CSV file \
                        per home with the columns INTERVAL and POWER(W), each plain or as .gz";
/// Beginnings of the names of files that never are a home.
const NO_HOMES: [&str; 3] = ["bdew", "homes_", "evs_"];
/// Homes and days of a crowd that nobody sized.
const CROWD: (u32, u32) = (100, 365);

/// The homes of a run and what each quarter hour brings to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    seed: u64,
    homes: u32,
    calendar: Calendar,
    profiles: Option<Profiles>,
    source: Source,
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    Hamlet(hamlet::Recording),
    CityLearn(citylearn::Recording),
    Gsy(gsy::Recording),
    Synthetic(Neighbourhood),
}

impl Source {
    /// The homes that `dir` has files of.
    fn recorded(dir: &Path) -> Result<Option<Self>, DatasetError> {
        if let Some(recording) = hamlet::Recording::open(dir)? {
            return Ok(Some(Self::Hamlet(recording)));
        }
        if let Some(recording) = citylearn::Recording::open(dir)? {
            return Ok(Some(Self::CityLearn(recording)));
        }
        Ok(gsy::Recording::open(dir, &NO_HOMES)?.map(Self::Gsy))
    }

    /// Homes there are data of.
    fn homes(&self) -> u32 {
        let recorded = match self {
            Self::Hamlet(recording) => recording.homes(),
            Self::CityLearn(recording) => recording.homes(),
            Self::Gsy(recording) => recording.homes(),
            Self::Synthetic(neighbourhood) => return neighbourhood.homes(),
        };
        u32::try_from(recorded).expect("columns and files are bounded far below 2^32")
    }

    fn calendar(&self) -> Calendar {
        match self {
            Self::Hamlet(recording) => recording.calendar(),
            Self::CityLearn(recording) => recording.calendar(),
            Self::Gsy(recording) => recording.calendar(),
            Self::Synthetic(_) => Neighbourhood::calendar(),
        }
    }

    /// Mean load of `home`, if it was recorded.
    fn mean_load(&self, home: u32) -> Option<Power> {
        match self {
            Self::Hamlet(recording) => Some(recording.mean_load(home)),
            Self::CityLearn(recording) => Some(recording.mean_load(home)),
            Self::Gsy(recording) => Some(recording.mean_load(home)),
            Self::Synthetic(_) => None,
        }
    }
}

impl Dataset {
    /// What lies in `dir`, for as many homes as it has or for `homes` of them; `seed` deals out
    /// what the data leaves open.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]: the first flaw of the files, or a number of homes outside 1..=100,000.
    pub fn open(dir: &Path, homes: Option<u32>, seed: u64) -> Result<Self, DatasetError> {
        let profiles = Profiles::open(dir)?;
        let recorded = Source::recorded(dir)?;
        let household = profiles.as_ref().and_then(Profiles::household);
        let source = match (recorded, household) {
            (Some(source), _) => source,
            (None, Some(profile)) => {
                let crowd = Neighbourhood::try_new(homes.unwrap_or(CROWD.0), CROWD.1, seed)?;
                Source::Synthetic(crowd.following(profile))
            }
            (None, None) => {
                let dir = dir.display().to_string();
                return Err(DatasetError::NoDataset { dir, expected: EXPECTED });
            }
        };
        let (homes, max) = (homes.unwrap_or(source.homes()), Neighbourhood::MAX_HOMES);
        if !(1..=max).contains(&homes) {
            return Err(DatasetError::Size { what: "homes", got: homes, max });
        }
        Ok(Self { seed, homes, calendar: source.calendar(), profiles, source })
    }

    /// A made-up neighbourhood (see [`synthetic`]).
    ///
    /// # Errors
    ///
    /// [`DatasetError::Size`].
    pub fn synthetic(homes: u32, days: u32, seed: u64) -> Result<Self, DatasetError> {
        let source = Source::Synthetic(Neighbourhood::try_new(homes, days, seed)?);
        Ok(Self { seed, homes, calendar: source.calendar(), profiles: None, source })
    }

    /// The seed that devices, weather and households were drawn from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many homes there are.
    pub const fn homes(&self) -> u32 {
        self.homes
    }

    /// The clock of the run.
    pub const fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// How many slots there are.
    pub fn slots(&self) -> u32 {
        match &self.source {
            Source::Hamlet(recording) => recording.slots(),
            Source::CityLearn(recording) => recording.slots(),
            Source::Gsy(recording) => recording.slots(),
            Source::Synthetic(neighbourhood) => neighbourhood.slots(),
        }
    }

    /// How many local days have slots; the first and the last may have only some of theirs.
    pub fn days(&self) -> u32 {
        self.slots().checked_sub(1).map_or(0, |last| self.calendar.day(Slot::new(last)) + 1)
    }

    /// The quarter hour of the local day, 0..96, in which `slot` begins.
    pub const fn quarter(&self, slot: Slot) -> u32 {
        self.calendar.quarter(slot)
    }

    /// The devices of `home`.
    pub fn equipment(&self, home: u32) -> Equipment {
        match &self.source {
            Source::Hamlet(_) | Source::Synthetic(_) => Equipment::draw(self.seed, home),
            Source::CityLearn(recording) => recording.equipment(home),
            Source::Gsy(recording) => recording.equipment(self.seed, home),
        }
    }

    /// What local day `day` brings to `home`: a moment for each of its slots
    /// ([`Calendar::slots`]), fewer at the end of the data.
    pub fn day(&self, home: u32, day: u32) -> Vec<Moment> {
        let slots = self.calendar.slots(day);
        let mut moments = match &self.source {
            Source::Hamlet(recording) => recording.moments(home, &self.equipment(home), slots),
            Source::CityLearn(recording) => recording.moments(home, slots),
            Source::Gsy(recording) => recording.moments(home, slots),
            Source::Synthetic(neighbourhood) => {
                return neighbourhood.moments(home, &self.equipment(home), day);
            }
        };
        if home >= self.source.homes() {
            crowd::copy(self.seed, home, day, &mut moments);
        }
        moments
    }

    /// What the grid asks for a kWh in `slot`, where the data says.
    pub fn grid_price(&self, slot: Slot) -> Option<Price> {
        match &self.source {
            Source::CityLearn(recording) => recording.grid_price(slot),
            _ => None,
        }
    }

    /// What the grid emits for a kWh in `slot`, ug CO2e (1e-9 kg), where the data says.
    pub fn carbon(&self, slot: Slot) -> Option<i64> {
        match &self.source {
            Source::CityLearn(recording) => recording.carbon(slot),
            _ => None,
        }
    }

    /// The standard load profiles that lie beside the homes.
    pub const fn profiles(&self) -> Option<&Profiles> {
        self.profiles.as_ref()
    }

    /// What a standard household of the yearly consumption of `home` would import in `slot`: what
    /// stands for a reading that never came. `None` without a standard profile.
    ///
    /// The yearly consumption is 365 times the mean day of the home's recording, or what a home of
    /// a crowd was drawn with. Cars, batteries and panels are not in it.
    pub fn substitute(&self, home: u32, slot: Slot) -> Option<Energy> {
        let profile = self.profiles.as_ref()?.household()?;
        let share = profile.share(self.calendar.date(slot), self.calendar.quarter(slot));
        Some(share.energy(self.yearly(home)?))
    }

    /// What the household of `home` uses in a year.
    fn yearly(&self, home: u32) -> Option<Energy> {
        if let Source::Synthetic(neighbourhood) = &self.source {
            return neighbourhood.crowd().map(|crowd| crowd.yearly(home));
        }
        let mean = self.source.mean_load(home)?;
        let is_copy = home >= self.source.homes();
        let permille = if is_copy { crowd::copy_permille(self.seed, home) } else { 1_000 };
        Some(mean.scaled(permille).over(365 * 86_400).rounded())
    }
}

#[cfg(test)]
mod tests;
