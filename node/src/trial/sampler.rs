//! Looks at the replicas' processes from time to time: what each holds in memory and in open descriptors.
//!
//! In: a cluster. Out: rows in order of time, evenly spread over the run, however long it is. Refuses to know: what
//! is too much.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::cluster::Cluster;
use crate::report::ProcessRow;

/// Time between looks in the beginning.
const FIRST: Duration = Duration::from_millis(250);
/// Looks that are kept. When there are more every other one is dropped and those to come are half as frequent.
const LOOKS_MAX: usize = 480;

/// Looks until it is told to finish.
#[derive(Debug)]
pub(super) struct Sampler {
    /// Its end tells the thread to finish.
    stop: Sender<()>,
    thread: JoinHandle<Vec<ProcessRow>>,
}

impl Sampler {
    #[allow(clippy::disallowed_methods, reason = "the node is where threads live")]
    pub(super) fn start(cluster: Arc<Mutex<Cluster>>) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let (begun, mut every, mut looks) = (Instant::now(), FIRST, Vec::new());
            loop {
                looks.push(look(&cluster, begun.elapsed()));
                if thin(&mut looks) {
                    every *= 2;
                }
                if stopped.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
                    return looks.concat();
                }
            }
        });
        Self { stop, thread }
    }

    /// The rows of all looks that were kept.
    pub(super) fn finish(self) -> Vec<ProcessRow> {
        drop(self.stop);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// One look at all processes that run.
fn look(cluster: &Mutex<Cluster>, since: Duration) -> Vec<ProcessRow> {
    let cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
    let at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    let starts = (0_u16..).zip(cluster.starts().iter().copied());
    let rows = starts.filter(|(replica, _)| cluster.is_up(usize::from(*replica)));
    let row = |(replica, start): (u16, u32)| ProcessRow {
        at_ms,
        replica,
        start,
        memory_kb: cluster.memory_kb(usize::from(replica)),
        descriptors: cluster.descriptors(usize::from(replica)),
    };
    rows.map(row).collect()
}

/// Drops every other look if there are too many; whether there were.
fn thin<T>(looks: &mut Vec<T>) -> bool {
    let too_many = looks.len() >= LOOKS_MAX;
    if too_many {
        let mut even = false;
        looks.retain(|_| {
            even = !even;
            even
        });
    }
    too_many
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is thinned keeps its first and stays evenly spread.
    #[test]
    fn half_of_the_looks_stay() {
        let mut looks: Vec<usize> = (0..LOOKS_MAX).collect();
        assert!(thin(&mut looks));
        assert_eq!(looks, (0..LOOKS_MAX).step_by(2).collect::<Vec<_>>());
        assert!(!thin(&mut looks), "there are not too many any more");
    }
}
