//! One settled slot of one member, as the score sees it.
//!
//! In: the market's settlement line and how the bill stood. Out: a checked entry. Refuses to know:
//! prices, the other members.

use market::{Energy, Line, Meter, Money, Slot};
use serde::{Deserialize, Serialize};

use crate::error::CreditError;

/// A settled slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// Which slot.
    pub slot: Slot,
    /// What the member has to pay for it, negative if it is paid.
    pub bill: Money,
    /// How the member's account stood when the slot was settled.
    pub payment: Payment,
    /// Energy bought in the auction, negative if sold.
    pub contracted: Energy,
    /// Net metered energy less contracted energy; without a reading, that of the substitute.
    pub deviation: Energy,
    /// Whether no reading came.
    pub missing: bool,
    /// What the meter counted as import; nothing without a reading.
    pub import: Energy,
    /// The part of the import that was produced in the region in the same slot.
    pub local_solar: Energy,
}

/// How a member's account stood when a slot was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Payment {
    /// The account covered the bill.
    OnTime,
    /// It did not; the debt is open since the end of the named slot.
    Overdue {
        /// The first slot of the debt, at most the entry's own.
        since: Slot,
    },
}

impl Entry {
    /// The entry that follows from a settlement line.
    pub const fn of_line(slot: Slot, line: &Line, payment: Payment) -> Self {
        let (import, missing) = match line.meter {
            Meter::Read(metered) => (metered.import(), false),
            Meter::Substituted(_) => (Energy::ZERO, true),
        };
        Self {
            slot,
            // The two amounts of a line are 64 bits and their sum was checked; so is its opposite,
            // but for one.
            bill: Money::from_nano(line.amount().nano().saturating_neg()),
            payment,
            contracted: line.contracted,
            deviation: line.deviation,
            missing,
            import,
            local_solar: line.local_solar,
        }
    }

    /// # Errors
    ///
    /// [`CreditError::LocalSolar`], [`CreditError::Unmetered`] or [`CreditError::OverdueSince`].
    pub(crate) fn check(&self) -> Result<(), CreditError> {
        let (slot, import, local_solar) = (self.slot, self.import, self.local_solar);
        if local_solar < Energy::ZERO || import < local_solar {
            return Err(CreditError::LocalSolar { slot, import, local_solar });
        }
        if self.missing && import != Energy::ZERO {
            return Err(CreditError::Unmetered { slot, import });
        }
        match self.payment {
            Payment::Overdue { since } if since > slot => {
                Err(CreditError::OverdueSince { slot, since })
            }
            _ => Ok(()),
        }
    }
}
