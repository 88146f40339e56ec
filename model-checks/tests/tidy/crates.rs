//! The arrows between crates, and what every manifest says.
//!
//! In: manifests. Out: arrows that point up, and facts that are missing. Refuses to know: what cargo checks itself.

use crate::manifest::{Entry, entries, names};
use crate::tree::{Breach, Tree, places};

/// The drawing of the house: an arrow permits every room further down.
const ARROWS: [(&str, &[&str]); 9] = [
    ("market", &[]),
    ("credit", &["market"]),
    ("ledger", &["credit", "market"]),
    ("consensus", &[]),
    ("community", &["ledger", "credit", "market"]),
    ("node", &["consensus", "community", "ledger", "credit", "market"]),
    ("model-checks", &["consensus", "community", "ledger", "credit", "market"]),
    ("benches", &["node", "consensus", "community", "ledger", "credit", "market"]),
    ("fuzz", &["model-checks", "node", "consensus", "community", "ledger", "credit", "market"]),
];

/// Arrows that the drawing does not have; crates that it does not know.
pub(crate) fn arrows(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (path, text) in tree.ending("/Cargo.toml") {
        let folder = path.trim_end_matches("/Cargo.toml");
        let Some((_, below)) = ARROWS.iter().find(|(room, _)| *room == folder) else {
            found.push(Breach::new(
                path,
                1,
                "arrows",
                "the drawing of the house has no such crate",
            ));
            continue;
        };
        for entry in entries(text) {
            let Some(name) = entry.dependency() else { continue };
            let is_ours = ARROWS.iter().any(|(room, _)| *room == name);
            if is_ours && name != folder && !below.contains(&name) {
                let what = format!("`{folder}` must not look into `{name}`");
                found.push(Breach::new(path, entry.line, "arrows", what));
            }
        }
    }
    found
}

const RULE: &str = "cargo";

/// Facts that every manifest states, because builds and benchmarks go wrong without them.
pub(crate) fn facts(tree: &Tree) -> Vec<Breach> {
    let mut found = root(tree);
    for (path, text) in tree.ending("/Cargo.toml") {
        let folder = path.trim_end_matches("Cargo.toml");
        let entries = entries(text);
        found.extend(targets(tree, path, folder, &entries));
        if folder == "fuzz/" {
            found.extend(fuzz(tree, path, text, &entries));
        } else {
            found.extend(member(path, &entries));
        }
    }
    found
}

fn root(tree: &Tree) -> Vec<Breach> {
    let path = "Cargo.toml";
    let entries = entries(tree.text(path).unwrap_or_default());
    let list = |key| {
        let entry = entries.iter().find(|entry| entry.section == "workspace" && entry.key == key);
        entry.map_or(Vec::new(), |entry| names(entry.value))
    };
    let mut members = list("members");
    members.sort_unstable();
    let there = tree.ending("/Cargo.toml").map(|(path, _)| path.trim_end_matches("/Cargo.toml"));
    let there: Vec<_> = there.filter(|folder| *folder != "fuzz").collect();
    let mut found = Vec::new();
    if members != there {
        found.push(Breach::new(
            path,
            1,
            RULE,
            format!("members are {members:?}, crates are {there:?}"),
        ));
    }
    if list("exclude") != ["fuzz"] {
        found.push(Breach::new(path, 1, RULE, "`fuzz` is excluded, it has its own workspace"));
    }
    for entry in entries.iter().filter(|entry| entry.key == "default-members") {
        found.push(Breach::new(
            path,
            entry.line,
            RULE,
            "`default-members` makes `cargo bench` skip crates",
        ));
    }
    for lint in
        ["unsafe_code", "unwrap_used", "dbg_macro", "todo", "unimplemented", "mod_module_files"]
    {
        let is_denied = |e: &Entry<'_>| e.key == lint && matches!(e.text(), "deny" | "forbid");
        if !entries.iter().any(is_denied) {
            found.push(Breach::new(path, 1, RULE, format!("the lint `{lint}` is not denied")));
        }
    }
    found
}

