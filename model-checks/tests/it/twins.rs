//! One replica of four that is two, in every way, up to symmetry.

use consensus::classic::Replica;
use model_checks::mutants::Hasty;
use model_checks::twins;

/// Two views, each split in every way: safety holds at every step, and the honest three come together. Some scenarios
/// execute while the network is split, some need a view change, and in some the twins are caught.
#[test]
fn no_twins_break_anything() {
    let report = twins::run::<Replica>(2, 2);
    assert!(report.is_clean(), "{:?}", report.failures.first());
    assert_eq!((report.played, report.total), (360, 1_024), "as counted by hand in `canonical`");
    assert!(report.busy > 100 && report.changed > 50 && report.accused > 0, "{report:?}");
}

/// With one vote fewer than a quorum each twin finds a side of its own that believes it.
#[test]
fn twins_break_a_quorum_of_one_vote_fewer() {
    let report = twins::run::<Hasty>(1, 2);
    let broken = |(_, failure): &(twins::Split, String)| failure.starts_with("agreement");
    let (split, _) = report.failures.iter().find(|f| broken(f)).expect("two batches executed");
    assert_eq!(split.twin, 0, "the primary of view 0 is two: {split}");
}
