//! What waits for the disk: a driver executes and builds at once, and only what leaves waits for what it depends on.
//!
//! In: word of what was written, what is to leave, and the end of a wait. Out: the same in order, none before the
//! records that were written before it. Refuses to know: how long a disk takes, and how a message travels.
//!
//! This restates `node/src/driver/exit.rs`, which the simulator cannot see, with what the oracles are told as one more
//! thing that leaves: what was executed binds nobody until the votes it rests on are durable.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::certificate::{CheckpointCertificate, Decision};
use crate::ids::{Digest, ReplicaId, SeqNum};
use crate::request::Reply;

use super::watch::{Kind, Readable};

/// What a driver waits with for the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Driver {
    /// With everything that follows a record: the simplest that is right.
    #[default]
    InStep,
    /// With what leaves. Records become durable before the chain of the same round. This is what the node does.
    Pipelined,
    /// A mistake: as [`Driver::Pipelined`], but the chain may be durable before the records it rests on.
    ChainFirst,
    /// A mistake: with nothing.
    Hasty,
}

impl Driver {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InStep => "in step",
            Self::Pipelined => "pipelined",
            Self::ChainFirst => "chain first",
            Self::Hasty => "hasty",
        }
    }

    /// The driver of a number in a scenario; above 3 the last.
    pub const fn of(number: u64) -> Self {
        match number {
            0 => Self::InStep,
            1 => Self::Pipelined,
            2 => Self::ChainFirst,
            _ => Self::Hasty,
        }
    }
}

/// What a replica came to hold for true, for the oracles.
#[derive(Clone, Debug)]
pub enum Seen {
    /// A batch was executed, and led to a state.
    Executed(Arc<Decision>, Vec<bool>, Digest),
    /// A null request was passed over.
    Skipped(Arc<Decision>),
    /// A checkpoint became stable.
    Stable(CheckpointCertificate),
    /// A state of others was taken.
    Installed(SeqNum, Digest),
}

/// Something that leaves.
#[derive(Clone, Debug)]
pub enum Leaving<M> {
    /// To one replica.
    To(ReplicaId, M),
    /// To all others.
    All(M),
    /// To a client.
    Reply(Reply),
    /// To the oracles.
    Seen(Seen),
}

/// The exit of one machine.
#[derive(Clone, Debug)]
pub struct Exit<M> {
    /// What waits, each with the round that has to be durable first.
    held: VecDeque<(u64, Leaving<M>)>,
    /// The round that fills.
    filling: u64,
    /// Rounds before this one are durable.
    durable: u64,
    /// Whether the disk is at work.
    busy: bool,
    owes_records: bool,
    owes_chain: bool,
}

impl<M> Default for Exit<M> {
    fn default() -> Self {
        let (held, busy, owes_records, owes_chain) = (VecDeque::new(), false, false, false);
        Self { held, filling: 0, durable: 0, busy, owes_records, owes_chain }
    }
}

impl<M: Readable> Exit<M> {
    /// A record was written.
    pub fn owe_record(&mut self) {
        self.owes_records = true;
    }

    /// The chain has to become durable.
    pub fn owe_chain(&mut self) {
        self.owes_chain = true;
    }

    /// Something is to leave. A checkpoint vote vouches for the chain.
    pub fn push(&mut self, leaving: Leaving<M>) {
        if let Leaving::To(_, message) | Leaving::All(message) = &leaving {
            let vote = message.statement().filter(|said| said.kind == Kind::Checkpoint);
            self.owes_chain |= vote.is_some();
        }
        let owes = self.owes_records || self.owes_chain;
        self.held.push_back((self.filling + u64::from(owes), leaving));
    }

    /// The disk is given work if something is owed and it is idle; whether that includes the chain.
    pub fn begin(&mut self) -> Option<bool> {
        if self.busy || !(self.owes_records || self.owes_chain) {
            return None;
        }
        self.busy = true;
        self.filling += 1;
        self.owes_records = false;
        Some(std::mem::take(&mut self.owes_chain))
    }

    /// The disk has done its work.
    pub fn end(&mut self) {
        self.busy = false;
        self.durable = self.filling;
    }

    /// The next that may leave; whatever it depends on if `hasty`.
    pub fn pop(&mut self, hasty: bool) -> Option<Leaving<M>> {
        let free = |(round, _): &&(u64, _)| hasty || *round <= self.durable;
        self.held.front().filter(free)?;
        self.held.pop_front().map(|(_, leaving)| leaving)
    }

    /// Executions that nobody was told of.
    pub fn untold(&self) -> impl Iterator<Item = SeqNum> {
        self.held.iter().filter_map(|(_, leaving)| match leaving {
            Leaving::Seen(Seen::Executed(decision, ..)) => Some(decision.seq()),
            _ => None,
        })
    }
}
