//! What clients and replicas say to each other on the client port.
//!
//! In: nothing. Out: message types with a canonical encoding. Refuses to know: sockets.

use std::collections::BTreeMap;

use consensus::ids::{ClientId, ReplicaId, SeqNum, Timestamp};
use consensus::keys::{Author, Kind, PublicKey, Signed, Statement};
use consensus::reject::Reject;
use consensus::request::{Replies, Submission};
use ledger::Hash;
use market::{Money, ParticipantId, Slot};
use serde::{Deserialize, Serialize};

use crate::metrics::Heard;

/// No message of a client is longer: one operation with its private part, signature and key.
pub const CLIENT_FRAME_MAX: usize = 64 << 10;
/// No message to a client is longer: a trace of one decision in a large committee.
pub const REPLICA_FRAME_MAX: usize = 1 << 20;

/// A client asks for its replies on this connection. Signed, so that nobody can draw away another's replies, and
/// for one replica, so that this replica cannot draw them away from the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's key.
    pub key: PublicKey,
    /// The replica that is asked.
    pub to: ReplicaId,
}

impl Statement for Hello {
    const KIND: Kind = Kind::Hello;

    fn author(&self) -> Author {
        Author::Client(self.key)
    }
}

/// From a client to a replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToReplica {
    /// Send this client's replies here.
    Hello(Signed<Hello>),
    /// A request to be ordered.
    Submit(Submission),
    /// A question about what this replica knows. The answer is one replica's word.
    Ask {
        /// Comes back with the answer.
        id: u64,
        /// What.
        question: Question,
    },
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Nothing: how long an answer takes.
    Ping,
    /// Where the replica stands.
    Status,
    /// One member's account and score, as of the last close.
    Account(ParticipantId),
    /// When the messages of one decision left and arrived here.
    Trace(SeqNum),
}

/// From a replica to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToClient {
    /// The signed answers to requests.
    Replies(Signed<Replies>),
    /// The answer to a question.
    Answer {
        /// The number of the question.
        id: u64,
        /// What.
        answer: Answer,
    },
    /// A request that this replica will not pass on.
    Refused {
        /// Whose request.
        client: ClientId,
        /// Which request.
        timestamp: Timestamp,
        /// Why.
        why: Unwelcome,
    },
}

/// Why a request is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Unwelcome {
    /// Too many requests wait.
    #[error("too many requests wait; try again later")]
    Busy,
    /// Its signature does not hold.
    #[error("the signature does not match the key")]
    Forged,
    /// No honest primary would propose it.
    #[error("it is no command, or the private part does not belong to it")]
    Inadmissible,
    /// A later request of this client has been executed, or another one waits.
    #[error("its timestamp is not above the client's last one")]
    Stale,
}

impl Unwelcome {
    /// What a client is told about a request that the replica refused; none where silence is the answer.
    pub fn of(reject: &Reject) -> Option<Self> {
        match reject {
            Reject::Overloaded(_) => Some(Self::Busy),
            Reject::StaleRequest { .. } | Reject::ConflictingRequest { .. } => Some(Self::Stale),
            _ => None,
        }
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To a ping.
    Pong,
    /// Where the replica stands.
    Status(Status),
    /// A member's account; none for an unknown member.
    Account(Option<Account>),
    /// The moments of one decision.
    Trace(Vec<Moment>),
}

/// Where a replica stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The replica.
    pub replica: u16,
    /// Its view.
    pub view: u64,
    /// Whether it takes part in it.
    pub active: bool,
    /// The primary of that view.
    pub primary: u16,
    /// The last position executed.
    pub executed: u64,
    /// The last stable checkpoint.
    pub stable: u64,
    /// Requests that wait.
    pub waiting: u64,
    /// The state root as of the last close of a slot or the opening of the market.
    pub root: Hash,
    /// The last slot that was closed.
    pub closed: Option<Slot>,
    /// Replicas that this one can prove to be liars, with what they did.
    pub accused: BTreeMap<u16, Vec<String>>,
    /// Counters since the process started.
    pub counters: BTreeMap<String, u64>,
    /// What came from each of the other replicas since the process started.
    pub heard: BTreeMap<u16, Heard>,
}

/// One member as of the last close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub participant: ParticipantId,
    /// What is on it; negative is owed.
    pub balance: Money,
    /// The score; none before the first slot was settled.
    pub score: Option<u16>,
}

/// Something that happened to a message of one decision, by this machine's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// `request`, `pre-prepare`, `prepare`, `commit` or `reply`.
    pub kind: String,
    /// Whose message it was; the replica itself for those it sent.
    pub author: Option<u16>,
    /// Whether it left here; otherwise it was handled here.
    pub left: bool,
    /// Unix time in microseconds.
    pub at_us: u64,
}
