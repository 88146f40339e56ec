//! Orders of members through a ledger, and the same load through nothing.

use std::time::Duration;

use benches::experiment::burst::{Cell, measure};
use benches::load::{Outcome, Timed};
use benches::processes::Behind;
use benches::setting::Setting;

use crate::small::{alone, setting};

fn burst(behind: Behind) -> (Setting, Cell) {
    (setting(Duration::from_millis(500)), Cell { name: "", behind, rate: 200, members: 20 })
}

fn whole(setting: &Setting, timed: &Timed) -> Outcome {
    timed.outcome(Duration::ZERO, setting.warm_up + setting.measured)
}

/// 200 orders a second for 700 ms are 140, give or take five standard deviations (60); 20 members suffice. An order
/// that the ledger refuses counts as failed, and in the end the gate closes over those that it took.
#[test]
fn orders_of_members_are_accepted() {
    let _alone = alone();
    let (setting, cell) = burst(Behind::Region);
    let run = measure(&setting, cell).expect("the cluster runs");
    let outcome = whole(&setting, &run.timed);
    assert!((outcome.done + outcome.failed).abs_diff(140) <= 60, "{outcome:?}");
    assert!(outcome.done > 0, "{outcome:?}");
    assert!(run.gate.is_some() && run.members == Some(20));
}

/// The empty application answers the same load.
#[test]
fn bytes_are_answered() {
    let _alone = alone();
    let (setting, cell) = burst(Behind::Empty);
    let run = measure(&setting, cell).expect("the cluster runs");
    assert!(whole(&setting, &run.timed).done > 0);
    assert_eq!((run.members, run.gate), (None, None));
}
