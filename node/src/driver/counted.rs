//! Which counter a message that leaves belongs to.
//!
//! In: messages. Out: counters. Refuses to know: whether they arrive.

use consensus::classic::message::Message;

use crate::metrics::Count;

/// Whether a message is one that is normally broadcast once: sent to one replica, it is a repetition.
pub(super) fn is_vote(message: &Message) -> bool {
    matches!(
        message,
        Message::Propose(_)
            | Message::Prepare(_)
            | Message::Commit(_)
            | Message::Checkpoint(_)
            | Message::ViewChange(_)
            | Message::NewView(_)
    )
}

/// The counter of a message that is sent to all.
pub(super) fn first_time(message: &Message) -> Count {
    match message {
        Message::Propose(_) => Count::PrePrepares,
        Message::Prepare(_) => Count::Prepares,
        Message::Commit(_) => Count::Commits,
        Message::Checkpoint(_) => Count::Checkpoints,
        Message::ViewChange(_) | Message::NewView(_) => Count::ViewChanges,
        other => upkeep(other),
    }
}

/// The counter of everything that keeps replicas up to date.
pub(super) fn upkeep(_: &Message) -> Count {
    Count::Upkeep
}
