//! Two signed statements of one replica that no honest replica makes both: proof that it lies.
//!
//! In: statements that contradict each other. Out: evidence that anybody with the committee's keys can check, and
//! each kind of it once per replica. Refuses to know: what becomes of liars.
//!
//! Not in the papers (ours; the aim is that of accountability: safety rests on at most f liars, so whoever is one
//! must be named). At most one piece of evidence is kept per replica and offence, the first: one is proof enough,
//! and a liar must not fill disks. A second, different vote does not count, with or without evidence. What a
//! certificate or a view change betrays about its voters changes nothing else: others may not know it, and the
//! rules hold with f liars.
//!
//! # An honest replica is never accused
//!
//! - It signs one PRE-PREPARE or PREPARE and one COMMIT per view and position: [`Record::Voted`] and
//!   [`Record::Prepared`] are durable before they leave, and a restart restores both. The same holds for one
//!   VIEW-CHANGE ([`Record::Left`]) and one NEW-VIEW ([`Record::Entered`]) per view, because views only rise.
//! - It signs one CHECKPOINT per position: the state follows from the decisions, which are equal everywhere.
//! - Who sent COMMIT(v, n) holds a prepared certificate of view v for n and keeps the highest until a checkpoint
//!   at or above n is stable. So each later VIEW-CHANGE shows a stable position of n or more, or a certificate for
//!   n that is of a later view than v, or of v and for the same batch.
//! - A statement repeated with another signature over the same bytes is no contradiction: contents are compared.
//!
//! Who runs one identity on two machines, or puts an old disk back, breaks this and is accused rightly: to all others
//! it is a liar.
//!
//! [`Record::Voted`]: super::record::Record::Voted
//! [`Record::Prepared`]: super::record::Record::Prepared
//! [`Record::Left`]: super::record::Record::Left
//! [`Record::Entered`]: super::record::Record::Entered

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::message::{NewView, ViewChange};
use super::prepared::{PrePrepare, Prepare};
use crate::certificate::{BadCertificate, Checkpoint, Commit};
use crate::committee::Committee;
use crate::ids::{ReplicaId, SeqNum, View};
use crate::keys::{Check, Forged, Signatures, Signed};
use crate::reject::Reject;
use crate::request::BadProposal;

/// What a replica did that no honest one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Offence {
    /// Two PRE-PREPAREs for one view and position.
    Proposals,
    /// Two PREPAREs for one view and position.
    Prepares,
    /// Two COMMITs for one view and position.
    Commits,
    /// Two states at one position.
    Checkpoints,
    /// Two VIEW-CHANGEs for one view.
    ViewChanges,
    /// Two NEW-VIEWs of one view.
    NewViews,
    /// A VIEW-CHANGE that conceals what its author's COMMIT says prepared.
    HiddenCommit,
}

impl Offence {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Proposals,
        Self::Prepares,
        Self::Commits,
        Self::Checkpoints,
        Self::ViewChanges,
        Self::NewViews,
        Self::HiddenCommit,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proposals => "two proposals",
            Self::Prepares => "two prepares",
            Self::Commits => "two commits",
            Self::Checkpoints => "two checkpoints",
            Self::ViewChanges => "two view changes",
            Self::NewViews => "two new views",
            Self::HiddenCommit => "a hidden commit",
        }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Two statements in the order in which they were seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pair<M> {
    /// What was known.
    pub first: M,
    /// What contradicts it.
    pub second: M,
}

/// Two signed statements that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Evidence {
    /// See [`Offence::Proposals`].
    Proposals(Pair<Signed<PrePrepare>>),
    /// See [`Offence::Prepares`].
    Prepares(Pair<Signed<Prepare>>),
    /// See [`Offence::Commits`].
    Commits(Pair<Signed<Commit>>),
    /// See [`Offence::Checkpoints`].
    Checkpoints(Pair<Signed<Checkpoint>>),
    /// See [`Offence::ViewChanges`].
    ViewChanges(Pair<Arc<Signed<ViewChange>>>),
    /// See [`Offence::NewViews`].
    NewViews(Pair<Arc<Signed<NewView>>>),
    /// See [`Offence::HiddenCommit`].
    HiddenCommit {
        /// Says that something prepared.
        commit: Signed<Commit>,
        /// Says that nothing did.
        change: Arc<Signed<ViewChange>>,
    },
}

/// Why two statements do not prove anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoContradiction {
    /// Two different replicas may say different things.
    #[error("one statement is of replica {0}, the other of replica {1}")]
    Authors(ReplicaId, ReplicaId),
    /// Nobody in the committee.
    #[error("replica {0} is not in the committee")]
    Stranger(ReplicaId),
    /// Statements about different views or positions.
    #[error("the statements are about different places")]
    Places,
    /// The same thing twice, or two things that go together.
    #[error("the statements go together")]
    Agree,
}

impl Evidence {
    /// Whom it is against.
    pub fn accused(&self) -> ReplicaId {
        self.authors().0
    }

    /// What that replica did.
    pub fn offence(&self) -> Offence {
        match self {
            Self::Proposals(_) => Offence::Proposals,
            Self::Prepares(_) => Offence::Prepares,
            Self::Commits(_) => Offence::Commits,
            Self::Checkpoints(_) => Offence::Checkpoints,
            Self::ViewChanges(_) => Offence::ViewChanges,
            Self::NewViews(_) => Offence::NewViews,
            Self::HiddenCommit { .. } => Offence::HiddenCommit,
        }
    }

