//! One encoding per value: BCS, with a bound on every length.
//!
//! In: values of this crate, or bytes from outside. Out: bytes, or a value whose encoding is exactly those
//! bytes: BCS refuses longer integers, trailing bytes and unordered keys, so what is hashed or signed has one
//! form. Refuses to know: sockets and frames.

use serde::{Serialize, de::DeserializeOwned};

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

/// Why encoding cannot fail.
const BOUNDED: &str = "values of this crate have bounded depth and known lengths";

/// The canonical encoding of `value`, in exactly as much memory as it takes.
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let size = bcs::serialized_size(value).expect(BOUNDED);
    let mut bytes = Vec::with_capacity(size);
    encode_into(&mut bytes, value);
    bytes
}

/// Appends the canonical encoding of `value` to `bytes`.
pub fn encode_into(bytes: &mut Vec<u8>, value: &impl Serialize) {
    bcs::serialize_into(bytes, value).expect(BOUNDED);
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
