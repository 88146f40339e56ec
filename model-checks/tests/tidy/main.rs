//! The house in order: what readers of this repository are promised about its files, checked by reading them.
//!
//! Each rule has tests on made-up files, in which it fires and in which it does not. A failure names every file, line
//! and rule at once.

mod tree;
mod rust;
mod manifest;
mod headers;
mod form;
mod order;
mod crates;
mod documents;
mod speech;

use std::path::Path;

use documents::Facts;
use tree::{Breach, Tree, demand_none};

/// Files that break a rule for now: the rule, the file, and why. One that does not break it any more is a breach.
const EXCEPTIONS: [(&str, &str, &str); 8] = [
    (
        "order of knowledge",
        "consensus/src/keys/ed25519.rs",
        "speaks of its parent's public keys and signatures",
    ),
    (
        "order of knowledge",
        "consensus/src/keys/symbolic.rs",
        "speaks of its parent's public keys and signatures",
    ),
    (
        "order of knowledge",
        "consensus/src/request/clients.rs",
        "speaks of its parent's requests and batches",
    ),
    ("width", "consensus/src/classic/pool.rs", "one sentence about errors"),
    ("header", "consensus/src/action.rs", "what goes out is its subject"),
    ("header", "consensus/src/application.rs", "what goes in and out is its subject"),
    ("header", "consensus/src/lib.rs", "says in and out in its first sentences"),
    ("header", "consensus/src/reject.rs", "what goes out is its subject"),
];

/// The checkout that this test was built from.
fn checkout() -> Tree {
    Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

/// # Panics
///
/// If there are breaches beside the exceptions to `rules`, or exceptions that nothing needs.
fn demand(rules: &[&'static str], mut breaches: Vec<Breach>) {
    for (rule, path, why) in EXCEPTIONS {
        let Some(rule) = rules.iter().find(|demanded| **demanded == rule) else { continue };
        let before = breaches.len();
        breaches.retain(|breach| !breach.is_of(rule, path));
        if breaches.len() == before {
            let what = format!("breaks the rule no more; its exception ({why}) can go");
            breaches.push(Breach::new(path, 1, rule, what));
        }
    }
    demand_none(breaches);
}

/// A stranger who opens any file reads first what it is for.
#[test]
fn every_file_opens_with_what_it_is_for() {
    demand(&["header"], headers::breaches(&checkout()));
}

/// Nothing is wider or longer than can be read, nothing is left unfinished or unexplained.
#[test]
fn sources_have_their_form() {
    demand(&["width", "length", "name", "unfinished"], form::breaches(&checkout()));
}

/// Within a crate there is one line of files, and everybody looks up it only.
#[test]
fn a_file_uses_only_files_above_it_and_its_children() {
    demand(&["order of knowledge"], order::breaches(&checkout()));
}

/// The drawing of the house in ARCHITECTURE.md is the graph of the manifests.
#[test]
fn arrows_between_crates_point_down() {
    demand_none(crates::arrows(&checkout()));
}

/// What `cargo bench`, `cargo fuzz` and a fresh clone rely on.
#[test]
fn manifests_state_the_facts_of_the_house() {
    demand_none(crates::facts(&checkout()));
}

/// Every path, command, crate, model and number in a document is there.
#[test]
fn documents_name_what_there_is() {
    let tree = checkout();
    let facts = Facts::of_the_catalogue(&tree);
    demand_none(documents::breaches(&tree, &facts));
}

/// No machine, no helper, no address.
#[test]
fn the_project_speaks_of_itself_alone() {
    demand_none(speech::breaches(&checkout()));
}

/// An exception holds for one rule and one file.
#[test]
#[should_panic(
    expected = "2 breaches:\nconsensus/src/classic/pool.rs:1: width: breaks the rule no more; its \
                           exception (one sentence about errors) can go\nx.rs:3: width: long"
)]
fn an_exception_that_nothing_needs_is_a_breach() {
    demand(&["width"], vec![Breach::new("x.rs", 3, "width", "long")]);
}
