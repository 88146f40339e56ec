//! What each seed of a swarm is like: which faults are on, how strong, who lies.
//!
//! In: a seed. Out: a scenario. Refuses to know: what comes of it.
//!
//! Source: swarm testing (Groce and others 2012): runs that leave some features out reach states that runs with all of
//! them on do not.

use crate::adversary::Adversary;
use crate::adversary::draw::Draw;

use super::fault::{Class, Faults};
use super::oracle::arithmetic::liars;
use super::scenario::Scenario;

/// The scenario of a seed with four replicas, or now and then up to seven.
pub fn drawn(seed: u64) -> Scenario {
    let mut draw = Draw::about(seed, [SWARM, 0, 0, 0]);
    let sizes = [4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 7];
    let replicas = draw.pick(&sizes).copied().unwrap_or(4);
    of_size(seed, replicas)
}

/// Names the questions of a swarm.
const SWARM: u64 = 9;

/// The scenario of a seed with this many replicas.
pub fn of_size(seed: u64, replicas: u64) -> Scenario {
    let mut draw = Draw::about(seed, [SWARM, 1, replicas, 0]);
    let mut pick = |choices: &[u64]| draw.pick(choices).copied().unwrap_or(0);
    let numbers = [
        ("replicas", replicas),
        ("requests", 7 + pick(&[0, 1, 2])),
        ("batch", pick(&[1, 1, 2])),
        ("window", pick(&[8, 16, 32])),
        ("checkpoint", pick(&[2, 4])),
        ("pipeline", pick(&[1, 2, 4])),
        ("pending", pick(&[2, 3, 64, 64])),
        ("delay-us", pick(&[1_000, 5_000, 20_000])),
        ("work-us", pick(&[100, 2_000])),
        ("sync-us", pick(&[300, 300, 5_000])),
        ("storm-ms", pick(&[500, 1_000, 1_500])),
        ("lying", pick(&[0, 1])),
    ];
    let mut scenario = Scenario { seed, faults: faults(&mut draw), ..Scenario::default() };
    for (name, value) in numbers {
        scenario = scenario.with(name, value);
    }
    let driver = Draw::about(seed, [SWARM, 2, replicas, 0]).below(2);
    scenario = scenario.with("driver", driver);
    let most = liars(usize::try_from(replicas).unwrap_or(4));
    for _ in 0..most {
        let id = u16::try_from(draw.below(replicas)).unwrap_or(0);
        // Half of the time the first primary lies.
        let id = if draw.one_in(2) { 0 } else { id };
        if !draw.one_in(4)
            && let Some(adversary) = draw.pick(&Adversary::ALL).copied()
        {
            scenario.liars.insert(id, (adversary, draw.below(1_000_000)));
        }
    }
    scenario
}

/// Each class on or off, and how strong.
fn faults(draw: &mut Draw) -> Faults {
    let mut chances = |least: u64, spread: u64| {
        if draw.one_in(2) { least + draw.below(spread) } else { 0 }
    };
    let mut faults = Faults {
        loss: chances(10, 60),
        duplication: chances(5, 60),
        reordering: chances(5, 60),
        replay: chances(20, 80),
        crash: chances(150, 600),
        cuts: chances(1, 3),
        clogs: chances(1, 3),
        slows: chances(1, 2),
        pauses: chances(1, 2),
        late_us: 60_000,
        outage_ms: 400,
        storm_ms: 400,
        ..Faults::default()
    };
    faults.deaths = Class::DEATHS.into_iter().filter(|_| draw.one_in(2)).collect();
    // More than f may be down at once: the cluster stops, and goes on when they are back.
    faults.down = if draw.one_in(4) { 7 } else { 0 };
    faults
}
