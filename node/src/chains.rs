//! The chains of one run beside each other: one network, one history, none missing.
//!
//! In: what the audit of each chain found, and the run's own account of its replicas. Out: what does not fit together.
//! Refuses to know: how a single chain is checked.
//!
//! Each chain may hold by itself and still be somebody else's: its certificates are checked with the keys of the
//! genesis beside it. Only what two chains say about the same thing, or a genesis from elsewhere, tells.

use std::path::Path;

use consensus::ids::SeqNum;
use serde::Deserialize;

use crate::audit::Outcome;

/// The run's account of itself, as far as an audit needs it.
#[derive(Debug, Deserialize)]
struct Account {
    replicas: Vec<Replica>,
}

/// One replica of the run.
#[derive(Debug, Deserialize)]
struct Replica {
    replica: u16,
    up: bool,
    chain: String,
}

/// Whether the chains that ought to be in a report's folder are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Chains that the run names and the folder lacks, each as a line.
    pub missing: Vec<String>,
    /// Why nobody can say which chains there ought to be; empty if somebody can.
    pub not_checked: String,
}

/// Compares the report in `folder` with its own `run.json`: every replica that was up at the end left a chain.
pub fn presence(folder: &Path) -> Presence {
    let path = folder.join("run.json");
    let read = std::fs::read(&path).map_err(|error| error.to_string());
    let parsed = read.and_then(|bytes| {
        serde_json::from_slice::<Account>(&bytes).map_err(|error| error.to_string())
    });
    let account = match parsed {
        Ok(account) => account,
        Err(why) => {
            let not_checked =
                format!("whether a chain is missing: {} names none: {why}", path.display());
            return Presence { not_checked, ..Presence::default() };
        }
    };
    let lacks = |replica: &&Replica| replica.up && !is_chain(&folder.join(&replica.chain));
    let line = |replica: &Replica| {
        let (number, chain) = (replica.replica, folder.join(&replica.chain));
        format!(
            "{}: run.json says that replica {number} was up at the end, and its chain is missing",
            chain.display()
        )
    };
    let missing = account.replicas.iter().filter(lacks).map(line).collect();
    Presence { missing, not_checked: String::new() }
}

fn is_chain(folder: &Path) -> bool {
    folder.join("blocks.log").is_file()
}

/// What chains that belong together disagree on, each disagreement as a line: the network, and the first position at
/// which the blocks differ. Every chain is compared with the first.
pub fn disagreements(outcomes: &[&Outcome]) -> Vec<String> {
    let Some((first, others)) = outcomes.split_first() else { return Vec::new() };
    others.iter().filter_map(|other| disagreement(first, other)).collect()
}

fn disagreement(one: &Outcome, other: &Outcome) -> Option<String> {
    let (left, right) = (&one.chain, &other.chain);
    if one.network != other.network {
        let (here, there) = (&one.network, &other.network);
        return Some(format!(
            "{left} belongs to network {here} and {right} to network {there}: they are not of one run"
        ));
    }
    // Positions count from 1 without gaps, so those of the shorter chain are those that both have.
    let mut pairs = (1..).zip(one.hashes.iter().zip(&other.hashes));
    let (seq, (here, there)) = pairs.find(|(_, (here, there))| here != there)?;
    let name = |hash: &Option<ledger::Hash>| {
        hash.map_or_else(|| "no block".to_owned(), |hash| format!("block {hash}"))
    };
    let (seq, here, there) = (SeqNum::new(seq), name(here), name(there));
    Some(format!("at position {seq} {left} has {here} and {right} has {there}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(name: &str, network: &str, blocks: &[u8]) -> Outcome {
        let hash = |byte: &u8| (*byte > 0).then(|| ledger::Hash::new([*byte; 32]));
        Outcome {
            chain: name.to_owned(),
            network: network.to_owned(),
            hashes: blocks.iter().map(hash).collect(),
            ..Outcome::default()
        }
    }

    /// One chain may be ahead of another; a null request (0 here) is part of the history like a block.
    #[test]
    fn chains_agree_as_far_as_both_go() {
        let same = [chain("a", "n", &[1, 0, 2]), chain("b", "n", &[1, 0]), chain("c", "n", &[])];
        assert!(disagreements(&same.each_ref()).is_empty());
        assert!(disagreements(&[]).is_empty());
    }

    #[test]
    fn another_network_and_another_block_are_named() {
        let found = disagreements(&[&chain("a", "n", &[1]), &chain("b", "m", &[1])]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("a belongs to network n and b to network m"), "{found:?}");
        for other in [[1, 3, 2], [1, 0, 2]] {
            let found = disagreements(&[&chain("a", "n", &[1, 2, 2]), &chain("b", "n", &other)]);
            assert!(found[0].starts_with("at position 2 a has block 0202"), "{found:?}");
        }
    }
}
