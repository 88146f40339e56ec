//! The one source of randomness of a simulation: ChaCha8 from a seed.
//!
//! In: a seed. Out: integers, the same on every machine. Refuses to know: what they decide.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `bound`; 0 if `bound` is 0. Fair to within 2^-32 for bounds below 2^32.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("the high half of a product of two 64-bit numbers")
    }

    /// True once in `chances` on average; never if `chances` is 0.
    pub fn one_in(&mut self, chances: u64) -> bool {
        chances != 0 && self.below(chances) == 0
    }
}
