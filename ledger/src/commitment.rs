//! Readings stay private: the ledger orders a salted commitment, the value travels beside it.
//!
//! In: a reading with its salt. Out: the commitment to it, or the reason why value and commitment
//! do not fit. Refuses to know: who stores the value, and for how long. The salt hides the value:
//! without it, a few thousand guesses would find how much a home used.

use market::{Energy, Metered, Slot};
use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::identity::MeterId;

/// What one meter measured in one slot: the private part of a `SubmitReading` command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reading {
    /// Withdrawn from the grid in the slot (OBIS 1-0:1.8.0, difference of two registers), 0 or
    /// more.
    pub import: Energy,
    /// Injected into the grid in the slot (OBIS 1-0:2.8.0, difference of two registers), 0 or more.
    pub export: Energy,
    /// Random bytes that only the meter and the replicas' off-chain stores hold.
    pub salt: [u8; 32],
}

impl Reading {
    /// Length of the encoded form: two registers of 8 bytes and a salt of 32.
    pub const BYTES: usize = 48;

    const CONTEXT: &str = "gridquorum ledger reading commitment v1";

    /// The commitment that binds this reading to its meter and slot.
    pub fn commitment(&self, meter: MeterId, slot: Slot) -> Commitment {
        let covered = (meter, slot, self.import, self.export, self.salt);
        Commitment(Hash::of(Self::CONTEXT, &covered))
    }

    /// The one encoding: BCS.
    pub fn encode(&self) -> Vec<u8> {
        bcs::to_bytes(self).expect("three fields of fixed length encode")
    }

    /// The reading that `private` holds, if it is the one that `commitment` covers.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with the reason; it names no measured value.
    pub fn open(
        private: &[u8],
        meter: MeterId,
        slot: Slot,
        commitment: &Commitment,
    ) -> Result<Self, Invalid> {
        if private.is_empty() {
            return Err(Invalid::PrivatePartMissing { meter, slot });
        }
        let malformed = |_| Invalid::PrivatePartMalformed { meter, slot };
        let reading: Self = bcs::from_bytes(private).map_err(malformed)?;
        reading.check(meter, slot, commitment)?;
        Ok(reading)
    }

    /// The value as settlement wants it.
    ///
    /// # Errors
    ///
    /// [`Invalid::ReadingOutOfBounds`].
    pub(crate) fn metered(&self, meter: MeterId, slot: Slot) -> Result<Metered, Invalid> {
        let max = Energy::MAX_PER_SLOT;
        let outside = |_| Invalid::ReadingOutOfBounds { meter, slot, max };
        Metered::try_new(self.import, self.export).map_err(outside)
    }

    /// Whether this is a possible reading, and the one that `commitment` covers.
    ///
    /// # Errors
    ///
    /// [`Invalid::ReadingOutOfBounds`] or [`Invalid::CommitmentMismatch`].
    pub(crate) fn check(
        &self,
        meter: MeterId,
        slot: Slot,
        commitment: &Commitment,
    ) -> Result<(), Invalid> {
        self.metered(meter, slot)?;
        if self.commitment(meter, slot) != *commitment {
            return Err(Invalid::CommitmentMismatch { meter, slot });
        }
        Ok(())
    }
}

/// A salted hash that covers meter, slot and reading, and shows none of the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(Hash);

impl Commitment {
    /// Takes over a commitment that somebody else computed.
    pub const fn new(hash: Hash) -> Self {
        Self(hash)
    }

    /// The hash.
    pub const fn hash(&self) -> &Hash {
        &self.0
    }
}

