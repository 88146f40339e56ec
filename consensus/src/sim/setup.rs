//! What a simulated cluster is like: its size, its load and how badly its world behaves.
//!
//! In: numbers. Out: the same numbers with names. Refuses to know: what happens with them.

use std::time::Duration;

use crate::committee::Committee;
use crate::limits::{Limits, LimitsSpec};

/// A simulated world. Probabilities are given as "once in so many chances"; 0 is never.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Who votes.
    pub committee: Committee,
    /// Bounds and time-outs of every replica.
    pub limits: Limits,
    /// Clients, each with one request outstanding.
    pub clients: usize,
    /// Requests of each client.
    pub requests: u32,
    /// How long a client waits before it asks everybody.
    pub patience: Duration,
    /// Least time on the way, in microseconds.
    pub delay_min_us: u64,
    /// How much longer it may be.
    pub delay_spread_us: u64,
    /// How long an application takes at most, in microseconds.
    pub work_us: u64,
    /// A message is lost once in so many.
    pub loss: u64,
    /// A message arrives twice once in so many.
    pub duplication: u64,
    /// A machine crashes before an action once in so many.
    pub crash: u64,
    /// How long it stays down at most, in milliseconds.
    pub outage_ms: u64,
}

impl Setup {
    /// A well-behaved world with `n` replicas.
    ///
    /// # Panics
    ///
    /// For sizes that are no committee.
    pub fn calm(n: usize) -> Self {
        let limits = LimitsSpec {
            window: 32,
            checkpoint_interval: 8,
            view_timeout_ms: 200,
            status_interval_ms: 50,
            fetch_decisions: 8,
            ..LimitsSpec::default()
        };
        Self {
            committee: Committee::try_new(n).expect("a test names a committee"),
            limits: Limits::try_new(limits).expect("these limits fit together"),
            clients: 3,
            requests: 10,
            patience: Duration::from_millis(100),
            delay_min_us: 500,
            delay_spread_us: 500,
            work_us: 100,
            loss: 0,
            duplication: 0,
            crash: 0,
            outage_ms: 0,
        }
    }

    /// The same world with long and uneven delays, losses, duplicates and crashes.
    #[must_use]
    pub fn rough(self) -> Self {
        Self {
            delay_spread_us: 30_000,
            work_us: 5_000,
            loss: 20,
            duplication: 20,
            crash: 400,
            outage_ms: 500,
            ..self
        }
    }
}
