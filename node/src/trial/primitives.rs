//! What the primitives cost on this machine, measured in the same run as everything else.
//!
//! In: a folder to write in. Out: medians. Refuses to know: what they are compared with.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use consensus::ids::Timestamp;
use consensus::keys::{Keyring, Scope, Signer};
use consensus::request::{Request, Submission};

/// Repetitions of each.
const SAMPLES: usize = 50;

/// Median costs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Primitives {
    /// One Ed25519 signature over a small request.
    pub(super) sign: Duration,
    /// One check of it.
    pub(super) verify: Duration,
    /// One `fdatasync` after 4 KiB.
    pub(super) sync: Duration,
}

/// Measures all three.
///
/// # Errors
///
/// If `folder` cannot be written to.
pub(super) fn measure(scope: Scope, folder: &Path) -> io::Result<Primitives> {
    let signer = Signer::ed25519(scope, [7; 32]);
    let key = signer.public_key();
    let request = |count: u64| Request::new(key, Timestamp::new(count), vec![0; 64]);
    let signed =
        |count| Submission { request: signer.sign(request(count)), attachment: Vec::new() };
    let ring = Keyring::try_ed25519(scope, &[signer.public_key()]).map_err(io::Error::other)?;
    let sign = median(|count| drop(signed(count)));
    let verify = median_of(signed, |submission| drop(ring.verify(submission)));
    let path = folder.join("sync.probe");
    let mut file = File::create(&path)?;
    let mut failed = None;
    let sync = median(|_| {
        if let Err(error) = file.write_all(&[0; 4096]).and_then(|()| file.sync_data()) {
            failed = Some(error);
        }
    });
    std::fs::remove_file(&path)?;
    failed.map_or(Ok(Primitives { sign, verify, sync }), Err)
}

fn median(mut work: impl FnMut(u64)) -> Duration {
    median_of(|count| count, &mut work)
}

fn median_of<T>(mut prepare: impl FnMut(u64) -> T, mut work: impl FnMut(T)) -> Duration {
    let mut times: Vec<Duration> = (0..SAMPLES as u64)
        .map(|count| {
            let input = prepare(count);
            let begun = Instant::now();
            work(input);
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[SAMPLES / 2]
}
