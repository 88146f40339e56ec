//! A plan of faults: all that are asked for, checked against the committee before anything starts.
//!
//! In: the options as they were typed. Out: faults that leave a quorum at every moment, or one line that says why not.
//! Refuses to know: processes.
//!
//! A pause ends by the clock, not by slots; while it lasts the trial holds back any further fault that would take out
//! more than the tolerated number.

use consensus::committee::Committee;

use super::fault::{Asked, Fault, What, Who, parse};
use super::random;

/// Why a fault or a plan is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not of the form of a fault.
    #[error(
        "--fault {text:?}: expected kill:WHO@slot=S[,restart=S2], pause:WHO@slot=S,for=SECONDSs or random:SEED, WHO \
         a replica number or primary"
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
        "{out} replicas would be out in slots {first} to {last}, a committee of {size} tolerates {faults}"
    )]
    TooMany {
        /// How many would be out.
        out: usize,
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
    /// One replica hit again while it is out.
    #[error("--fault: replica {replica} is hit in slot {slot} while it is still out")]
    Twice {
        /// The replica.
        replica: u16,
        /// The slot of the second fault.
        slot: u32,
    },
}

/// Parses all faults and checks that a quorum stays up in every one of `slots` slots.
///
/// # Errors
///
/// The first [`PlanError`].
pub fn plan(texts: &[String], committee: Committee, slots: u32) -> Result<Vec<Fault>, PlanError> {
    let mut faults = Vec::new();
    for text in texts {
        match parse(text).ok_or_else(|| PlanError::Form { text: text.clone() })? {
            Asked::Strike(fault) => {
                check_one(text, &fault, committee, slots)?;
                faults.push(fault);
            }
            Asked::Random(seed) => {
                if let Some(other) = other_than(text, texts) {
                    return Err(PlanError::NotAlone { random: text.clone(), other });
                }
                faults.extend(random::draw(seed, committee, slots));
                if faults.is_empty() {
                    return Err(PlanError::NoRoom { text: text.clone(), slots });
                }
            }
        }
    }
    faults.sort_by_key(|fault| fault.slot);
    check_all(&faults, committee, slots)?;
    Ok(faults)
}

/// The first of `texts` beside `text`; `text` itself, if it is given twice.
fn other_than(text: &str, texts: &[String]) -> Option<String> {
    let mut others = texts.to_vec();
    others.remove(texts.iter().position(|other| other == text)?);
    others.into_iter().next()
}

fn check_one(text: &str, fault: &Fault, committee: Committee, slots: u32) -> Result<(), PlanError> {
    let text = || text.to_owned();
    if let Who::Replica(got) = fault.who
        && usize::from(got) >= committee.size()
    {
        return Err(PlanError::NoSuchReplica { text: text(), got, last: committee.size() - 1 });
    }
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

fn check_all(faults: &[Fault], committee: Committee, slots: u32) -> Result<(), PlanError> {
    let out_in = |slot| {
        let covers = |fault: &&Fault| {
            let (begin, end) = fault.span(slots);
            (begin..end).contains(&slot)
        };
        faults.iter().filter(covers).count()
    };
    let most = committee.faults();
    if let Some(first) = (0..slots).find(|slot| out_in(*slot) > most) {
        let last = (first..slots).take_while(|slot| out_in(*slot) > most).last().unwrap_or(first);
        let (out, size) = (out_in(first), committee.size());
        return Err(PlanError::TooMany { out, first, last, size, faults: most });
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
mod tests {
    use std::time::Duration;

    use super::*;

    fn check(texts: &[&str], n: usize) -> Result<Vec<Fault>, String> {
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        let committee = Committee::try_new(n).expect("n >= 4");
        plan(&texts, committee, 192).map_err(|error| error.to_string())
    }

    #[test]
    fn faults_are_read_as_they_are_written() {
        let faults =
            check(&["pause:1@slot=50,for=3s", "kill:primary@slot=40,restart=45"], 4).expect("good");
        let kill = What::Kill { restart: Some(45) };
        let pause = What::Pause { length: Duration::from_secs(3) };
        let expected = [
            Fault { who: Who::Primary, what: kill, slot: 40 },
            Fault { who: Who::Replica(1), what: pause, slot: 50 },
        ];
        assert_eq!(faults, expected, "in order of slots");
        let written: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(written, ["kill:primary@slot=40,restart=45", "pause:1@slot=50,for=3s"]);
    }

    #[test]
    fn anything_else_is_refused_with_what_was_expected() {
        for text in [
            "",
            "kill",
            "kill:1",
            "kill:x@slot=1",
            "kill:1@slot=x",
            "stop:1@slot=1",
            "pause:1@slot=1",
            "pause:1@slot=1,for=3",
            "kill:1@slot=1,for=3s",
            "lie:2=equivocator",
            "random",
            "random:x",
            "random:-1",
        ] {
            let error = check(&[text], 4).expect_err(text);
            assert!(error.starts_with(&format!("--fault {text:?}: expected")), "{error}");
        }
    }

    #[test]
    fn replicas_and_slots_that_do_not_exist_are_named() {
        let error = check(&["kill:4@slot=1"], 4).expect_err("no replica 4");
        assert_eq!(
            error,
            "--fault \"kill:4@slot=1\": there is no replica 4, the committee has 0 to 3"
        );
        let error = check(&["kill:1@slot=192"], 4).expect_err("no slot 192");
        assert_eq!(
            error,
            "--fault \"kill:1@slot=192\": slot 192 never comes, the run has slots 0 to 191"
        );
        assert!(check(&["kill:1@slot=9,restart=9"], 4).is_err());
    }

    /// Drawn faults are faults like any other: a committee of any size stands them. Nothing stands beside them.
    #[test]
    fn drawn_faults_pass_the_same_checks() {
        for (seed, n) in (0..40).flat_map(|seed| [4, 5, 7, 10].map(|n| (seed, n))) {
            let drawn = check(&[&format!("random:{seed}")], n).expect("it passes");
            assert!(drawn.len() >= 10, "192 slots have room for more than {drawn:?}");
        }
        assert_eq!(
            check(&["kill:1@slot=3", "random:7"], 7),
            Err("--fault \"random:7\" draws the faults of the whole run, \"kill:1@slot=3\" cannot stand beside it"
                .into())
        );
        assert!(check(&["random:7", "random:7"], 7).is_err());
        let short = plan(&["random:1".to_owned()], Committee::try_new(4).expect("n >= 4"), 3);
        assert_eq!(
            short.map_err(|error| error.to_string()),
            Err("--fault \"random:1\": a run of 3 slots has no room for a fault with quiet slots around it".into())
        );
    }

    /// Two of four at once are too many, one after the other is fine; seven tolerate two.
    #[test]
    fn a_plan_must_leave_a_quorum_up() {
        let overlap = ["kill:0@slot=10,restart=30", "kill:1@slot=20,restart=40"];
        let error = check(&overlap, 4).expect_err("two out");
        assert_eq!(
            error,
            "2 replicas would be out in slots 20 to 29, a committee of 4 tolerates 1"
        );
        assert!(check(&overlap, 7).is_ok());
        assert!(check(&["kill:0@slot=10,restart=20", "kill:1@slot=20,restart=40"], 4).is_ok());
        assert!(check(&["kill:primary@slot=10", "kill:1@slot=20"], 4).is_err(), "never returns");
        let twice = check(&["kill:3@slot=10,restart=20", "pause:3@slot=15,for=1s"], 7);
        assert_eq!(twice, Err("--fault: replica 3 is hit in slot 15 while it is still out".into()));
    }
}
