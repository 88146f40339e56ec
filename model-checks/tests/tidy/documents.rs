//! What the documents name exists: files, commands, crates, models with their numbers, mutants.
//!
//! In: documents, the scripts of CI, what there is. Out: names of what is not there, and tables that are not complete.
//! Refuses to know: whether what they say is well said.

use std::collections::BTreeSet;

use crate::manifest::entries;
use crate::tree::{Breach, Tree, places};

/// What the documents may name beside files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Models with their numbers of states, in order of the catalogue.
    pub(crate) models: Vec<(String, usize)>,
    pub(crate) mutants: Vec<String>,
}

impl Facts {
    /// The models and mutants of the library, the numbers of states that the tests pin.
    pub(crate) fn of_the_catalogue(tree: &Tree) -> Self {
        let claims = tree.text("model-checks/tests/it/claims.rs").unwrap_or_default();
        let states = |name: &str| {
            let line =
                claims.lines().find(|line| line.trim().starts_with(&format!("(\"{name}\",")));
            let number = line.and_then(|line| line.split(',').nth(1));
            number.and_then(|number| {
                number.trim().trim_end_matches(')').replace('_', "").parse().ok()
            })
        };
        let models = model_checks::catalogue::all();
        let models =
            models.iter().map(|check| (check.name.to_owned(), states(check.name).unwrap_or(0)));
        let mutants =
            model_checks::mutants::all().iter().map(|mutant| mutant.name.to_owned()).collect();
        Self { models: models.collect(), mutants }
    }
}

/// Everything that the documents name and that is not there.
pub(crate) fn breaches(tree: &Tree, facts: &Facts) -> Vec<Breach> {
    let mut found = Vec::new();
    let scripts =
        tree.files().filter(|(path, _)| path.starts_with(".ci/") || path.starts_with(".github/"));
    for (path, text) in tree.ending(".md").chain(scripts) {
        let is_script = !path.ends_with(".md");
        let mut is_fenced = false;
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim_start().starts_with("```") {
                is_fenced = !is_fenced;
                continue;
            }
            let code = if is_fenced || is_script { vec![line] } else { spans(line) };
            let words = code.iter().flat_map(|code| code.split_whitespace());
            let named = words.chain(links(line)).filter(|word| !exists(tree, path, word));
            found
                .extend(named.map(|word| {
                    Breach::new(path, number, "path", format!("there is no `{word}`"))
                }));
            for command in code {
                let wrong = commands(tree, facts, command).into_iter();
                found.extend(wrong.map(|what| Breach::new(path, number, "command", what)));
            }
        }
        found.extend(tables(tree, facts, path, text));
    }
    let log = tree.text("CHANGELOG.md").unwrap_or_default();
    if !log.lines().any(|line| line == "## Unreleased") {
        found.push(Breach::new("CHANGELOG.md", 1, "changelog", "no section `## Unreleased`"));
    }
    found
}

/// What stands between backticks.
fn spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// Where links lead, but for those that leave the project.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let targets = targets.map(|target| target.split('#').next().unwrap_or_default());
    targets.filter(|target| !target.is_empty() && !target.contains("://"))
}

/// Whether `word` looks like no file or folder of ours, or is one.
fn exists(tree: &Tree, document: &str, word: &str) -> bool {
    let word = word
        .trim_start_matches(['(', '"', '\''])
        .trim_end_matches(['.', ',', ';', ':', ')', '"', '\'']);
    let is_path =
        !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c));
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let near = if folder.is_empty() { word.to_owned() } else { format!("{folder}/{word}") };
    if !is_path || tree.has(word) || tree.has(&near) {
        return true;
    }
    match word.split_once('/') {
        // What lies in a folder of ours must be there.
        Some((first, _)) => {
            let near =
                if folder.is_empty() { first.to_owned() } else { format!("{folder}/{first}") };
            first.is_empty() || !tree.has(first) && !tree.has(&near)
        }
        None if word.ends_with(".rs") || word.ends_with(".md") => {
            let end = format!("/{word}");
            tree.files().any(|(path, _)| path.ends_with(&end))
        }
        None => true,
    }
}

