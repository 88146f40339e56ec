//! A Merkle tree over the leaves of an ordered map, cheap to change in one place.
//!
//! In: a key of 32 bits and the bytes of its leaf. Out: a root that depends on the set of leaves
//! alone, and proofs that a leaf is among them. Refuses to know: what a leaf means.
//!
//! # Shape
//!
//! A leaf is the hash of key and value, a branch the hash of two subtrees; the two use different
//! keys of BLAKE3's keyed mode, which is the domain separation of RFC 6962 (0x00 and 0x01 before
//! the input) with one compression per branch instead of two. RFC 6962 splits by position, so a new
//! leaf in the middle moves all that follow it; here a branch splits by the first bit in which keys
//! differ (a crit-bit tree), so that one changed leaf costs one path. That departure from the RFC
//! is ours.
//!
//! # Guarantee
//!
//! Two different maps have different roots unless BLAKE3 collides. Why: leaves and branches cannot
//! be confused, so a root stands for one tree of leaves, and every leaf names its key and value.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;

const LEAF: &[u8; 32] = b"gridquorum ledger merkle leaf v1";
const BRANCH: &[u8; 32] = b"gridquorum ledger merkle node v1";

/// The hash of a leaf whose key and value are `input`: the key in 4 bytes, highest first, then the
/// value.
pub(crate) fn leaf(input: &[u8]) -> Hash {
    Hash::new(*blake3::keyed_hash(LEAF, input).as_bytes())
}

/// The hash of a branch.
fn branch(left: &Hash, right: &Hash) -> Hash {
    let mut input = [0; 64];
    input[..32].copy_from_slice(left.bytes());
    input[32..].copy_from_slice(right.bytes());
    Hash::new(*blake3::keyed_hash(BRANCH, &input).as_bytes())
}

/// Which side of a branch that splits at `bit` a key belongs to; bit 0 is the highest.
const fn side(key: u32, bit: u8) -> usize {
    (key >> (31 - bit) & 1) as usize
}

/// The tree. It only grows: what empties is replaced by a new one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// Nodes name their children by place in this list; a tree of n leaves has 2 n - 1 nodes.
    nodes: Vec<Node>,
    top: Option<u32>,
}

/// A node in 48 bytes: the tree is walked from top to bottom for every change, so cache lines
/// count.
#[derive(Clone, Debug)]
struct Node {
    hash: Hash,
    /// The key of a leaf; for a branch, of some leaf below, whose bits above `bit` all others
    /// share.
    key: u32,
    /// Where a branch splits, growing on the way down; [`Node::LEAF`] for a leaf.
    bit: u8,
    /// Whether `hash` is out of date because something below has changed.
    stale: bool,
    children: [u32; 2],
}

impl Node {
    /// One more than the last bit of a key.
    const LEAF: u8 = 32;

    const fn leaf(key: u32, hash: Hash) -> Self {
        Self { hash, key, bit: Self::LEAF, stale: false, children: [0; 2] }
    }
}

impl Tree {
    /// Puts a leaf in place of the one with its key, or adds it.
    pub(crate) fn set(&mut self, key: u32, hash: Hash) {
        let Some(top) = self.top else {
            self.top = Some(self.push(Node::leaf(key, hash)));
            return;
        };
        let (mut at, mut parent) = (top, None);
        loop {
            let node = &mut self.nodes[at as usize];
            let split = (node.key ^ key).leading_zeros() as u8; // 32: the same key
            if split < node.bit {
                self.fork(parent, at, split, Node::leaf(key, hash));
                return;
            }
            if node.bit == Node::LEAF {
                node.hash = hash;
                return;
            }
            node.stale = true;
            let turn = side(key, node.bit);
            parent = Some((at, turn));
            at = node.children[turn];
        }
    }

    /// The root; [`Hash::ZERO`] for an empty tree. Hashes only what has changed since the last
    /// call.
    pub(crate) fn root(&mut self) -> Hash {
        self.top.map_or(Hash::ZERO, |top| self.hash(top))
    }

    /// The way from the root to the leaf of `key`, `None` if there is no such leaf, or if
    /// [`root`](Self::root) was not asked for after the last change.
    pub(crate) fn prove(&self, key: u32) -> Option<Path> {
        let mut node = &self.nodes[self.top? as usize];
        let mut steps = Vec::new();
        while node.bit != Node::LEAF {
            let turn = side(key, node.bit);
            let sibling = &self.nodes[node.children[1 - turn] as usize];
            if sibling.stale {
                return None;
            }
            steps.push(Step { bit: node.bit, sibling: sibling.hash });
            node = &self.nodes[node.children[turn] as usize];
        }
        (node.key == key).then_some(Path { steps })
    }

    /// Puts a branch in place of the node at `at`, over that node and a new leaf, which differ at
    /// `bit` first.
    fn fork(&mut self, parent: Option<(u32, usize)>, at: u32, bit: u8, leaf: Node) {
        let key = leaf.key;
        let added = self.push(leaf);
        let children = if side(key, bit) == 0 { [added, at] } else { [at, added] };
        let fork = self.push(Node { hash: Hash::ZERO, key, bit, stale: true, children });
        match parent {
            None => self.top = Some(fork),
            Some((parent, turn)) => self.nodes[parent as usize].children[turn] = fork,
        }
    }

    /// The hash of the subtree at `at`, computed where it is stale. At most 32 branches deep.
    fn hash(&mut self, at: u32) -> Hash {
        let Node { hash, stale, children, .. } = self.nodes[at as usize];
        if !stale {
            return hash;
        }
        let computed = branch(&self.hash(children[0]), &self.hash(children[1]));
        let node = &mut self.nodes[at as usize];
        (node.hash, node.stale) = (computed, false);
        computed
    }

    fn push(&mut self, node: Node) -> u32 {
        let place = u32::try_from(self.nodes.len()).expect("2 nodes for each of 100,000 members");
        self.nodes.push(node);
        place
    }
}

/// A proof that a leaf is in a tree: the subtrees that its path leaves aside, from the root down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Path {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Step {
    bit: u8,
    sibling: Hash,
}

impl Path {
    /// The root of the tree in which this path leads to the leaf `hash` of `key`; `None` for a path
    /// that no tree has (bits must grow on the way down, and there are 32 of them).
    pub(crate) fn root(&self, key: u32, hash: Hash) -> Option<Hash> {
        let ascending = self.steps.windows(2).all(|pair| pair[0].bit < pair[1].bit);
        if !ascending || self.steps.last().is_some_and(|step| step.bit > 31) {
            return None;
        }
        Some(self.steps.iter().rev().fold(hash, |below, step| match side(key, step.bit) {
            0 => branch(&below, &step.sibling),
            _ => branch(&step.sibling, &below),
        }))
    }
}

#[cfg(test)]
mod tests;