    /// View and position that the first statement is about; 0 where it is about no view or no position.
    pub fn place(&self) -> (View, SeqNum) {
        match self {
            Self::Proposals(pair) => (pair.first.view, pair.first.seq),
            Self::Prepares(pair) => (pair.first.view, pair.first.seq),
            Self::Commits(pair) => (pair.first.view, pair.first.seq),
            Self::Checkpoints(pair) => (View::ZERO, pair.first.seq),
            Self::ViewChanges(pair) => (pair.first.view, SeqNum::ZERO),
            Self::NewViews(pair) => (pair.first.view, SeqNum::ZERO),
            Self::HiddenCommit { commit, .. } => (commit.view, commit.seq),
        }
    }

    /// Checks that a member of `committee` contradicts itself; the signatures are checked by a keyring.
    ///
    /// # Errors
    ///
    /// [`NoContradiction`].
    pub fn check(&self, committee: Committee) -> Result<(), NoContradiction> {
        let (first, second) = self.authors();
        if first != second {
            return Err(NoContradiction::Authors(first, second));
        }
        if !committee.contains(first) {
            return Err(NoContradiction::Stranger(first));
        }
        let (same_place, agree) = self.compare();
        if !same_place {
            return Err(NoContradiction::Places);
        }
        if agree { Err(NoContradiction::Agree) } else { Ok(()) }
    }

    fn authors(&self) -> (ReplicaId, ReplicaId) {
        match self {
            Self::Proposals(pair) => (pair.first.from, pair.second.from),
            Self::Prepares(pair) => (pair.first.from, pair.second.from),
            Self::Commits(pair) => (pair.first.from, pair.second.from),
            Self::Checkpoints(pair) => (pair.first.from, pair.second.from),
            Self::ViewChanges(pair) => (pair.first.from, pair.second.from),
            Self::NewViews(pair) => (pair.first.from, pair.second.from),
            Self::HiddenCommit { commit, change } => (commit.from, change.from),
        }
    }

    /// Whether the statements are about the same place, and whether an honest replica may make both.
    fn compare(&self) -> (bool, bool) {
        match self {
            Self::Proposals(Pair { first: a, second: b }) => {
                ((a.view, a.seq) == (b.view, b.seq), a.digest == b.digest)
            }
            Self::Prepares(Pair { first: a, second: b }) => {
                ((a.view, a.seq) == (b.view, b.seq), a.digest == b.digest)
            }
            Self::Commits(Pair { first: a, second: b }) => {
                ((a.view, a.seq) == (b.view, b.seq), a.digest == b.digest)
            }
            Self::Checkpoints(Pair { first: a, second: b }) => {
                (a.seq == b.seq, (a.state, a.clients) == (b.state, b.clients))
            }
            Self::ViewChanges(Pair { first: a, second: b }) => {
                (a.view == b.view, a.message == b.message)
            }
            Self::NewViews(Pair { first: a, second: b }) => {
                (a.view == b.view, a.message == b.message)
            }
            Self::HiddenCommit { commit, change } => {
                (commit.view < change.view, !hides(change, commit))
            }
        }
    }
}

/// Whether a later view change of whoever sent `commit` conceals what prepared.
pub(super) fn hides(change: &ViewChange, commit: &Commit) -> bool {
    let shows = || {
        change.prepared.iter().any(|held| {
            let same = held.view() == commit.view && held.digest() == commit.digest;
            held.seq() == commit.seq && (held.view() > commit.view || same)
        })
    };
    commit.view < change.view && commit.seq > change.stable && !shows()
}

impl Signatures for Evidence {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        fn both<M: Signatures>(pair: &Pair<M>, check: &mut Check<'_>) -> Result<(), Forged> {
            pair.first.visit(check)?;
            pair.second.visit(check)
        }
        match self {
            Self::Proposals(pair) => both(pair, check),
            Self::Prepares(pair) => both(pair, check),
            Self::Commits(pair) => both(pair, check),
            Self::Checkpoints(pair) => both(pair, check),
            Self::ViewChanges(pair) => both(pair, check),
            Self::NewViews(pair) => both(pair, check),
            Self::HiddenCommit { commit, change } => {
                check.signed(commit)?;
                check.signed(change)
            }
        }
    }
}

/// Which offences of which replicas are known.
///
/// It decides nothing but whether evidence is new, so replicas that differ in it alone count as equal: a model need
/// not tell them apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Dossier {
    known: BTreeSet<(ReplicaId, Offence)>,
}

impl PartialEq for Dossier {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Dossier {}

impl Hash for Dossier {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Dossier {
    /// Notes an offence; false if this replica did the same before.
    pub(super) fn note(&mut self, evidence: &Evidence) -> bool {
        self.known.insert((evidence.accused(), evidence.offence()))
    }
}

/// Why a message does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Objection {
    /// It is useless.
    Refused(Reject),
    /// It contradicts an earlier statement of its author.
    Contradiction(Box<Evidence>),
}

impl From<Evidence> for Objection {
    fn from(evidence: Evidence) -> Self {
        Self::Contradiction(Box::new(evidence))
    }
}

impl From<Reject> for Objection {
    fn from(reject: Reject) -> Self {
        Self::Refused(reject)
    }
}

impl From<BadCertificate> for Objection {
    fn from(why: BadCertificate) -> Self {
        Self::Refused(why.into())
    }
}

impl From<BadProposal> for Objection {
    fn from(why: BadProposal) -> Self {
        Self::Refused(why.into())
    }
}
