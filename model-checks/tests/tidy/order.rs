//! The order of knowledge: a file uses only files listed above it, and its own children.
//!
//! In: the sources of a crate. Out: uses that point the other way. Refuses to know: what is used through a value
//! without being named.
//!
//! The `mod` lines of a file order its children; a file comes after its children, because it uses them. So the
//! files of a crate stand in one line, and a path (`crate::a::B`, `super::B`, in a `use` or in the code) must lead
//! to a file further up. The crate's root comes last: nobody imports through its re-exports.

use std::collections::BTreeMap;

use crate::rust::{Token, bracketed, code, shipped_tokens};
use crate::tree::{Breach, Tree, places};

/// The files of a crate by the path of their module: `[]` is the root, `["a", "b"]` is `a/b.rs`.
type Modules<'a> = BTreeMap<Vec<&'a str>, &'a str>;

/// Uses against the order of knowledge in every library of the tree.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    let roots = tree.ending("/src/lib.rs").map(|(path, _)| path.trim_end_matches("lib.rs"));
    roots.flat_map(|root| in_crate(tree, root)).collect()
}

fn in_crate(tree: &Tree, root: &str) -> Vec<Breach> {
    let files: Vec<_> = tree.files().filter(|(path, _)| path.starts_with(root)).collect();
    let codes: BTreeMap<_, _> = files.iter().map(|(path, text)| (*path, code(text))).collect();
    let words: BTreeMap<_, _> =
        codes.iter().map(|(path, code)| (*path, shipped_tokens(code))).collect();
    let mut modules = Modules::new();
    let mut line = Vec::new();
    let lib = files.iter().map(|(path, _)| *path).find(|path| path.ends_with("/src/lib.rs"));
    stand(Vec::new(), lib.expect("the root of a library"), root, &words, &mut modules, &mut line);
    let place = |module: &[&str]| line.iter().position(|other| other == module);
    let mut found = Vec::new();
    for (module, path) in &modules {
        for (target, at) in paths(&words[path], module) {
            let meant = longest_module(&target, &modules);
            if meant != *module && place(&meant) > place(module) {
                let what = format!(
                    "uses `{}` of {}, which stands below it",
                    target.join("::"),
                    modules[&meant]
                );
                found.push(Breach::new(path, at, "order of knowledge", what));
            }
        }
    }
    found
}

/// Puts the children of `module`, then itself, at the end of `line`.
fn stand<'a>(
    module: Vec<&'a str>,
    path: &'a str,
    root: &str,
    words: &BTreeMap<&'a str, Vec<Token<'a>>>,
    modules: &mut Modules<'a>,
    line: &mut Vec<Vec<&'a str>>,
) {
    let tokens = &words[path];
    for at in 0..tokens.len().saturating_sub(2) {
        if tokens[at].text == "mod" && tokens[at + 2].text == ";" {
            let mut child = module.clone();
            child.push(tokens[at + 1].text);
            let file = format!("{root}{}.rs", child.join("/"));
            if let Some((file, _)) = words.get_key_value(file.as_str()) {
                stand(child, file, root, words, modules, line);
            }
        }
    }
    modules.insert(module.clone(), path);
    line.push(module);
}

/// The module that a path leads into.
fn longest_module<'a>(path: &[&'a str], modules: &Modules<'_>) -> Vec<&'a str> {
    let lengths = (0..=path.len()).rev();
    lengths.map(|n| &path[..n]).find(|start| modules.contains_key(*start)).unwrap_or(&[]).to_vec()
}

/// All paths that begin with `crate` or `super`, from the root of the crate, with their lines.
fn paths<'a>(tokens: &[Token<'a>], module: &[&'a str]) -> Vec<(Vec<&'a str>, usize)> {
    let mut found = Vec::new();
    let mut inline: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let next = tokens.get(at + 1).map(|token| token.text);
        let before = at.checked_sub(1).map(|before| tokens[before].text);
        if tokens[at].text == "mod" && tokens.get(at + 2).is_some_and(|token| token.text == "{") {
            inline.push(at + 2 + bracketed(&tokens[at + 2..]));
        }
        inline.retain(|end| *end > at);
        let is_start = matches!(tokens[at].text, "crate" | "super") && next == Some("::");
        if !is_start || before == Some("in") && tokens[at - 2].text == "(" {
            at += 1;
            continue;
        }
        let mut base = module.to_vec();
        base.extend(inline.iter().map(|_| "an inline module"));
        at = branch(tokens, at, base, &mut found);
    }
    found
}

/// Reads one path, which may end in a group of paths; the position behind it.
fn branch<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    mut path: Vec<&'a str>,
    found: &mut Vec<(Vec<&'a str>, usize)>,
) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.text {
            "crate" => path.clear(),
            "super" => drop(path.pop()),
            "self" => {}
            "{" => return group(tokens, at, &path, found),
            word if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => path.push(word),
            _ => break,
        }
        if tokens.get(at + 1).is_none_or(|next| next.text != "::") {
            found.push((path, token.line));
            return at + 1;
        }
        at += 2;
    }
    // `::*` and `::<T>` end a path without a name of their own.
    let line = tokens[at.min(tokens.len()) - 1].line;
    found.push((path, line));
    at
}

fn group<'a>(
    tokens: &[Token<'a>],
    open: usize,
    path: &[&'a str],
    found: &mut Vec<(Vec<&'a str>, usize)>,
) -> usize {
    let end = open + bracketed(&tokens[open..]);
    let mut at = open + 1;
    while at + 1 < end {
        at = if tokens[at].text == "," { at + 1 } else { branch(tokens, at, path.to_vec(), found) };
        if tokens.get(at).is_some_and(|token| token.text == "as") {
            at += 2;
        }
    }
    end
}

fn made_up(a: &str, b: &str, child: &str) -> Vec<String> {
    let root = "//! Root.\nmod a;\nmod b;\npub use a::A;\n";
    let files =
        [("x/src/lib.rs", root), ("x/src/a.rs", a), ("x/src/b.rs", b), ("x/src/b/child.rs", child)];
    places(breaches(&Tree::of(&files)))
}

/// The second file may use the first, and its own children; a child may use its parent's elders.
#[test]
fn uses_of_files_further_up_are_in_order() {
    let b = "use crate::a::A;\nmod child;\npub use child::C;\nfn f() { crate::a::g::<A>(); child::h() }\n";
    assert_eq!(
        made_up("pub struct A;\n", b, "use super::super::a::A;\nuse crate::{a::{self, B}};\n"),
        [""; 0]
    );
}

/// Whatever points down the line is found: groups, paths within code, `super`, parents, the root.
#[test]
fn uses_against_the_order_are_found() {
    let a = "use crate::{\n    b::B,\n    a::A,\n};\nfn f() { crate::b::g::<u8>() }\nuse super::b::*;\n";
    let expected = ["x/src/a.rs:2", "x/src/a.rs:5", "x/src/a.rs:6"];
    assert_eq!(made_up(a, "mod child;\n", ""), expected);
    assert_eq!(
        made_up("", "use crate::A;\nmod child;\n", "use super::B;\n"),
        ["x/src/b.rs:1", "x/src/b/child.rs:1"]
    );
}

/// Tests see everything, visibility is no use, and an inline module does not shift `super`.
#[test]
fn tests_and_visibilities_are_free() {
    let a = "pub(in crate::b) fn f() {}\nmod m { use super::f; }\n#[cfg(test)]\nmod tests { use crate::b::B; }\n";
    assert_eq!(made_up(a, "mod child;\n", ""), [""; 0]);
}
