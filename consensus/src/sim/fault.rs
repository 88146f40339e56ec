//! What can go wrong in a simulated world: classes, frequencies, and single faults that were injected.
//!
//! In: numbers. Out: the same numbers with names, as text and back. Refuses to know: how a fault is brought about.
//!
//! Nodes are numbered: replicas first, then clients. Times are microseconds of virtual time.

use std::fmt;
use std::str::FromStr;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A message is lost.
    Loss,
    /// A message arrives twice.
    Duplication,
    /// A message is overtaken by later ones.
    Reordering,
    /// A message arrives again long after it was sent.
    Replay,
    /// Messages from some to some others are lost for a while.
    Cut,
    /// Messages on one link are held back for a while and then arrive together.
    Clog,
    /// A machine, the primary for one, sends late for a while.
    Slow,
    /// A machine does nothing for a while.
    Pause,
    /// A process dies between two actions; what was not synced is lost.
    Crash,
    /// A process dies while it syncs: the write became durable, nothing after it happened.
    CrashAfterSync,
    /// A process dies while it writes: part of a record is on the disk.
    TornTail,
    /// A process dies, and a bit of its disk flips.
    BitFlip,
    /// A process dies, and one of its writes had gone to the place of another.
    Misdirected,
    /// A process dies and comes back with an empty disk.
    Wiped,
    /// A sync fails: the process stops.
    FailedSync,
    /// The disk is full: the process stops.
    FullDisk,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Loss,
        Self::Duplication,
        Self::Reordering,
        Self::Replay,
        Self::Cut,
        Self::Clog,
        Self::Slow,
        Self::Pause,
        Self::Crash,
        Self::CrashAfterSync,
        Self::TornTail,
        Self::BitFlip,
        Self::Misdirected,
        Self::Wiped,
        Self::FailedSync,
        Self::FullDisk,
    ];
    /// Those that begin with the death of a process.
    pub const DEATHS: [Self; 8] = [
        Self::Crash,
        Self::CrashAfterSync,
        Self::TornTail,
        Self::BitFlip,
        Self::Misdirected,
        Self::Wiped,
        Self::FailedSync,
        Self::FullDisk,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Duplication => "duplication",
            Self::Reordering => "reordering",
            Self::Replay => "replay",
            Self::Cut => "cut",
            Self::Clog => "clog",
            Self::Slow => "slow",
            Self::Pause => "pause",
            Self::Crash => "crash",
            Self::CrashAfterSync => "crash-after-sync",
            Self::TornTail => "torn-tail",
            Self::BitFlip => "bit-flip",
            Self::Misdirected => "misdirected",
            Self::Wiped => "wiped",
            Self::FailedSync => "failed-sync",
            Self::FullDisk => "full-disk",
        }
    }

    /// Whether the machine may forget promises: it counts towards f from then on.
    pub const fn spoils(self) -> bool {
        matches!(self, Self::BitFlip | Self::Misdirected | Self::Wiped)
    }

    /// Whether it happens while something is written, and at no other moment.
    pub const fn is_of_a_write(self) -> bool {
        matches!(self, Self::CrashAfterSync | Self::TornTail | Self::FailedSync | Self::FullDisk)
    }
}

/// How often what goes wrong. Probabilities are given as "once in so many chances"; 0 is never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A message is lost.
    pub loss: u64,
    /// A message arrives twice.
    pub duplication: u64,
    /// A message is late, and overtaken.
    pub reordering: u64,
    /// How late at most.
    pub late_us: u64,
    /// A message arrives again, up to a second later.
    pub replay: u64,
    /// A process dies before an action.
    pub crash: u64,
    /// How long it stays down at most, in milliseconds.
    pub outage_ms: u64,
    /// How it may die; each is as likely as the others. Empty: [`Class::Crash`].
    pub deaths: Vec<Class>,
    /// How many processes may be down at once by crashes; 0: as many as the committee tolerates.
    pub down: usize,
    /// Episodes of each kind during the storm.
    pub cuts: u64,
    /// Links that clog.
    pub clogs: u64,
    /// Machines that are slow.
    pub slows: u64,
    /// Machines that pause.
    pub pauses: u64,
    /// How long the storm lasts, in milliseconds: episodes begin within it.
    pub storm_ms: u64,
}

/// One fault that was injected.
#[allow(missing_docs, reason = "the sentence above each names its fields; times are microseconds")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Injection {
    /// The `nth` message on a link is lost.
    Lost { from: u16, to: u16, nth: u32 },
    /// The `nth` message on a link arrives once more, `after` the first time.
    Again { from: u16, to: u16, nth: u32, after: u64 },
    /// The `nth` message on a link is late.
    Late { from: u16, to: u16, nth: u32, by: u64 },
    /// A process dies before it performs its `action`th action.
    Death { at: u16, action: u32, how: Class, outage: u64 },
    /// Messages from any of one set of nodes to any of another are lost. Bit i stands for node i.
    Cut { from: u64, to: u64, start: u64, end: u64 },
    /// Messages on a link are held back.
    Clog { from: u16, to: u16, start: u64, end: u64 },
    /// What a machine sends is late.
    Slow { at: u16, by: u64, start: u64, end: u64 },
    /// A machine does nothing.
    Pause { at: u16, start: u64, end: u64 },
}

impl Injection {
    /// From where on a repeated message counts as old.
    pub const OLD_US: u64 = 100_000;

