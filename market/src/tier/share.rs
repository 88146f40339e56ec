//! Sharing out less energy than is claimed: pro rata, exact to the Wh.
//!
//! In: claims in Wh, what there is for them, a lot for each. Out: what each claim gets. Refuses to
//! know: who claims, homes or whole feeders, and at which price.
//!
//! Each claim gets its pro-rata share rounded down; what rounding left over goes out in single Wh,
//! the largest remainders first, equal ones by lot: the rule of `matching/ration.rs`.

/// What each of `claims` gets of `available` Wh, at most their sum. Together exactly `available`.
pub(super) fn share_out(
    claims: &[i64],
    available: i64,
    lot: impl Fn(usize) -> [u8; 32],
) -> Vec<i64> {
    let asked: i64 = claims.iter().sum();
    if available == asked {
        return claims.to_vec();
    }
    let exact = |claim: &i64| i128::from(*claim) * i128::from(available);
    let whole = |claim: &i64| (exact(claim) / i128::from(asked)) as i64;
    let mut given: Vec<i64> = claims.iter().map(whole).collect();
    // Every remainder is below 1 Wh, so fewer Wh are left than claims have a remainder.
    let left = (available - given.iter().sum::<i64>()) as usize;
    if left == 0 {
        return given;
    }
    let remainder = |at: usize| exact(&claims[at]) % i128::from(asked);
    let mut ranked: Vec<(i128, usize)> = (0..claims.len()).map(|at| (-remainder(at), at)).collect();
    ranked.sort_unstable();
    let (last, _) = ranked[left - 1];
    let first = ranked.partition_point(|(rank, _)| *rank < last);
    let behind = ranked.partition_point(|(rank, _)| *rank <= last);
    let mut equal = ranked.split_off(first);
    equal.truncate(behind - first);
    for (_, at) in ranked {
        given[at] += 1;
    }
    if equal.len() > left - first {
        equal.sort_by_cached_key(|(_, at)| lot(*at));
    }
    for (_, at) in equal.into_iter().take(left - first) {
        given[at] += 1;
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lots that fall with the position.
    fn lot(at: usize) -> [u8; 32] {
        [u8::MAX - at as u8; 32]
    }

    /// 10 Wh for claims of 5, 5 and 4: 3.57, 3.57 and 2.86 are 3, 3 and 2 with 2 Wh left. The
    /// largest remainder is that of the last; the first two tie, and the second has the lower lot.
    #[test]
    fn remainders_go_to_the_largest_then_by_lot() {
        assert_eq!(share_out(&[5, 5, 4], 10, lot), [3, 4, 3]);
    }

    /// Whoever claims twice as much gets twice as much, whatever the size.
    #[test]
    fn shares_without_a_remainder_need_no_lot() {
        let no_lot = |_: usize| -> [u8; 32] { unreachable!("nothing is left over") };
        assert_eq!(share_out(&[20, 40, 0], 30, no_lot), [10, 20, 0]);
        let large = 4_000_000_000_000_000;
        assert_eq!(share_out(&[large, large], large, no_lot), [large / 2, large / 2]);
        assert_eq!(share_out(&[3, 4], 7, no_lot), [3, 4]);
        assert_eq!(share_out(&[3, 4], 0, no_lot), [0, 0]);
    }
}
