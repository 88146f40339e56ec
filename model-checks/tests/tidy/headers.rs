//! The first lines of a file: a sentence that a stranger understands, and for a module what goes in, what comes out,
//! and what it refuses to know.
//!
//! In: sources. Out: headers that are missing or say too little. Refuses to know: whether they are true.

use crate::tree::{Breach, Tree, places};

const RULE: &str = "header";

/// What the header of a module says, and how.
const PARTS: [&str; 3] = ["In:", "Out:", "Refuses to know:"];

/// Files without a header, modules whose header leaves something out.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let header: Vec<_> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        let header = header.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        if header.is_empty() {
            found.push(Breach::new(path, 1, RULE, "the file does not open with `//!`"));
        } else if !header.contains(['.', ':']) {
            found.push(Breach::new(path, 1, RULE, "the header is no sentence"));
        }
        let is_missing =
            |part: &&&str| is_module(path) && !header.is_empty() && !header.contains(**part);
        for part in PARTS.iter().filter(is_missing) {
            found.push(Breach::new(
                path,
                1,
                RULE,
                format!("the header of a module says \"{part}\""),
            ));
        }
    }
    found
}

/// Whether a file is part of a library, and not for its tests.
fn is_module(path: &str) -> bool {
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    path.contains("/src/") && !path.ends_with("/main.rs") && !is_test
}

/// A header may run over several lines; programs and tests need no more than a sentence.
#[test]
fn headers_that_say_all_are_in_order() {
    let module =
        "//! A book.\n//!\n//! In: orders. Out: trades. Refuses\n//! to know: money.\nuse x;\n";
    let files = [
        ("a/src/b.rs", module),
        ("a/src/main.rs", "//! Runs.\n"),
        ("a/src/b/tests.rs", "//! Books.\n"),
    ];
    assert_eq!(places(breaches(&Tree::of(&files))), [""; 0]);
}

/// No header, an empty one, one that leaves a part out.
#[test]
fn headers_that_say_too_little_are_found() {
    let files = [
        ("a/src/b.rs", "use x; //! late\n"),
        ("a/src/c.rs", "//! A book. In: orders. Out: trades.\n// Refuses to know: money.\n"),
        ("a/tests/it/d.rs", "//! Tests\n"),
    ];
    assert_eq!(
        places(breaches(&Tree::of(&files))),
        ["a/src/b.rs:1", "a/src/c.rs:1", "a/tests/it/d.rs:1"]
    );
}
