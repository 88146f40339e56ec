//! Who acts on the ledger and which meter speaks for whom: names only.
//!
//! In: the fingerprint of a key that somebody else checked. Out: authors, meters, roles. Refuses to
//! know: keys, signatures, addresses, legal persons.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

/// The author of a command: the fingerprint of the key that signed it. Whether that key may act is
/// decided by the contract; that it signed was checked before the command came here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Author(Hash);

impl Author {
    /// The author whose key has this fingerprint.
    pub const fn new(fingerprint: [u8; 32]) -> Self {
        Self(Hash::new(fingerprint))
    }

    /// The fingerprint.
    pub const fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }
}

impl std::fmt::Display for Author {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::fmt::Debug for Author {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Author({self})")
    }
}

/// A meter at a connection point, by its number in the operator's register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeterId(u32);

impl MeterId {
    /// Names meter number `id`.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The number behind the name.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl std::fmt::Display for MeterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What an author is to the ledger; each command is open to exactly one of the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// The distribution system operator named in the genesis.
    Dso,
    /// A registered member.
    Member,
    /// Nobody the ledger knows.
    Stranger,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Dso => "the operator",
            Self::Member => "a member",
            Self::Stranger => "a stranger",
        })
    }
}
