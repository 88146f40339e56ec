//! Many hands: the same work on every home, on any number of threads, with the same results in the
//! same order.
//!
//! In: items, a number of threads, work on one item. Out: the results in order of the items.
//! Refuses to know: what the work is. Items share nothing that changes, so the number of threads
//! cannot show in the results.

use std::num::NonZeroUsize;

/// The results of `work` on every item; `work` also learns the item's number.
pub(crate) fn each<T: Send, R: Send>(
    items: &mut [T],
    threads: NonZeroUsize,
    work: impl Fn(u32, &mut T) -> R + Sync,
) -> Vec<R> {
    let chunk = items.len().div_ceil(threads.get()).max(1);
    if chunk >= items.len() {
        return on_one(items, 0, &work);
    }
    let work = &work;
    std::thread::scope(|scope| {
        let crew: Vec<_> = items
            .chunks_mut(chunk)
            .enumerate()
            .map(|(number, items)| scope.spawn(move || on_one(items, number * chunk, work)))
            .collect();
        let done = crew.into_iter().map(|one| one.join().expect("a panic there is a panic here"));
        done.flatten().collect()
    })
}

fn on_one<T, R>(items: &mut [T], first: usize, work: &impl Fn(u32, &mut T) -> R) -> Vec<R> {
    let numbered = items.iter_mut().enumerate();
    numbered
        .map(|(index, item)| {
            let number = u32::try_from(first + index).expect("at most 100,000 homes");
            work(number, item)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // Any number of threads gives the results of one, in order, and touches every item once -
        // also when there are fewer items than threads, or none.
        #[test]
        fn the_number_of_threads_does_not_show(count in 0_usize..70, threads in 1_usize..20) {
            let mut items: Vec<u64> = (0..count as u64).map(|n| n * n).collect();
            let threads = NonZeroUsize::new(threads).expect("at least 1");
            let got = each(&mut items, threads, |number, item| {
                *item += 1;
                (number, *item)
            });
            let wanted: Vec<(u32, u64)> =
                (0..count as u32).map(|n| (n, u64::from(n) * u64::from(n) + 1)).collect();
            prop_assert_eq!(got, wanted);
        }
    }
}
