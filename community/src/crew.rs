//! Many hands: the same work on every home or every feeder, on any number of threads, with the same
//! results in the same order.
//!
//! In: items, a number of threads, work on one item or a group of them. Out: the results in order
//! of the items. Refuses to know: what the work is. Items share nothing that changes, so the number
//! of threads cannot show in the results.

use std::num::NonZeroUsize;

/// Fewer homes than this are not worth a thread: they take a few hundred microseconds, starting a
/// thread takes some tens of them.
const ITEMS_PER_THREAD_MIN: usize = 128;

/// The results of `work` on every item, on at most `threads` threads; `work` also learns the item's
/// number.
pub(crate) fn each<T: Send, R: Send>(
    items: &mut [T],
    threads: NonZeroUsize,
    work: impl Fn(u32, &mut T) -> R + Sync,
) -> Vec<R> {
    in_chunks(items, items.len().div_ceil(threads.get()).max(ITEMS_PER_THREAD_MIN), work)
}

/// The results of `work` on every group of neighbouring items, on at most `threads` threads; the
/// groups have these `sizes`, which add up to the number of items. `work` also learns the group's
/// number.
pub(crate) fn groups<T: Send, R: Send>(
    items: &mut [T],
    sizes: &[usize],
    threads: NonZeroUsize,
    work: impl Fn(u32, &mut [T]) -> R + Sync,
) -> Vec<R> {
    let worth = (items.len() / ITEMS_PER_THREAD_MIN).clamp(1, threads.get());
    let mut rest = items;
    let mut cut = Vec::with_capacity(sizes.len());
    for size in sizes {
        let (group, behind) = rest.split_at_mut(*size);
        cut.push(group);
        rest = behind;
    }
    let chunk = cut.len().div_ceil(worth).max(1);
    in_chunks(&mut cut, chunk, |number, group| work(number, group))
}

/// The results of `work` on every item, with a thread for every `chunk` items; `chunk` is above 0.
fn in_chunks<T: Send, R: Send>(
    items: &mut [T],
    chunk: usize,
    work: impl Fn(u32, &mut T) -> R + Sync,
) -> Vec<R> {
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
        // However many items a thread gets, the results are those of one thread, in order, and
        // every item is touched once - also when there are fewer items than a chunk, or none.
        #[test]
        fn the_number_of_threads_does_not_show(count in 0_usize..70, chunk in 1_usize..20) {
            let mut items: Vec<u64> = (0..count as u64).map(|n| n * n).collect();
            let got = in_chunks(&mut items, chunk, |number, item| {
                *item += 1;
                (number, *item)
            });
            let wanted: Vec<(u32, u64)> =
                (0..count as u32).map(|n| (n, u64::from(n) * u64::from(n) + 1)).collect();
            prop_assert_eq!(got, wanted);
        }
    }

    proptest! {
        // However many threads there are, each group is handed out once, whole and with its number,
        // and the results are in order - also of empty groups, or of none.
        #[test]
        fn groups_are_handed_out_whole(
            sizes in proptest::collection::vec(0_usize..200, 0..9), threads in 1_usize..6,
        ) {
            let mut items: Vec<usize> = (0..sizes.iter().sum::<usize>()).collect();
            let threads = NonZeroUsize::new(threads).expect("not zero");
            let got = groups(&mut items, &sizes, threads, |number, group| {
                group.iter_mut().for_each(|item| *item += 1_000);
                (number, group.to_vec())
            });
            let mut begin = 1_000;
            for (number, (size, (named, group))) in (0..).zip(sizes.iter().zip(&got)) {
                prop_assert_eq!(number, *named);
                prop_assert_eq!(group, &(begin..begin + size).collect::<Vec<_>>());
                begin += size;
            }
            prop_assert_eq!(got.len(), sizes.len());
        }
    }

    // Work is spread as soon as it is worth it: 300 items on 4 threads are 3 chunks of at most 128,
    // each on a thread of its own; 128 items stay on the caller's.
    #[test]
    fn threads_start_only_when_there_is_work_for_them() {
        let threads_used = |count: usize| {
            let four = NonZeroUsize::new(4).expect("not zero");
            let ids = each(&mut vec![(); count], four, |_, ()| std::thread::current().id());
            let others = ids.iter().filter(|id| **id != std::thread::current().id()).count();
            let changes = ids.windows(2).filter(|pair| pair[0] != pair[1]).count();
            (others, changes + 1)
        };
        assert_eq!(threads_used(300), (300, 3));
        assert_eq!(threads_used(128), (0, 1));
    }
}
