//! Unsigned integers of 512 bits, so that a formula can multiply first and divide once.
//!
//! In: integers of 128 bits. Out: sums, products, a quotient with its remainder. Refuses to know:
//! signs, decimal points, and what is counted. A result beyond 512 bits is a mistake in a formula
//! and stops the program.

use std::cmp::Ordering;

const LIMBS: usize = 8;

/// An integer of 512 bits, least significant limb first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wide([u64; LIMBS]);

impl Wide {
    pub(super) const ZERO: Self = Self([0; LIMBS]);

    pub(super) const fn new(value: u128) -> Self {
        Self([low(value), low(value >> 64), 0, 0, 0, 0, 0, 0])
    }

    /// The value, if it fits 128 bits.
    pub(super) fn to_u128(self) -> Option<u128> {
        let fits = self.0[2..].iter().all(|limb| *limb == 0);
        fits.then_some(u128::from(self.0[0]) | u128::from(self.0[1]) << 64)
    }

    pub(super) fn is_odd(&self) -> bool {
        self.0[0] & 1 == 1
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = Self::ZERO;
        let mut carry = 0;
        for ((limb, a), b) in sum.0.iter_mut().zip(self.0).zip(other.0) {
            let (partial, first) = a.overflowing_add(b);
            let (total, second) = partial.overflowing_add(carry);
            *limb = total;
            carry = u64::from(first | second);
        }
        assert!(carry == 0, "a formula's sum fits 512 bits");
        sum
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let (left, right) = (self.limbs(), other.limbs());
        assert!(left + right <= LIMBS, "a formula's product fits 512 bits");
        let mut product = Self::ZERO;
        for (i, a) in self.0[..left].iter().enumerate() {
            let mut carry = 0_u128;
            for (j, b) in other.0[..right].iter().enumerate() {
                // (2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1: never more than 128 bits.
                carry += u128::from(*a) * u128::from(*b) + u128::from(product.0[i + j]);
                product.0[i + j] = low(carry);
                carry >>= 64;
            }
            if let Some(limb) = product.0.get_mut(i + right) {
                *limb = low(carry);
            }
        }
        product
    }

    /// Quotient and remainder, by long division in base 2: one step per bit of the quotient.
    pub(super) fn div_rem(&self, divisor: &Self) -> (Self, Self) {
        assert!(*divisor != Self::ZERO, "a formula divides by a number above zero");
        if let (Some(a), Some(b)) = (self.to_u128(), divisor.to_u128()) {
            return (Self::from(a / b), Self::from(a % b));
        }
        let (mut quotient, mut rest) = (Self::ZERO, *self);
        let Some(steps) = self.bits().checked_sub(divisor.bits()) else {
            return (quotient, rest);
        };
        let mut shifted = divisor.shifted_left(steps);
        for step in (0..=steps).rev() {
            if rest.cmp(&shifted) != Ordering::Less {
                rest = rest.minus(&shifted);
                quotient.0[step as usize / 64] |= 1 << (step % 64);
            }
            shifted = shifted.halved();
        }
        (quotient, rest)
    }

    /// `self - other` for `other <= self`.
    pub(super) fn minus(&self, other: &Self) -> Self {
        let mut difference = Self::ZERO;
        let mut borrow = 0;
        for ((limb, a), b) in difference.0.iter_mut().zip(self.0).zip(other.0) {
            let (partial, first) = a.overflowing_sub(b);
            let (total, second) = partial.overflowing_sub(borrow);
            *limb = total;
            borrow = u64::from(first | second);
        }
        assert!(borrow == 0, "a difference of 512-bit integers is not negative");
        difference
    }

    fn shifted_left(&self, bits: u32) -> Self {
        let (whole, part) = (bits as usize / 64, bits % 64);
        let mut shifted = Self::ZERO;
        for (to, limb) in shifted.0[whole..].iter_mut().enumerate() {
            let below = if part == 0 || to == 0 { 0 } else { self.0[to - 1] >> (64 - part) };
            *limb = self.0[to] << part | below;
        }
        shifted
    }

    fn halved(&self) -> Self {
        let mut half = Self::ZERO;
        for (i, limb) in half.0.iter_mut().enumerate() {
            let above = self.0.get(i + 1).map_or(0, |next| next << 63);
            *limb = self.0[i] >> 1 | above;
        }
        half
    }

    /// Limbs up to the highest one that is not zero.
    fn limbs(&self) -> usize {
        self.0.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1)
    }

    /// Bits up to the highest one that is set.
    fn bits(&self) -> u32 {
        let limbs = self.limbs();
        let top = limbs.checked_sub(1).map_or(0, |last| self.0[last].leading_zeros());
        64 * limbs as u32 - top
    }
}

/// The lowest 64 bits.
const fn low(value: u128) -> u64 {
    (value & u64::MAX as u128) as u64
}

impl From<u128> for Wide {
    fn from(value: u128) -> Self {
        Self::new(value)
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `2^bits`.
    fn power_of_two(bits: u32) -> Wide {
        Wide::from(1).shifted_left(bits)
    }

    proptest! {
        /// Division undoes multiplication, also where quotient and divisor need more than 128 bits:
        /// (a b c + r) / (a b) = c rest r for every r < a b.
        #[test]
        fn quotient_and_remainder_rebuild_the_number(
            a in 1..=u128::MAX,
            b in 1..=u128::MAX,
            c in any::<u128>(),
            r in any::<u128>(),
        ) {
            let divisor = Wide::from(a).times(&Wide::from(b));
            let rest = if Wide::from(r) < divisor { Wide::from(r) } else { Wide::ZERO };
            let number = divisor.times(&Wide::from(c)).plus(&rest);
            prop_assert_eq!(number.div_rem(&divisor), (Wide::from(c), rest));
        }

        /// Where 128 bits are enough, the results are those of the machine's own arithmetic.
        #[test]
        fn small_numbers_behave_like_machine_integers(a in any::<u64>(), b in any::<u64>()) {
            let (wide_a, wide_b) = (Wide::from(u128::from(a)), Wide::from(u128::from(b)));
            let product = u128::from(a) * u128::from(b);
            prop_assert_eq!(wide_a.times(&wide_b).to_u128(), Some(product));
            prop_assert_eq!(wide_a.plus(&wide_b).to_u128(), Some(u128::from(a) + u128::from(b)));
            prop_assert_eq!(wide_a.cmp(&wide_b), a.cmp(&b));
        }
    }

    /// (2^256 - 1)^2 = 2^512 - 2^257 + 1, the largest square there is: every carry is propagated.
    #[test]
    fn the_largest_square_fits() {
        let root = power_of_two(256).minus(&Wide::from(1));
        let square = root.times(&root);
        // Without the last 1: 2^512 - 2^257 = (2^255 - 1) 2^257.
        let expected = power_of_two(255).minus(&Wide::from(1)).shifted_left(257);
        assert_eq!(square, expected.plus(&Wide::from(1)));
        assert_eq!(square.div_rem(&root), (root, Wide::ZERO));
    }

    /// One bit beyond 512 is refused loudly.
    #[test]
    #[should_panic(expected = "fits 512 bits")]
    fn a_product_beyond_512_bits_stops() {
        let _ = power_of_two(256).times(&power_of_two(256));
    }
}
