//! The running digest of a run: two runs with equal digests went the same way.
//!
//! In: numbers and hashable values. Out: 128 bits that depend on all of them and their order. Refuses to know: what
//! they mean. Values go in through `Hash`, byte by byte: nothing is formatted.

use std::hash::{Hash, Hasher};

use crate::ids::Digest;

/// Two folded lanes of 64 bits: fast, the same on every 64-bit machine, and no defence against anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    a: u64,
    b: u64,
}

impl Fold {
    const START: Self = Self { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344 };

    /// The fold of one value.
    pub fn of(value: &impl Hash) -> u64 {
        let mut fold = Self::START;
        value.hash(&mut fold);
        fold.finish()
    }
}

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        (self.a ^ self.b.rotate_left(32)).wrapping_mul(0xff51_afd7_ed55_8ccd)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.write_u64(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word) ^ ((rest.len() as u64) << 56));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.a = (self.a ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
        self.a ^= self.a >> 29;
        self.b =
            self.b.rotate_left(23).wrapping_add(word ^ self.a).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    }
}

/// Everything that happened so far.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    fold: Fold,
    events: u64,
}

impl Default for Trace {
    fn default() -> Self {
        Self { fold: Fold::START, events: 0 }
    }
}

impl Trace {
    /// Something happened.
    pub fn note(&mut self, what: &impl Hash) {
        self.events += 1;
        what.hash(&mut self.fold);
    }

    /// How much happened.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The digest of everything so far.
    pub fn digest(&self) -> Digest {
        Digest::of("gridquorum trace", &(self.fold.a, self.fold.b, self.events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Order, length and every byte count.
    #[test]
    fn any_difference_shows() {
        let values: [&[u8]; 6] = [b"", b"a", b"b", b"ab", b"ab\0", b"0123456789abcdef!"];
        let mut folds: Vec<u64> = values.iter().map(Fold::of).collect();
        folds.extend([Fold::of(&(1_u64, 2_u64)), Fold::of(&(2_u64, 1_u64))]);
        let count = folds.len();
        folds.sort_unstable();
        folds.dedup();
        assert_eq!(folds.len(), count);
    }
}
