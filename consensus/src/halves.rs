//! Arrays of 32 bytes in two pieces: the encoding that the array has, without a call per byte.
//!
//! In: 32 bytes. Out: two 128-bit numbers, whose canonical encoding (little endian, no length) is those bytes. Refuses
//! to know: what the bytes mean. To be named in `serde(with)`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the bytes.
///
/// # Errors
///
/// Those of the serializer.
pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    let (low, high) = bytes.split_at(16);
    let number = |half: &[u8]| u128::from_le_bytes(half.try_into().expect("half of 32 is 16"));
    (number(low), number(high)).serialize(serializer)
}

/// Reads them.
///
/// # Errors
///
/// Those of the deserializer.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[u8; 32], D::Error> {
    let (low, high) = <(u128, u128)>::deserialize(deserializer)?;
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&low.to_le_bytes());
    bytes[16..].copy_from_slice(&high.to_le_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct Halved(#[serde(with = "super")] [u8; 32]);

    /// The encoding is the bytes themselves, as for a plain array.
    #[test]
    fn the_encoding_is_that_of_the_array() {
        let bytes: [u8; 32] = std::array::from_fn(|index| index as u8 * 7);
        let encoded = bcs::to_bytes(&Halved(bytes)).expect("fixed size");
        assert_eq!(encoded, bytes);
        assert_eq!(encoded, bcs::to_bytes(&bytes).expect("fixed size"));
        assert_eq!(bcs::from_bytes(&encoded), Ok(Halved(bytes)));
        assert!(bcs::from_bytes::<Halved>(&encoded[..31]).is_err());
    }
}
