//! Exact quotients: what a formula works on until its result is rounded, once.
//!
//! In: ratios of integers. Out: integers of a stated unit, rounded down, up or to the nearest.
//! Refuses to know: negative numbers (a formula that may fall below zero keeps two sums) and units.

use std::cmp::Ordering;

use super::wide::Wide;

/// A number >= 0 as a quotient of two integers, not reduced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact {
    numerator: Wide,
    denominator: Wide,
}

impl Exact {
    /// Zero.
    pub(crate) const ZERO: Self = Self::whole(0);

    /// A whole number.
    pub(crate) const fn whole(value: u128) -> Self {
        Self { numerator: Wide::new(value), denominator: Wide::new(1) }
    }

    /// `numerator / denominator`; the denominator is above zero.
    pub(crate) fn ratio(numerator: u128, denominator: u128) -> Self {
        assert!(denominator > 0, "a ratio has a denominator above zero");
        Self { numerator: numerator.into(), denominator: denominator.into() }
    }

    /// `self + other`.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let ((left, right), denominator) = self.over_one_line(other);
        Self { numerator: left.plus(&right), denominator }
    }

    /// `|self - other|`.
    pub(crate) fn distance(&self, other: &Self) -> Self {
        let ((left, right), denominator) = self.over_one_line(other);
        let numerator = if left < right { right.minus(&left) } else { left.minus(&right) };
        Self { numerator, denominator }
    }

    /// `self * other`.
    pub(crate) fn times(&self, other: &Self) -> Self {
        Self {
            numerator: self.numerator.times(&other.numerator),
            denominator: self.denominator.times(&other.denominator),
        }
    }

    /// `self / other`; `other` is above zero.
    pub(crate) fn over(&self, other: &Self) -> Self {
        assert!(other.numerator != Wide::ZERO, "a formula divides by a number above zero");
        Self {
            numerator: self.numerator.times(&other.denominator),
            denominator: self.denominator.times(&other.numerator),
        }
    }

    /// The whole number of `1 / scale` at or below `self`; `None` beyond 128 bits.
    pub(crate) fn floor(&self, scale: u128) -> Option<u128> {
        self.divide(scale).0.to_u128()
    }

    /// The whole number of `1 / scale` at or above `self`; `None` beyond 128 bits.
    pub(crate) fn ceil(&self, scale: u128) -> Option<u128> {
        let (quotient, rest) = self.divide(scale);
        quotient.to_u128()?.checked_add(u128::from(rest != Wide::ZERO))
    }

    /// The whole number of `1 / scale` next to `self`, the even one of two; `None` beyond 128 bits.
    pub(crate) fn nearest(&self, scale: u128) -> Option<u128> {
        let (quotient, rest) = self.divide(scale);
        let up = match rest.plus(&rest).cmp(&self.denominator) {
            Ordering::Less => false,
            Ordering::Equal => quotient.is_odd(),
            Ordering::Greater => true,
        };
        quotient.to_u128()?.checked_add(u128::from(up))
    }

    /// Both numerators over one denominator.
    fn over_one_line(&self, other: &Self) -> ((Wide, Wide), Wide) {
        if self.denominator == other.denominator {
            return ((self.numerator, other.numerator), self.denominator);
        }
        let left = self.numerator.times(&other.denominator);
        let right = other.numerator.times(&self.denominator);
        ((left, right), self.denominator.times(&other.denominator))
    }

    fn divide(&self, scale: u128) -> (Wide, Wide) {
        self.numerator.times(&scale.into()).div_rem(&self.denominator)
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = self.numerator.times(&other.denominator);
        let right = other.numerator.times(&self.denominator);
        left.cmp(&right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 7/2, 5/2 and 1/3 in every rounding, at the scales 1 and 10. By hand: 3.5, 2.5 and 0.333.
    #[test]
    fn each_rounding_is_the_one_it_names() {
        let cases = [
            ((7, 2), 1, [3, 4, 4]), // a tie goes to the even neighbour: 4
            ((5, 2), 1, [2, 3, 2]), // and down to 2
            ((1, 3), 1, [0, 1, 0]),
            ((1, 3), 10, [3, 4, 3]),
            ((2, 3), 10, [6, 7, 7]),
            ((6, 2), 1, [3, 3, 3]), // what is whole stays whole
        ];
        for ((numerator, denominator), scale, [floor, ceil, nearest]) in cases {
            let value = Exact::ratio(numerator, denominator);
            assert_eq!(value.floor(scale), Some(floor), "{numerator}/{denominator} at {scale}");
            assert_eq!(value.ceil(scale), Some(ceil), "{numerator}/{denominator} at {scale}");
            assert_eq!(value.nearest(scale), Some(nearest), "{numerator}/{denominator} at {scale}");
        }
    }

    /// 1/2 + 1/3 = 5/6, 1/2 * 2/3 = 1/3, (1/2) / (3/4) = 2/3, and unreduced forms compare as
    /// numbers.
    #[test]
    fn arithmetic_is_that_of_fractions() {
        let half = Exact::ratio(1, 2);
        assert_eq!(half.plus(&Exact::ratio(1, 3)), Exact::ratio(5, 6));
        assert_eq!(half.plus(&half), Exact::whole(1));
        assert_eq!(half.times(&Exact::ratio(2, 3)), Exact::ratio(1, 3));
        assert_eq!(half.over(&Exact::ratio(3, 4)), Exact::ratio(4, 6));
        assert_eq!(half.distance(&Exact::ratio(2, 3)), Exact::ratio(1, 6));
        assert!(Exact::ratio(1, 3) < half && half < Exact::ratio(2, 3));
    }

    /// A result that does not fit 128 bits is reported, not cut.
    #[test]
    fn a_result_beyond_128_bits_is_none() {
        let large = Exact::whole(u128::MAX).times(&Exact::whole(2));
        assert_eq!([large.floor(1), large.ceil(1), large.nearest(1)], [None; 3]);
    }
}
