//! A plan of faults: all that are asked for, checked against the committee before anything starts.
//!
//! In: the options as they were typed. Out: faults that leave a quorum at every moment, or one line that says why not.
//! Refuses to know: processes.
//!
//! Whoever lies does so from the beginning to the end, so it counts in every slot as one that is out: agreement rests
//! on the others. It cannot be killed or paused as well, and beside it nothing can hit the primary as such: it may be
//! the liar.
//!
//! A pause ends by the clock, not by slots; while it lasts the trial holds back any further fault that would take out
//! more than the tolerated number.

use std::collections::{BTreeMap, BTreeSet};

use consensus::adversary::{Adversary, UnknownAdversary};
use consensus::committee::Committee;

use super::fault::{Asked, Fault, What, Who, parse};
use super::random;

/// What is to happen in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Kills and pauses in order of slots.
    pub faults: Vec<Fault>,
    /// Who lies, and how.
    pub liars: BTreeMap<u16, Adversary>,
}

/// Why a fault or a plan is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not of the form of a fault.
    #[error(
        "--fault {text:?}: expected kill:WHO@slot=S[,restart=S2] or pause:WHO@slot=S,for=SECONDSs, WHO a replica \
         number or primary, lie:NUMBER=ADVERSARY, or random:SEED"
    )]
    Form {
        /// What was given.
        text: String,
    },
    /// No such replica.
    #[error("--fault {text:?}: there is no replica {got}, the committee has 0 to {last}")]
    NoSuchReplica {
        /// What was given.
        text: String,
        /// The number given.
        got: u16,
        /// The highest number.
        last: usize,
    },
    /// A slot that the run does not reach.
    #[error("--fault {text:?}: slot {got} never comes, the run has slots 0 to {last}")]
    NoSuchSlot {
        /// What was given.
        text: String,
        /// The slot given.
        got: u32,
        /// The last slot.
        last: u32,
    },
    /// A return before the fault.
    #[error("--fault {text:?}: restart in slot {restart} does not follow slot {slot}")]
    Order {
        /// What was given.
        text: String,
        /// The slot of the fault.
        slot: u32,
        /// The slot of the return.
        restart: u32,
    },
    /// More replicas out at once than the committee tolerates.
    #[error(
        "{out} {replicas} would be out in slots {first} to {last}{beside}, a committee of {size} tolerates {faults}",
        replicas = if *out == 1 { "replica" } else { "replicas" },
        beside = beside(liars)
    )]
    TooMany {
        /// How many would be out, liars not counted.
        out: usize,
        /// Who lies all the time.
        liars: Vec<u16>,
        /// The first such slot.
        first: u32,
        /// The last such slot.
        last: u32,
        /// Size of the committee.
        size: usize,
        /// How many it tolerates.
        faults: usize,
    },
    /// Drawn faults beside others.
    #[error(
        "--fault {random:?} draws the faults of the whole run, {other:?} cannot stand beside it"
    )]
    NotAlone {
        /// What draws.
        random: String,
        /// What else was given.
        other: String,
    },
    /// A run too short for any fault to be drawn.
    #[error(
        "--fault {text:?}: a run of {slots} slots has no room for a fault with quiet slots around it"
    )]
    NoRoom {
        /// What was given.
        text: String,
        /// Slots of the run.
        slots: u32,
    },
    /// A way to lie that nobody knows.
    #[error("--fault {text:?}: {why}")]
    NoSuchAdversary {
        /// What was given.
        text: String,
        /// Which there are.
        why: UnknownAdversary,
    },
    /// More liars than the committee tolerates.
    #[error("--fault: replicas {} would lie, a committee of {size} tolerates {faults}", and(liars))]
    TooManyLiars {
        /// Who was to lie.
        liars: Vec<u16>,
        /// Size of the committee.
        size: usize,
        /// How many it tolerates.
        faults: usize,
    },
    /// One replica that is to lie in two ways.
    #[error("--fault {text:?}: replica {replica} lies already, as {already}")]
    LiesTwice {
        /// What was given.
        text: String,
        /// The replica.
        replica: u16,
        /// How it lies.
        already: Adversary,
    },
    /// A liar that is to be hit as well.
    #[error(
        "--fault \"{fault}\": replica {liar} lies{maybe}, and a liar cannot be killed or paused as well",
        maybe = if fault.who == Who::Primary { " and may be primary" } else { "" }
    )]
    LiarHit {
        /// What was to hit it.
        fault: Fault,
        /// The liar.
        liar: u16,
    },
    /// Nobody left whom drawn faults could hit.
    #[error(
        "--fault {text:?}: {}, which is all that a committee of {size} tolerates; nobody is left to hit",
        lie(liars)
    )]
    NobodyLeft {
        /// What was given.
        text: String,
        /// Who lies.
        liars: Vec<u16>,
        /// Size of the committee.
        size: usize,
    },
    /// One replica hit again while it is out.
    #[error("--fault: replica {replica} is hit in slot {slot} while it is still out")]
    Twice {
        /// The replica.
        replica: u16,
        /// The slot of the second fault.
        slot: u32,
    },
}

/// `0, 2 and 5`.
fn and(numbers: &[u16]) -> String {
    let words: Vec<String> = numbers.iter().map(u16::to_string).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "none".to_owned(),
    }
}

/// `replica 0 lies`, `replicas 0 and 2 lie`.
fn lie(liars: &[u16]) -> String {
    match liars {
        [one] => format!("replica {one} lies"),
        many => format!("replicas {} lie", and(many)),
    }
}

