//! What a driver lets leave.
//!
//! In: messages and replies as the protocol asked for them. Out: the same. Refuses to know: when they may leave.

use consensus::classic::message::Message;
use consensus::ids::ReplicaId;
use consensus::request::Reply;

use crate::metrics::Count;

/// Something that leaves.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// To one replica.
    To(ReplicaId, Message, Count),
    /// To all others.
    All(Message, Count),
    /// To a client, for one of the requests of this execution.
    Reply(u64, Reply),
}

impl Outgoing {
    /// Whether it vouches for the chain.
    pub(super) fn is_checkpoint(&self) -> bool {
        matches!(
            self,
            Self::To(_, Message::Checkpoint(_), _) | Self::All(Message::Checkpoint(_), _)
        )
    }
}
