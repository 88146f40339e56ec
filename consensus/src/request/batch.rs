//! Batches, kept together with their encoding: what is agreed on, hashed once and written down as it travelled.
//!
//! In: requests, or the bytes of a batch. Out: a batch that can be read, its bytes and its digest. Refuses to know:
//! what an operation means.

use std::hash::{Hash, Hasher};
use std::ops::Deref;

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::statement::Request;
use crate::ids::{Digest, ReplicaId, Timestamp};
use crate::keys::{PublicKey, Signature, Signed};
use crate::wire::encode;

/// What is agreed on at one position: who first proposed it, the application's context, and the requests.
///
/// A new view proposes the same batch again unchanged, so proposer and context never change.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Batch {
    /// The primary that put the batch together.
    pub proposer: ReplicaId,
    /// Bytes the application added, the slot time for one; at most
    /// [`Limits::CONTEXT_BYTES`](crate::limits::Limits::CONTEXT_BYTES) long.
    #[serde(with = "serde_bytes")]
    pub context: Vec<u8>,
    /// The requests in order.
    pub requests: Vec<Signed<Request>>,
}

/// A batch with its canonical encoding and its digest. Operations are slices of the encoding, so a replica holds each
/// byte of a batch once. It travels, and is written to disk, as a string of bytes.
#[derive(Clone)]
pub struct EncodedBatch {
    batch: Batch,
    bytes: Bytes,
    digest: Digest,
}

impl EncodedBatch {
    const TAG: &'static str = "gridquorum batch";

    /// The digest that is voted on.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The canonical encoding.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Another batch in its place: what `change` makes of this one.
    pub fn edit(&mut self, change: impl FnOnce(&mut Batch)) {
        let mut batch = self.batch.clone();
        change(&mut batch);
        *self = batch.into();
    }

    /// A batch from its canonical encoding.
    fn decode(bytes: Bytes) -> Result<Self, bcs::Error> {
        let form: Form<'_> = bcs::from_bytes(&bytes)?;
        let requests = form.requests.into_iter().map(|signed| {
            let RequestForm { key, timestamp, operation } = signed.message;
            let message = Request::new(key, timestamp, bytes.slice_ref(operation));
            Signed { message, signature: signed.signature }
        });
        let (proposer, context) = (form.proposer, form.context.to_vec());
        let batch = Batch { proposer, context, requests: requests.collect() };
        let digest = Digest::of_encoded(Self::TAG, &bytes);
        Ok(Self { batch, bytes, digest })
    }
}

/// A batch as it lies in its encoding.
#[derive(Deserialize)]
struct Form<'a> {
    proposer: ReplicaId,
    #[serde(borrow, with = "serde_bytes")]
    context: &'a [u8],
    #[serde(borrow)]
    requests: Vec<SignedForm<'a>>,
}

#[derive(Deserialize)]
struct SignedForm<'a> {
    #[serde(borrow)]
    message: RequestForm<'a>,
    signature: Signature,
}

#[derive(Deserialize)]
struct RequestForm<'a> {
    key: PublicKey,
    timestamp: Timestamp,
    #[serde(borrow, with = "serde_bytes")]
    operation: &'a [u8],
}

impl From<Batch> for EncodedBatch {
    fn from(batch: Batch) -> Self {
        let bytes = Bytes::from(encode(&batch));
        let digest = Digest::of_encoded(Self::TAG, &bytes);
        Self { batch, bytes, digest }
    }
}

impl Deref for EncodedBatch {
    type Target = Batch;

    fn deref(&self) -> &Batch {
        &self.batch
    }
}

impl Serialize for EncodedBatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.bytes)
    }
}

impl<'de> Deserialize<'de> for EncodedBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        Self::decode(bytes).map_err(D::Error::custom)
    }
}

// Equal encodings are equal batches: there is one encoding per batch.
impl PartialEq for EncodedBatch {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for EncodedBatch {}

impl Hash for EncodedBatch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl std::fmt::Debug for EncodedBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.batch.fmt(f)
    }
}
