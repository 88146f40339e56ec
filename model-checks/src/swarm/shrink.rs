//! From a failing run to a short one that fails in the same way.
//!
//! In: a scenario that fails. Out: a written scenario with as few faults, liars and requests as were found to do.
//! Refuses to know: why it fails; a failure is the rule that broke.
//!
//! Source: delta debugging (Zeller and Hildebrandt 2002), after whole classes of faults were left out.

use std::collections::BTreeSet;

use consensus::sim::fault::Injection;
use consensus::sim::scenario::{Outcome, Scenario};

use crate::replica::Subject;

/// Runs spent on making one failure shorter.
const RUNS_MAX: usize = 3_000;

/// The rule that a failure broke: what stands before the first colon.
pub fn rule(outcome: &Outcome) -> Option<&str> {
    outcome.failure.as_deref().map(|failure| failure.split(':').next().unwrap_or(failure))
}

/// One search.
struct Search {
    play: fn(&Scenario) -> Outcome,
    rule: String,
    best: Scenario,
    left: usize,
}

impl Search {
    /// Keeps a scenario that fails in the same way.
    fn offer(&mut self, scenario: Scenario) -> bool {
        if self.left == 0 || scenario == self.best {
            return false;
        }
        self.left -= 1;
        let outcome = (self.play)(&scenario);
        let fails = rule(&outcome) == Some(self.rule.as_str());
        if fails {
            // What was written and did not come about is left out at once.
            self.best = Scenario { script: Some(outcome.injected), ..scenario };
        }
        fails
    }

    fn script(&self) -> Vec<Injection> {
        self.best.script.clone().unwrap_or_default()
    }

    fn offer_script(&mut self, script: Vec<Injection>) -> bool {
        self.offer(Scenario { script: Some(script), ..self.best.clone() })
    }

    fn drop_classes(&mut self) {
        self.offer_script(Vec::new());
        let classes: BTreeSet<_> = self.script().iter().map(Injection::class).collect();
        for class in classes {
            let rest = self.script().into_iter().filter(|one| one.class() != class).collect();
            self.offer_script(rest);
        }
    }

    fn drop_faults(&mut self) {
        let mut size = self.script().len().div_ceil(2);
        while size > 0 {
            let mut start = 0;
            while start < self.script().len() && self.left > 0 {
                let mut rest = self.script();
                rest.drain(start..rest.len().min(start + size));
                if !self.offer_script(rest) {
                    start += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    fn shrink_numbers(&mut self) {
        for id in self.best.liars.clone().into_keys() {
            let mut scenario = self.best.clone();
            scenario.liars.remove(&id);
            self.offer(scenario);
        }
        for (name, value) in [
            ("lying", 0),
            ("sync-us", 0),
            ("clients", 1),
            ("clients", 2),
            ("requests", 1),
            ("requests", 2),
            ("requests", 4),
            ("batch", 1),
            ("pipeline", 1),
            ("delay-us", 1_000),
            ("work-us", 100),
            ("pending", 64),
        ] {
            self.offer(self.best.clone().with(name, value));
        }
    }
}

/// The shortest scenario found that breaks the same rule, and the runs that it took.
pub fn shrink<P: Subject>(scenario: &Scenario) -> Option<(Scenario, usize)> {
    let outcome = scenario.play::<P>();
    let rule = rule(&outcome)?.to_owned();
    let best = Scenario { script: Some(outcome.injected), ..scenario.clone() };
    let mut search = Search { play: Scenario::play::<P>, rule, best, left: RUNS_MAX };
    let mut before = None;
    while before != Some(search.best.clone()) && search.left > 0 {
        before = Some(search.best.clone());
        search.drop_classes();
        search.drop_faults();
        search.shrink_numbers();
    }
    let written = Scenario { faults: Default::default(), ..search.best };
    Some((written, RUNS_MAX - search.left))
}