/// Why an entry may not be proposed: its private part does not belong to its command. Names no
/// private value.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
pub enum Invalid {
    /// A reading came without its value and salt.
    #[error("the reading of meter {meter} for slot {slot} came without its private part")]
    PrivatePartMissing {
        /// The meter named in the command.
        meter: MeterId,
        /// The slot named in the command.
        slot: Slot,
    },
    /// A command that has nothing private came with a private part.
    #[error("a command without private part came with one of {bytes} bytes")]
    PrivatePartUnexpected {
        /// Its length.
        bytes: u64,
    },
    /// The private part is not the canonical encoding of a reading.
    #[error("the private part of the reading of meter {meter} for slot {slot} does not decode")]
    PrivatePartMalformed {
        /// The meter named in the command.
        meter: MeterId,
        /// The slot named in the command.
        slot: Slot,
    },
    /// A register is below zero or above the bound.
    #[error("the reading of meter {meter} for slot {slot} lies outside 0 ..= {max}")]
    ReadingOutOfBounds {
        /// The meter named in the command.
        meter: MeterId,
        /// The slot named in the command.
        slot: Slot,
        /// [`Energy::MAX_PER_SLOT`].
        max: Energy,
    },
    /// The private part is a reading, but not the one that was committed to.
    #[error("the reading of meter {meter} for slot {slot} is not the one its commitment covers")]
    CommitmentMismatch {
        /// The meter named in the command.
        meter: MeterId,
        /// The slot named in the command.
        slot: Slot,
    },
}

#[cfg(test)]
mod tests {
    use market::{Energy, Slot};

    use super::{Invalid, Reading};
    use crate::identity::MeterId;

    const METER: MeterId = MeterId::new(5);
    const SLOT: Slot = Slot::new(9);

    fn reading(import: i64, export: i64) -> Reading {
        let (import, export) = (Energy::from_wh(import), Energy::from_wh(export));
        Reading { import, export, salt: [7; 32] }
    }

    fn open(reading: &Reading, private: &[u8]) -> Result<Reading, Invalid> {
        Reading::open(private, METER, SLOT, &reading.commitment(METER, SLOT))
    }

    /// The value that was committed to opens its commitment, at both ends of the range.
    #[test]
    fn a_matching_private_part_opens() {
        for honest in [reading(0, 0), reading(250, 3), reading(1_000_000_000, 1_000_000_000)] {
            assert_eq!(honest.encode().len(), Reading::BYTES);
            assert_eq!(open(&honest, &honest.encode()), Ok(honest));
        }
    }

    /// Every single-bit change of the private part is noticed.
    #[test]
    fn any_other_private_part_is_refused() {
        let honest = reading(250, 3);
        for bit in 0..Reading::BYTES * 8 {
            let mut private = honest.encode();
            private[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&honest, &private).is_err(), "bit {bit}");
        }
    }

    /// Each flaw has its own name: absent, too short, trailing bytes, out of bounds.
    #[test]
    fn flaws_are_told_apart() {
        let honest = reading(250, 3);
        let missing = Invalid::PrivatePartMissing { meter: METER, slot: SLOT };
        let malformed = Invalid::PrivatePartMalformed { meter: METER, slot: SLOT };
        let bounds =
            Invalid::ReadingOutOfBounds { meter: METER, slot: SLOT, max: Energy::MAX_PER_SLOT };
        assert_eq!(open(&honest, &[]), Err(missing));
        assert_eq!(open(&honest, &honest.encode()[1..]), Err(malformed));
        assert_eq!(open(&honest, &[honest.encode(), vec![0]].concat()), Err(malformed));
        for wild in [reading(-1, 0), reading(0, 1_000_000_001)] {
            assert_eq!(open(&wild, &wild.encode()), Err(bounds));
        }
    }

    /// A commitment is bound to meter and slot: it cannot be replayed for another of either.
    #[test]
    fn a_commitment_is_bound_to_meter_and_slot() {
        let honest = reading(250, 3);
        let here = honest.commitment(METER, SLOT);
        assert_ne!(here, honest.commitment(MeterId::new(6), SLOT));
        assert_ne!(here, honest.commitment(METER, SLOT.next()));
        assert_ne!(here, Reading { salt: [8; 32], ..honest }.commitment(METER, SLOT));
    }
}
