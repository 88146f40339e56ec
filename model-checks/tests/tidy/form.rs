//! The form of source files: how wide, how long, how called, and what they never contain.
//!
//! In: sources. Out: lines, names and words that are not allowed. Refuses to know: what the code does.

use crate::rust::{Token, code, tokens};
use crate::tree::{Breach, Tree, places};

/// Characters in a line; rustfmt keeps code at 100, prose and long strings may go up to here.
const WIDTH: usize = 120;
/// Lines in a file: what is read in one sitting.
const LINES: usize = 500;
/// Lines in a file of tests, which is read case by case.
const TEST_LINES: usize = 600;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = ["common", "helper", "helpers", "misc", "types", "util", "utils"];

/// Everything about the form of sources.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (path, text) in tree.ending(".rs") {
        found.extend(size(path, text));
        found.extend(name(path));
        found.extend(words(path, text));
    }
    found
}

fn size(path: &str, text: &str) -> Vec<Breach> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let width = line.chars().count();
        if width > WIDTH {
            let what = format!("{width} characters where at most {WIDTH} are allowed");
            found.push(Breach::new(path, number, "width", what));
        }
    }
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    let (lines, most) = (text.lines().count(), if is_test { TEST_LINES } else { LINES });
    if lines > most {
        let what = format!("{lines} lines where at most {most} are allowed");
        found.push(Breach::new(path, most + 1, "length", what));
    }
    found
}

fn name(path: &str) -> Option<Breach> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.trim_end_matches(".rs");
    let is_empty =
        EMPTY_NAMES.contains(&stem) || folder.split('/').any(|part| EMPTY_NAMES.contains(&part));
    if stem == "mod" {
        Some(Breach::new(path, 1, "name", "the file of a module is called `name.rs`"))
    } else {
        is_empty.then(|| Breach::new(path, 1, "name", "the name says nothing about what is inside"))
    }
}

/// Marks of unfinished work, written backwards so that this file has none.
const UNFINISHED: [&str; 3] = ["ODOT", "EMXIF", "XXX"];
/// Macros of unfinished work.
const MACROS: [&str; 3] = ["todo", "unimplemented", "dbg"];

fn words(path: &str, text: &str) -> Vec<Breach> {
    let mut found = Vec::new();
    let is_sign = |c: char| !c.is_alphanumeric() && c != '_';
    for (number, line) in (1..).zip(text.lines()) {
        let is_mark =
            |word: &str| UNFINISHED.iter().any(|mark| word.chars().rev().eq(mark.chars()));
        // The list above holds the one mark that reads the same from both ends.
        let is_list = line.starts_with("const UNFINISHED");
        for mark in line.split(is_sign).filter(|word| is_mark(word) && !is_list) {
            found.push(Breach::new(path, number, "unfinished", format!("the mark `{mark}`")));
        }
    }
    let code = code(text);
    let tokens = tokens(&code);
    let lines: Vec<_> = text.lines().collect();
    for at in 0..tokens.len() {
        let line = tokens[at].line;
        let next =
            |offset: usize| tokens.get(at + offset).map_or("", |token: &Token<'_>| token.text);
        if MACROS.contains(&tokens[at].text) && next(1) == "!" {
            let what = format!("the macro `{}!`", tokens[at].text);
            found.push(Breach::new(path, line, "unfinished", what));
        }
        if tokens[at].text == "#" && next(1) == "[" && next(2) == "ignore" && next(3) == "]" {
            found.push(Breach::new(path, line, "ignored", "a test is ignored without a reason"));
        }
        let has_reason =
            |number: usize| lines.get(number).is_some_and(|line| line.contains("// SAFETY"));
        if tokens[at].text == "unsafe"
            && !has_reason(line - 1)
            && !(line > 1 && has_reason(line - 2))
        {
            found.push(Breach::new(path, line, "unsafe", "`unsafe` without a written reason"));
        }
    }
    found
}

fn found_in(path: &str, text: &str) -> Vec<String> {
    places(breaches(&Tree::of(&[(path, text)])))
}

/// The widest line and the longest files that are allowed, and one more of each.
#[test]
fn size_is_counted_to_the_character_and_line() {
    let wide = "ü".repeat(120);
    assert_eq!(found_in("a.rs", &wide), [""; 0]);
    assert_eq!(found_in("a.rs", &format!("\n{wide}ü\n")), ["a.rs:2"]);
    let (long, longer) = ("\n".repeat(500), "\n".repeat(501));
    assert_eq!(found_in("a/src/b.rs", &long), [""; 0]);
    assert_eq!(found_in("a/src/b.rs", &longer), ["a/src/b.rs:501"]);
    assert_eq!(found_in("a/src/b/tests.rs", &longer), [""; 0]);
    assert_eq!(found_in("a/tests/it/b.rs", &"\n".repeat(601)), ["a/tests/it/b.rs:601"]);
}

/// A name is the last part of a path or a folder in it.
#[test]
fn names_that_say_nothing_are_found() {
    for bad in ["a/src/b/mod.rs", "a/src/utils.rs", "a/tests/common/b.rs", "a/src/types.rs"] {
        assert_eq!(found_in(bad, ""), [format!("{bad}:1")]);
    }
    for good in ["a/src/model.rs", "a/src/commons.rs", "a/src/typeset.rs"] {
        assert_eq!(found_in(good, ""), [""; 0]);
    }
}

/// Marks count in comments too; macros, attributes and `unsafe` only where they are code.
#[test]
fn unfinished_and_unexplained_things_are_found() {
    let mark: String = "ODOT".chars().rev().collect();
    let text = format!(
        "// {mark}: later\nlet x = dbg!(1);\n#[ignore]\nfn f() {{}}\nunsafe {{ g() }}\nlet y = \"{mark}\";\n"
    );
    assert_eq!(found_in("a.rs", &text), ["a.rs:1", "a.rs:2", "a.rs:3", "a.rs:5", "a.rs:6"]);
    let fine = "// dbg!(x), unsafe\n#[ignore = \"takes an hour\"]\nfn todo() {}\n\
                // SAFETY: one thread\nunsafe { g() }\n\
                let x = \"unsafe #[ignore]\"; let TODOS = 1;\n";
    assert_eq!(found_in("a.rs", fine), [""; 0]);
}
