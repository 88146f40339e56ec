//! What a meter counted in one slot, and what stands in for a meter that said nothing.
//!
//! In: import and export of a slot in Wh: two register differences, never a sign. Out: a checked
//! pair and its net. Refuses to know: registers, signatures, time, and which meter it was.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::error::MarketError;

/// The metered slot of one connection point: differences of the OBIS registers 1-0:1.8.0 (import)
/// and 1-0:2.8.0 (export), which only ever rise. Both may be above zero in one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawMetered", into = "RawMetered")]
pub struct Metered {
    import: Energy,
    export: Energy,
}

impl Metered {
    /// A slot without energy.
    pub const NOTHING: Self = Self { import: Energy::ZERO, export: Energy::ZERO };

    /// A metered slot.
    ///
    /// # Errors
    ///
    /// [`MarketError::Metered`] unless both lie in `0 Wh ..=` [`Energy::MAX_PER_SLOT`].
    pub fn try_new(import: Energy, export: Energy) -> Result<Self, MarketError> {
        let max = Energy::MAX_PER_SLOT;
        let allowed = Energy::ZERO..=max;
        if allowed.contains(&import) && allowed.contains(&export) {
            Ok(Self { import, export })
        } else {
            Err(MarketError::Metered { import, export, max })
        }
    }

    /// What was withdrawn from the grid.
    pub const fn import(&self) -> Energy {
        self.import
    }

    /// What was injected into the grid.
    pub const fn export(&self) -> Energy {
        self.export
    }

    /// Import less export: positive is a withdrawal.
    pub const fn net(&self) -> Energy {
        Energy::from_wh(self.import.wh() - self.export.wh())
    }
}

/// What a slot is settled on for one connection point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Meter {
    /// What the meter reported.
    Read(Metered),
    /// No reading came: this import stands in for it, and no export (ours, see
    /// [`settle`](crate::settle)).
    Substituted(Energy),
}

impl Meter {
    /// The reading, if one came.
    pub const fn reading(&self) -> Option<Metered> {
        match self {
            Self::Read(metered) => Some(*metered),
            Self::Substituted(_) => None,
        }
    }

    /// What counts as withdrawn from the grid.
    pub const fn import(&self) -> Energy {
        match self {
            Self::Read(metered) => metered.import,
            Self::Substituted(import) => *import,
        }
    }

    /// What counts as injected into the grid.
    pub const fn export(&self) -> Energy {
        match self {
            Self::Read(metered) => metered.export,
            Self::Substituted(_) => Energy::ZERO,
        }
    }

    /// Import less export: positive is a withdrawal.
    pub const fn net(&self) -> Energy {
        match self {
            Self::Read(metered) => metered.net(),
            Self::Substituted(import) => *import,
        }
    }
}

/// The two numbers as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawMetered {
    import: Energy,
    export: Energy,
}

impl TryFrom<RawMetered> for Metered {
    type Error = MarketError;

    fn try_from(raw: RawMetered) -> Result<Self, MarketError> {
        Self::try_new(raw.import, raw.export)
    }
}

impl From<Metered> for RawMetered {
    fn from(metered: Metered) -> Self {
        Self { import: metered.import, export: metered.export }
    }
}
