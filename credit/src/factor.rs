//! The factors of the score, and what one settled slot says about each.
//!
//! In: a settled slot. Out: per factor nothing, or points lost of 1000 and why. Refuses to know:
//! weights, history.
//!
//! The factors and their weights follow the project's credit design; the formulas below are ours,
//! version 1 of the rule. A slot says nothing about a factor it gives no occasion for, so a member
//! is not judged on what it could not do.
//!
//! - *Payment punctuality.* Occasion: a bill above zero. Lost: nothing if the account covered it,
//!   else all 1000, again in every slot with a bill until the debt is paid.
//! - *Delivery reliability.* Occasion: a contract, or no reading. Lost: 1000 x excess / contract,
//!   at most 1000, where the excess is the deviation beyond max(50 Wh, 5 % of the contract); all
//!   1000 without a reading.
//! - *Local solar loyalty.* Occasion: an import. Lost: 500 x (1 - local / import), so that only the
//!   reward can be lost.

use market::{Energy, Money};
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Payment};

/// One of the things the score looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Factor {
    /// Whether bills are paid when they fall due.
    Punctuality,
    /// Whether contracted energy is delivered and used as contracted.
    Reliability,
    /// How much of the energy used was produced in the region at that time.
    Loyalty,
}

/// Why points were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// Bills were paid late or are open.
    LatePayment,
    /// Metered energy left the tolerance band around the contract.
    Deviation,
    /// No reading came.
    MissingReading,
    /// Energy was used when little of it was produced in the region.
    LittleLocalSolar,
    /// Little is known yet: the neutral start still weighs.
    ShortHistory,
}

/// What a slot says about a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// Points lost, 0..=1000.
    pub(crate) lost: u64,
    /// Why, if any were lost.
    pub(crate) cause: Cause,
}

impl Factor {
    /// All factors, in the order of their weights.
    pub const ALL: [Self; 3] = [Self::Punctuality, Self::Reliability, Self::Loyalty];

    /// The causes that cost points of this factor beside a short history.
    pub const fn causes(self) -> &'static [Cause] {
        match self {
            Self::Punctuality => &[Cause::LatePayment],
            Self::Reliability => &[Cause::Deviation, Cause::MissingReading],
            Self::Loyalty => &[Cause::LittleLocalSolar],
        }
    }

    /// What `entry` says about this factor, `None` if it gave no occasion.
    pub(crate) fn observe(self, entry: &Entry) -> Option<Observation> {
        match self {
            Self::Punctuality => punctuality(entry),
            Self::Reliability => reliability(entry),
            Self::Loyalty => loyalty(entry),
        }
    }
}

impl Cause {
    /// All causes; the order breaks ties between equal losses.
    pub const ALL: [Self; 5] = [
        Self::LatePayment,
        Self::Deviation,
        Self::MissingReading,
        Self::LittleLocalSolar,
        Self::ShortHistory,
    ];
}

/// The least deviation that costs points: meters count in steps of 1 to 10 Wh.
const BAND_WH: u64 = 50;
/// The part of the contract that may be missed, 1 / 20 = 5 %.
const BAND_PART: u64 = 20;
/// What a slot can lose, and what a factor and a score have at best.
pub(crate) const ALL_POINTS: u64 = 1000;
/// What loyalty can add to the neutral 500, and so the most that can be lost.
const LOYALTY_REWARD: i128 = 500;

fn punctuality(entry: &Entry) -> Option<Observation> {
    if entry.bill <= Money::ZERO {
        return None;
    }
    // Not graded by days: a debt that stays open loses again in every slot that has a bill, and any
    // points for a late payment could lift a low score.
    let lost = if entry.payment == Payment::OnTime { 0 } else { ALL_POINTS };
    Some(Observation { lost, cause: Cause::LatePayment })
}

fn reliability(entry: &Entry) -> Option<Observation> {
    if entry.missing {
        return Some(Observation { lost: ALL_POINTS, cause: Cause::MissingReading });
    }
    let contracted = entry.contracted.wh().unsigned_abs();
    if contracted == 0 {
        return None;
    }
    let band = BAND_WH.max(contracted / BAND_PART);
    let excess = entry.deviation.wh().unsigned_abs().saturating_sub(band);
    let lost = u128::from(excess) * u128::from(ALL_POINTS) / u128::from(contracted);
    let lost = lost.min(ALL_POINTS.into()) as u64;
    Some(Observation { lost, cause: Cause::Deviation })
}

fn loyalty(entry: &Entry) -> Option<Observation> {
    if entry.import == Energy::ZERO {
        return None;
    }
    let foreign = i128::from(entry.import.wh()) - i128::from(entry.local_solar.wh());
    // The entry was checked: 0 <= local <= import, so 0 <= lost <= 500.
    let lost = foreign * LOYALTY_REWARD / i128::from(entry.import.wh());
    Some(Observation { lost: lost as u64, cause: Cause::LittleLocalSolar })
}
