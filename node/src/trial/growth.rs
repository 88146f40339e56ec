//! Whether the replicas' processes gather memory or descriptors: a bound for a soak.
//!
//! In: looks at processes. Out: a check, if any process lived long enough for one. Refuses to know: what fills them.
//!
//! A process starts anew when it is killed, so each is compared with itself: the last quarter of its life with the
//! second. In the first it starts, executes its chain again and catches up.

use crate::report::{Check, Found, ProcessRow};

/// A process that lived shorter says nothing: caches and queues are still filling.
const LIFE_MS: u64 = 60_000;
/// Looks from which there is something to compare in each quarter.
const LOOKS: usize = 16;
/// Descriptors that may come on top of one per other replica, whose connection may just be made anew: those of clients,
/// and of files that are being rewritten.
const DESCRIPTORS: u64 = 4;
/// A process may grow by this part of what it held, in percent: headers, accounts and receipts grow with the chain.
const MEMORY_PERCENT: u64 = 25;
/// It may grow by so many kB whatever it held: what allocators and bursts round up to.
const MEMORY_KB: u64 = 4 << 10;

/// What one process held at the medians of its second and its last quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    replica: u16,
    start: u32,
    memory_kb: (u64, u64),
    descriptors: (u64, u64),
}

/// The check; none if nobody looked, or no process lived for a minute.
pub(super) fn check(rows: &[ProcessRow], replicas: usize) -> Option<Check> {
    let lives = lives(rows);
    let room = replicas as u64 + DESCRIPTORS;
    let most_memory = |before: u64| before + before * MEMORY_PERCENT / 100 + MEMORY_KB;
    let too_much = lives.iter().filter_map(|life| {
        let ((before, after), (open, at_end)) = (life.memory_kb, life.descriptors);
        let held = after > most_memory(before) || at_end > open + room;
        held.then(|| {
            let (replica, start) = (life.replica, life.start);
            format!(
                "process {start} of replica {replica} went from {before} to {after} kB and from {open} to {at_end} \
                 descriptors"
            )
        })
    });
    let too_much: Vec<_> = too_much.collect();
    let grown = |of: fn(&Life) -> (u64, u64)| {
        let gains = lives.iter().map(|life| of(life).1.saturating_sub(of(life).0));
        gains.max()
    };
    let (memory, descriptors) = (grown(|life| life.memory_kb)?, grown(|life| life.descriptors)?);
    Some(Check {
        claim: format!(
            "No process that lived a minute held much more in the last quarter of its life than in the second: memory \
             within {MEMORY_PERCENT} % and {} MiB, descriptors within {room}",
            MEMORY_KB >> 10
        ),
        found: Found::of(too_much.is_empty()),
        detail: if too_much.is_empty() {
            format!(
                "{} processes; medians grew by {memory} kB and {descriptors} descriptors at most",
                lives.len()
            )
        } else {
            too_much.join("; ")
        },
    })
}

/// The processes that lived long enough.
fn lives(rows: &[ProcessRow]) -> Vec<Life> {
    let mut names: Vec<_> = rows.iter().map(|row| (row.replica, row.start)).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(|name| life(rows, name)).collect()
}

fn life(rows: &[ProcessRow], (replica, start): (u16, u32)) -> Option<Life> {
    let own = rows.iter().filter(|row| (row.replica, row.start) == (replica, start));
    let known = own.filter_map(|row| Some((row.at_ms, row.memory_kb?, row.descriptors?)));
    let known: Vec<(u64, u64, u64)> = known.collect();
    let (first, last) = (known.first()?.0, known.last()?.0);
    if last - first < LIFE_MS || known.len() < LOOKS {
        return None;
    }
    let quarter = known.len() / 4;
    let (second, fourth) = (&known[quarter..2 * quarter], &known[known.len() - quarter..]);
    let both = |of: fn(&(u64, u64, u64)) -> u64| (median(second, of), median(fourth, of));
    Some(Life { replica, start, memory_kb: both(|look| look.1), descriptors: both(|look| look.2) })
}

fn median(looks: &[(u64, u64, u64)], of: fn(&(u64, u64, u64)) -> u64) -> u64 {
    let mut values: Vec<u64> = looks.iter().map(of).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two minutes of process `start` of replica 1, a look each second: memory and descriptors by second.
    fn looks(start: u32, of: impl Fn(u64) -> (u64, u64)) -> Vec<ProcessRow> {
        let row = |second| {
            let (memory, descriptors) = of(second);
            let (memory_kb, descriptors) = (Some(memory), Some(descriptors));
            ProcessRow { at_ms: second * 1_000, replica: 1, start, memory_kb, descriptors }
        };
        (0..120).map(row).collect()
    }

    /// What starts small, grows in its first quarter and stays is no leak.
    #[test]
    fn a_process_that_settles_holds() {
        let check = check(&looks(1, |s| (20_000 + s.min(29) * 1_000, 10 + s.min(29))), 4);
        let check = check.expect("two minutes are enough");
        assert_eq!(check.found, Found::Holds);
        assert_eq!(check.detail, "1 processes; medians grew by 0 kB and 0 descriptors at most");
    }

    /// By hand, 4 replicas: second quarter 30 to 59 s, median 45; last quarter 90 to 119 s, median 105. 40,000 kB and
    /// 400 kB a second: 58,000 and 82,000, where 58,000 + 14,500 + 4,096 = 76,596 are allowed.
    #[test]
    fn a_process_that_goes_on_growing_fails() {
        let memory = check(&looks(1, |s| (40_000 + 400 * s, 20)), 4).expect("long enough");
        assert_eq!(memory.found, Found::Fails);
        assert_eq!(
            memory.detail,
            "process 1 of replica 1 went from 58000 to 82000 kB and from 20 to 20 descriptors"
        );
        // One descriptor in 7 seconds: 6 and 15 of them, one above 8; one in 10 makes 4 and 10.
        let leak = |every| check(&looks(1, |s| (40_000, s / every)), 4).expect("long enough");
        assert_eq!((leak(7).found, leak(10).found), (Found::Fails, Found::Holds));
    }

    /// What lived half a minute says nothing, nor what nobody could look into; a restarted process starts anew.
    #[test]
    fn only_whole_lives_are_compared() {
        assert!(check(&[], 4).is_none());
        assert!(check(&looks(1, |s| (s * 90_000, s))[..30], 4).is_none());
        let blind =
            looks(1, |_| (0, 0)).into_iter().map(|row| ProcessRow { memory_kb: None, ..row });
        assert!(check(&blind.collect::<Vec<_>>(), 4).is_none());
        let two = [looks(1, |_| (20_000, 10)), looks(2, |_| (90_000, 90))].concat();
        assert_eq!(check(&two, 4).expect("long enough").found, Found::Holds);
    }
}
