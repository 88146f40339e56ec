//! Where homes come from: recorded or made up.
//!
//! In: a directory, or sizes and a seed. Out: for each home its devices and, day by day, its
//! moments. Refuses to know: prices, orders, the ledger.

pub mod table;
pub mod hamlet;
pub mod synthetic;

use std::path::Path;

use market::Slot;

use crate::dataset::hamlet::Recording;
use crate::dataset::synthetic::Neighbourhood;
use crate::equipment::Equipment;
use crate::error::DatasetError;
use crate::home::Moment;

/// The homes of a run and what each quarter hour brings to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    seed: u64,
    homes: u32,
    source: Source,
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    Recorded(Recording),
    Synthetic(Neighbourhood),
}

impl Dataset {
    /// The recording in `dir` (see [`hamlet`]), for as many homes as it has or for `homes` of them;
    /// `seed` deals out the devices.
    ///
    /// # Errors
    ///
    /// [`DatasetError`]: the first flaw of the files, or a number of homes outside 1..=100,000.
    pub fn open(dir: &Path, homes: Option<u32>, seed: u64) -> Result<Self, DatasetError> {
        let recording = Recording::open(dir)?;
        let recorded =
            u32::try_from(recording.homes()).expect("columns are bounded far below 2^32");
        let (homes, max) = (homes.unwrap_or(recorded), Neighbourhood::MAX_HOMES);
        if !(1..=max).contains(&homes) {
            return Err(DatasetError::Size { what: "homes", got: homes, max });
        }
        Ok(Self { seed, homes, source: Source::Recorded(recording) })
    }

    /// A made-up neighbourhood (see [`synthetic`]).
    ///
    /// # Errors
    ///
    /// [`DatasetError::Size`].
    pub fn synthetic(homes: u32, days: u32, seed: u64) -> Result<Self, DatasetError> {
        let neighbourhood = Neighbourhood::try_new(homes, days, seed)?;
        Ok(Self { seed, homes, source: Source::Synthetic(neighbourhood) })
    }

    /// The seed that devices, weather and households were drawn from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many homes there are.
    pub const fn homes(&self) -> u32 {
        self.homes
    }

    /// How many slots there are; the last day may be shorter than 96.
    pub fn slots(&self) -> u32 {
        match &self.source {
            Source::Recorded(recording) => recording.slots(),
            Source::Synthetic(neighbourhood) => neighbourhood.slots(),
        }
    }

    /// The quarter hour of the local day, 0..96, in which `slot` begins.
    pub fn quarter(&self, slot: Slot) -> u32 {
        match &self.source {
            Source::Recorded(recording) => recording.quarter(slot.get()),
            Source::Synthetic(_) => Neighbourhood::quarter(slot.get()),
        }
    }

    /// The devices of `home`.
    pub fn equipment(&self, home: u32) -> Equipment {
        Equipment::draw(self.seed, home)
    }

    /// What day `day` of the run (slots `96 day ..`) brings to `home`: 96 moments, fewer at the end
    /// of the data.
    pub fn day(&self, home: u32, day: u32) -> Vec<Moment> {
        let own = self.equipment(home);
        match &self.source {
            Source::Recorded(recording) => {
                let begin = day.saturating_mul(Slot::PER_DAY);
                recording.moments(home, &own, begin..begin.saturating_add(Slot::PER_DAY))
            }
            Source::Synthetic(neighbourhood) => neighbourhood.moments(home, &own, day),
        }
    }
}

#[cfg(test)]
mod tests;