/// What is wrong with the commands in one line of code.
fn commands(tree: &Tree, facts: &Facts, line: &str) -> Vec<String> {
    let line = line.split(" # ").next().unwrap_or_default();
    let words: Vec<_> = line.split_whitespace().collect();
    let mut wrong = Vec::new();
    for (at, pair) in words.windows(2).enumerate() {
        let (flag, name) = (pair[0], pair[1].trim_end_matches([')', ',', '.', ';']));
        let is_placeholder = !name.starts_with(|c: char| c.is_lowercase());
        if is_placeholder {
            continue;
        }
        let is_known = match flag {
            "-p" if words.contains(&"cargo") => tree.has(&format!("{name}/Cargo.toml")),
            "--bench" => has_target(tree, "bench", name),
            "run" if at > 0 && words[at - 1] == "fuzz" => has_target(tree, "bin", name),
            "--manifest-path" => tree.has(name),
            "gridquorum" => has_variant(tree, "node/src/cli.rs", name),
            "--" if words.starts_with(&["cargo", "run"]) => {
                let package =
                    words.windows(2).find(|pair| pair[0] == "-p").map_or("node", |pair| pair[1]);
                let main = if package == "node" {
                    "node/src/cli.rs"
                } else {
                    &format!("{package}/src/main.rs")
                };
                has_variant(tree, main, name)
            }
            "check" if words.contains(&"model-checks") => {
                facts.models.iter().any(|(model, _)| model == name)
            }
            "mutants" if words.contains(&"model-checks") => {
                facts.mutants.iter().any(|mutant| mutant == name)
            }
            _ => true,
        };
        if !is_known {
            wrong.push(format!("there is no `{flag} {name}`"));
        }
    }
    wrong
}

/// Whether a manifest declares a target of this kind and name.
fn has_target(tree: &Tree, kind: &str, name: &str) -> bool {
    let manifests = tree.ending("/Cargo.toml");
    let mut all = manifests.flat_map(|(_, text)| entries(text));
    all.any(|entry| entry.section == kind && entry.key == "name" && entry.text() == name)
}

/// Whether the `enum Command` in `path` has a variant that is typed as `name`.
fn has_variant(tree: &Tree, path: &str, name: &str) -> bool {
    let text = tree.text(path).unwrap_or_default();
    let body = text.split_once("enum Command {").map_or("", |(_, rest)| rest);
    let body = body.split("\n}").next().unwrap_or_default();
    let first = |line: &str| line.split(['(', ',', ' ', '{']).next().map(str::to_owned);
    let variants = body.lines().filter_map(|line| first(line.strip_prefix("    ")?));
    variants.map(|variant| kebab(&variant)).any(|variant| variant == name)
}

/// `StatusArgs` is typed `status-args`.
fn kebab(name: &str) -> String {
    let mut typed = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !typed.is_empty() {
            typed.push('-');
        }
        typed.extend(c.to_lowercase());
    }
    typed
}

/// Tables of crates, models and mutants list exactly those that there are.
fn tables(tree: &Tree, facts: &Facts, path: &str, text: &str) -> Vec<Breach> {
    let mut found = Vec::new();
    let lines: Vec<_> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let is_head = lines.get(at + 1).is_some_and(|next| next.starts_with("|---"));
        let first = line.split('|').nth(1).map(str::trim);
        let expected: Vec<(String, Option<usize>)> = match first.filter(|_| is_head) {
            Some("crate") => {
                let crates = tree
                    .ending("/Cargo.toml")
                    .map(|(path, _)| path.trim_end_matches("/Cargo.toml"));
                crates.filter(|name| *name != "fuzz").map(|name| (name.to_owned(), None)).collect()
            }
            Some("model") => {
                facts.models.iter().map(|(name, states)| (name.clone(), Some(*states))).collect()
            }
            Some("mutant") => facts.mutants.iter().map(|name| (name.clone(), None)).collect(),
            _ => continue,
        };
        let column = line.split('|').position(|head| head.trim() == "states");
        let rows = lines[at + 2..].iter().take_while(|row| row.starts_with('|'));
        let rows = rows.map(|row| {
            let name = spans(row).first().copied().unwrap_or_default().to_owned();
            let cell = column.and_then(|column| row.split('|').nth(column));
            (name, cell.map(|cell| cell.trim().replace(',', "").parse().unwrap_or(0)))
        });
        let (rows, expected): (BTreeSet<_>, BTreeSet<_>) =
            (rows.collect(), expected.into_iter().collect());
        for row in rows.symmetric_difference(&expected) {
            let what = if rows.contains(row) { "is not there" } else { "is missing" };
            let states = row.1.map_or(String::new(), |states| format!(" with {states} states"));
            found.push(Breach::new(path, at + 1, "table", format!("`{}`{states} {what}", row.0)));
        }
    }
    found
}

