//! The 15-minute settlement slot (USEF: imbalance settlement period), counted from the start of a
//! run.
//!
//! In: a count. Out: a count. Refuses to know: calendars and clocks. Local days of 92, 96 or 100
//! slots are the business of whoever maps slots to civil time.

use serde::{Deserialize, Serialize};

/// Number of one 15-minute slot; slot 0 is the first that was open for orders.
///
/// Arithmetic policy: [`Slot::next`] panics at `u32::MAX`, 122,000 years of slots.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Slot(u32);

impl Slot {
    /// The first slot of a run.
    pub const ZERO: Self = Self(0);
    /// Length of a slot in seconds.
    pub const SECONDS: u32 = 900;
    /// Slots of a day without a change of clocks.
    pub const PER_DAY: u32 = 96;

    /// Names slot number `index`.
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// The number behind the name.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The slot that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}
