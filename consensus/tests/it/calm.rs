//! Nothing goes wrong, or one replica stops: the normal case, checkpoints, view change, catch-up.

use std::time::Duration;

use consensus::protocol::Protocol;
use consensus::sim::setup::Setup;

use crate::world::{LONG, replica, world};

/// OSDI 1999, section 4.2, counted for any n.
/// With one request per batch, each decision costs (n-1) pre-prepares, (n-1)^2 prepares and
/// n(n-1) commits, for any n; nothing is retransmitted and nobody asks for anything.
#[test]
fn a_decision_costs_what_the_formula_says() {
    for n in [4, 5, 6, 7, 10] {
        let mut world = world(Setup { clients: 1, requests: 7, ..Setup::calm(n) }, 1);
        assert!(world.run(LONG), "{n} replicas finish");
        let n = n as u64;
        let decisions = 7;
        let sent = |name| world.sent().get(name).copied().unwrap_or(0);
        assert_eq!(sent("request"), decisions);
        assert_eq!(sent("pre-prepare"), decisions * (n - 1));
        assert_eq!(sent("prepare"), decisions * (n - 1) * (n - 1));
        assert_eq!(sent("commit"), decisions * n * (n - 1));
        assert_eq!(sent("view-change") + sent("fetch"), 0);
    }
}

/// Every client gets the answers to its own requests, in order, and every journal has all of them.
#[test]
fn every_request_is_answered_and_executed_everywhere() {
    let setup = Setup { clients: 5, requests: 20, ..Setup::calm(4) };
    let mut world = world(setup, 2);
    assert!(world.run(LONG));
    assert!(world.results().iter().all(|results| results.len() == 20));
    for id in 0..4 {
        assert_eq!(world.application(replica(id)).length, 100);
    }
}

/// Checkpoints move the window: far more positions are used than the log ever holds.
#[test]
fn the_log_is_forgotten_behind_stable_checkpoints() {
    let setup = Setup { clients: 1, requests: 100, ..Setup::calm(4) };
    let window = setup.limits.spec().window;
    let mut world = world(setup, 3);
    assert!(world.run(LONG));
    let standing = world.replica(replica(1)).expect("nothing crashed").standing();
    assert!(standing.executed.get() == 100 && standing.stable.get() > 100 - window);
    assert!(world.oracle().checkpoints > 10);
}

/// The primary of view 0 dies at once: the others elect the next one and nothing is lost.
#[test]
fn a_dead_primary_is_replaced() {
    for n in [4, 5, 7] {
        let mut world = world(Setup::calm(n), 4);
        world.crash(replica(0), None);
        assert!(world.run(LONG), "{n} replicas finish without the first");
        assert_eq!(world.application(replica(1)).length, 30);
        assert!(world.replica(replica(1)).expect("up").standing().view.get() >= 1);
    }
}

/// With f = 2 the primaries of views 0 and 1 are dead: the time-out has to reach view 2.
#[test]
fn two_dead_primaries_in_a_row_are_replaced() {
    let mut world = world(Setup::calm(7), 5);
    world.crash(replica(0), None);
    world.crash(replica(1), None);
    assert!(world.run(LONG));
    assert!(world.oracle().view >= 2);
}

/// A replica is away for longer than a whole window, so no vote it missed is sent again; it fetches decisions.
#[test]
fn a_replica_that_was_away_catches_up() {
    let mut world = world(Setup { clients: 2, requests: 60, ..Setup::calm(4) }, 6);
    world.crash(replica(3), Some(Duration::from_millis(400)));
    assert!(world.run(LONG));
    assert_eq!(world.application(replica(3)).length, 120);
    assert!(world.sent()["fetch"] > 0);
    let stable = world.replica(replica(3)).expect("back").standing().stable.get();
    assert!(stable > 0, "it learned of the checkpoints too");
}

/// The former primary comes back while others lead, learns the view and takes part again: after it returned,
/// the cluster survives the loss of another replica.
#[test]
fn a_former_primary_rejoins() {
    let mut world = world(Setup { clients: 2, requests: 60, ..Setup::calm(4) }, 7);
    world.crash(replica(0), Some(Duration::from_millis(600)));
    world.run(Duration::from_millis(900));
    world.crash(replica(2), None);
    assert!(world.run(LONG));
    assert_eq!(world.application(replica(0)).length, 120);
}

/// More crashes than tolerated stop the cluster without a lie; when they return it goes on.
#[test]
fn too_many_crashes_stop_the_cluster_and_nothing_is_lost() {
    let mut world = world(Setup { clients: 1, requests: 40, ..Setup::calm(4) }, 8);
    world.run(Duration::from_millis(30));
    let before = world.application(replica(0)).length;
    world.crash(replica(1), Some(Duration::from_secs(30)));
    world.crash(replica(2), Some(Duration::from_secs(30)));
    world.run(Duration::from_secs(20));
    assert!(world.application(replica(0)).length <= before + 4, "no quorum, no progress");
    assert!(world.run(LONG));
    assert_eq!(world.application(replica(2)).length, 40);
}