#[cfg(test)]
fn made_up(document: &str) -> Vec<String> {
    let files = [
        ("CHANGELOG.md", "## Unreleased\n"),
        ("a/Cargo.toml", "[[bench]]\nname = \"speed\"\n"),
        ("a/README.md", document),
        ("a/src/b.rs", ""),
        (
            "a/src/main.rs",
            "enum Command {\n    /// Lists.\n    List,\n    Check(CheckArguments),\n}\n",
        ),
        ("fuzz/Cargo.toml", "[[bin]]\nname = \"decode\"\n"),
        ("node/Cargo.toml", ""),
        (
            "node/src/cli.rs",
            "enum Command {\n    Trial(trial::Trial),\n    NewKey {\n        x: u8,\n    },\n}\n",
        ),
    ];
    let facts = Facts { models: vec![("calm".into(), 1_234)], mutants: vec!["hasty".into()] };
    places(breaches(&Tree::of(&files), &facts))
}

/// Files near the document and at the root, folders, names of other worlds, placeholders, every kind of command.
#[test]
fn documents_that_name_what_there_is_are_in_order() {
    let document = "See `a/src/b.rs`, `src/b.rs`, `b.rs`, [b](src/b.rs#x), `a/src`, \
        `region/key`, `f()`, [w](https://w.org/a/x).\n\
        ```sh\ncargo run --release -- trial   # and -- more\ncargo run -p a -- list\ncargo bench -p a --bench speed\n\
        cargo +nightly fuzz run decode\ncargo fuzz run TARGET\ngridquorum new-key\ncargo run -p a -- check\n```\n\
        | model | states |\n|---|---|\n| `calm` | 1,234 |\n\n| mutant |\n|---|\n| `hasty` |\n\n\
        | crate |\n|---|\n| `a` |\n| `node` |\n";
    assert_eq!(made_up(document), [""; 0]);
}

/// Each kind of name with nothing behind it.
#[test]
fn names_with_nothing_behind_them_are_found() {
    for (line, count) in [
        ("`a/src/c.rs`", 1),
        ("`src/c.rs`", 1),
        ("`c.rs` and `C.md`", 2),
        ("[c](src/c.rs)", 1),
        ("`cargo run -- simulate`", 1),
        ("`cargo run -p b -- list`", 2),
        ("`cargo run -p a -- prove`", 1),
        ("`cargo bench --bench size`", 1),
        ("`cargo +nightly fuzz run speed`", 1),
        ("`gridquorum old-key`", 1),
        ("| model | states |\n|---|---|\n| `calm` | 1,235 |", 2),
        ("| model | states |\n|---|---|\n| `calm` | 1,234 |\n| `rough` | 1 |", 1),
        ("| mutant |\n|---|", 1),
        ("| crate |\n|---|\n| `node` |", 1),
    ] {
        assert_eq!(made_up(line), vec!["a/README.md:1"; count], "{line}");
    }
    let found = places(breaches(&Tree::of(&[]), &Facts::default()));
    assert_eq!(found, ["CHANGELOG.md:1"]);
}
