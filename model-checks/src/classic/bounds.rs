//! How large a world is: who is faulty, who may crash, how many views, how much detail.
//!
//! In: a choice. Out: the same with names. Refuses to know: what it costs to explore.

use consensus::ids::ReplicaId;

/// Bounds of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Who does not follow the protocol.
    pub faulty: Faulty,
    /// Who may crash and restart, once in all.
    pub crash: Crash,
    /// The last view that is explored: nobody loses patience in it.
    pub last_view: u64,
    /// How much of what cannot matter is explored all the same.
    pub detail: Detail,
}

/// A replica that does not follow the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faulty {
    /// All four are honest.
    Nobody,
    /// This one never says anything.
    Silent(u16),
    /// This one says whatever it can sign.
    Byzantine(u16),
}

/// A crash between any two actions of a step, or between two steps, with a restart from the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// None.
    Never,
    /// At this replica.
    At(u16),
    /// At any honest replica.
    Anywhere,
}

/// How much is explored one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// One stand-in for all quorums that prove the same.
    StandIns,
    /// Every quorum of votes that were cast.
    EveryQuorum,
    /// Every quorum, and every vote delivered alone.
    OneByOne,
}

impl Bounds {
    /// Whether `id` follows the protocol.
    pub fn is_honest(&self, id: ReplicaId) -> bool {
        match self.faulty {
            Faulty::Nobody => true,
            Faulty::Silent(faulty) | Faulty::Byzantine(faulty) => id.get() != faulty,
        }
    }

    /// Whether `id` may crash.
    pub fn may_crash(&self, id: ReplicaId) -> bool {
        match self.crash {
            Crash::Never => false,
            Crash::At(fragile) => id.get() == fragile,
            Crash::Anywhere => true,
        }
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "4 replicas, 1 position, views 0..{}", self.last_view)?;
        match self.faulty {
            Faulty::Nobody => write!(f, ", all honest")?,
            Faulty::Silent(id) => write!(f, ", replica {id} silent")?,
            Faulty::Byzantine(id) => write!(f, ", replica {id} Byzantine")?,
        }
        match self.crash {
            Crash::Never => Ok(()),
            Crash::At(id) => write!(f, ", 1 crash of replica {id}"),
            Crash::Anywhere => write!(f, ", 1 crash anywhere"),
        }?;
        match self.detail {
            Detail::StandIns => Ok(()),
            Detail::EveryQuorum => write!(f, ", every quorum"),
            Detail::OneByOne => write!(f, ", every vote alone"),
        }
    }
}
