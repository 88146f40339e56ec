//! A small stream of numbers that looks random and is the same everywhere.
//!
//! In: a seed, or a seed and the name of a question. Out: integers. Refuses to know: what they decide.
//!
//! Source: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). A question that is named always gets the same answer,
//! whatever else was asked before: leaving out one fault of a run leaves the others where they were.

/// A stream of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Draw(u64);

impl Draw {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The stream of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The stream of one question.
    pub fn about(seed: u64, question: [u64; 4]) -> Self {
        let mut draw = Self(seed);
        for part in question {
            draw.0 = draw.any() ^ part;
        }
        draw
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::GOLDEN);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.any()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the high half of a product of two 64-bit numbers")
    }

    /// True once in `chances` on average; never if `chances` is 0.
    pub fn one_in(&mut self, chances: u64) -> bool {
        chances != 0 && self.below(chances) == 0
    }

    /// One of `choices`; none if there are none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.below(choices.len() as u64)).ok()?;
        choices.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs for seed 1234567 of the published reference code.
    #[test]
    fn the_stream_is_the_published_one() {
        let mut draw = Draw::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([draw.any(), draw.any()], expected);
    }

    /// Bounds hold, and small ones are met.
    #[test]
    fn numbers_stay_below_their_bound() {
        let mut draw = Draw::new(1);
        let drawn: Vec<u64> = (0..100).map(|_| draw.below(3)).collect();
        assert!((0..3).all(|value| drawn.contains(&value)) && drawn.iter().all(|value| *value < 3));
        assert_eq!((draw.below(0), draw.one_in(0), draw.pick::<u8>(&[])), (0, false, None));
    }
}
