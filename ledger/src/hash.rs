//! 32-byte BLAKE3 hashes: one type for every digest of the ledger, one function that makes them.
//!
//! In: a value with one canonical encoding (BCS) and a context that says what it is. Out: 32 bytes.
//! Refuses to know: what the value means. Two contexts never share a hash: the context is part of
//! the key (BLAKE3, `derive_key` mode).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A BLAKE3 digest. Text formats show it as 64 lower-case hexadecimal digits, BCS as 32 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// 32 zero bytes: the parent of the first block, the root of an empty tree. No value hashes to
    /// it.
    pub const ZERO: Self = Self([0; 32]);

    /// Takes over a digest that somebody else computed.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest as bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest that `text` shows: exactly 64 lower-case hexadecimal digits, otherwise `None`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// The digest of `value` in the domain that `context` names. A context is written once in the
    /// program, says project, purpose and version, and is never reused for another purpose.
    pub(crate) fn of(context: &'static str, value: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(512); // longer than most, so that it need not grow
        bcs::serialize_into(&mut bytes, value)
            .expect("our types hold no floats and no sequences without length");
        Self(blake3::derive_key(context, &bytes))
    }
}

/// The value of one lower-case hexadecimal digit.
fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).ok_or_else(|| D::Error::custom("expected 64 lower-case hex digits"))
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hash;

    /// What is shown can be read back, and nothing but that form is read.
    #[test]
    fn text_form_is_unique() {
        let hash = Hash::new(std::array::from_fn(|index| (index * 9) as u8));
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse(&hash.to_string().to_uppercase()), None);
        assert_eq!(Hash::parse(&hash.to_string()[1..]), None);
        assert_eq!(Hash::parse(&"g".repeat(64)), None);
    }

    /// One value in two contexts has two digests; the digest is BLAKE3's `derive_key` of the BCS
    /// bytes.
    #[test]
    fn the_context_separates_domains() {
        let value = 7_u32;
        assert_ne!(Hash::of("one", &value), Hash::of("two", &value));
        assert_eq!(Hash::of("one", &value).bytes(), &blake3::derive_key("one", &[7, 0, 0, 0]));
    }
}