/// ` while replica 0 lies`; nothing without liars.
fn beside(liars: &[u16]) -> String {
    if liars.is_empty() { String::new() } else { format!(" while {}", lie(liars)) }
}

/// Parses all faults and checks that a quorum of honest replicas stays up in every one of `slots` slots.
///
/// # Errors
///
/// The first [`PlanError`].
pub fn plan(texts: &[String], committee: Committee, slots: u32) -> Result<Plan, PlanError> {
    let mut plan = Plan::default();
    let (mut asked, mut random) = (Vec::new(), None);
    for text in texts {
        match parse(text).ok_or_else(|| PlanError::Form { text: text.clone() })? {
            Asked::Strike(fault) => {
                check_one(text, &fault, committee, slots)?;
                plan.faults.push(fault);
                asked.push(text);
            }
            Asked::Lie(replica, name) => {
                check_number(text, replica, committee)?;
                let adversary = name
                    .parse()
                    .map_err(|why| PlanError::NoSuchAdversary { text: text.clone(), why })?;
                if let Some(already) = plan.liars.insert(replica, adversary) {
                    return Err(PlanError::LiesTwice { text: text.clone(), replica, already });
                }
            }
            Asked::Random(seed) => {
                random = Some((text, seed));
                asked.push(text);
            }
        }
    }
    check_liars(&plan, committee)?;
    if let Some((text, seed)) = random {
        plan.faults = draw(text, seed, &asked, &plan, committee, slots)?;
    }
    plan.faults.sort_by_key(|fault| fault.slot);
    check_all(&plan, committee, slots)?;
    Ok(plan)
}

/// Draws the faults that `text` asks for; `asked` is all that is asked for but lies.
fn draw(
    text: &str,
    seed: u64,
    asked: &[&String],
    plan: &Plan,
    committee: Committee,
    slots: u32,
) -> Result<Vec<Fault>, PlanError> {
    let random = text.to_owned();
    if let [first, second, ..] = asked {
        let other = if *first == text { second } else { first };
        return Err(PlanError::NotAlone { random, other: other.to_string() });
    }
    let liars: BTreeSet<u16> = plan.liars.keys().copied().collect();
    let drawn = random::draw(seed, committee, &liars, slots);
    if !drawn.is_empty() {
        return Ok(drawn);
    }
    let size = committee.size();
    let liars = Vec::from_iter(liars);
    Err(if liars.len() == committee.faults() {
        PlanError::NobodyLeft { text: random, liars, size }
    } else {
        PlanError::NoRoom { text: random, slots }
    })
}

fn check_liars(plan: &Plan, committee: Committee) -> Result<(), PlanError> {
    let (size, faults) = (committee.size(), committee.faults());
    if plan.liars.len() > faults {
        let liars = plan.liars.keys().copied().collect();
        return Err(PlanError::TooManyLiars { liars, size, faults });
    }
    for fault in &plan.faults {
        let hits = |liar: &&u16| fault.who == Who::Primary || fault.who == Who::Replica(**liar);
        if let Some(liar) = plan.liars.keys().find(hits) {
            return Err(PlanError::LiarHit { fault: *fault, liar: *liar });
        }
    }
    Ok(())
}

fn check_number(text: &str, got: u16, committee: Committee) -> Result<(), PlanError> {
    if committee.size() > usize::from(got) {
        return Ok(());
    }
    let (text, last) = (text.to_owned(), committee.size() - 1);
    Err(PlanError::NoSuchReplica { text, got, last })
}

fn check_one(text: &str, fault: &Fault, committee: Committee, slots: u32) -> Result<(), PlanError> {
    if let Who::Replica(got) = fault.who {
        check_number(text, got, committee)?;
    }
    let text = || text.to_owned();
    let last = slots.saturating_sub(1);
    let What::Kill { restart: Some(restart) } = fault.what else {
        return within(text(), fault.slot, last);
    };
    within(text(), fault.slot, last)?;
    within(text(), restart, last)?;
    if restart <= fault.slot {
        return Err(PlanError::Order { text: text(), slot: fault.slot, restart });
    }
    Ok(())
}

fn within(text: String, got: u32, last: u32) -> Result<(), PlanError> {
    if got <= last { Ok(()) } else { Err(PlanError::NoSuchSlot { text, got, last }) }
}

fn check_all(plan: &Plan, committee: Committee, slots: u32) -> Result<(), PlanError> {
    let faults = &plan.faults;
    let out_in = |slot| {
        let covers = |fault: &&Fault| {
            let (begin, end) = fault.span(slots);
            (begin..end).contains(&slot)
        };
        faults.iter().filter(covers).count()
    };
    let most = committee.faults() - plan.liars.len(); // which was checked before
    if let Some(first) = (0..slots).find(|slot| out_in(*slot) > most) {
        let last = (first..slots).take_while(|slot| out_in(*slot) > most).last().unwrap_or(first);
        let (out, size) = (out_in(first), committee.size());
        let (liars, faults) = (plan.liars.keys().copied().collect(), committee.faults());
        return Err(PlanError::TooMany { out, liars, first, last, size, faults });
    }
    for (index, later) in faults.iter().enumerate() {
        let Who::Replica(replica) = later.who else { continue };
        let clash = faults[..index]
            .iter()
            .any(|earlier| earlier.who == later.who && earlier.span(slots).1 > later.slot);
        if clash {
            return Err(PlanError::Twice { replica, slot: later.slot });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
