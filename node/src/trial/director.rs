//! Faults at their time: kills, pauses and returns, never more at once than the committee tolerates.
//!
//! In: a plan, the slot that begins. Out: signals to processes, and a list of what was done. Refuses to know: what
//! the replicas make of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::cluster::{Cluster, ClusterError};
use super::fault::{Fault, What, Who};
use crate::report::EventRow;

/// How long after the first command of a slot its faults strike, so that they hit commands on their way.
const IN_FLIGHT: Duration = Duration::from_millis(3);

/// Strikes when it is time.
#[derive(Debug)]
pub(super) struct Director {
    cluster: Arc<Mutex<Cluster>>,
    faults: Vec<Fault>,
    tolerated: usize,
    /// Replicas to be started again, and in which slot.
    returns: Vec<(u32, usize)>,
    paused: Vec<(usize, JoinHandle<()>)>,
    script: Script,
}

/// What was done, and what of the plan was not.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// What was done, in order.
    pub(super) events: Vec<EventRow>,
    /// Faults of the plan.
    pub(super) planned: usize,
    /// Faults and returns that did not come about, each as a line.
    pub(super) missed: Vec<String>,
}

impl Director {
    pub(super) fn new(cluster: Arc<Mutex<Cluster>>, faults: Vec<Fault>, tolerated: usize) -> Self {
        let (returns, paused) = (Vec::new(), Vec::new());
        let script = Script { planned: faults.len(), ..Script::default() };
        Self { cluster, faults, tolerated, returns, paused, script }
    }

    /// Looks whether every replica that nobody struck still runs.
    pub(super) fn check(&self) -> Result<(), ClusterError> {
        lock(&self.cluster).check()
    }

    /// Starts again whoever returns at the beginning of `slot`.
    pub(super) fn begin(&mut self, slot: u32) -> Result<(), ClusterError> {
        let due: Vec<_> = self.returns.extract_if(.., |(at, _)| *at <= slot).collect();
        for (_, replica) in due {
            lock(&self.cluster).spawn(replica)?;
            self.note(slot, format!("replica {replica} was started again"));
        }
        Ok(())
    }

    /// Whether faults are due while the first commands of `slot` are on their way.
    pub(super) fn is_due(&self, slot: u32) -> bool {
        self.faults.iter().any(|fault| fault.slot <= slot)
    }

    /// Strikes; called beside the submission of the slot's first commands. `primary` finds the primary of the moment.
    pub(super) fn strike(
        &mut self,
        slot: u32,
        primary: impl Fn() -> Option<usize>,
    ) -> Result<(), ClusterError> {
        std::thread::sleep(IN_FLIGHT);
        let due: Vec<Fault> = self.faults.extract_if(.., |fault| fault.slot <= slot).collect();
        for fault in due {
            self.wait_for_room();
            let replica = match fault.who {
                Who::Replica(number) => Some(usize::from(number)),
                Who::Primary => primary(),
            };
            let Some(replica) = replica.filter(|replica| lock(&self.cluster).is_up(*replica))
            else {
                self.note(slot, format!("{fault} found nobody to hit"));
                self.script.missed.push(format!("{fault} found nobody to hit"));
                continue;
            };
            let role = if fault.who == Who::Primary { ", the primary," } else { "" };
            match fault.what {
                What::Kill { restart } => {
                    lock(&self.cluster).kill(replica)?;
                    self.returns.extend(restart.map(|at| (at, replica)));
                    self.note(slot, format!("replica {replica}{role} was killed"));
                }
                What::Pause { length } => self.pause(replica, length, slot, role)?,
            }
        }
        Ok(())
    }

    /// Waits for everybody who is paused, and returns what was done.
    pub(super) fn finish(mut self) -> Script {
        self.paused.drain(..).for_each(join);
        let never = self.faults.iter().map(|fault| format!("{fault} never struck"));
        self.script.missed.extend(never);
        let away = self.returns.iter();
        let away = away.map(|(slot, replica)| {
            format!("replica {replica} was not started again in slot {slot}")
        });
        self.script.missed.extend(away);
        self.script
    }

    fn pause(
        &mut self,
        replica: usize,
        length: Duration,
        slot: u32,
        role: &str,
    ) -> Result<(), ClusterError> {
        lock(&self.cluster).pause(replica)?;
        let seconds = length.as_secs();
        self.note(slot, format!("replica {replica}{role} was paused for {seconds} s"));
        let cluster = self.cluster.clone();
        #[allow(clippy::disallowed_methods, reason = "the node is where threads live")]
        let waker = std::thread::spawn(move || {
            std::thread::sleep(length);
            // One that was killed meanwhile has nobody to wake.
            let _ = lock(&cluster).resume(replica);
        });
        self.paused.push((replica, waker));
        Ok(())
    }

    /// Holds a fault back while as many are paused or down as the committee tolerates.
    fn wait_for_room(&mut self) {
        loop {
            self.paused.extract_if(.., |(_, waker)| waker.is_finished()).for_each(join);
            let down = lock(&self.cluster).down();
            if down + self.paused.len() < self.tolerated || self.paused.is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn note(&mut self, slot: u32, what: String) {
        self.script.events.push(EventRow { slot, what });
    }
}

fn join((_, waker): (usize, JoinHandle<()>)) {
    // The thread only sleeps and sends a signal; if it panicked, the run will show it.
    let _ = waker.join();
}

fn lock(cluster: &Mutex<Cluster>) -> MutexGuard<'_, Cluster> {
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}
