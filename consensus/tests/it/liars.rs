//! Every adversary against every phase: one liar among four, while requests are ordered, a primary is replaced,
//! checkpoints are made and a replica that was away catches up. Safety is judged at every step; and each cell of the
//! table counts the lies that were told about the messages of its phase, while that phase went on.

use std::collections::BTreeSet;
use std::time::Duration;

use consensus::adversary::{Adversary, Brief, Member};
use consensus::classic::message::Message;
use consensus::classic::{Config, Replica};
use consensus::ids::{Digest, ReplicaId};
use consensus::keys::Signer;
use consensus::sim::Cluster;
use consensus::sim::journal::Journal;
use consensus::sim::setup::Setup;

use crate::world::replica;

type World = Cluster<Member<Replica>, Journal>;

/// Four replicas of which `liar` lies.
fn world(adversary: Adversary, liar: u16, seed: u64) -> World {
    let setup = Setup { clients: 3, requests: 12, liars: [replica(liar)].into(), ..Setup::calm(4) };
    let brief = |setup: &Setup, id: ReplicaId, signer: Signer, genesis: Digest| {
        let (committee, limits) = (setup.committee, setup.limits.clone());
        let config = Config { id, committee, limits, signer, genesis };
        let adversary = (id == replica(liar)).then_some(adversary);
        Brief { config, adversary, seed, walls: Vec::new() }
    };
    Cluster::new(setup, seed, Journal::default(), brief, Message::name)
}

/// The messages of each phase.
const ORDERING: [&str; 5] = ["build", "request", "pre-prepare", "prepare", "commit"];
const CHECKPOINTS: [&str; 2] = ["checkpoint", "stable"];
const VIEW_CHANGE: [&str; 2] = ["view-change", "new-view"];
const CATCHING_UP: [&str; 4] = ["status", "fetch", "proposal", "decisions"];

/// Lies of `liar` so far about messages of these names.
fn lies(world: &World, liar: u16, names: &[&str]) -> u64 {
    let lies = world.replica(replica(liar)).and_then(Member::lies).expect("a liar that is up");
    names.iter().map(|name| lies.about(name)).sum()
}

/// Lets the honest three converge while the liar goes on.
fn converge(world: &mut World, liar: u16, what: &str) {
    let core: BTreeSet<_> = (0..4).filter(|id| *id != liar).map(replica).collect();
    if let Err(reasons) = world.converge(&core, true) {
        panic!("{what}: {reasons:#?}");
    }
    let lengths: BTreeSet<_> = core.iter().map(|id| world.application(*id).length).collect();
    let all = lengths.iter().all(|length| *length >= 36);
    assert!(all && lengths.len() == 1, "{what}: executed {lengths:?}");
}

/// A lying primary, then a lying backup: every request of every client is executed by all honest replicas, and
/// checkpoints become stable.
#[test]
fn a_liar_stops_neither_ordering_nor_checkpoints() {
    for adversary in Adversary::ALL {
        let (mut ordering, mut checkpoints) = (0, 0);
        for liar in [0, 3] {
            for seed in 0..4 {
                let what = format!("{adversary} at {liar}, seed {seed}");
                let mut world = world(adversary, liar, seed);
                world.run(Duration::from_millis(300));
                converge(&mut world, liar, &what);
                assert!(world.oracle().checkpoints >= 6, "{what}: hardly a checkpoint");
                ordering += lies(&world, liar, &ORDERING);
                checkpoints += lies(&world, liar, &CHECKPOINTS);
            }
        }
        assert!(ordering > 0, "{adversary}: no lie about what is ordered");
        assert!(checkpoints > 0, "{adversary}: no lie about a checkpoint");
    }
}

/// The first primary dies for a while, so that the liar takes part in a view change: as next primary, or as a backup.
#[test]
fn a_liar_does_not_stop_a_view_change() {
    for adversary in Adversary::ALL {
        let (mut views, mut told) = (0, 0);
        for (liar, seed) in [(1, 0), (1, 1), (2, 0), (2, 1)] {
            let what = format!("{adversary} at {liar}, seed {seed}");
            let mut world = world(adversary, liar, seed);
            world.run(Duration::from_millis(5));
            world.crash(replica(0), Some(Duration::from_secs(2)));
            world.run(Duration::from_millis(1_500));
            converge(&mut world, liar, &what);
            views += world.oracle().view;
            told += lies(&world, liar, &VIEW_CHANGE);
        }
        assert!(told > 0, "{adversary}: no lie about a view");
        assert!(views > 0, "{adversary}: nothing was decided after a view change");
    }
}

/// An honest replica was away: it catches up although one of those it asks lies. Where the liar says nothing at all,
/// nothing was decided meanwhile; so what was asked and answered is counted over all seeds.
#[test]
fn a_liar_does_not_stop_a_replica_from_catching_up() {
    for adversary in Adversary::ALL {
        let (mut asked, mut answered, mut told) = (0, 0, 0);
        for seed in 0..12 {
            let what = format!("{adversary}, seed {seed}");
            let mut world = world(adversary, 3, seed);
            world.crash(replica(2), Some(Duration::from_secs(3)));
            world.run(Duration::from_secs(3));
            converge(&mut world, 3, &what);
            asked += world.tally().of("received", "fetch");
            answered += world.tally().of("received", "decisions");
            told += lies(&world, 3, &CATCHING_UP);
        }
        assert!(told > 0, "{adversary}: no lie to whoever catches up");
        assert!(asked > 0 && answered > 0, "{adversary}: nobody caught up");
    }
}
