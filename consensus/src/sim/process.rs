//! One machine: a process with its application, its disk, and what it is about to do.
//!
//! In: configuration. Out: the state of a machine. Refuses to know: other machines, and when anything happens.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::action::Action;
use crate::event::Timer;
use crate::exit::Exit;
use crate::ids::{ReplicaId, SeqNum};
use crate::protocol::Protocol;

use super::disk::{Disk, Mark};
use super::leaving::Leaving;

/// One machine.
#[derive(Clone, Debug)]
pub struct Machine<P: Protocol, A> {
    /// What its replica is made from.
    pub config: P::Config,
    /// Its replica, while the process runs.
    pub replica: Option<P>,
    /// Its application.
    pub application: A,
    /// Its disk.
    pub disk: Disk<P::Record>,
    /// What it is writing.
    pub writing: Option<P::Record>,
    /// What waits for the disk, if only that does which leaves.
    pub exit: Exit<Leaving<P::Message>>,
    /// What its disk is at work on, then.
    pub paying: Mark,
    /// What it will do, in order, once what it is writing is durable.
    pub outbox: VecDeque<Action<P::Message, P::Record, P::Evidence>>,
    /// A timer's expiry counts only if it was not armed or disarmed since.
    pub armed: BTreeMap<Timer, u64>,
    /// Rises with each restart: answers to an earlier life are lost.
    pub life: u64,
    /// Actions performed in all its lives.
    pub performed: u32,
    /// Answers its application gave.
    pub answers: u32,
    /// After a restart, the last of its own decisions that was handed back, until all are.
    pub recalled: Option<SeqNum>,
    /// Which messages it got lately.
    pub heard: Recent,
    /// It does nothing any more.
    pub frozen: bool,
    /// Its disk was found damaged: it does not start again.
    pub refuses: bool,
}

impl<P: Protocol, A> Machine<P, A> {
    /// A machine that was never switched on.
    pub fn new(config: P::Config, application: A) -> Self {
        Self {
            config,
            replica: None,
            application,
            disk: Disk::default(),
            writing: None,
            exit: Exit::default(),
            paying: Mark::default(),
            outbox: VecDeque::new(),
            armed: BTreeMap::new(),
            life: 0,
            performed: 0,
            answers: 0,
            recalled: None,
            heard: Recent::default(),
            frozen: false,
            refuses: false,
        }
    }

    /// It writes a record, and waits for it if it works in step.
    pub fn writes(&mut self, record: P::Record, in_step: bool) {
        if in_step {
            self.writing = Some(record);
        } else {
            self.disk.write(record);
        }
    }

    /// Whether its process runs and may do something.
    pub fn is_up(&self) -> bool {
        self.replica.is_some() && !self.frozen
    }
}

/// The messages of late, for telling a repeated one. It may forget any of them.
#[derive(Clone, Debug)]
pub struct Recent(Vec<u64>);

impl Default for Recent {
    fn default() -> Self {
        Self(vec![0; Self::PLACES])
    }
}

impl Recent {
    /// Places for messages: those of a few positions.
    const PLACES: usize = 512;

    /// Whether a message with this fold came lately; remembers it.
    pub fn knows(&mut self, fold: u64) -> bool {
        let place = usize::try_from(fold % Self::PLACES as u64).expect("a place");
        std::mem::replace(&mut self.0[place], fold) == fold
    }
}

/// Who may have forgotten or may lie: together at most f, whatever is injected.
#[derive(Clone, Debug)]
pub struct Atlas {
    faults: usize,
    spoilt: BTreeSet<ReplicaId>,
}

impl Atlas {
    /// At most `faults` replicas are spoilt, `liars` among them.
    pub fn new(faults: usize, liars: BTreeSet<ReplicaId>) -> Self {
        Self { faults, spoilt: liars }
    }

    /// Whether one more fault may befall this replica.
    pub fn may_spoil(&self, id: ReplicaId) -> bool {
        self.spoilt.contains(&id) || self.spoilt.len() < self.faults
    }

    /// Something befell it.
    pub fn spoil(&mut self, id: ReplicaId) {
        self.spoilt.insert(id);
    }

    /// Whether nothing may be expected of this replica.
    pub fn is_spoilt(&self, id: ReplicaId) -> bool {
        self.spoilt.contains(&id)
    }
}
