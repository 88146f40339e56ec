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
use tree::{Tree, demand_none};

/// The checkout that this test was built from.
fn checkout() -> Tree {
    Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

/// A stranger who opens any file reads first what it is for.
#[test]
fn every_file_opens_with_what_it_is_for() {
    demand_none(headers::breaches(&checkout()));
}

/// Nothing is wider or longer than can be read, nothing is left unfinished or unexplained.
#[test]
fn sources_have_their_form() {
    demand_none(form::breaches(&checkout()));
}

/// Within a crate there is one line of files, and everybody looks up it only.
#[test]
fn a_file_uses_only_files_above_it_and_its_children() {
    demand_none(order::breaches(&checkout()));
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
