//! The project speaks of itself alone: not of the machine it was written on, nor of who or what helped.
//!
//! In: every file. Out: paths of machines, package hosts, addresses of people, names of assistants. Refuses to know:
//! why somebody wrote them.
//!
//! Words are listed backwards, so that this file does not contain them.

use crate::tree::{Breach, Tree, places};

const RULE: &str = "speech";

/// Where files lie on one machine only.
const MACHINE: [&str; 5] = ["/emoh/", "/toor/", "/krow/", "/pmt/", "derahs/.."];
/// Hosts that a lock file or a configuration would tie the project to.
const HOSTS: [&str; 3] = ["oi.setarc.xedni", "oi.setarc.citats", "yrtsiger-ezilaer"];
/// Names of assistants and of their makers.
const ASSISTANTS: [&str; 8] =
    ["edualc", "ciporhtna", "ianepo", "tpgtahc", "tpg", "tolipoc", "inimeg", "mll"];
/// The one source of packages.
const REGISTRY: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

fn backwards(word: &str) -> String {
    word.chars().rev().collect()
}

/// Everything that speaks of something else.
pub(crate) fn breaches(tree: &Tree) -> Vec<Breach> {
    let machine = MACHINE.map(backwards);
    let hosts = HOSTS.map(backwards);
    let assistants = ASSISTANTS.map(backwards);
    let mut found = Vec::new();
    for (path, text) in tree.files() {
        for (number, line) in (1..).zip(text.lines()) {
            let mut say = |what: String| found.push(Breach::new(path, number, RULE, what));
            for place in machine.iter().filter(|place| begins_in(line, place)) {
                say(format!("the path `{place}` of one machine"));
            }
            for host in hosts.iter().filter(|host| line.contains(*host)) {
                say(format!("the package host `{host}`"));
            }
            if path.ends_with("Cargo.lock") && line.starts_with("source = ") && line != REGISTRY {
                say(format!("packages come from one place, not from {line}"));
            }
            let lower = line.to_lowercase();
            let mut words = lower.split(|c: char| !c.is_alphanumeric());
            if let Some(word) = words.find(|word| assistants.iter().any(|name| name == word)) {
                say(format!("the name `{word}`"));
            }
            if let Some(address) = line.split_whitespace().find(|word| is_address(word)) {
                say(format!("the address {address}"));
            }
        }
    }
    found
}

/// Whether `line` contains `place` at the beginning of a path.
fn begins_in(line: &str, place: &str) -> bool {
    let before = line.match_indices(place).map(|(at, _)| line[..at].chars().next_back());
    before.into_iter().any(|c| {
        c.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.' | '}' | '*'))
    })
}

/// Somebody at a host with a name, but not `kill:1@slot=4`, nor `checkout@v4`.
fn is_address(word: &str) -> bool {
    let Some((who, host)) = word.split_once('@') else { return false };
    let host: String =
        host.chars().take_while(|c| c.is_alphanumeric() || "-.".contains(*c)).collect();
    let end = host.trim_end_matches('.').rsplit_once('.').map_or("", |(_, end)| end);
    let is_name = |c: char| c.is_alphanumeric() || "._+-".contains(c);
    who.ends_with(is_name) && end.len() > 1 && end.chars().all(char::is_alphabetic)
}

/// Every kind of foreign speech is found where it stands.
#[test]
fn foreign_speech_is_found() {
    let mut text: Vec<_> = ["em/emoh/ ni", "log/pmt/\"", "derahs/../..", "oi.setarc.xedni", "tpG"]
        .map(backwards)
        .into();
    text.push(["somebody", "example.org"].join("@"));
    let found = places(breaches(&Tree::of(&[("a.md", &text.join("\n"))])));
    assert_eq!(found, [1, 2, 3, 4, 5, 6].map(|line| format!("a.md:{line}")), "{text:?}");
    let lock = [("Cargo.lock", "source = \"git+https://example.org/a\"\n")];
    assert_eq!(places(breaches(&Tree::of(&lock))), ["Cargo.lock:1"]);
}

/// Paths of our own, temporary folders asked of the system, faults and versions are our own speech.
#[test]
fn our_own_speech_is_free() {
    let text = "a/work/b, network/tmp/c, std::env::temp_dir()\n--fault kill:primary@slot=40, checkout@v4, a@1.2.3\n\
                gptx, copiloted; --data DIR\n";
    let lock = format!("name = \"a\"\n{REGISTRY}\n");
    assert_eq!(places(breaches(&Tree::of(&[("a.md", text), ("Cargo.lock", &lock)]))), [""; 0]);
}
