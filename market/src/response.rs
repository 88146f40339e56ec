//! Demand response: a baseline, an ordered change, what was achieved, a reward or a penalty.
//!
//! In: baselines and ordered changes of one slot, rates, then one meter value per participant. Out:
//! what each gets or pays, and the operator's line. Refuses to know: accounts, signatures, how
//! orders reach a home.
//!
//! The rules are ours: of the paper that the idea is from (Pop et al., Sensors 2018) no formula is
//! known to us. Per participant: baseline B, ordered change d (below zero is to consume less),
//! expected E = B + d, metered M, all net energies in Wh.
//!
//! ```text
//! achieved  = (M - B) / d moved into [0, 1], here as Wh of the |d| that were ordered
//! deviation = |M - E|,  free band = tolerance x |d|
//! deviation <= band:  reward = p_r x min(|M - B|, |d|), no penalty
//! otherwise:          no reward, penalty = p_p x (deviation - band)
//! ```
//!
//! Everything is exact, but for the penalty where the band is no whole number of Wh: it is rounded
//! down to nano-currency, in favour of who pays it. Rewards are paid by the operator's account and
//! penalties to it, so each payment has two sides and nothing is left over.
//!
//! # Guarantees
//!
//! *One payment*: a reward or a penalty or nothing. *Bounded*: a reward is at most p_r |d|. *No
//! order, no payment*. *Once*: a meter value is settled once. *Exact orders*: their sizes add up to
//! the imbalance, or to all the flexibility there is, see [`orders`].
//!
//! *Silence earns nothing*: who sends no reading gets no reward, and pays at least the penalty of
//! having done nothing; its substitute counts if that is further away.

mod time;
mod error;
mod baseline;
mod share;
mod value;
mod event;
mod signal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use baseline::{MAX_DAYS, Observed, baseline};
pub use error::{EventError, ResponseError};
pub use event::{
    Event, Interval, IntervalPeriod, MAX_INTERVALS, MAX_PAYLOADS, MAX_TARGETS, MAX_VALUES, Name,
    Payload, PayloadDescriptor, ProgramId,
};
pub use share::{Change, Flexibility, MAX_PARTICIPANTS, orders};
pub use signal::{Level, Signal, SlotClock, publish, signals};
pub use time::{Moment, Span, TimeError};
pub use value::{Number, Value};

use crate::energy::Energy;
use crate::ids::ParticipantId;
use crate::meter::Meter;
use crate::money::{Money, Price};
use crate::slot::Slot;
use crate::tariff::Tariff;

/// What following an order is worth and what not following it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawIncentive", into = "RawIncentive")]
pub struct Incentive {
    tolerance: u32,
    reward: Price,
    penalty: Price,
}

impl Incentive {
    /// A band of `tolerance` permille of the ordered change, and rates per kWh.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Tolerance`] above 1,000 permille: with a wider band a change in the wrong
    /// direction would be in it. [`ResponseError::Rate`] below zero or above
    /// [`Tariff::MAX_PRICE`].
    pub fn try_new(tolerance: u32, reward: Price, penalty: Price) -> Result<Self, ResponseError> {
        if tolerance > 1_000 {
            return Err(ResponseError::Tolerance(tolerance));
        }
        let max = Tariff::MAX_PRICE;
        match [reward, penalty].into_iter().find(|rate| !(Price::ZERO..=max).contains(rate)) {
            Some(got) => Err(ResponseError::Rate { got, max }),
            None => Ok(Self { tolerance, reward, penalty }),
        }
    }

    /// What is paid for an order over `size` of which `earned` counts, at `deviation` from what was
    /// expected.
    fn payment(&self, size: i128, earned: i128, deviation: i128) -> Payment {
        // In thousandths of a Wh the band is a whole number.
        let excess = 1_000 * deviation - i128::from(self.tolerance) * size;
        if excess <= 0 {
            return Payment::Reward(times(self.reward, 1_000 * earned.min(size)));
        }
        Payment::Penalty(times(self.penalty, excess))
    }
}

/// A rate times thousandths of a Wh, rounded down to nano-currency.
fn times(rate: Price, milli_wh: i128) -> Money {
    let nano = i128::from(rate.micro_per_kwh()) * milli_wh / 1_000;
    // A rate is at most 10^9 and no energy of a slot exceeds 5 x 10^9 Wh.
    Money::from_nano(i64::try_from(nano).expect("a bounded rate times a bounded energy"))
}

/// What somebody gets or pays for an ordered change; one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Payment {
    /// From the operator to the participant; not below zero.
    Reward(Money),
    /// From the participant to the operator; not below zero.
    Penalty(Money),
}

impl Payment {
    /// Change of the participant's account; the operator's changes by the opposite.
    pub const fn amount(&self) -> Money {
        match self {
            Self::Reward(money) => *money,
            Self::Penalty(money) => Money::from_nano(-money.nano()),
        }
    }
}

/// What became of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Achievement {
    /// Whose.
    pub participant: ParticipantId,
    /// What it would have done.
    pub baseline: Energy,
    /// What it was ordered to change.
    pub change: Energy,
    /// What its meter counted, or the import that was settled in its place.
    pub meter: Meter,
    /// How much of the ordered change was done: from nothing to all of it, never below zero.
    pub achieved: Energy,
    /// How far the meter is from what was expected.
    pub deviation: Energy,
    /// What follows.
    pub payment: Payment,
}

