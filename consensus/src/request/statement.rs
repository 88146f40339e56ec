//! What clients sign: requests, and questions that change nothing.
//!
//! In: keys, counts, bytes. Out: statements with their author. Refuses to know: what the bytes mean.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Timestamp};
use crate::keys::{Author, Kind, PublicKey, Statement};

/// REQUEST(o, t, c) of OSDI '99: an operation, the client's count, and the client's key.
///
/// The key travels with the request, so checking the signature needs no state. Whether that key may act is
/// decided by the application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Form")]
pub struct Request {
    /// The client's public key; its fingerprint is the [`ClientId`].
    key: PublicKey,
    /// Increases with each new request of this client.
    pub timestamp: Timestamp,
    /// Bytes that only the application understands.
    pub operation: Bytes,
    /// The fingerprint of `key`: asked for at every turn, computed once.
    #[serde(skip_serializing)]
    client: ClientId,
}

/// A request as it travels.
#[derive(Deserialize)]
struct Form {
    key: PublicKey,
    timestamp: Timestamp,
    operation: Bytes,
}

impl From<Form> for Request {
    fn from(Form { key, timestamp, operation }: Form) -> Self {
        Self::new(key, timestamp, operation)
    }
}

impl Request {
    /// The request of whoever owns `key`.
    pub fn new(key: PublicKey, timestamp: Timestamp, operation: impl Into<Bytes>) -> Self {
        Self { key, timestamp, operation: operation.into(), client: key.client() }
    }

    /// The client's public key.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Who asks.
    pub const fn client(&self) -> ClientId {
        self.client
    }
}

impl Statement for Request {
    const KIND: Kind = Kind::Request;

    fn author(&self) -> Author {
        Author::Client(self.key)
    }
}

/// A question that changes nothing. It has a kind of its own, so that nobody can have a question ordered, or an order
/// answered as a question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Read {
    /// What is asked, by whom; timestamps are those of the client's requests.
    pub request: Request,
}

impl Statement for Read {
    const KIND: Kind = Kind::Read;

    fn author(&self) -> Author {
        Author::Client(*self.request.key())
    }
}
