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

/// The hash of a leaf.
pub(crate) fn leaf(key: u32, value: &[u8]) -> Hash {
    let mut input = Vec::with_capacity(4 + value.len());
    input.extend_from_slice(&key.to_be_bytes());
    input.extend_from_slice(value);
    Hash::new(*blake3::keyed_hash(LEAF, &input).as_bytes())
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
    /// Children stand anywhere; `top` is where the tree begins.
    nodes: Vec<Node>,
    top: Option<usize>,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf {
        key: u32,
        hash: Hash,
    },
    /// `bit` grows on the way down. `hash` is `None` when something below has changed.
    Branch {
        bit: u8,
        children: [usize; 2],
        hash: Option<Hash>,
    },
}

impl Tree {
    /// Puts a leaf in place of the one with its key, or adds it.
    pub(crate) fn set(&mut self, key: u32, hash: Hash) {
        let Some(top) = self.top else {
            self.top = Some(self.push(Node::Leaf { key, hash }));
            return;
        };
        let split = (self.nearest(top, key) ^ key).leading_zeros(); // 32: the key is there already
        let (mut at, mut parent) = (top, None);
        while let Node::Branch { bit, children, hash } = &mut self.nodes[at]
            && u32::from(*bit) < split
        {
            *hash = None;
            let turn = side(key, *bit);
            parent = Some((at, turn));
            at = children[turn];
        }
        if split == 32 {
            self.nodes[at] = Node::Leaf { key, hash };
            return;
        }
        let bit = split as u8;
        let added = self.push(Node::Leaf { key, hash });
        let children = if side(key, bit) == 0 { [added, at] } else { [at, added] };
        let fork = self.push(Node::Branch { bit, children, hash: None });
        match parent {
            None => self.top = Some(fork),
            Some((parent, turn)) => {
                let Node::Branch { children, .. } = &mut self.nodes[parent] else {
                    unreachable!("only branches are descended through");
                };
                children[turn] = fork;
            }
        }
    }

    /// The root; [`Hash::ZERO`] for an empty tree. Hashes only what has changed since the last
    /// call.
    pub(crate) fn root(&mut self) -> Hash {
        self.top.map_or(Hash::ZERO, |top| self.hash(top))
    }

    /// The way from the root to the leaf of `key`, `None` if there is no such leaf. Wants a tree
    /// whose [`root`](Self::root) was asked for after the last change.
    pub(crate) fn prove(&self, key: u32) -> Option<Path> {
        let mut at = self.top?;
        let mut steps = Vec::new();
        loop {
            match &self.nodes[at] {
                Node::Leaf { key: found, .. } => return (*found == key).then_some(Path { steps }),
                Node::Branch { bit, children, .. } => {
                    let turn = side(key, *bit);
                    let sibling = self.known(children[1 - turn])?;
                    steps.push(Step { bit: *bit, sibling });
                    at = children[turn];
                }
            }
        }
    }

    /// A key that shares the longest prefix with `key`, among those below `at`.
    fn nearest(&self, mut at: usize, key: u32) -> u32 {
        loop {
            match &self.nodes[at] {
                Node::Leaf { key, .. } => return *key,
                Node::Branch { bit, children, .. } => at = children[side(key, *bit)],
            }
        }
    }

    /// The hash of the subtree at `at`, computed where it is missing. At most 32 branches deep.
    fn hash(&mut self, at: usize) -> Hash {
        let children = match &self.nodes[at] {
            Node::Leaf { hash, .. } | Node::Branch { hash: Some(hash), .. } => return *hash,
            Node::Branch { children, .. } => *children,
        };
        let computed = branch(&self.hash(children[0]), &self.hash(children[1]));
        if let Node::Branch { hash, .. } = &mut self.nodes[at] {
            *hash = Some(computed);
        }
        computed
    }

    /// The hash of the subtree at `at` if it is up to date.
    fn known(&self, at: usize) -> Option<Hash> {
        match &self.nodes[at] {
            Node::Leaf { hash, .. } => Some(*hash),
            Node::Branch { hash, .. } => *hash,
        }
    }

    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
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
