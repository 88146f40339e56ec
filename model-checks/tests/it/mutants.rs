//! Broken replicas are caught, each by the model that is there for it, and the trace can be read.

use model_checks::mutants;

fn hunt(name: &str) -> (&'static str, Vec<String>) {
    let mutant = mutants::find(name).expect("a mutant of the catalogue");
    (mutant.hunt)(mutant.bounds).expect("the mutant is caught")
}

/// One vote fewer than a quorum lets two replicas execute two batches. The shortest way is known: each
/// of two replicas hears one of the two batches, votes, and hears one vote of the primary.
#[test]
fn a_quorum_of_one_vote_fewer_breaks_agreement() {
    let (property, trace) = hunt("quorum");
    assert_eq!(property, "two honest replicas execute the same bytes");
    assert_eq!(trace.len(), 5, "a heading and four steps:\n{}", trace.join("\n"));
    let executes = |line: &String, batch: &str| line.contains(&format!("EXECUTES {batch} "));
    for batch in ["A", "B"] {
        assert_eq!(trace.iter().filter(|line| executes(line, batch)).count(), 1);
    }
    let columns = ["step", "replica", "what happens to it", "what it does"];
    let at = columns.map(|column| trace[0].find(column).expect("a heading"));
    let is_aligned =
        |line: &String| line.is_char_boundary(at[3]) && &line[at[3] - 2..at[3]] == "  ";
    assert!(trace[1..].iter().all(is_aligned), "columns are aligned:\n{}", trace.join("\n"));
}

/// A view change that hides what prepared lets a new view replace a batch that was executed.
#[test]
fn a_forgotten_certificate_breaks_agreement() {
    assert_eq!(hunt("forgotten-certificate").0, "two honest replicas execute the same bytes");
}

/// A backup that believes its new primary executes what the primary likes.
#[test]
fn a_believed_new_view_breaks_agreement() {
    assert_eq!(hunt("believed-new-view").0, "two honest replicas execute the same bytes");
}

/// A vote that a crash erases is cast again, for something else.
#[test]
fn a_forgotten_vote_is_contradicted() {
    let (property, trace) = hunt("forgotten-vote");
    assert_eq!(property, "no honest replica contradicts itself");
    assert!(trace.iter().any(|line| line.contains("CRASHES and restarts")));
}

/// A name that does not exist is answered with those that do.
#[test]
fn an_unknown_mutant_is_answered_with_the_known_ones() {
    let error = mutants::find("typo").expect_err("no such mutant").to_string();
    assert!(mutants::all().iter().all(|mutant| error.contains(mutant.name)), "{error}");
}