/// The orders of one slot, and which of them are settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    slot: Slot,
    incentive: Incentive,
    /// Baseline and ordered change, by participant.
    open: BTreeMap<ParticipantId, (Energy, Energy)>,
    settled: BTreeMap<ParticipantId, Achievement>,
}

impl Call {
    /// Calls upon everybody in `rows`: what each would have done, and what it is to change. They
    /// ascend by participant, as [`orders`] returns them.
    ///
    /// # Errors
    ///
    /// [`ResponseError::TooMany`], [`ResponseError::Unordered`], [`ResponseError::Energy`] for a
    /// baseline or a change beyond [`Energy::MAX_PER_SLOT`] in either direction.
    pub fn try_new(
        slot: Slot,
        incentive: Incentive,
        rows: &[(Energy, Change)],
    ) -> Result<Self, ResponseError> {
        if rows.len() > MAX_PARTICIPANTS {
            return Err(ResponseError::TooMany { got: rows.len(), max: MAX_PARTICIPANTS });
        }
        for pair in rows.windows(2) {
            let (before, next) = (pair[0].1.participant, pair[1].1.participant);
            if before >= next {
                return Err(ResponseError::Unordered { before, next });
            }
        }
        let high = Energy::MAX_PER_SLOT;
        let low = Energy::from_wh(-high.wh());
        let mut open = BTreeMap::new();
        for (baseline, Change { participant, energy }) in rows {
            let (participant, energies) = (*participant, [*baseline, *energy]);
            if let Some(got) = energies.into_iter().find(|energy| !(low..=high).contains(energy)) {
                return Err(ResponseError::Energy { participant, got, low, high });
            }
            // An order to change nothing is none.
            if *energy != Energy::ZERO {
                open.insert(participant, (*baseline, *energy));
            }
        }
        Ok(Self { slot, incentive, open, settled: BTreeMap::new() })
    }

    /// The slot.
    pub const fn slot(&self) -> Slot {
        self.slot
    }

    /// Who is not settled yet: participant, baseline, ordered change.
    pub fn open(&self) -> impl Iterator<Item = (ParticipantId, Energy, Energy)> {
        self.open.iter().map(|(who, (baseline, change))| (*who, *baseline, *change))
    }

    /// What was settled, ascending by participant.
    pub fn settled(&self) -> impl Iterator<Item = &Achievement> {
        self.settled.values()
    }

    /// Change of the operator's account by everything settled so far, in nano-currency; exactly the
    /// opposite of what the participants got.
    pub fn operator(&self) -> i128 {
        -self.settled().map(|row| i128::from(row.payment.amount().nano())).sum::<i128>()
    }

    /// Settles one participant on its meter.
    ///
    /// # Errors
    ///
    /// [`ResponseError::AlreadySettled`], [`ResponseError::NotCalled`], and
    /// [`ResponseError::Energy`] for a substitute that no meter could have reported.
    pub fn settle(
        &mut self,
        participant: ParticipantId,
        meter: Meter,
    ) -> Result<Achievement, ResponseError> {
        if self.settled.contains_key(&participant) {
            return Err(ResponseError::AlreadySettled(participant));
        }
        let (baseline, change) =
            *self.open.get(&participant).ok_or(ResponseError::NotCalled(participant))?;
        let (low, high) = (Energy::ZERO, Energy::MAX_PER_SLOT);
        let got = meter.import();
        if !(low..=high).contains(&got) {
            return Err(ResponseError::Energy { participant, got, low, high });
        }
        let achievement = self.judge(participant, (baseline, change), meter);
        self.open.remove(&participant);
        self.settled.insert(participant, achievement);
        Ok(achievement)
    }

    fn judge(
        &self,
        participant: ParticipantId,
        (baseline, change): (Energy, Energy),
        meter: Meter,
    ) -> Achievement {
        let wh = |energy: Energy| i128::from(energy.wh());
        let (size, sign) = (wh(change).abs(), wh(change).signum());
        let moved = wh(meter.net()) - wh(baseline);
        let deviation = (moved - wh(change)).abs();
        // Without a reading nothing was moved, and what stands in for it may be even further away.
        let (achieved, earned, deviation) = match meter.reading() {
            Some(_) => ((moved * sign).clamp(0, size), moved.abs(), deviation),
            None => (0, 0, deviation.max(size)),
        };
        let payment = self.incentive.payment(size, earned, deviation);
        // All of these are sums of at most three energies of a slot.
        let energy = |wh: i128| Energy::from_wh(wh as i64);
        let (achieved, deviation) = (energy(achieved), energy(deviation));
        Achievement { participant, baseline, change, meter, achieved, deviation, payment }
    }
}

/// The three numbers as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawIncentive {
    tolerance: u32,
    reward: Price,
    penalty: Price,
}

impl TryFrom<RawIncentive> for Incentive {
    type Error = ResponseError;

    fn try_from(raw: RawIncentive) -> Result<Self, ResponseError> {
        Self::try_new(raw.tolerance, raw.reward, raw.penalty)
    }
}

impl From<Incentive> for RawIncentive {
    fn from(incentive: Incentive) -> Self {
        Self {
            tolerance: incentive.tolerance,
            reward: incentive.reward,
            penalty: incentive.penalty,
        }
    }
}
