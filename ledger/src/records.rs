//! Records of members: an ordered map that knows its own Merkle root.
//!
//! In: one record per member. Out: the records in order of their members, a root over them, proofs.
//! Refuses to know: what a record holds beyond the bytes that its leaf covers. Equality and hash
//! are those of the map; the tree is a cache.

use std::collections::BTreeMap;
use std::hash::{Hash as StdHash, Hasher};

use market::ParticipantId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hash::Hash;
use crate::merkle::{self, Path, Tree};

/// What the state root covers of a record.
pub(crate) trait Leaf {
    /// Appends the covered part in its one encoding. Usually the whole record; a reading shows its
    /// commitment only.
    fn write_leaf(&self, out: &mut Vec<u8>);
}

/// A map from members to records of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Records<R> {
    map: BTreeMap<ParticipantId, R>,
    tree: Tree,
}

impl<R: Leaf> Records<R> {
    /// The record of `participant`.
    pub(crate) fn get(&self, participant: ParticipantId) -> Option<&R> {
        self.map.get(&participant)
    }

    /// All records in order of their members.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ParticipantId, &R)> {
        self.map.iter().map(|(participant, record)| (*participant, record))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    /// Puts `record` in place of the one before, or adds it.
    pub(crate) fn set(&mut self, participant: ParticipantId, record: R) {
        self.tree.set(participant.get(), leaf_of(participant, &record));
        self.map.insert(participant, record);
    }

    /// Changes the record of `participant`, starting from the default if there is none.
    pub(crate) fn change<T>(
        &mut self,
        participant: ParticipantId,
        change: impl FnOnce(&mut R) -> T,
    ) -> T
    where
        R: Default,
    {
        let record = self.map.entry(participant).or_default();
        let result = change(record);
        self.tree.set(participant.get(), leaf_of(participant, record));
        result
    }

    /// Takes all records out.
    pub(crate) fn take(&mut self) -> BTreeMap<ParticipantId, R> {
        self.tree = Tree::default();
        std::mem::take(&mut self.map)
    }

    /// The root over all leaves; hashes only what has changed since the last call.
    pub(crate) fn root(&mut self) -> Hash {
        self.tree.root()
    }

    /// The record of `participant` and the path to it. Wants [`root`](Self::root) after the last
    /// change.
    pub(crate) fn prove(&self, participant: ParticipantId) -> Option<(&R, Path)> {
        let path = self.tree.prove(participant.get())?;
        Some((self.get(participant)?, path))
    }
}

/// The hash of one record's leaf.
pub(crate) fn leaf_of<R: Leaf>(participant: ParticipantId, record: &R) -> Hash {
    let mut input = Vec::with_capacity(512); // longer than most, so that it need not grow
    input.extend_from_slice(&participant.get().to_be_bytes());
    record.write_leaf(&mut input);
    merkle::leaf(&input)
}

impl<R> Default for Records<R> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), tree: Tree::default() }
    }
}

impl<R: Leaf> FromIterator<(ParticipantId, R)> for Records<R> {
    fn from_iter<I: IntoIterator<Item = (ParticipantId, R)>>(records: I) -> Self {
        let mut all = Self::default();
        records.into_iter().for_each(|(participant, record)| all.set(participant, record));
        all
    }
}

impl<R: PartialEq> PartialEq for Records<R> {
    fn eq(&self, other: &Self) -> bool {
        self.map == other.map
    }
}

impl<R: Eq> Eq for Records<R> {}

impl<R: StdHash> StdHash for Records<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.map.hash(state);
    }
}

impl<R: Serialize> Serialize for Records<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map.serialize(serializer)
    }
}

impl<'de, R: Leaf + Deserialize<'de>> Deserialize<'de> for Records<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<ParticipantId, R>::deserialize(deserializer)?;
        Ok(map.into_iter().collect())
    }
}
