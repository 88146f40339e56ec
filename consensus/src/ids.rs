//! Names and numbers of the protocol, each its own type: two swapped arguments do not compile.
//!
//! In: integers and bytes from configuration and messages. Out: ordered, hashable values. Refuses to know:
//! what is agreed on, and who holds which key.
//!
//! Overflow policy: `next` saturates. A saturated number lies outside every window and below no other, so a
//! peer that names `u64::MAX` is refused by the range checks and can neither wrap nor panic anything.

use serde::{Deserialize, Serialize};

/// Declares a number with a meaning.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name($int);

        impl $name {
            /// The lowest value.
            pub const ZERO: Self = Self(0);

            /// Wraps `value`.
            pub const fn new(value: $int) -> Self {
                Self(value)
            }

            /// The number behind the name.
            pub const fn get(self) -> $int {
                self.0
            }

            /// The value that follows; saturates.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number! {
    /// A replica: its index in the committee, from 0.
    ReplicaId(u16)
}
number! {
    /// A group of replicas in a layered deployment; 0 where there is one group.
    GroupId(u16)
}
number! {
    /// A layer of a layered deployment, 0 at the top and in single-layer deployments.
    Layer(u8)
}
number! {
    /// A view: the reign of one primary. Views of one replica never go back.
    View(u64)
}
number! {
    /// A position in the total order. `ZERO` is the state before any batch; the first batch is 1.
    SeqNum(u64)
}
number! {
    /// A generation of the committee. Changes with membership, never within a run of one committee.
    Epoch(u64)
}
number! {
    /// A client's own count of its requests; increases with each new request.
    Timestamp(u64)
}

impl SeqNum {
    /// The position `count` further on; saturates.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// How far `self` lies above `lower`; 0 when it does not.
    pub const fn above(self, lower: Self) -> u64 {
        self.0.saturating_sub(lower.0)
    }
}

/// 32 bytes of BLAKE3 over a domain tag and the canonical encoding of a value.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(#[serde(with = "crate::halves")] [u8; 32]);

impl Digest {
    /// The digest that stands for the null request. No batch hashes to it, short of a broken BLAKE3.
    pub const NULL: Self = Self([0; 32]);

    /// Wraps 32 bytes that were computed elsewhere.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Bytes that most encodings need: a vote with its scope and signature. A buffer that begins with this room is
    /// not moved while the encoder, which writes byte by byte, fills it.
    pub(crate) const ROOM: usize = 256;

    /// Hashes the canonical encoding of `value` under the domain `tag`.
    pub fn of(tag: &'static str, value: &impl Serialize) -> Self {
        // In one piece: an encoder that writes into the hasher does so byte by byte.
        let mut bytes = Vec::with_capacity(Self::ROOM);
        bcs::serialize_into(&mut bytes, value)
            .expect("values of this crate have bounded depth and known lengths");
        Self::of_encoded(tag, &bytes)
    }

    /// Hashes a canonical encoding under the domain `tag`: the same as [`Digest::of`] for the value it encodes.
    pub fn of_encoded(tag: &'static str, bytes: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(tag.len() as u64).to_le_bytes());
        hasher.update(tag.as_bytes());
        hasher.update(bytes);
        Self(*hasher.finalize().as_bytes())
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether this is the null request's digest.
    pub fn is_null(&self) -> bool {
        *self == Self::NULL
    }
}

impl std::fmt::Display for Digest {
    /// The first four bytes in hexadecimal: enough to tell digests apart in a trace.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A client: the fingerprint of the key that its requests carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClientId(Digest);

impl ClientId {
    /// Wraps a fingerprint.
    pub const fn new(fingerprint: Digest) -> Self {
        Self(fingerprint)
    }

    /// The fingerprint.
    pub const fn digest(&self) -> &Digest {
        &self.0
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one deployment: the digest of its genesis. Part of everything signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NetworkId(Digest);

impl NetworkId {
    /// Wraps the digest of a genesis.
    pub const fn new(genesis: Digest) -> Self {
        Self(genesis)
    }

    /// The digest of the genesis.
    pub const fn digest(&self) -> &Digest {
        &self.0
    }
}
