//! Seeded randomness: one independent stream per seed, home, purpose and index.
//!
//! In: those four numbers. Out: integers drawn without bias. Refuses to know: entropy of the
//! machine, floats.
//!
//! The generator is ChaCha with 8 rounds (`rand_chacha` 0.10), keyed by BLAKE3 over the four
//! numbers. A stream is named by what it is for, so a home added, a draw more here or a thread more
//! there changes no other draw.

use std::sync::LazyLock;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// BLAKE3 context of the stream keys: published results depend on it, so it never changes silently.
const STREAM_CONTEXT: &str = "gridquorum community 2026 random stream";
/// A hasher with that context taken in, which costs as much as the rest of a key.
static STREAMS: LazyLock<blake3::Hasher> =
    LazyLock::new(|| blake3::Hasher::new_derive_key(STREAM_CONTEXT));
/// BLAKE3 context of the salts of readings.
const SALT_CONTEXT: &str = "gridquorum community 2026 reading salt";

/// The home number of streams that belong to the whole region.
pub(crate) const REGION: u32 = u32::MAX;

/// What a stream is drawn for. The numbers are part of the definition of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Which devices a home owns.
    Equipment = 0,
    /// Habits of a household: size, base load, presence.
    Household = 1,
    /// Appliance use of one day (index: day).
    Appliances = 2,
    /// Trips of one day (index: day).
    Trips = 3,
    /// Cloud cover of the region (index: day).
    Clouds = 4,
    /// How the sky over one home differs from the region's (index: day).
    LocalSky = 5,
    /// Errors of the forecasts of one day (index: day).
    Forecast = 6,
    /// Prices of the orders of one slot (index: slot).
    Bid = 7,
    /// Yearly consumption of a home of a crowd.
    Consumption = 8,
    /// How the quarter hours of one day of a home of a crowd differ from its profile (index: day).
    Ragged = 9,
}

/// A stream of random integers. Its generator is made with the first draw, so one that nobody draws
/// from costs nothing.
#[derive(Clone, Debug)]
pub struct Stream {
    seed: u64,
    home: u32,
    purpose: Purpose,
    index: u32,
    rng: Option<ChaCha8Rng>,
}

impl Stream {
    /// The stream of `home` for `purpose`; `index` is the day or slot where the purpose names one,
    /// else 0.
    pub const fn new(seed: u64, home: u32, purpose: Purpose, index: u32) -> Self {
        Self { seed, home, purpose, index, rng: None }
    }

    /// The next 64 bits.
    fn draw(&mut self) -> u64 {
        let Self { seed, home, purpose, index, rng } = self;
        let rng = rng.get_or_insert_with(|| {
            let mut key = STREAMS.clone();
            key.update(&seed.to_le_bytes());
            key.update(&home.to_le_bytes());
            key.update(&(*purpose as u32).to_le_bytes());
            key.update(&index.to_le_bytes());
            ChaCha8Rng::from_seed(*key.finalize().as_bytes())
        });
        rng.next_u64()
    }

    /// A whole number in `0..bound`, each equally likely; 0 for a bound of 0.
    ///
    /// Lemire 2019, "Fast random integer generation in an interval": the high half of a product is
    /// the draw, and the few low halves that would make some results likelier are drawn again.
    pub fn below(&mut self, bound: u64) -> u64 {
        let reject_below = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
        loop {
            let product = u128::from(self.draw()) * u128::from(bound);
            let (high, low) = ((product >> 64) as u64, product as u64);
            if low >= reject_below {
                return high;
            }
        }
    }

    /// A whole number in `low..=high`, each equally likely; `low` if the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = i128::from(high) - i128::from(low);
        let choices = u64::try_from(span + 1).unwrap_or(0);
        let offset = i128::from(self.below(choices));
        i64::try_from(i128::from(low) + offset).unwrap_or(high)
    }

    /// True with probability `permille` / 1000.
    pub fn chance(&mut self, permille: u32) -> bool {
        self.below(1000) < u64::from(permille)
    }

    /// A bell around 0 that ends at `-spread` and `spread`: the mean of four uniform draws
    /// (Irwin-Hall), so the standard deviation is `spread / sqrt(12)`.
    pub fn bell(&mut self, spread: i64) -> i64 {
        let sum: i64 = (0..4).map(|_| self.between(-spread, spread)).sum();
        sum / 4
    }

    /// The index of one of `weights`, drawn in proportion; 0 when all are 0.
    pub fn pick(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().copied().map(u64::from).sum();
        let mut left = self.below(total);
        for (index, weight) in weights.iter().copied().map(u64::from).enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }
}

