//! Load: many clients behind one gateway, and how long each waited.
//!
//! In: a gateway, how many clients, what they send. Out: counts and a histogram of latencies. Refuses to know:
//! replicas.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use consensus::ids::Timestamp;
use consensus::keys::{Scope, Signer};
use hdrhistogram::Histogram;
use node::client::Gateway;
use tokio::task::LocalSet;
use tokio::time::Instant;

/// What came of a load.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Requests that were answered within the measured time.
    pub done: u64,
    /// Requests that failed or had no answer in time.
    pub failed: u64,
    /// How long was measured.
    pub measured: Duration,
    /// Latencies in microseconds, of the requests that were answered.
    pub latencies: Histogram<u64>,
}

impl Outcome {
    fn new() -> Self {
        let latencies = Histogram::new_with_bounds(1, 120_000_000, 3);
        let latencies = latencies.expect("bounds and digits are within the histogram's own");
        Self { done: 0, failed: 0, measured: Duration::ZERO, latencies }
    }

    /// Requests answered per second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.measured.as_secs_f64()
    }

    /// The latency that a fraction of the requests did not exceed.
    pub fn quantile(&self, fraction: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_quantile(fraction))
    }
}

/// The key of client `index`.
pub fn client(scope: Scope, index: u32) -> Signer {
    let mut seed = [21; 32];
    seed[..4].copy_from_slice(&index.to_le_bytes());
    Signer::ed25519(scope, seed)
}

/// A closed loop: each of `clients` sends one request of `bytes` bytes after the other. What is answered while it
/// warms up does not count.
pub async fn closed(
    gateway: &Gateway,
    scope: Scope,
    clients: u32,
    bytes: usize,
    warm_up: Duration,
    measured: Duration,
) -> Outcome {
    let outcome = Rc::new(RefCell::new(Outcome::new()));
    let begun = Instant::now() + warm_up;
    let end = begun + measured;
    let tasks = LocalSet::new();
    for index in 0..clients {
        let (gateway, outcome) = (gateway.clone(), outcome.clone());
        let signer = client(scope, index);
        tasks.spawn_local(async move {
            loop {
                let sent = Instant::now();
                if sent >= end {
                    return;
                }
                let done = gateway.submit(&signer, Timestamp::ZERO, vec![7; bytes], Vec::new());
                let done = done.await;
                let now = Instant::now();
                if now >= begun && now < end {
                    let mut outcome = outcome.borrow_mut();
                    match done {
                        Ok(_) => {
                            outcome.done += 1;
                            let micros = u64::try_from((now - sent).as_micros());
                            outcome.latencies.saturating_record(micros.unwrap_or(u64::MAX));
                        }
                        Err(_) => outcome.failed += 1,
                    }
                }
            }
        });
    }
    tasks.await;
    let mut outcome = outcome.borrow().clone();
    outcome.measured = measured;
    outcome
}
