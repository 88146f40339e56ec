//! What is remembered of a member's settled slots: occasions and points lost, and the last few slots
//! themselves.
//!
//! In: settled slots, forward in time, each once. Out: exact sums per factor and cause. Refuses to
//! know: weights, scores.
//!
//! The sums are all a score needs, so a history has the same size after a day and after ten years.
//! The last slots are kept so that a reason can name the latest occasion.

use market::Slot;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::error::CreditError;
use crate::factor::{ALL_POINTS, Cause, Factor};

/// A member's past.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawHistory")]
pub struct History {
    /// The last slot that was folded in.
    last: Option<Slot>,
    /// Slots that gave an occasion, per factor.
    observed: [u64; Factor::ALL.len()],
    /// Points of 1000 lost, summed over the slots, per cause.
    lost: [u64; Cause::ALL.len()],
    /// Slots folded in.
    slots: u32,
    /// The last slots, oldest first.
    recent: Vec<Entry>,
}

impl History {
    /// Slots kept as they were: two hours, enough to name the latest occasion of most reasons.
    pub const RECENT: usize = 8;

    /// Folds a settled slot in.
    ///
    /// # Errors
    ///
    /// [`CreditError::OutOfOrder`] for a slot that is not after the last one;
    /// [`CreditError::LocalSolar`], [`CreditError::Unmetered`] and [`CreditError::OverdueSince`] for
    /// an entry that contradicts itself. After an error the history is unchanged.
    pub fn fold(&mut self, entry: Entry) -> Result<(), CreditError> {
        entry.check()?;
        if let Some(last) = self.last.filter(|last| entry.slot <= *last) {
            return Err(CreditError::OutOfOrder { got: entry.slot, last });
        }
        for factor in Factor::ALL {
            if let Some(observation) = factor.observe(&entry) {
                self.observed[factor as usize] += 1;
                self.lost[observation.cause as usize] += observation.lost;
            }
        }
        self.last = Some(entry.slot);
        self.slots += 1; // slots ascend, so there are never more than 32 bits count
        if self.recent.len() >= Self::RECENT {
            self.recent.remove(0);
        }
        self.recent.push(entry);
        Ok(())
    }

    /// The last slot that was folded in.
    pub const fn last(&self) -> Option<Slot> {
        self.last
    }

    /// Slots that gave an occasion for `factor`.
    pub const fn observed(&self, factor: Factor) -> u64 {
        self.observed[factor as usize]
    }

    /// Points of 1000 lost to `cause`, summed over the slots.
    pub const fn lost(&self, cause: Cause) -> u64 {
        self.lost[cause as usize]
    }

    /// The latest of the kept slots in which `cause` cost points.
    pub fn latest(&self, cause: Cause) -> Option<Slot> {
        let cost = |entry: &&Entry| {
            let observed = Factor::ALL.iter().filter_map(|factor| factor.observe(entry));
            observed.into_iter().any(|seen| seen.cause == cause && seen.lost > 0)
        };
        self.recent.iter().rev().find(cost).map(|entry| entry.slot)
    }
}

/// A history as it travels, before it is checked; the fields are those of [`History`], in their
/// order.
#[derive(Deserialize)]
struct RawHistory {
    last: Option<Slot>,
    observed: [u64; Factor::ALL.len()],
    lost: [u64; Cause::ALL.len()],
    slots: u32,
    recent: Vec<Entry>,
}

impl TryFrom<RawHistory> for History {
    type Error = CreditError;

    /// Accepts what folding could have produced, as far as the sums show it.
    fn try_from(raw: RawHistory) -> Result<Self, CreditError> {
        let RawHistory { last, observed, lost, slots, recent } = raw;
        let plausible = |factor: Factor| {
            let seen = observed[factor as usize];
            let lost = |cause: &Cause| lost[*cause as usize];
            let all = factor.causes().iter().map(lost).try_fold(0, u64::checked_add);
            seen <= u64::from(slots) && all.is_some_and(|all| all <= ALL_POINTS * seen)
        };
        // Slot n is the (n + 1)-st at most.
        let room = last.map_or(0, |last| u64::from(last.get()) + 1);
        let kept = u64::from(slots) <= room
            && recent.len() == Self::RECENT.min(slots as usize)
            && recent.last().map(|entry| entry.slot) == last
            && recent.windows(2).all(|pair| pair[0].slot < pair[1].slot);
        if !kept || !Factor::ALL.into_iter().all(plausible) {
            return Err(CreditError::History { slots, observed, lost });
        }
        recent.iter().try_for_each(Entry::check)?;
        Ok(Self { last, observed, lost, slots, recent })
    }
}