    /// What kind of fault it is.
    pub const fn class(&self) -> Class {
        match self {
            Self::Lost { .. } => Class::Loss,
            Self::Again { after, .. } if *after >= Self::OLD_US => Class::Replay,
            Self::Again { .. } => Class::Duplication,
            Self::Late { .. } => Class::Reordering,
            Self::Death { how, .. } => *how,
            Self::Cut { .. } => Class::Cut,
            Self::Clog { .. } => Class::Clog,
            Self::Slow { .. } => Class::Slow,
            Self::Pause { .. } => Class::Pause,
        }
    }
}

/// The members of a set of nodes, as text.
fn members(set: u64) -> String {
    let names: Vec<_> = (0..64).filter(|i| set >> i & 1 == 1).map(|i: u64| i.to_string()).collect();
    names.join(",")
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Lost { from, to, nth } => write!(f, "lost message {nth} from {from} to {to}"),
            Self::Again { from, to, nth, after } => {
                write!(f, "again message {nth} from {from} to {to} after {after}")
            }
            Self::Late { from, to, nth, by } => {
                write!(f, "late message {nth} from {from} to {to} by {by}")
            }
            Self::Death { at, action, how, outage } => {
                write!(f, "death of {at} before action {action} as {} for {outage}", how.name())
            }
            Self::Cut { from, to, start, end } => {
                write!(f, "cut from {} to {} between {start} and {end}", members(from), members(to))
            }
            Self::Clog { from, to, start, end } => {
                write!(f, "clog from {from} to {to} between {start} and {end}")
            }
            Self::Slow { at, by, start, end } => {
                write!(f, "slow at {at} by {by} between {start} and {end}")
            }
            Self::Pause { at, start, end } => {
                write!(f, "pause at {at} between {start} and {end}")
            }
        }
    }
}

/// A line that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no fault; one looks like 'lost message 3 from 0 to 1'")]
pub struct NoFault(pub String);

/// The word after `name`, as a number.
fn number<T: FromStr>(words: &[&str], name: &str) -> Option<T> {
    let at = words.iter().position(|word| *word == name)?;
    words.get(at + 1)?.parse().ok()
}

fn set(words: &[&str], name: &str) -> Option<u64> {
    let at = words.iter().position(|word| *word == name)?;
    let mut set = 0;
    for member in words.get(at + 1)?.split(',') {
        set |= 1_u64.checked_shl(member.parse().ok()?)?;
    }
    Some(set)
}

fn parse(words: &[&str]) -> Option<Injection> {
    let (start, end) = (number(words, "between"), number(words, "and"));
    let nth = number(words, "message");
    let at = number(words, "at");
    let (from, to) = (number(words, "from"), number(words, "to"));
    Some(match *words.first()? {
        "lost" => Injection::Lost { from: from?, to: to?, nth: nth? },
        "again" => {
            Injection::Again { from: from?, to: to?, nth: nth?, after: number(words, "after")? }
        }
        "late" => Injection::Late { from: from?, to: to?, nth: nth?, by: number(words, "by")? },
        "death" => {
            let at_how = words.iter().position(|word| *word == "as")? + 1;
            let how = Class::DEATHS.into_iter().find(|c| Some(&c.name()) == words.get(at_how))?;
            let (at, action) = (number(words, "of")?, number(words, "action")?);
            Injection::Death { at, action, how, outage: number(words, "for")? }
        }
        "cut" => {
            let (from, to) = (set(words, "from")?, set(words, "to")?);
            Injection::Cut { from, to, start: start?, end: end? }
        }
        "clog" => Injection::Clog { from: from?, to: to?, start: start?, end: end? },
        "slow" => Injection::Slow { at: at?, by: number(words, "by")?, start: start?, end: end? },
        "pause" => Injection::Pause { at: at?, start: start?, end: end? },
        _ => return None,
    })
}

impl FromStr for Injection {
    type Err = NoFault;

    fn from_str(line: &str) -> Result<Self, NoFault> {
        let words: Vec<_> = line.split_whitespace().collect();
        let parsed = parse(&words).filter(|injection| injection.to_string() == words.join(" "));
        parsed.ok_or_else(|| NoFault(line.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind of fault reads back as it was written, and what is no fault is named.
    #[test]
    fn faults_are_text_and_back() {
        let (start, end) = (5, 60_000);
        let death = |how| Injection::Death { at: 2, action: 57, how, outage: 300_000 };
        let mut all = vec![
            Injection::Lost { from: 0, to: 3, nth: 12 },
            Injection::Again { from: 0, to: 3, nth: 12, after: 100_000 },
            Injection::Again { from: 0, to: 3, nth: 12, after: 99_999 },
            Injection::Late { from: 4, to: 0, nth: 1, by: 30_000 },
            Injection::Cut { from: 0b11, to: 0b1100, start, end },
            Injection::Clog { from: 1, to: 0, start, end },
            Injection::Slow { at: 0, by: 20_000, start, end },
            Injection::Pause { at: 3, start, end },
        ];
        all.extend(Class::DEATHS.map(death));
        for injection in &all {
            assert_eq!(injection.to_string().parse(), Ok(*injection));
        }
        let classes: std::collections::BTreeSet<_> = all.iter().map(Injection::class).collect();
        assert_eq!(classes.len(), Class::ALL.len(), "every class is somebody's");
        for line in ["", "lost", "lost message x from 0 to 1", "lost message 1 from 0 to 1 now"] {
            assert_eq!(line.parse::<Injection>(), Err(NoFault(line.to_owned())));
        }
    }
}
