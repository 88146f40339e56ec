//! What a simulated cluster is like: its size, its load and how badly its world behaves.
//!
//! In: numbers. Out: the same numbers with names. Refuses to know: what happens with them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::committee::Committee;
use crate::ids::ReplicaId;
use crate::limits::{Limits, LimitsSpec};

use super::fault::{Class, Faults, Injection};
use super::leaving::Driver;

/// A simulated world.
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
    /// How long a sync takes at most, in microseconds; 0: what is written is durable.
    pub sync_us: u64,
    /// What waits for a sync.
    pub driver: Driver,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// Exactly what goes wrong, instead.
    pub script: Option<Vec<Injection>>,
    /// Replicas that may do anything: nothing is expected of them, and they count towards f.
    pub liars: BTreeSet<ReplicaId>,
    /// For each of the first views, the replicas on one side of a wall that messages do not pass. Bit i stands for
    /// replica i; liars are on both sides.
    pub walls: Vec<u64>,
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
            sync_us: 0,
            driver: Driver::default(),
            faults: Faults::default(),
            script: None,
            liars: BTreeSet::new(),
            walls: Vec::new(),
        }
    }

    /// The same world with long and uneven delays, losses, duplicates and crashes, and with batches so small that
    /// several are in flight.
    #[must_use]
    pub fn rough(self) -> Self {
        let faults = Faults {
            loss: 20,
            duplication: 20,
            crash: 250,
            outage_ms: 500,
            deaths: vec![Class::Crash],
            ..Faults::default()
        };
        let limits = LimitsSpec { batch_requests: 2, ..self.limits.spec().clone() };
        let limits = Limits::try_new(limits).expect("smaller batches fit as well");
        Self { limits, delay_spread_us: 30_000, work_us: 5_000, faults, ..self }
    }
}
