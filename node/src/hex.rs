//! 32 bytes as text: 64 lower-case hexadecimal digits.
//!
//! In: bytes or text. Out: the other. Refuses to know: whether they are a key, a hash or a seed.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 32 bytes that people read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex32(pub [u8; 32]);

impl Hex32 {
    /// The bytes that `text` shows; `None` unless it is exactly 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        ledger::Hash::parse(text).map(|hash| Self(*hash.bytes()))
    }
}

impl std::fmt::Display for Hex32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Hex32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!("expected 64 lower-case hexadecimal digits, got {text:?}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes_are_one_to_one() {
        let value = Hex32([0xab; 32]);
        assert_eq!(Hex32::parse(&value.to_string()), Some(value));
        for bad in ["", "ab", &"AB".repeat(32), &"zz".repeat(32), &"ab".repeat(33)] {
            assert_eq!(Hex32::parse(bad), None, "{bad}");
        }
    }
}
