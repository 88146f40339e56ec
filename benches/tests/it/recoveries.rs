//! A primary dies under a load, and the others go on.

use std::time::Duration;

use benches::experiment::recovery::{Cell, measure};

use crate::small::{alone, setting};

/// The primary of view 0 is killed; requests are answered before that in view 0, and after it in a later view, and
/// a backup was seen to wait before that; most requests are answered in the end.
#[test]
fn a_new_view_answers_after_the_primary_died() {
    let _alone = alone();
    let cell = Cell { name: "", timeout_ms: 1_000, rate: 100 };
    let run = measure(&setting(Duration::from_secs(2)), cell).expect("the cluster runs");
    let first = run.first_commit().expect("the others change the view");
    assert!(first >= run.killed, "{first:?} after {:?}", run.killed);
    assert!(run.first_lost().is_some_and(|lost| lost < first));
    assert!(run.timer.is_some_and(|timer| timer < first), "{:?}", run.timer);
    let answered = |later: bool| {
        run.timed
            .fates
            .iter()
            .filter(|fate| fate.done.is_some() && (fate.view > 0) == later)
            .count()
    };
    assert!(answered(false) > 0 && answered(true) > 0, "{} {}", answered(false), answered(true));
    assert!(2 * (answered(false) + answered(true)) > run.timed.fates.len());
}