/// The salt of one reading: unpredictable without `secret`, the same for the same run.
pub(crate) fn salt(secret: &[u8; 32], home: u32, slot: u32) -> [u8; 32] {
    let mut key = blake3::Hasher::new_derive_key(SALT_CONTEXT);
    key.update(secret);
    key.update(&home.to_le_bytes());
    key.update(&slot.to_le_bytes());
    *key.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(seed: u64, home: u32, purpose: Purpose, index: u32) -> u64 {
        Stream::new(seed, home, purpose, index).below(u64::MAX)
    }

    // Each of the four numbers that name a stream changes it, and nothing else does.
    #[test]
    fn a_stream_is_named_by_seed_home_purpose_and_index() {
        let base = first(1, 2, Purpose::Bid, 3);
        assert_eq!(base, first(1, 2, Purpose::Bid, 3));
        assert_ne!(base, first(2, 2, Purpose::Bid, 3));
        assert_ne!(base, first(1, 3, Purpose::Bid, 3));
        assert_ne!(base, first(1, 2, Purpose::Forecast, 3));
        assert_ne!(base, first(1, 2, Purpose::Bid, 4));
    }

    // With a bound of 3 x 2^62 the high half of the product is the draw x 3/4, rounded down:
    // without rejection four neighbouring inputs share three results, and every third result comes
    // up twice as often. All residues modulo 3 must come up in 1/3 of 30,000 draws, give or take
    // 500 (6 standard deviations of 82).
    #[test]
    fn a_large_bound_is_drawn_without_bias() {
        let mut stream = Stream::new(7, 0, Purpose::Bid, 0);
        let mut hits = [0_u32; 3];
        for _ in 0..30_000 {
            hits[(stream.below(3 << 62) % 3) as usize] += 1;
        }
        assert!(hits.iter().all(|count| count.abs_diff(10_000) < 500), "{hits:?}");
    }

    // The bell keeps to its ends and has the variance of a mean of four uniforms: spread^2 / 12.
    #[test]
    fn the_bell_has_the_stated_spread() {
        let mut stream = Stream::new(8, 0, Purpose::Clouds, 0);
        let draws: Vec<i64> = (0..20_000).map(|_| stream.bell(1200)).collect();
        assert!(draws.iter().all(|draw| draw.abs() <= 1200));
        let mean: i64 = draws.iter().sum::<i64>() / 20_000;
        let variance: i64 = draws.iter().map(|draw| draw * draw).sum::<i64>() / 20_000;
        assert!(mean.abs() < 15, "mean {mean}");
        assert!((variance - 1200 * 1200 / 12).abs() < 6000, "variance {variance}");
    }

    // Weights 1 : 0 : 3 never pick the middle and pick the last three times as often as the first.
    #[test]
    fn picks_follow_the_weights() {
        let mut stream = Stream::new(9, 0, Purpose::Household, 0);
        let mut hits = [0_u32; 3];
        for _ in 0..8_000 {
            hits[stream.pick(&[1, 0, 3])] += 1;
        }
        assert_eq!(hits[1], 0);
        assert!(hits[0].abs_diff(2_000) < 250, "{hits:?}");
    }

    proptest! {
        // Every draw keeps to its range, at any bounds an i64 can hold.
        #[test]
        fn draws_stay_in_range(
            seed: u64,
            low in i64::MIN / 2..i64::MAX / 2,
            width in 0..i64::MAX / 2,
        ) {
            let mut stream = Stream::new(seed, 0, Purpose::Bid, 0);
            let draw = stream.between(low, low + width);
            prop_assert!(low <= draw && draw <= low + width);
        }
    }
}
