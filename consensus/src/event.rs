//! Everything that can happen to a replica.
//!
//! In: what drivers, simulators and models observe. Out: nothing. Refuses to know: where it came from - a
//! message carries its author, a timer is a token, an answer of the application is plain data.

use bytes::Bytes;

use crate::certificate::Decision;
use crate::ids::{ClientId, Digest, ReplicaId, SeqNum, Timestamp};
use crate::keys::Verified;
use crate::request::{Outcome, Proposal};

/// A timer. Arming one again replaces it; an expiry that was on its way when it was disarmed is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// How long to wait for the first waiting request, or for a new view, before asking for the next view.
    View,
    /// How often to tell the others where this replica stands while it waits for something.
    Status,
}

/// Whether the application lets a backup prepare a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Prepare it.
    Acceptable,
    /// Do not.
    Refused,
}

/// One thing that happened. `M` is the protocol's message type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event<M> {
    /// The driver is ready. The first event of every replica, fresh or restarted.
    Started,
    /// A message arrived, from a client or a replica, and all its signatures hold.
    Received(Verified<M>),
    /// A timer ran out.
    Expired(Timer),
    /// Answer to `Build`: the batch to propose; none when the application refused every request.
    Built {
        /// The proposal. Requests that were to be built and are not in it were refused for good.
        proposal: Option<Proposal>,
    },
    /// Answer to `Validate`.
    Validated {
        /// The name of the question.
        digest: Digest,
        /// What the application says.
        verdict: Verdict,
    },
    /// Answer to `Execute`.
    Executed {
        /// The position that was executed.
        seq: SeqNum,
        /// The application's digest after it.
        state: Digest,
        /// One outcome per fresh request, in order.
        outcomes: Vec<Outcome>,
        /// Whether the application asks for a checkpoint here; the same at every replica.
        checkpoint: bool,
    },
    /// Answer to `Query`.
    Answered {
        /// Who asked.
        client: ClientId,
        /// The client's count of the read.
        timestamp: Timestamp,
        /// The bytes of the reply, at most [`Limits::RESULT_BYTES`](crate::limits::Limits::RESULT_BYTES) long.
        result: Vec<u8>,
    },
    /// Answer to `Export`.
    Exported {
        /// The position.
        seq: SeqNum,
        /// The state in parts, each at most [`Limits::CHUNK_BYTES`](crate::limits::Limits::CHUNK_BYTES) long, the
        /// same at every replica; none if this application cannot export.
        chunks: Vec<Bytes>,
    },
    /// Answer to `Install`.
    Installed {
        /// The position.
        seq: SeqNum,
        /// The application's digest now.
        state: Digest,
    },
    /// Answer to `Recall`: decisions from this replica's own records, contiguous, in order.
    Recalled {
        /// The replica that asked.
        to: ReplicaId,
        /// What was found; may be empty.
        decisions: Vec<Decision>,
    },
}
