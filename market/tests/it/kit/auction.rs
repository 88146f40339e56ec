//! The shipped auctions do what they claim, and the table of claims is the one in the documents.

use market::Invariant;
use market::kit::auction::{Auction, examine, shipped, shipped_table};
use market::kit::claim::{Claim, surprises};

use super::cases;

/// Whatever a rule claims to keep holds on every book, whatever it is said to break some book
/// breaks, and everything that is asked was checked.
#[test]
fn auctions_keep_and_break_what_they_say() {
    for (rule, seed) in shipped().iter().zip(1..) {
        let verdicts = examine(rule, cases(), seed);
        let surprises = surprises(&rule.name(), |invariant| rule.claim(invariant), &verdicts);
        assert!(surprises.is_empty(), "{surprises:#?}");
        for (invariant, verdict) in verdicts {
            if rule.claim(invariant) != Claim::NotAsked {
                assert!(verdict.checked > cases() / 20, "{}: {invariant}", rule.name());
            }
        }
    }
}

/// What a mechanism says it keeps is what the kit's column says.
#[test]
fn the_column_is_what_the_mechanism_says() {
    for rule in shipped() {
        for invariant in Invariant::ALL {
            let kept = matches!(rule.claim(invariant), Claim::Keeps | Claim::KeepsWith(_));
            assert_eq!(kept, rule.keeps().contains(&invariant), "{rule}: {invariant}");
        }
    }
}

/// The table in the head of the kit is the one that the claims make.
#[test]
fn the_table_of_auctions_stands_in_the_documents() {
    let source = include_str!("../../../src/kit.rs");
    let lines = source.lines().filter_map(|line| line.strip_prefix("//!"));
    let head: String = lines.map(|line| line.trim_start().to_owned() + "\n").collect();
    let table = shipped_table();
    assert!(head.contains(&table), "the table is now:\n{table}");
}
