//! Faults drawn from a seed: a whole run of kills and pauses, as dense as a committee stands.
//!
//! In: a seed, a committee and who lies in it, a number of slots. Out: faults in order of slots; the same ones for the
//! same four. Refuses to know: processes, and in which way anybody lies.
//!
//! The run is cut into rounds with quiet slots between them. In a round the primary is hit, whoever that is, or as many
//! replicas as the committee tolerates at most; all of them are back before the next round. Liars count as hit all the
//! time and are spared, and beside them nobody is hit for being primary: it may be a liar.

use std::collections::BTreeSet;
use std::time::Duration;

use consensus::adversary::draw::Draw;
use consensus::committee::Committee;

use super::fault::{Fault, What, Who};

/// Quiet slots before every fault, and at the end of the run, so that whoever was out can catch up: 2 to 4.
const QUIET: (u64, u64) = (2, 4);
/// Slots for which a killed replica stays away: 1 to 6.
const AWAY: (u64, u64) = (1, 6);
/// Seconds for which a replica is paused: 1 to 5, from below to above the time after which a view changes.
const PAUSE: (u64, u64) = (1, 5);
/// Of so many faults one is a pause, the others are kills.
const PAUSES: u64 = 3;

/// The faults of a run of `slots` slots; none if it is too short for any, or as many lie as the committee tolerates.
pub(super) fn draw(
    seed: u64,
    committee: Committee,
    liars: &BTreeSet<u16>,
    slots: u32,
) -> Vec<Fault> {
    let mut draw = Draw::new(seed);
    let mut faults = Vec::new();
    let last = slots.saturating_sub(1 + least(QUIET)); // whoever is out then returns here
    let mut slot = between(&mut draw, QUIET);
    while slot < last && liars.len() < committee.faults() {
        let round = round(&mut draw, committee, liars, (slot, last));
        let end = round.iter().map(|fault| fault.span(slots).1).max().unwrap_or(slot);
        slot = end + between(&mut draw, QUIET);
        faults.extend(round);
    }
    faults
}

/// The faults of one round, which begins in `slot` and is over in slot `last` at the latest.
fn round(
    draw: &mut Draw,
    committee: Committee,
    liars: &BTreeSet<u16>,
    (slot, last): (u32, u32),
) -> Vec<Fault> {
    if draw.one_in(2) && liars.is_empty() {
        return vec![Fault { who: Who::Primary, what: what(draw, slot, last), slot }];
    }
    let mut left: Vec<u16> = committee.replicas().map(|id| id.get()).collect();
    left.retain(|replica| !liars.contains(replica));
    let hit = 1 + draw.below((committee.faults() - liars.len()) as u64);
    let faults = (0..hit).map(|_| {
        let index = usize::try_from(draw.below(left.len() as u64)).expect("below a length");
        let who = Who::Replica(left.swap_remove(index));
        Fault { who, what: what(draw, slot, last), slot }
    });
    faults.collect()
}

fn what(draw: &mut Draw, slot: u32, last: u32) -> What {
    if draw.one_in(PAUSES) {
        return What::Pause { length: Duration::from_secs(u64::from(between(draw, PAUSE))) };
    }
    What::Kill { restart: Some((slot + between(draw, AWAY)).min(last)) }
}

fn between(draw: &mut Draw, (least, most): (u64, u64)) -> u32 {
    u32::try_from(least + draw.below(most - least + 1)).expect("the bounds are small")
}

fn least((least, _): (u64, u64)) -> u32 {
    u32::try_from(least).expect("the bounds are small")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All kinds come up, never more out at once than are tolerated, everybody returns, and two slots before every
    /// round and at the end are quiet.
    #[test]
    fn everything_is_drawn_and_nothing_too_much() {
        let (mut primaries, mut pauses, mut together) = (0, 0, 0);
        for (seed, n) in (0..30).flat_map(|seed| [4, 7, 10].map(|n| (seed, n))) {
            let committee = Committee::try_new(n).expect("n >= 4");
            let faults = draw(seed, committee, &BTreeSet::new(), 96);
            for round in faults.chunk_by(|one, other| one.slot == other.slot) {
                assert!(round.len() <= committee.faults(), "{round:?}");
                together += usize::from(round.len() > 1);
            }
            for pair in faults.windows(2).filter(|pair| pair[0].slot != pair[1].slot) {
                let before = faults.iter().filter(|fault| fault.slot < pair[1].slot);
                let back = before.map(|fault| fault.span(96).1).max().expect("one before");
                assert!((2..=4).contains(&(pair[1].slot - back)), "{pair:?}");
            }
            assert!(faults.iter().all(|fault| fault.span(96).1 <= 93), "{faults:?}");
            primaries += faults.iter().filter(|fault| fault.who == Who::Primary).count();
            let is_pause = |fault: &&Fault| matches!(fault.what, What::Pause { .. });
            pauses += faults.iter().filter(is_pause).count();
        }
        assert!(primaries > 0 && pauses > 0 && together > 0);
    }

    /// A seed is a run: the same one gives the same faults, another one others.
    #[test]
    fn a_seed_says_it_all() {
        let committee = Committee::try_new(4).expect("n >= 4");
        let of = |seed, slots| draw(seed, committee, &BTreeSet::new(), slots);
        assert_eq!(of(7, 96), of(7, 96));
        assert_ne!(of(7, 96), of(8, 96));
        assert!(of(7, 4).is_empty(), "quiet before and after leave no room");
    }

    /// Seven tolerate two: beside one liar one other replica is hit at a time, never the liar, never the primary as
    /// such. Four have nobody left to hit.
    #[test]
    fn liars_are_spared_and_counted() {
        let seven = Committee::try_new(7).expect("n >= 4");
        let faults = draw(7, seven, &[2].into(), 96);
        assert!(faults.len() > 5, "{faults:?}");
        assert!(faults.windows(2).all(|pair| pair[0].slot < pair[1].slot), "{faults:?}");
        let spared = |who| who != Who::Replica(2) && who != Who::Primary;
        assert!(faults.iter().all(|fault| spared(fault.who)), "{faults:?}");
        let four = Committee::try_new(4).expect("n >= 4");
        assert!(draw(7, four, &[2].into(), 96).is_empty());
    }
}
