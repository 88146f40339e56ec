//! What waits for the disk, and which mistakes a driver can make with that.
//!
//! In: nothing. Out: names. Refuses to know: how long a disk takes, and how a message travels.
//!
//! What the oracles are told leaves like a message: what was executed binds nobody until the votes it rests on are
//! durable.

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

impl<M: Readable> Leaving<M> {
    /// Whether it vouches for the chain.
    pub fn is_checkpoint(&self) -> bool {
        match self {
            Self::To(_, message) | Self::All(message) => {
                message.statement().is_some_and(|said| said.kind == Kind::Checkpoint)
            }
            Self::Reply(_) | Self::Seen(_) => false,
        }
    }
}
