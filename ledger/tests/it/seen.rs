//! Properties over random days, and whether the days were interesting: every `always` has its
//! `sometimes`.

use std::cell::Cell;
use std::collections::BTreeMap;

use ledger::{Fact, Receipt};
use market::Outcome;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

/// Checks `claim` on `runs` random cases.
pub(crate) fn property<S: Strategy>(
    runs: u32,
    cases: &S,
    claim: impl Fn(S::Value) -> TestCaseResult,
) {
    let config = Config { cases: runs, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(cases, claim).expect("the claim holds");
}

/// How often something happened in all runs of a test.
#[derive(Default)]
pub(crate) struct Seen(Cell<BTreeMap<&'static str, u32>>);

impl Seen {
    pub(crate) fn note(&self, what: &'static str, happened: bool) {
        let mut counts = self.0.take();
        *counts.entry(what).or_default() += u32::from(happened);
        self.0.set(counts);
    }

    /// Notes what makes a day interesting.
    pub(crate) fn note_day(&self, receipts: &[Receipt], facts: &[Fact]) {
        let fact = |wanted: fn(&Fact) -> bool| facts.iter().any(wanted);
        let outcome = |wanted: fn(&Outcome) -> bool| {
            facts.iter().any(|it| matches!(it, Fact::Ordered { outcome, .. } if wanted(outcome)))
        };
        let refused = receipts.iter().any(|receipt| !receipt.is_accepted());
        let opened = facts.iter().position(|it| matches!(it, Fact::Opened { .. }));
        let late = &facts[opened.unwrap_or(facts.len())..];
        let joined = late.iter().any(|it| matches!(it, Fact::Registered { .. }));
        self.note("an order was filled", outcome(|it| matches!(it, Outcome::Filled)));
        self.note("an order was rationed", outcome(|it| matches!(it, Outcome::Part { .. })));
        self.note("a transfer was executed", fact(|it| matches!(it, Fact::Transferred { .. })));
        self.note("a transfer bounced", fact(|it| matches!(it, Fact::Bounced { .. })));
        self.note("a score fell below the middle", {
            fact(|it| matches!(it, Fact::Scored { assessment, .. } if assessment.score.get() < 500))
        });
        self.note("a command was refused", refused);
        self.note("somebody joined late", joined);
    }

    /// Asserts that everything noted happened in at least a tenth of the runs.
    pub(crate) fn finish(self, runs: u32) {
        for (what, count) in self.0.into_inner() {
            assert!(count * 10 >= runs, "{what} in {count} of {runs} runs only");
        }
    }
}
