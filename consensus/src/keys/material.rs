//! What signatures are made of: keys, signatures, the kinds of statements, and what can be wrong with them.
//!
//! In: bytes. Out: the same bytes with a meaning. Refuses to know: how a signature is made or checked.

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Digest, ReplicaId};

/// What kind of statement a signature covers. The numbers are part of what is signed and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A client's request.
    Request = 1,
    /// A replica's answer to a client.
    Reply = 2,
    /// OSDI '99 PRE-PREPARE.
    PrePrepare = 3,
    /// OSDI '99 PREPARE.
    Prepare = 4,
    /// OSDI '99 COMMIT.
    Commit = 5,
    /// OSDI '99 CHECKPOINT.
    Checkpoint = 6,
    /// OSDI '99 VIEW-CHANGE.
    ViewChange = 7,
    /// OSDI '99 NEW-VIEW.
    NewView = 8,
    /// Where a replica stands, for retransmission.
    Status = 9,
    /// A request for decisions or for a proposal.
    Fetch = 10,
    /// A client asks one replica for its replies. No message of the protocol: drivers use it on their ports.
    Hello = 11,
    /// A client's question that is not ordered.
    Read = 12,
    /// A replica vouches for what a state consists of.
    Offer = 13,
    /// A part of a state.
    Chunk = 14,
}

/// The public half of a key: 32 bytes, an Ed25519 point or a symbolic name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PublicKey(#[serde(with = "crate::halves")] [u8; 32]);

impl PublicKey {
    /// Wraps 32 bytes. Whether they are a point is found out when they are used.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The client that owns this key.
    pub fn client(&self) -> ClientId {
        ClientId::new(Digest::of("gridquorum client", self))
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", Digest::new(self.0))
    }
}

/// 64 bytes of signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signature(Half, Half);

/// Half of a signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Half(#[serde(with = "crate::halves")] [u8; 32]);

impl Signature {
    /// What stands where no signature is asked for.
    pub const NONE: Self = Self::new([[0; 32]; 2]);

    /// Wraps the two halves.
    pub const fn new([low, high]: [[u8; 32]; 2]) -> Self {
        Self(Half(low), Half(high))
    }

    /// The two halves.
    pub const fn halves(&self) -> [&[u8; 32]; 2] {
        [&self.0.0, &self.1.0]
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signature({})", Digest::new(self.0.0))
    }
}

/// Why a value could not be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Forged {
    /// The named replica is not a member.
    #[error("replica {0} is not a member of this committee")]
    Stranger(ReplicaId),
    /// The signature does not match author, scope, kind and statement.
    #[error("signature of a {kind:?} does not match its author")]
    Signature {
        /// The kind of statement.
        kind: Kind,
    },
    /// A payload does not hash to the digest that the signed statement names.
    #[error("payload hashes to {got}, the statement names {stated}")]
    Payload {
        /// The digest in the statement.
        stated: Digest,
        /// The digest of the payload.
        got: Digest,
    },
}

/// A replica's key is not a point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public key of replica {replica} is not a valid Ed25519 key")]
pub struct BadKey {
    /// Whose key.
    pub replica: ReplicaId,
}
