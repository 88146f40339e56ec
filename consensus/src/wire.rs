//! One encoding per value: BCS, with a bound on every length.
//!
//! In: values of this crate, or bytes from outside. Out: bytes, or a value whose encoding is exactly those
//! bytes: BCS refuses longer integers, trailing bytes and unordered keys, so what is hashed or signed has one
//! form. Refuses to know: sockets and frames.

use serde::{Serialize, de::DeserializeOwned};

use crate::ids::Digest;

/// Why bytes are not a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// More bytes than the receiver is willing to look at.
    #[error("{got} bytes where at most {max} are allowed")]
    TooLong {
        /// Bytes offered.
        got: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not the canonical encoding of the expected type.
    #[error("not canonical: {0}")]
    Malformed(bcs::Error),
}

/// The canonical encoding of `value`.
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(Digest::ROOM);
    bcs::serialize_into(&mut bytes, value)
        .expect("values of this crate have bounded depth and known lengths");
    bytes
}

/// Decodes a value from exactly `bytes`.
///
/// # Errors
///
/// [`WireError::TooLong`] above `max` bytes, [`WireError::Malformed`] for anything but the one encoding.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], max: usize) -> Result<T, WireError> {
    if bytes.len() > max {
        return Err(WireError::TooLong { got: bytes.len(), max });
    }
    bcs::from_bytes(bytes).map_err(WireError::Malformed)
}
