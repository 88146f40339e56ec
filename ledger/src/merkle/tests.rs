//! The root is a function of the set of leaves, and proofs lead to it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Tree, branch};
use crate::hash::Hash;

fn leaf(key: u32, value: &[u8]) -> Hash {
    super::leaf(&[&key.to_be_bytes(), value].concat())
}

/// The root of a map by the definition in the module header, without a tree: split at the first bit
/// in which keys differ, hash both halves.
fn root_by_definition(leaves: &[(u32, u8)], bit: u32) -> Hash {
    match leaves {
        [] => Hash::ZERO,
        [(key, value)] => leaf(*key, &[*value]),
        _ => {
            let half = leaves.partition_point(|(key, _)| key >> (31 - bit) & 1 == 0);
            let (left, right) = leaves.split_at(half);
            match (left, right) {
                ([], all) | (all, []) => root_by_definition(all, bit + 1),
                _ => {
                    branch(&root_by_definition(left, bit + 1), &root_by_definition(right, bit + 1))
                }
            }
        }
    }
}

fn tree(leaves: impl IntoIterator<Item = (u32, u8)>) -> Tree {
    let mut tree = Tree::default();
    for (key, value) in leaves {
        tree.set(key, leaf(key, &[value]));
    }
    tree
}

/// Keys close together, far apart, and at both ends: deep, shallow and lopsided trees.
fn keys() -> impl Strategy<Value = u32> {
    prop_oneof![
        0..16_u32,
        any::<u32>(),
        Just(0),
        Just(u32::MAX),
        (0..32_u32).prop_map(|bit| 1 << bit)
    ]
}

/// A tree of three leaves by hand: 4 = 100b and 5 = 101b share 29 + 2 bits, 1 = 001b leaves them
/// before.
#[test]
fn a_small_tree_is_the_one_drawn_by_hand() {
    let mut tree = tree([(5, 50), (1, 10), (4, 40)]);
    let right = branch(&leaf(4, &[40]), &leaf(5, &[50]));
    assert_eq!(tree.root(), branch(&leaf(1, &[10]), &right));
}

/// Leaves, branches and the empty tree cannot stand for one another.
#[test]
fn leaf_and_branch_are_different_domains() {
    let (left, right) = (leaf(1, &[1]), leaf(2, &[2]));
    let both = [*left.bytes(), *right.bytes()].concat();
    let disguised = u32::from_be_bytes([both[0], both[1], both[2], both[3]]);
    assert_ne!(branch(&left, &right), leaf(disguised, &both[4..]));
    assert_eq!(Tree::default().root(), Hash::ZERO);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever the order of arrival, and however often a leaf is replaced or the root asked for in
    /// between, the root is the one by definition over the final map.
    #[test]
    fn the_root_depends_on_the_final_leaves_alone(
        changes in prop::collection::vec((keys(), any::<u8>(), any::<bool>()), 0..80),
    ) {
        let mut tree = Tree::default();
        let mut map = BTreeMap::new();
        for (key, value, ask) in changes {
            tree.set(key, leaf(key, &[value]));
            map.insert(key, value);
            if ask {
                tree.root();
            }
        }
        let leaves: Vec<_> = map.into_iter().collect();
        prop_assert_eq!(tree.root(), root_by_definition(&leaves, 0));
    }

    /// Every leaf has a path to the root; with another value or key it leads elsewhere; absent keys
    /// have none.
    #[test]
    fn paths_lead_from_present_leaves_to_the_root(
        map in prop::collection::btree_map(keys(), any::<u8>(), 1..60),
        absent in keys(),
    ) {
        let mut tree = tree(map.clone());
        let root = tree.root();
        for (&key, &value) in &map {
            let path = tree.prove(key).expect("the key is there");
            prop_assert_eq!(path.root(key, leaf(key, &[value])), Some(root));
            prop_assert_ne!(path.root(key, leaf(key, &[value ^ 1])), Some(root));
            prop_assert_ne!(path.root(key ^ 1, leaf(key ^ 1, &[value])), Some(root));
        }
        prop_assert_eq!(tree.prove(absent).is_some(), map.contains_key(&absent));
    }
}
