//! Faults as they are asked for: the words of one option.
//!
//! In: `kill:WHO@slot=S[,restart=S2]`, `pause:WHO@slot=S,for=3s`, `lie:WHO=ADVERSARY` or `random:SEED`. Out: what they
//! mean. Refuses to know: whether a committee stands it, and which adversaries there are.
//!
//! Slots count from 0 over the whole run.

use std::time::Duration;

/// Whom a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// This replica.
    Replica(u16),
    /// Whoever is primary when the slot comes.
    Primary,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Its process is killed, and started again at the beginning of the slot named, if one is.
    Kill {
        /// The slot of its return.
        restart: Option<u32>,
    },
    /// Its process is stopped for a while and goes on with everything it had.
    Pause {
        /// For how long.
        length: Duration,
    },
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whom it hits.
    pub who: Who,
    /// What happens.
    pub what: What,
    /// When: while the first commands of this slot are on their way, its orders if it has any.
    pub slot: u32,
}

impl std::fmt::Display for Fault {
    /// As it is asked for.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.what {
            What::Kill { .. } => "kill",
            What::Pause { .. } => "pause",
        };
        match self.who {
            Who::Replica(number) => write!(f, "{kind}:{number}@slot={}", self.slot)?,
            Who::Primary => write!(f, "{kind}:primary@slot={}", self.slot)?,
        }
        match self.what {
            What::Kill { restart: None } => Ok(()),
            What::Kill { restart: Some(slot) } => write!(f, ",restart={slot}"),
            What::Pause { length } => write!(f, ",for={}s", length.as_secs()),
        }
    }
}

/// What one option asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// One fault.
    Strike(Fault),
    /// This replica lies from the start, in the way of the adversary named.
    Lie(u16, String),
    /// Faults for the whole run, drawn from this seed.
    Random(u64),
}

/// Parses one option; none for what has no such form.
pub fn parse(text: &str) -> Option<Asked> {
    let (kind, rest) = text.split_once(':')?;
    if kind == "random" {
        return Some(Asked::Random(rest.parse().ok()?));
    }
    if kind == "lie" {
        let (replica, adversary) = rest.split_once('=')?;
        return Some(Asked::Lie(replica.parse().ok()?, adversary.to_owned()));
    }
    let (who, when) = rest.split_once('@')?;
    let who = match who {
        "primary" => Who::Primary,
        number => Who::Replica(number.parse().ok()?),
    };
    let (slot, extra) = match when.split_once(',') {
        Some((slot, extra)) => (slot, Some(extra)),
        None => (when, None),
    };
    let slot = slot.strip_prefix("slot=")?.parse().ok()?;
    let what = match (kind, extra) {
        ("kill", None) => What::Kill { restart: None },
        ("kill", Some(extra)) => {
            What::Kill { restart: Some(extra.strip_prefix("restart=")?.parse().ok()?) }
        }
        ("pause", Some(extra)) => {
            let seconds = extra.strip_prefix("for=")?.strip_suffix('s')?.parse().ok()?;
            What::Pause { length: Duration::from_secs(seconds) }
        }
        _ => return None,
    };
    Some(Asked::Strike(Fault { who, what, slot }))
}

impl Fault {
    /// The slots in which it keeps its replica out, end exclusive, in a run of `slots`.
    pub(super) fn span(&self, slots: u32) -> (u32, u32) {
        match self.what {
            What::Kill { restart } => (self.slot, restart.unwrap_or(slots)),
            What::Pause { .. } => (self.slot, self.slot + 1),
        }
    }
}
