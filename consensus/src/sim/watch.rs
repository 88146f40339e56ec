//! What a simulation reads in the messages of a protocol.
//!
//! In: messages. Out: what their author commits to, the certificates and the rounds inside. Refuses to know: whether
//! any of it is right.

use crate::certificate::{CheckpointCertificate, Commit, Decision};
use crate::classic::evidence::Evidence;
use crate::classic::message::{Message, NewView, ViewChange};
use crate::classic::prepared::PrePrepare;
use crate::ids::ReplicaId;

use super::trace::Fold;

/// What one signed statement commits its author to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Who made it.
    pub author: ReplicaId,
    /// What kind of statement it is. A proposal and the PREPARE that answers it are one kind: the first vote.
    pub kind: Kind,
    /// Its view; 0 for statements that belong to none.
    pub view: u64,
    /// Its position; 0 for statements about a view.
    pub seq: u64,
    /// What it says, folded.
    pub content: u64,
}

/// Kinds of statements of which an honest replica makes one per view and position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// PRE-PREPARE or PREPARE.
    First,
    /// COMMIT.
    Second,
    /// CHECKPOINT.
    Checkpoint,
    /// VIEW-CHANGE.
    ViewChange,
    /// NEW-VIEW.
    NewView,
}

/// A certificate inside a message.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// A quorum for a state.
    Stable(&'a CheckpointCertificate),
    /// A quorum for a batch.
    Decision(&'a Decision),
    /// What a replica claims when it leaves a view.
    ViewChange(&'a ViewChange),
    /// How a view begins.
    NewView(&'a NewView),
}

/// A message that a simulation can read.
pub trait Readable {
    /// What its author commits to; none if it commits nobody.
    fn statement(&self) -> Option<Statement>;

    /// The certificates it shows.
    fn shown(&self) -> Vec<Shown<'_>>;

    /// The view it counts in; none if it counts in all of them.
    fn round(&self) -> Option<u64>;

    /// Whether it is a proposal or a vote of the view it counts in.
    fn is_vote(&self) -> bool;
}

/// What proves that a replica lied, as a simulation reads it.
pub trait Proof {
    /// Whom it convicts: the author of two statements that no honest replica makes both. None if it convicts nobody.
    fn convicts(&self) -> Option<ReplicaId>;
}

/// The author of two statements of one kind at one place with different contents.
fn clash(first: Option<Statement>, second: Option<Statement>) -> Option<ReplicaId> {
    let (first, second) = (first?, second?);
    let place = |said: Statement| (said.author, said.kind, said.view, said.seq);
    let is_clash = place(first) == place(second) && first.content != second.content;
    is_clash.then_some(first.author)
}

impl Proof for Evidence {
    fn convicts(&self) -> Option<ReplicaId> {
        let both = |first: Message, second: Message| clash(first.statement(), second.statement());
        match self.clone() {
            Self::Proposals(pair) => {
                let said = |by: &PrePrepare| {
                    let (author, kind, content) = (by.from, Kind::First, Fold::of(&by.digest));
                    Some(Statement {
                        author,
                        kind,
                        view: by.view.get(),
                        seq: by.seq.get(),
                        content,
                    })
                };
                clash(said(&pair.first), said(&pair.second))
            }
            Self::Prepares(pair) => {
                both(Message::Prepare(pair.first), Message::Prepare(pair.second))
            }
            Self::Commits(pair) => both(Message::Commit(pair.first), Message::Commit(pair.second)),
            Self::Checkpoints(pair) => {
                both(Message::Checkpoint(pair.first), Message::Checkpoint(pair.second))
            }
            Self::ViewChanges(pair) => {
                both(Message::ViewChange(pair.first), Message::ViewChange(pair.second))
            }
            Self::NewViews(pair) => {
                both(Message::NewView(pair.first), Message::NewView(pair.second))
            }
            Self::HiddenCommit { commit, change } => {
                let is_later = commit.view < change.view && commit.seq > change.stable;
                let hides = commit.from == change.from && is_later && !claims(&change, &commit);
                hides.then_some(commit.from)
            }
        }
    }
}

/// Whether a VIEW-CHANGE shows that what its author committed to prepared, or something else in a later view.
fn claims(change: &ViewChange, commit: &Commit) -> bool {
    change.prepared.iter().filter(|held| held.seq() == commit.seq).any(|held| {
        held.view() > commit.view || (held.view(), held.digest()) == (commit.view, commit.digest)
    })
}

impl Readable for Message {
    fn statement(&self) -> Option<Statement> {
        let (author, kind, view, seq, content) = match self {
            Self::Propose(propose) => {
                let vote = &propose.pre_prepare;
                (vote.from, Kind::First, vote.view.get(), vote.seq.get(), Fold::of(&vote.digest))
            }
            Self::Prepare(vote) => {
                (vote.from, Kind::First, vote.view.get(), vote.seq.get(), Fold::of(&vote.digest))
            }
            Self::Commit(vote) => {
                (vote.from, Kind::Second, vote.view.get(), vote.seq.get(), Fold::of(&vote.digest))
            }
            Self::Checkpoint(vote) => {
                let content = Fold::of(&(vote.state, vote.clients));
                (vote.from, Kind::Checkpoint, 0, vote.seq.get(), content)
            }
            Self::ViewChange(vote) => {
                (vote.from, Kind::ViewChange, vote.view.get(), 0, Fold::of(&vote.message))
            }
            Self::NewView(new_view) => {
                let content = Fold::of(&new_view.message);
                (new_view.from, Kind::NewView, new_view.view.get(), 0, content)
            }
            _ => return None,
        };
        Some(Statement { author, kind, view, seq, content })
    }

    fn shown(&self) -> Vec<Shown<'_>> {
        match self {
            Self::ViewChange(vote) => vec![Shown::ViewChange(vote)],
            Self::NewView(new_view) => vec![Shown::NewView(new_view)],
            Self::Decisions(decisions) => decisions.iter().map(Shown::Decision).collect(),
            Self::Stable(certificate) => vec![Shown::Stable(certificate)],
            _ => Vec::new(),
        }
    }

    fn round(&self) -> Option<u64> {
        match self {
            Self::Propose(propose) => Some(propose.pre_prepare.view.get()),
            Self::Prepare(vote) => Some(vote.view.get()),
            Self::Commit(vote) => Some(vote.view.get()),
            Self::ViewChange(vote) => Some(vote.view.get()),
            Self::NewView(new_view) => Some(new_view.view.get()),
            Self::Status(status) => Some(status.view.get()),
            _ => None,
        }
    }

    fn is_vote(&self) -> bool {
        matches!(self, Self::Propose(_) | Self::Prepare(_) | Self::Commit(_))
    }
}
