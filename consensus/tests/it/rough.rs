//! Everything goes wrong that an honest replica can suffer: loss, duplicates, reordering, crashes, restarts.

use std::time::Duration;

use consensus::limits::{Limits, LimitsSpec};
use consensus::sim::setup::Setup;

use crate::world::{LONG, replica, world};

/// Safety holds at every step (the oracle panics otherwise), and once the world is well-behaved again every
/// request is answered. Whatever the test claims to exercise is counted over all seeds.
#[test]
fn nothing_is_lost_doubled_or_disputed_in_a_rough_world() {
    let (mut crashes, mut losses, mut nulls, mut views) = (0, 0, 0, 0);
    for seed in 0..60 {
        let n = [4, 4, 5, 7][seed as usize % 4];
        let setup = Setup { clients: 4, requests: 12, ..Setup::calm(n) }.rough();
        let mut world = world(setup, seed);
        world.run(Duration::from_secs(20));
        world.heal();
        assert!(world.run(LONG), "seed {seed}: not everything was answered");
        assert!(world.results().iter().all(|results| results.len() == 12), "seed {seed}");
        let (oracle, tally) = (world.oracle(), world.tally());
        crashes += tally.of("fault", "crash");
        losses += tally.of("fault", "loss");
        nulls += oracle.nulls;
        views += oracle.view;
    }
    assert!(crashes > 100, "{crashes} crashes");
    assert!(losses > 1_000, "{losses} losses");
    assert!(views > 60, "{views} view changes");
    assert!(nulls > 0, "a new view filled a gap with a null request");
}

/// The cheapest test of determinism there is: the same seed twice, everything compared.
#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let mut world = world(Setup::calm(4).rough(), seed);
        world.run(Duration::from_secs(30));
        world.trace()
    };
    assert_eq!(run(11), run(11));
    assert_ne!(run(11), run(12));
}

/// The same where states are handed over: replicas that crash and come back take whichever comes first, decisions or a
/// state, and agree all the same.
#[test]
fn states_are_handed_over_in_a_rough_world() {
    let mut installed = 0;
    for seed in 0..6 {
        let mut setup = Setup { clients: 2, requests: 60, ..Setup::calm(4).rough() };
        let spec = LimitsSpec { snapshots: true, window: 16, ..setup.limits.spec().clone() };
        setup.limits = Limits::try_new(spec).expect("these limits fit together");
        let mut world = world(setup, seed);
        world.crash(replica(3), Some(Duration::from_millis(3_000)));
        world.run(Duration::from_secs(20));
        world.heal();
        assert!(world.run(LONG), "seed {seed}");
        installed += world.tally().of("event", "state installed");
    }
    assert!(installed > 0, "nobody took a state");
}
