//! Reasons: which causes cost how many points, and what would win them back.
//!
//! In: a cause and its points. Out: a reason a person can act on. Refuses to know: how points are
//! computed.

use market::Slot;
use serde::{Deserialize, Serialize};

use crate::factor::Cause;

/// Why a score is not 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reason {
    /// The cause.
    pub cause: Cause,
    /// Points of the score it cost.
    pub lost: u16,
    /// The latest of the remembered slots in which it cost points.
    pub latest: Option<Slot>,
}

impl Reason {
    /// Reasons a score is given with at most, as lenders must name the main ones and no more than
    /// people read.
    pub const MOST: usize = 4;

    /// The code of the reason, stable for machines.
    pub const fn code(&self) -> &'static str {
        self.cause.code()
    }

    /// What would raise the score.
    pub const fn raised_by(&self) -> &'static str {
        self.cause.raised_by()
    }
}

impl Cause {
    /// The code of the cause, stable for machines.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LatePayment => "late-payment",
            Self::Deviation => "deviation",
            Self::MissingReading => "missing-reading",
            Self::LittleLocalSolar => "little-local-solar",
            Self::ShortHistory => "short-history",
        }
    }

    /// What would raise the score, addressed to the member.
    pub const fn raised_by(self) -> &'static str {
        match self {
            Self::LatePayment => "keep the account above zero when a slot is settled",
            Self::Deviation => {
                "order what you will use or deliver, within 50 Wh or 5 % of the contract"
            }
            Self::MissingReading => "have the meter report every slot",
            Self::LittleLocalSolar => "use energy while the region's panels produce it",
            Self::ShortHistory => "more settled slots; nothing else is needed",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cost {} points", self.code(), self.lost)?;
        if let Some(slot) = self.latest {
            write!(f, ", last in slot {slot}")?;
        }
        write!(f, "; to raise it: {}", self.raised_by())
    }
}
