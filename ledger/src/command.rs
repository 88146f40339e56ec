//! Commands as they travel: bytes that the author signed, and the private part beside them.
//!
//! In: bytes from anybody. Out: a decoded command, or the reason why the entry may not be proposed.
//! Refuses to know: the state, so that replicas at different positions judge a proposal alike.

use crate::commitment::{Invalid, Reading};
use crate::contract::{Command, slot_market};
use crate::identity::Author;
use crate::refusal::Refusal;

/// The longest command that is decoded. The longest there is today has 50 bytes; the rest is room
/// for contracts to come, and small enough that a batch of refused ones stays cheap.
pub const MAX_COMMAND_BYTES: usize = 4096;

/// One ordered command: who signed it, what was signed, and what only replicas may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry<'a> {
    /// Whose command; somebody else checked the signature.
    pub author: Author,
    /// The command as it was signed: BCS of [`Command`].
    pub command: &'a [u8],
    /// The private part that the command commits to; empty for all but readings.
    pub private: &'a [u8],
}

impl Command {
    /// The one encoding: BCS.
    pub fn encode(&self) -> Vec<u8> {
        bcs::to_bytes(self).expect("commands hold integers and digests, which encode")
    }

    /// Reads a command; longer forms and trailing bytes are refused, so `encode` gives the same
    /// bytes again.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_COMMAND_BYTES {
            return Err(Refusal::Malformed);
        }
        bcs::from_bytes(bytes).map_err(|_| Refusal::Malformed)
    }

    /// The reading that goes with this command, opened from `private`; `None` for commands without
    /// one.
    ///
    /// # Errors
    ///
    /// [`Invalid`]: a reading without the value it commits to, or anything else with a private
    /// part.
    pub fn open(&self, private: &[u8]) -> Result<Option<Reading>, Invalid> {
        match self {
            Self::SlotMarket(slot_market::Command::SubmitReading { slot, meter, commitment }) => {
                Reading::open(private, *meter, *slot, commitment).map(Some)
            }
            _ => nothing_private(private).map(|()| None),
        }
    }
}

impl Entry<'_> {
    /// Whether an honest primary proposes this entry and an honest backup prepares it. Bytes that
    /// are no command are admissible: they get a receipt that says so. Reads no state.
    ///
    /// # Errors
    ///
    /// [`Invalid`], see [`Command::open`].
    pub fn admissible(&self) -> Result<(), Invalid> {
        match Command::decode(self.command) {
            Ok(command) => command.open(self.private).map(|_| ()),
            Err(_) => nothing_private(self.private),
        }
    }
}

/// What every command but a reading must come with.
fn nothing_private(private: &[u8]) -> Result<(), Invalid> {
    if private.is_empty() {
        Ok(())
    } else {
        Err(Invalid::PrivatePartUnexpected { bytes: private.len() as u64 })
    }
}

#[cfg(test)]
mod tests;
