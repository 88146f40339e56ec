//! The checkout as the rules see it: files with their text, and what is wrong with them.
//!
//! In: a directory, or made-up files. Out: texts by path, in order of their paths. Refuses to know: the rules.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// Build products and local leftovers, which are no part of the project.
const SKIPPED: [&str; 6] = ["target", "reports", "corpus", "artifacts", "coverage", "node_modules"];

/// Hidden folders that are part of the project.
const SHOWN: [&str; 2] = [".ci", ".github"];

/// Files by their path from the root, with `/` between its parts. A file that is no text has an empty one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree(BTreeMap<String, String>);

impl Tree {
    /// The tree below `root`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.walk(root, "");
        tree
    }

    fn walk(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).expect("a folder of the checkout can be listed") {
            let entry = entry.expect("an entry of the checkout can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type().expect("an entry of the checkout has a type");
            let is_hidden = name.starts_with('.') && !SHOWN.contains(&name.as_str());
            if kind.is_dir() && !is_hidden && !SKIPPED.contains(&name.as_str()) {
                self.walk(&entry.path(), &format!("{path}/"));
            } else if kind.is_file() {
                let bytes = fs::read(entry.path()).expect("a file of the checkout can be read");
                self.0.insert(path, String::from_utf8(bytes).unwrap_or_default());
            }
        }
    }

    /// A made-up tree.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect())
    }

    /// All files, in order of their paths.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files whose name ends with `ending`.
    pub(crate) fn ending(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| path.ends_with(ending))
    }

    /// The text of a file, nothing if there is no such file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Whether there is a file, or a folder with something in it, at `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        self.0.contains_key(path) || self.0.keys().any(|file| file.starts_with(&inside))
    }
}

/// Something that a rule does not allow: where, which rule, and what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Breach {
    path: String,
    line: usize,
    rule: &'static str,
    what: String,
}

impl Breach {
    /// `what` is wrong in line `line` of `path`, counted from 1.
    pub(crate) fn new(
        path: &str,
        line: usize,
        rule: &'static str,
        what: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), line, rule, what: what.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.what)
    }
}

/// # Panics
///
/// If there are breaches, with all of them, in order of file and line.
pub(crate) fn demand_none(mut breaches: Vec<Breach>) {
    breaches.sort();
    let lines: Vec<_> = breaches.iter().map(Breach::to_string).collect();
    assert!(lines.is_empty(), "{} breaches:\n{}", lines.len(), lines.join("\n"));
}

/// The places of breaches, for tests of the rules: `path:line`, in order.
pub(crate) fn places(mut breaches: Vec<Breach>) -> Vec<String> {
    breaches.sort();
    breaches.iter().map(|breach| format!("{}:{}", breach.path, breach.line)).collect()
}

/// Skipped folders stay out of the way, and what is read is found again.
#[test]
fn the_checkout_is_read_without_its_build_products() {
    let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    assert!(tree.has("consensus/src/lib.rs") && tree.has(".ci/run") && tree.has("fuzz/seeds"));
    assert!(!tree.has("target") && !tree.has(".git") && !tree.has("consensus/src/li"));
    assert!(tree.ending(".rs").count() > 200, "the whole house is read");
}

/// A breach says file, line, rule and what; all of them come at once and in order.
#[test]
#[should_panic(expected = "2 breaches:\na.rs:9: width: long\nb.rs:1: header: none")]
fn breaches_are_told_all_at_once_and_sorted() {
    let breaches = [("b.rs", 1, "header", "none"), ("a.rs", 9, "width", "long")];
    demand_none(
        breaches.map(|(path, line, rule, what)| Breach::new(path, line, rule, what)).into(),
    );
}
