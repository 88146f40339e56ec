//! Who has to change by how much: an imbalance shared by flexibility (ours).
//!
//! In: an imbalance, a threshold, what each participant offers to move. Out: one ordered change per
//! participant. Refuses to know: baselines, payments, and why the slot is out of balance.

use serde::{Deserialize, Serialize};

use super::error::ResponseError;
use crate::apportion::apportion;
use crate::energy::Energy;
use crate::ids::ParticipantId;
use crate::matching::Seed;

/// Participants of one call.
pub const MAX_PARTICIPANTS: usize = 1_000_000;

/// What a participant can move in the slot, in the direction that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flexibility {
    /// Who.
    pub participant: ParticipantId,
    /// At most this much, `0 ..=` [`Energy::MAX_PER_SLOT`].
    pub energy: Energy,
}

/// What a participant is ordered to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// Who.
    pub participant: ParticipantId,
    /// By how much to consume more, or less if it is below zero; never zero.
    pub energy: Energy,
}

/// Shares `imbalance`, production less consumption, among `offers`, which ascend by participant.
///
/// Nobody is called unless it exceeds `threshold` in either direction. Each is ordered to move its
/// part of the imbalance, pro rata to its flexibility and rounded down; what rounding left over
/// goes out in single Wh, the largest remainders first, equal ones by lot. So the orders add up to
/// the imbalance exactly, or to all the flexibility there is if that is less, and nobody is asked
/// for more than it offers. Those whose part is nothing are left out.
///
/// # Errors
///
/// [`ResponseError::Threshold`], [`ResponseError::TooMany`], [`ResponseError::Unordered`] and
/// [`ResponseError::Energy`].
pub fn orders(
    imbalance: Energy,
    threshold: Energy,
    offers: &[Flexibility],
    seed: &Seed,
) -> Result<Vec<Change>, ResponseError> {
    check(threshold, offers)?;
    let wanted = imbalance.wh().unsigned_abs();
    if wanted <= threshold.wh().unsigned_abs() {
        return Ok(Vec::new());
    }
    let claims: Vec<u64> = offers.iter().map(|offer| offer.energy.wh().unsigned_abs()).collect();
    let parts = apportion(wanted, &claims, |at| seed.lot(offers[at].participant));
    // A deficit is below zero, and so are the changes that heal it.
    let sign = imbalance.wh().signum();
    let changes = offers.iter().zip(parts).map(|(offer, part)| Change {
        participant: offer.participant,
        energy: Energy::from_wh(sign * part as i64),
    });
    Ok(changes.filter(|change| change.energy != Energy::ZERO).collect())
}

fn check(threshold: Energy, offers: &[Flexibility]) -> Result<(), ResponseError> {
    if threshold < Energy::ZERO {
        return Err(ResponseError::Threshold(threshold));
    }
    if offers.len() > MAX_PARTICIPANTS {
        return Err(ResponseError::TooMany { got: offers.len(), max: MAX_PARTICIPANTS });
    }
    for pair in offers.windows(2) {
        let (before, next) = (pair[0].participant, pair[1].participant);
        if before >= next {
            return Err(ResponseError::Unordered { before, next });
        }
    }
    let (low, high) = (Energy::ZERO, Energy::MAX_PER_SLOT);
    let outside = offers.iter().find(|offer| !(low..=high).contains(&offer.energy));
    outside.map_or(Ok(()), |offer| {
        let (participant, got) = (offer.participant, offer.energy);
        Err(ResponseError::Energy { participant, got, low, high })
    })
}
