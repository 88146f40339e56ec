//! What a rule says about an invariant, and the table of what rules say.
//!
//! In: claims of rules, and what checking them came to. Out: where the two differ; a table in
//! Markdown, with a note wherever a rule does not simply keep an invariant. Refuses to know:
//! whether a claim is true.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::invariant::Invariant;

/// What a rule says about an invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// It holds in every case.
    Keeps,
    /// It holds in every case, in the sense of the note.
    KeepsWith(&'static str),
    /// Some case breaks it, and the note says which.
    Breaks(&'static str),
    /// It makes no sense for this kind of rule.
    NotAsked,
}

/// What checking one invariant came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Cases on which the invariant says something.
    pub checked: u32,
    /// The first one that breaks it, and how.
    pub broken: Option<String>,
}

/// Where what a rule claims differs from what `verdicts` show, one line each.
pub fn surprises(
    name: &str,
    claim: impl Fn(Invariant) -> Claim,
    verdicts: &BTreeMap<Invariant, Verdict>,
) -> Vec<String> {
    let surprise = |(invariant, verdict): (&Invariant, &Verdict)| {
        let Verdict { checked, broken } = verdict;
        match (claim(*invariant), broken) {
            (Claim::Keeps | Claim::KeepsWith(_), Some(how)) => {
                Some(format!("{name} breaks {invariant}: {how}"))
            }
            (Claim::Keeps | Claim::KeepsWith(_), None) if *checked == 0 => {
                Some(format!("{name} keeps {invariant}, but nothing was checked"))
            }
            (Claim::Breaks(why), None) => {
                Some(format!("{name} keeps {invariant} in {checked} cases, in spite of: {why}"))
            }
            _ => None,
        }
    };
    verdicts.iter().filter_map(surprise).collect()
}

/// A rule's column of the table: its name and a claim for each of [`Invariant::ALL`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    name: String,
    claims: [Claim; Invariant::ALL.len()],
}

impl Column {
    /// The column of a rule.
    pub fn new(name: String, claim: impl Fn(Invariant) -> Claim) -> Self {
        Self { name, claims: Invariant::ALL.map(claim) }
    }
}

/// The table of `columns`: `x` for kept, `no` for broken, `-` for not asked; then the notes.
/// Invariants that are asked of none of the rules have no row.
pub fn table(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut table = format!("| # | invariant | {} |\n", names.join(" | "));
    writeln!(table, "|---|---|{}", "---|".repeat(columns.len())).expect("a text grows");
    let mut notes = String::new();
    for (at, invariant) in Invariant::ALL.into_iter().enumerate() {
        if columns.iter().all(|column| column.claims[at] == Claim::NotAsked) {
            continue;
        }
        let code = invariant.code();
        write!(table, "| {code} | {} |", invariant.words()).expect("a text grows");
        for column in columns {
            let (cell, note) = match column.claims[at] {
                Claim::Keeps => ("x", ""),
                Claim::KeepsWith(note) => ("x", note),
                Claim::Breaks(note) => ("no", note),
                Claim::NotAsked => ("-", ""),
            };
            write!(table, " {cell} |").expect("a text grows");
            if !note.is_empty() {
                writeln!(notes, "- {}, {code}: {note}", column.name).expect("a text grows");
            }
        }
        table.push('\n');
    }
    format!("{table}\n{notes}")
}
