//! What clients ask for, and how it is batched.
//!
//! In: signed requests. Out: batches and proposals with one digest each. Refuses to know: what an operation means.

mod statement;
mod batch;

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Digest, ReplicaId, Timestamp, View};
use crate::keys::{Author, Check, Forged, Kind, Signatures, Signed, Statement, Verified};
use crate::limits::{Limits, LimitsSpec};

pub use batch::{Batch, EncodedBatch};
pub use statement::{Read, Request};

/// A request on its way, with the private part that travels beside it.
///
/// The attachment is under no signature and no digest of this crate; the application's commitment inside the
/// operation binds it, and the application checks that before a backup prepares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Submission {
    /// The signed request.
    pub request: Signed<Request>,
    /// The private part; empty for most operations.
    #[serde(with = "serde_bytes")]
    pub attachment: Vec<u8>,
}

impl Submission {
    /// What the submission adds to a batch, in bytes, rounded up by fixed fields.
    pub fn weight(&self) -> usize {
        Limits::REQUEST_BYTES + self.request.operation.len() + self.attachment.len()
    }
}

impl Signatures for Submission {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        check.signed(&self.request)
    }
}

/// REPLY(v, t, c, i, r) of OSDI '99 without i, which [`Replies`] names once for many.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reply {
    /// The replica's view, so that the client learns who is primary.
    pub view: View,
    /// The client's count of the request answered.
    pub timestamp: Timestamp,
    /// The client.
    pub client: ClientId,
    /// What the application returned, at most [`Limits::RESULT_BYTES`] long.
    #[serde(with = "serde_bytes")]
    pub result: Vec<u8>,
}

/// What one replica answers at one time to clients behind one connection, under one signature: signing each reply by
/// itself would cost a replica as much as checking the request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Replies {
    /// The replica that answers.
    pub from: ReplicaId,
    /// The answers.
    pub replies: Vec<Reply>,
}

/// One reply with the replica that gave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answer {
    /// The replica that answers.
    pub from: ReplicaId,
    /// What it answers.
    pub reply: Reply,
}

impl Verified<Signed<Replies>> {
    /// The answers one by one, each as good as the signature over all of them.
    pub fn answers(self) -> impl Iterator<Item = Verified<Answer>> {
        self.split(|signed| {
            let Replies { from, replies } = signed.message;
            replies.into_iter().map(move |reply| Answer { from, reply })
        })
    }
}

impl Statement for Replies {
    const KIND: Kind = Kind::Reply;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// A batch with its private parts: what travels from primary to backups.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Proposal {
    /// The part under the digest.
    pub batch: EncodedBatch,
    /// One private part per request, in the same order; empty where there is none.
    pub attachments: Vec<Attachment>,
}

/// A private part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attachment(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// Why a proposal cannot be accepted whatever the application says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BadProposal {
    /// More of something than the limits allow.
    #[error("{what}: {got} where at most {max} are allowed")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        got: usize,
        /// How much is allowed.
        max: usize,
    },
    /// A fresh proposal without requests would only burn a position.
    #[error("a proposal without requests")]
    Empty,
    /// Private parts and requests do not pair up.
    #[error("{attachments} private parts for {requests} requests")]
    Unpaired {
        /// Requests in the batch.
        requests: usize,
        /// Private parts beside it.
        attachments: usize,
    },
    /// One client appears twice: a client has one request outstanding.
    #[error("client {0} appears twice in one batch")]
    RepeatedClient(ClientId),
}

impl Proposal {
    /// Puts submissions together in the given order.
    pub fn new(proposer: ReplicaId, context: Vec<u8>, submissions: Vec<Submission>) -> Self {
        let (requests, attachments) =
            submissions.into_iter().map(|s| (s.request, Attachment(s.attachment))).unzip();
        Self { batch: Batch { proposer, context, requests }.into(), attachments }
    }

    /// Names this proposal with its private parts, given the digest of its batch. Private parts are not under that
    /// digest, so what the application says about some says nothing about others.
    pub fn question(&self, batch: &Digest) -> Digest {
        Digest::of("gridquorum question", &(batch, &self.attachments))
    }

    /// The requests with their private parts.
    pub fn submissions(&self) -> impl Iterator<Item = Submission> + '_ {
        let pairs = self.batch.requests.iter().zip(&self.attachments);
        pairs.map(|(request, attachment)| Submission {
            request: request.clone(),
            attachment: attachment.0.clone(),
        })
    }

    /// Checks everything that needs no application: sizes, pairing, one request per client.
    ///
    /// # Errors
    ///
    /// [`BadProposal`].
    pub fn check(&self, limits: &LimitsSpec) -> Result<(), BadProposal> {
        let requests = self.batch.requests.len();
        if requests == 0 {
            return Err(BadProposal::Empty);
        }
        if requests != self.attachments.len() {
            return Err(BadProposal::Unpaired { requests, attachments: self.attachments.len() });
        }
        let within = |what, got, max| {
            if got <= max { Ok(()) } else { Err(BadProposal::TooMuch { what, got, max }) }
        };
        within("requests in a batch", requests, limits.batch_requests)?;
        within("bytes of context", self.batch.context.len(), Limits::CONTEXT_BYTES)?;
        within("bytes in a batch", self.weight(), limits.batch_bytes)?;
        for (request, attachment) in self.batch.requests.iter().zip(&self.attachments) {
            within("bytes in an operation", request.operation.len(), limits.operation_bytes)?;
            within("bytes in a private part", attachment.0.len(), limits.attachment_bytes)?;
        }
        let mut clients: Vec<ClientId> = self.batch.requests.iter().map(|r| r.client()).collect();
        clients.sort_unstable();
        let repeated = clients.windows(2).find(|pair| pair[0] == pair[1]);
        repeated.map_or(Ok(()), |pair| Err(BadProposal::RepeatedClient(pair[0])))
    }

    /// The sum of [`Submission::weight`] over the requests.
    fn weight(&self) -> usize {
        let bytes =
            self.batch.requests.iter().zip(&self.attachments).map(|(request, attachment)| {
                Limits::REQUEST_BYTES + request.operation.len() + attachment.0.len()
            });
        bytes.sum()
    }
}

impl Signatures for Proposal {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        self.batch.requests.iter().try_for_each(|request| check.signed(request))
    }
}

/// What the application says about one executed request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The bytes of the reply, at most [`Limits::RESULT_BYTES`] long.
    pub result: Vec<u8>,
    /// Whether the client counts as served. False for a key that the application does not know: refusing it
    /// again changes nothing, and remembering every key that ever knocked would be memory without bound.
    pub retain: bool,
}
