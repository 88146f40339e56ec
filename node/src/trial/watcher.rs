//! A look at the replicas from beside the loop over days.
//!
//! In: a gateway to the replicas. Out: where each of them stands, and when all stand at the same place. Refuses to
//! know: commands, faults, what is compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use consensus::committee::Committee;
use consensus::ids::ReplicaId;
use market::Slot;
use tokio::runtime::Handle;

use crate::client::Gateway;
use crate::report::ViewRow;
use crate::talk::{Answer, Question, Status};

/// How long one replica may take to answer a question.
const ANSWER: Duration = Duration::from_secs(2);
/// How long all replicas may take to answer for the first time.
const STARTING: Duration = Duration::from_secs(30);

/// Replicas that never answered.
#[derive(Debug, thiserror::Error)]
#[error("replicas {0:?} did not answer within {STARTING:?}")]
pub(super) struct Silent(Vec<u16>);

/// Looks at the replicas. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Watcher {
    runtime: Handle,
    gateway: Gateway,
    /// Commands that have their receipts; the loop counts them.
    commands: Arc<AtomicU64>,
    committee: Committee,
}

impl Watcher {
    pub(super) fn new(
        runtime: Handle,
        gateway: Gateway,
        commands: Arc<AtomicU64>,
        committee: Committee,
    ) -> Self {
        Self { runtime, gateway, commands, committee }
    }

    /// Commands that have their receipts.
    pub(super) fn commands(&self) -> u64 {
        self.commands.load(Ordering::Relaxed)
    }

    /// Replies that arrived so far.
    pub(super) fn replies(&self) -> u64 {
        self.gateway.replies()
    }

    /// Signatures of replies that were checked so far.
    pub(super) fn reply_checks(&self) -> u64 {
        self.gateway.reply_checks()
    }

    /// Where every replica stands; none for those that do not answer in time.
    pub(super) fn statuses(&self) -> Vec<Option<Status>> {
        let asked = self.committee.replicas().map(|replica| {
            let gateway = self.gateway.clone();
            self.runtime.spawn(async move { gateway.ask(replica, Question::Status, ANSWER).await })
        });
        let asked: Vec<_> = asked.collect();
        let answers = asked.into_iter().map(|task| match self.runtime.block_on(task) {
            Ok(Some(Answer::Status(status))) => Some(status),
            _ => None,
        });
        answers.collect()
    }

    /// The view of every replica that answers.
    pub(super) fn views(&self, slot: Slot) -> Vec<ViewRow> {
        let row = |status: Status| ViewRow {
            slot: slot.get(),
            replica: status.replica,
            view: status.view,
        };
        self.statuses().into_iter().flatten().map(row).collect()
    }

    /// The primary, by the word of the replica that is in the highest view.
    pub(super) fn primary(&self) -> Option<usize> {
        let highest = self.statuses().into_iter().flatten().max_by_key(|status| status.view)?;
        Some(usize::from(highest.primary))
    }

    /// Asks one replica.
    pub(super) fn ask(&self, replica: ReplicaId, question: Question) -> Option<Answer> {
        self.runtime.block_on(self.gateway.ask(replica, question, ANSWER))
    }

    /// Waits until all replicas answer.
    pub(super) fn wait_for_all(&self) -> Result<(), Silent> {
        let deadline = Instant::now() + STARTING;
        loop {
            let statuses = self.statuses();
            let silent = (0..).zip(&statuses).filter(|(_, s)| s.is_none()).map(|(id, _)| id);
            let silent: Vec<u16> = silent.collect();
            if silent.is_empty() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Silent(silent));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until all replicas that are up have executed the same and closed the same slot; where they stand then.
    pub(super) fn settle(&self, up: &[bool], patience: Duration) -> Vec<Option<Status>> {
        let deadline = Instant::now() + patience;
        loop {
            let mut statuses = self.statuses();
            for (status, up) in statuses.iter_mut().zip(up) {
                if !up {
                    *status = None;
                }
            }
            let standing = |s: &Option<Status>| s.as_ref().map(|s| (s.executed, s.closed));
            let mut known =
                statuses.iter().zip(up).filter(|(_, up)| **up).map(|(s, _)| standing(s));
            let first = known.next().flatten();
            if (first.is_some() && known.all(|other| other == first)) || Instant::now() > deadline {
                return statuses;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