/// Libraries and programs have `bench = false`; programs, tests and benchmarks have a path that exists.
fn targets(tree: &Tree, path: &str, folder: &str, entries: &[Entry<'_>]) -> Vec<Breach> {
    let mut found = Vec::new();
    let mut sections: Vec<_> = entries.iter().map(|e| (e.section_line, e.section)).collect();
    sections.dedup();
    for (line, section) in &sections {
        let value = |key| {
            let here = entries.iter().filter(|entry| entry.section_line == *line);
            here.into_iter().find(|entry| entry.key == key).map(Entry::text)
        };
        if matches!(*section, "lib" | "bin") && value("bench") != Some("false") {
            let what = "`bench = false`, or `cargo bench` hands its options to it";
            found.push(Breach::new(path, *line, RULE, what));
        }
        let is_there = value("path").is_some_and(|file| tree.has(&format!("{folder}{file}")));
        if matches!(*section, "bin" | "bench" | "test") && !is_there {
            found.push(Breach::new(path, *line, RULE, "a path that exists"));
        }
        if *section == "bench" && value("harness") != Some("false") {
            found.push(Breach::new(path, *line, RULE, "`harness = false`"));
        }
    }
    for (file, section) in [("src/lib.rs", "lib"), ("src/main.rs", "bin")] {
        let is_declared = sections.iter().any(|(_, name)| *name == section);
        if tree.has(&format!("{folder}{file}")) && !is_declared {
            found.push(Breach::new(
                path,
                1,
                RULE,
                format!("{file} without its section `{section}`"),
            ));
        }
    }
    found
}

/// What a member inherits.
const INHERITED: [(&str, &str); 6] = [
    ("package", "version.workspace"),
    ("package", "edition.workspace"),
    ("package", "rust-version.workspace"),
    ("package", "license.workspace"),
    ("package", "publish.workspace"),
    ("lints", "workspace"),
];

fn member(path: &str, entries: &[Entry<'_>]) -> Vec<Breach> {
    let mut found = Vec::new();
    for (section, key) in INHERITED {
        let is_it = |e: &&Entry<'_>| e.section == section && e.key == key && e.value == "true";
        if entries.iter().find(is_it).is_none() {
            found.push(Breach::new(path, 1, RULE, format!("[{section}] {key} = true")));
        }
    }
    for entry in entries.iter().filter(|entry| entry.dependency().is_some()) {
        let is_itself = entry.value.contains("path = \".\"");
        if !entry.is_inherited() && !is_itself {
            found.push(Breach::new(path, entry.line, RULE, "versions stand in the root alone"));
        }
    }
    let run = entries.iter().find(|entry| entry.key == "default-run");
    let expected = (path == "node/Cargo.toml").then_some("gridquorum");
    if run.map(Entry::text) != expected {
        let what = "`default-run = \"gridquorum\"` in node, and in node alone";
        found.push(Breach::new(path, run.map_or(1, |entry| entry.line), RULE, what));
    }
    found
}

/// Where bodies of fuzz targets live: beside what they drive, as far down as it can be seen.
const FUZZ_BODIES: [&str; 2] = ["model-checks/src/fuzz.rs", "node/src/fuzz.rs"];

/// Every fuzz target has a body that `cargo test` replays, and seeds; every folder of seeds has a target.
fn fuzz(tree: &Tree, path: &str, text: &str, entries: &[Entry<'_>]) -> Vec<Breach> {
    let mut found = Vec::new();
    if !text.lines().any(|line| line.trim() == "[workspace]") {
        found.push(Breach::new(path, 1, RULE, "a workspace of its own"));
    }
    let bodies = FUZZ_BODIES.map(|path| tree.text(path).unwrap_or_default()).concat();
    let targets: Vec<_> =
        entries.iter().filter(|e| e.section == "bin" && e.key == "name").collect();
    for target in &targets {
        let name = target.text();
        if !bodies.contains(&format!("pub fn {}(", name.replace('-', "_"))) {
            let what = format!("no body in {}", FUZZ_BODIES.join(" or "));
            found.push(Breach::new(path, target.line, RULE, what));
        }
        if !tree.has(&format!("fuzz/seeds/{name}")) {
            found.push(Breach::new(
                path,
                target.line,
                RULE,
                format!("no seeds in fuzz/seeds/{name}"),
            ));
        }
    }
    for (seed, _) in tree.files().filter(|(path, _)| path.starts_with("fuzz/seeds/")) {
        let folder = seed.split('/').nth(2).unwrap_or_default();
        if targets.iter().all(|target| target.text() != folder) {
            found.push(Breach::new(seed, 1, RULE, "seeds of no target"));
        }
    }
    found
}

/// Down and to itself is allowed, for tests too; up is not, nor is a crate that nobody drew.
#[test]
fn arrows_point_down() {
    let fine = "[dependencies]\nmarket.workspace = true\n[dev-dependencies]\n\
                credit = { path = \".\" }\nserde = \"1\"\n";
    assert_eq!(places(arrows(&Tree::of(&[("credit/Cargo.toml", fine)]))), [""; 0]);
    let bad = "[dependencies]\nserde.workspace = true\nledger.workspace = true\n\
               [dev-dependencies]\nnode = { workspace = true }\n";
    let tree = Tree::of(&[("credit/Cargo.toml", bad), ("attic/Cargo.toml", "")]);
    assert_eq!(
        places(arrows(&tree)),
        ["attic/Cargo.toml:1", "credit/Cargo.toml:3", "credit/Cargo.toml:5"]
    );
    let beside = "[dependencies]\nnode.workspace = true\n";
    assert_eq!(
        places(arrows(&Tree::of(&[("model-checks/Cargo.toml", beside)]))),
        ["model-checks/Cargo.toml:2"]
    );
    assert_eq!(places(arrows(&Tree::of(&[("benches/Cargo.toml", beside)]))), [""; 0]);
}

#[cfg(test)]
const MEMBER: &str = "[package]\nversion.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n\
    license.workspace = true\npublish.workspace = true\n[lib]\nbench = false\n\
    [[bench]]\npath = \"b.rs\"\nharness = false\n\
    [dependencies]\nserde.workspace = true\n[lints]\nworkspace = true\n";
#[cfg(test)]
const ROOT: &str = "[workspace]\nmembers = [\"a\"]\nexclude = [\"fuzz\"]\n[lints]\nunsafe_code = \"forbid\"\n\
    unwrap_used = \"deny\"\ndbg_macro = \"deny\"\ntodo = \"deny\"\n\
    unimplemented = \"deny\"\nmod_module_files = \"deny\"\n";
#[cfg(test)]
const FUZZ: &str = "[[bin]]\nname = \"x\"\npath = \"x.rs\"\nbench = false\n[workspace]\n";

#[cfg(test)]
fn house(root: &str, member: &str, fuzz: &str, body: &str) -> Vec<String> {
    let files = [
        ("Cargo.toml", root),
        ("a/Cargo.toml", member),
        ("a/b.rs", ""),
        ("a/src/lib.rs", ""),
        ("fuzz/Cargo.toml", fuzz),
        ("fuzz/x.rs", ""),
        ("fuzz/seeds/x/1", ""),
        ("model-checks/src/fuzz.rs", body),
    ];
    places(facts(&Tree::of(&files)))
}

/// A house in order, and each fact missing in turn.
#[test]
fn facts_that_are_missing_are_found() {
    assert_eq!(house(ROOT, MEMBER, FUZZ, "pub fn x("), [""; 0]);
    let without = |text: &str, what: &str| text.replace(what, "");
    assert_eq!(house(&without(ROOT, "[\"a\"]"), MEMBER, FUZZ, "pub fn x("), ["Cargo.toml:1"]);
    assert_eq!(
        house(&without(ROOT, "unsafe_code = \"forbid\"\n"), MEMBER, FUZZ, "pub fn x("),
        ["Cargo.toml:1"]
    );
    for (gone, at) in [
        ("edition.workspace = true\n", "a/Cargo.toml:1"),
        ("bench = false\n", "a/Cargo.toml:1"),
        ("path = \"b.rs\"\n", "a/Cargo.toml:9"),
        ("harness = false\n", "a/Cargo.toml:9"),
        ("[lints]\nworkspace = true\n", "a/Cargo.toml:1"),
    ] {
        assert_eq!(house(ROOT, &without(MEMBER, gone), FUZZ, "pub fn x("), [at], "without {gone}");
    }
    let own = MEMBER.replace("serde.workspace = true", "serde = \"1\"");
    assert_eq!(house(ROOT, &own, FUZZ, "pub fn x("), ["a/Cargo.toml:13"]);
    let run = format!("default-run = \"a\"\n{MEMBER}");
    assert_eq!(house(ROOT, &run, FUZZ, "pub fn x("), ["a/Cargo.toml:1"]);
    assert_eq!(house(ROOT, MEMBER, FUZZ, "pub fn y("), ["fuzz/Cargo.toml:2"]);
    let other = FUZZ.replace("\"x\"", "\"y\"");
    let expected = ["fuzz/Cargo.toml:2", "fuzz/seeds/x/1:1"];
    assert_eq!(house(ROOT, MEMBER, &other, "pub fn y("), expected);
}
