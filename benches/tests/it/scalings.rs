//! Counts of a small cluster under a small load.

use std::time::Duration;

use benches::experiment::scaling::{Cell, Verdict, measure};

use crate::small::{alone, setting};

/// Four replicas with batches of four: commands are executed, several in a batch, and messages and signature checks are
/// those of the formulas; counts that a busy machine disturbed are not compared.
#[test]
fn counts_are_those_of_the_formulas() {
    let _alone = alone();
    let cell = Cell { replicas: 4, batch: 4 };
    let run = measure(&setting(Duration::from_millis(500)), cell).expect("the cluster runs");
    assert!(run.outcome.done > 0, "{:?}", run.outcome);
    assert!(run.counts.decisions < run.counts.commands, "{:?}", run.counts);
    assert!(run.counts.commands <= 4 * run.counts.decisions, "{:?}", run.counts);
    let verdict = run.counts.verdict();
    assert!(!matches!(verdict, Verdict::Wrong(_)), "{verdict:?}");
}
