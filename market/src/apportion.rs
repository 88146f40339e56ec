//! A whole number of Wh shared pro rata, to the last one.
//!
//! In: how much, what everybody claims, a lot for each. Out: a part for everybody; together they are
//! what was to be shared. Refuses to know: what is shared, and who claims it.
//!
//! Everybody gets the pro-rata share rounded down; what rounding left over goes out in single Wh,
//! the largest remainders first, equal ones by lot.

/// Shares `amount` among `claims`. If they add up to less, each gets what it claims. `lot` tells the
/// lot of a claim; of equal remainders the lower lots go first.
pub(crate) fn apportion(amount: u64, claims: &[u64], lot: impl Fn(usize) -> [u8; 32]) -> Vec<u64> {
    let claimed: u128 = claims.iter().map(|claim| u128::from(*claim)).sum();
    if claimed <= u128::from(amount) {
        return claims.to_vec();
    }
    let exact = |claim: &u64| {
        let product = u128::from(*claim) * u128::from(amount);
        // The quotient is at most the claim.
        ((product / claimed) as u64, product % claimed)
    };
    let (mut parts, rests): (Vec<u64>, Vec<u128>) = claims.iter().map(exact).unzip();
    let mut left = (amount - parts.iter().sum::<u64>()) as usize;
    if left == 0 {
        return parts;
    }
    // Every remainder is below 1 Wh, so fewer Wh are left than there are remainders.
    let mut sorted = rests.clone();
    let (_, last, _) = sorted.select_nth_unstable_by(left - 1, |a, b| b.cmp(a));
    let last = *last;
    let mut equal = Vec::new();
    for (at, rest) in rests.iter().enumerate() {
        if *rest > last {
            parts[at] += 1;
            left -= 1;
        } else if *rest == last {
            equal.push(at);
        }
    }
    if left < equal.len() {
        equal.sort_by_cached_key(|at| lot(*at));
    }
    for at in &equal[..left] {
        parts[*at] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lots that favour those listed last.
    fn late(at: usize) -> [u8; 32] {
        [255 - at as u8; 32]
    }

    /// 10 among 5, 10 and 5: 2.5, 5 and 2.5, and the Wh left over to the lower lot. 4 among 1, 2, 4:
    /// 0.57, 1.14 and 2.29, and the Wh left over to the largest remainder. More than is claimed
    /// leaves the rest with whoever shares.
    #[test]
    fn parts_add_up() {
        assert_eq!(apportion(10, &[5, 10, 5], late), [2, 5, 3]);
        assert_eq!(apportion(4, &[1, 2, 4], late), [1, 1, 2]);
        assert_eq!(apportion(8, &[1, 2, 4], late), [1, 2, 4]);
        assert_eq!(apportion(7, &[1, 2, 4], late), [1, 2, 4]);
        assert_eq!(apportion(1, &[0, 3, 3], late), [0, 0, 1]);
        assert_eq!(apportion(5, &[], late), [0; 0]);
        assert_eq!(apportion(0, &[3], late), [0]);
    }

    /// The largest claims there are: 2^64 - 1 each, shared exactly.
    #[test]
    fn the_largest_claims_are_shared() {
        assert_eq!(apportion(u64::MAX, &[u64::MAX; 3], late), [u64::MAX / 3; 3]);
        assert_eq!(apportion(u64::MAX - 1, &[u64::MAX; 2], late), [(u64::MAX - 1) / 2; 2]);
    }
}
