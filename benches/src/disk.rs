//! What the disk takes to make a promise durable, measured as a replica's store asks for it.
//!
//! In: a folder. Out: medians. Refuses to know: what is compared with them.

use std::path::Path;
use std::time::{Duration, Instant};

use node::store::log::Log;

/// Promises written by each.
const SAMPLES: usize = 200;
/// Bytes of one: a vote with its certificate, about.
const BYTES: usize = 200;

/// The median time until one promise is durable, while `replicas` processes' worth of logs in `folder` do the same at
/// once: each appends to a log of the store, hands it to the system, and waits.
///
/// # Errors
///
/// If `folder` cannot be written to.
pub fn sync(folder: &Path, replicas: usize) -> anyhow::Result<Duration> {
    let times = std::thread::scope(|scope| {
        let paths = (0..replicas).map(|replica| folder.join(format!("sync-{replica}.probe")));
        let threads: Vec<_> = paths.map(|path| scope.spawn(move || sample(&path))).collect();
        let joined = threads.into_iter().map(|thread| match thread.join() {
            Ok(times) => times,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut times: Vec<Duration> = times.into_iter().flatten().collect();
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}

fn sample(path: &Path) -> anyhow::Result<Vec<Duration>> {
    let (mut log, _) = Log::open(path)?;
    let mut times = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let begun = Instant::now();
        log.append(&[7; BYTES]);
        log.sync()?;
        times.push(begun.elapsed());
    }
    drop(log);
    std::fs::remove_file(path)?;
    Ok(times)
}
