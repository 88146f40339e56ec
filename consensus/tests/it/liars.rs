//! Every adversary against every phase: one liar among four, while requests are ordered, a primary is replaced,
//! checkpoints are made and a replica that was away catches up. Safety is judged at every step; and each cell of the
//! table counts the lies that were told about the messages of its phase, while that phase went on.

use std::collections::BTreeSet;
use std::time::Duration;

use consensus::adversary::{Adversary, Brief, Member};
use consensus::classic::message::Message;
use consensus::classic::{Config, Replica};
use consensus::event::Event;
use consensus::ids::{Digest, ReplicaId, Timestamp};
use consensus::keys::Signer;
use consensus::protocol::Protocol;
use consensus::request::{Request, Submission};
use consensus::sim::Cluster;
use consensus::sim::cluster::scope;
use consensus::sim::journal::Journal;
use consensus::sim::setup::Setup;

use crate::world::{LONG, replica};

type World = Cluster<Member<Replica>, Journal>;

/// Four replicas of which `liar` lies.
fn world(adversary: Adversary, liar: u16, seed: u64) -> World {
    world_of(4, adversary, liar, seed)
}

/// So many replicas of which `liar` lies.
fn world_of(n: usize, adversary: Adversary, liar: u16, seed: u64) -> World {
    let setup = Setup { clients: 3, requests: 12, liars: [replica(liar)].into(), ..Setup::calm(n) };
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

/// Lets the honest ones converge while the liar goes on.
fn converge(world: &mut World, liar: u16, what: &str) {
    converge_of(4, world, liar, what);
}

fn converge_of(n: u16, world: &mut World, liar: u16, what: &str) {
    let core: BTreeSet<_> = (0..n).filter(|id| *id != liar).map(replica).collect();
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

/// Papers.md 2.7: two published implementations stood still with one fault among five, and among six, where n is not
/// 3f+1. The quorum is four in both; the liar leads the first view, or an honest primary dies for a while.
#[test]
fn one_liar_among_five_or_six_stops_nothing() {
    for n in [5, 6] {
        let mut views = 0;
        for adversary in Adversary::ALL {
            for liar in [0, 1] {
                let what = format!("{adversary} at {liar} of {n}");
                let mut world = world_of(n.into(), adversary, liar, 7);
                world.run(Duration::from_millis(5));
                if liar == 1 {
                    world.crash(replica(0), Some(Duration::from_secs(2)));
                }
                world.run(Duration::from_millis(1_500));
                converge_of(n, &mut world, liar, &what);
                views += world.oracle().view;
            }
        }
        assert!(views > 0, "{n} replicas: nothing was decided after a view change");
    }
}

/// A client hands all backups a request that no primary may build, again and again. Each primary forgets it in its own
/// view, so that one costs at most a view per replica; and everybody else is served.
#[test]
fn a_request_that_nobody_builds_stops_nobody() {
    let setup = Setup { clients: 2, requests: 200, ..Setup::calm(4) };
    let mut world = crate::world::world(setup, 1);
    let signer = Signer::symbolic(scope(), 5_000);
    let mut handed = 0;
    for timestamp in 1..=3 {
        // The journal wants a private part for operations that begin with 1.
        let timestamp = Timestamp::new(timestamp);
        let request = signer.sign(Request::new(signer.public_key(), timestamp, vec![1, 2]));
        let message = Message::Request(Submission { request, attachment: Vec::new() });
        let message = world.keyring().verify(message).expect("signed by the client");
        for id in 1..4 {
            world.step(replica(id), Event::Received(message.clone()));
        }
        handed += world.replica(replica(3)).map_or(0, |backup| backup.standing().waiting);
        world.run(world.elapsed() + Duration::from_secs(2));
    }
    assert!(handed > 0, "nobody waited for the request");
    assert!(world.run(LONG), "somebody was not served");
    assert!(world.results().iter().all(|results| results.len() == 200));
    let view = world.replica(replica(1)).expect("up").standing().view.get();
    assert!(view <= 3 * 4, "three such requests cost {view} views");
}
