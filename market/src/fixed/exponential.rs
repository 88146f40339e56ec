//! `exp(-x)` for x >= 0 from integers alone, with a stated error, so that every replica gets the
//! same bits.
//!
//! In: an exact quotient. Out: a multiple of 2^-120 in [0, 1]. Refuses to know: what decays.
//!
//! # Error
//!
//! `|exp_neg(x) - exp(-x)| < 2^-116` for every x >= 0, and `exp_neg(0) = 1`. Why: x is cut to a
//! multiple of 2^-120, which moves the result by at most 2^-120; the reduction x = k ln 2 + y uses
//! ln 2 to 2^-121, so y is off by at most k 2^-121 and the result by k 2^-121 2^-k < 2^-121; the
//! series in Horner's form cuts twice per step, each cut below 2^-120 and then scaled by at most
//! y/1, y^2/2, ..., together below 2 (2^-120) exp(y) <= 2^-118; 32 terms leave less than y^33/33! <
//! 2^-139; the last shift cuts less than 2^-120. The sum is below 2^-117.

use super::exact::Exact;

/// Places of the fixed-point numbers in this file: 120 bits after the point leave 8 before it.
const BITS: u32 = 120;
const ONE: u128 = 1 << BITS;
/// ln 2 = 0.693147180559945309417232121458176568..., to the nearest 2^-120.
const LN_2: u128 = 0x00b1_7217_f7d1_cf79_abc9_e3b3_9803_f2f7;
/// exp(-84) < 2^-121: from here on the nearest multiple of 2^-120 is zero.
const VANISHES: u128 = 84 << BITS;
/// Terms of the series after the leading 1; see the error statement.
const TERMS: u128 = 32;

/// `exp(-x)`, off by less than 2^-116 and exact for x = 0.
pub(crate) fn exp_neg(x: &Exact) -> Exact {
    let x = x.floor(ONE).unwrap_or(VANISHES);
    if x >= VANISHES {
        return Exact::ZERO;
    }
    let (halvings, y) = (x / LN_2, x % LN_2);
    // exp(-y) = 1 - y/1 (1 - y/2 (1 - y/3 ...)): with y < ln 2 every bracket lies in (0, 1].
    let series = (1..=TERMS).rev().fold(ONE, |bracket, term| ONE - times(y, bracket) / term);
    Exact::ratio(series >> halvings, ONE)
}

/// The product of two fixed-point numbers of at most 1, cut to [`BITS`] places.
fn times(a: u128, b: u128) -> u128 {
    const HALF: u32 = 64;
    const LOW: u128 = u64::MAX as u128;
    let (a_high, a_low, b_high, b_low) = (a >> HALF, a & LOW, b >> HALF, b & LOW);
    // Both factors are at most 2^120, so their high halves are at most 2^56 and no sum below leaves
    // 128 bits.
    let middle = a_high * b_low + ((a_low * b_low) >> HALF);
    let middle_low = (middle & LOW) + a_low * b_high;
    let (high, low) = (
        a_high * b_high + (middle >> HALF) + (middle_low >> HALF),
        (middle_low & LOW) << HALF | ((a_low * b_low) & LOW),
    );
    high << (2 * HALF - BITS) | low >> BITS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2^-116 in units of 2^-120, rounded down to leave room for the half unit of the references.
    const BOUND: u128 = 15;

    /// `exp(-x)` in units of 2^-120.
    fn units(x: &Exact) -> u128 {
        exp_neg(x).floor(ONE).expect("at most 2^120")
    }

    /// References: exp(-x) 2^120 rounded to an integer, computed with 120 decimal digits by another
    /// program.
    #[test]
    fn agrees_with_references_of_120_digits() {
        let references = [
            ((0, 1), 1_329_227_995_784_915_872_903_807_060_280_344_576),
            ((1, 1_000_000_000), 1_329_227_994_455_687_877_783_505_185_047_457_453),
            ((1, 7), 1_152_278_373_275_171_148_994_992_552_972_002_365),
            ((1, 2), 806_217_533_191_926_544_038_127_755_907_354_071),
            // The two sides of ln 2, where the reduction switches.
            ((693_147_180_559_945_309, E18), 664_613_997_892_457_936_729_201_838_431_642_603),
            ((693_147_180_559_945_310, E18), 664_613_997_892_457_936_064_587_840_539_184_667),
            ((9, 10), 540_423_773_963_951_756_959_120_727_314_162_834),
            ((1, 1), 488_995_652_278_791_141_083_010_649_602_151_673),
            ((64, 25), 102_755_625_204_120_450_371_570_816_627_511_222),
            ((10, 1), 60_346_857_646_963_690_923_819_308_552_977),
            ((123_456_789, 10_000_000), 5_780_151_985_293_565_497_950_703_359_744),
            ((40, 1), 5_647_031_412_145_557_669),
            ((84, 1), 0),
            ((u128::MAX, 1), 0),
        ];
        for ((numerator, denominator), expected) in references {
            let got = units(&Exact::ratio(numerator, denominator));
            let error = got.abs_diff(expected);
            assert!(error <= BOUND, "exp(-{numerator}/{denominator}): off by {error} x 2^-120");
        }
        assert_eq!(units(&Exact::ZERO), ONE, "exp(0) is exactly 1");
    }

    /// ln 2 = sum of 1 / (k 2^k), here in units of 2^-127 with every term cut: 127 cuts are less
    /// than one unit of 2^-120.
    #[test]
    fn ln_2_is_the_sum_of_its_series() {
        let sum: u128 = (1..=127).map(|k| (1 << (127 - k)) / k).sum();
        assert!((LN_2 << 7).abs_diff(sum) <= 1 << 7, "{}", LN_2 << 7);
    }

    const E18: u128 = 1_000_000_000_000_000_000;

    proptest! {
        /// exp(-a) exp(-b) = exp(-(a + b)) within the errors of the three, each below 2^-116 and
        /// factors at most 1.
        #[test]
        fn sums_of_exponents_are_products(a in 0..40 * E18, b in 0..40 * E18) {
            let (left, right) = (exp_neg(&Exact::ratio(a, E18)), exp_neg(&Exact::ratio(b, E18)));
            let product = left.times(&right).floor(ONE).expect("at most 2^120");
            let whole = units(&Exact::ratio(a + b, E18));
            prop_assert!(product.abs_diff(whole) <= 3 * BOUND + 1);
        }

        /// A larger exponent never gives a larger result, beyond what the two errors allow.
        #[test]
        fn falls_with_the_exponent(a in 0..90 * E18, more in 0..E18) {
            let (near, far) = (units(&Exact::ratio(a, E18)), units(&Exact::ratio(a + more, E18)));
            prop_assert!(far <= near + 2 * BOUND, "{far} > {near}");
        }
    }
}
