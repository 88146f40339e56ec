//! What must hold, in arithmetic of its own: four replicas, one fault, quorums of three.
//!
//! In: messages and executed batches. Out: yes or no. Refuses to know: the quorum, primary and
//! digest functions of the code under test; a check that called them would inherit their mistakes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use consensus::certificate::Decision;
use consensus::classic::message::{Message, NewView, ViewChange};
use consensus::classic::prepared::PreparedCertificate;
use consensus::ids::{Digest, ReplicaId};
use consensus::wire::encode;

/// Replicas in every model.
pub const REPLICAS: u16 = 4;
/// Votes that must be behind a decision: any two sets of three out of four share two replicas, and at
/// most one of them lies.
const VOTES: usize = 3;

/// The replica that may propose in a view.
pub fn primary(view: u64) -> ReplicaId {
    let index = view % u64::from(REPLICAS);
    ReplicaId::new(u16::try_from(index).expect("a remainder below four"))
}

/// What a message commits its author to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    author: Option<ReplicaId>,
    /// The kind of statement, its view and its position: about one of these an honest author says
    /// one thing only.
    subject: Option<(&'static str, u64, u64)>,
    /// What it says.
    content: Vec<u8>,
}

impl Statement {
    /// What `message` commits its author to.
    pub fn of(message: &Message) -> Self {
        let (author, subject, content) = match message {
            // A primary's proposal is its vote: it may not be contradicted by a PREPARE either.
            Message::Propose(propose) => {
                let vote = &propose.pre_prepare;
                (
                    Some(vote.from),
                    Some(("vote", vote.view.get(), vote.seq.get())),
                    encode(&vote.digest),
                )
            }
            Message::Prepare(vote) => (
                Some(vote.from),
                Some(("vote", vote.view.get(), vote.seq.get())),
                encode(&vote.digest),
            ),
            Message::Commit(vote) => {
                let subject = ("commit", vote.view.get(), vote.seq.get());
                (Some(vote.from), Some(subject), encode(&vote.digest))
            }
            Message::Checkpoint(vote) => {
                let content = encode(&(vote.state, vote.clients));
                (Some(vote.from), Some(("checkpoint", 0, vote.seq.get())), content)
            }
            Message::ViewChange(vote) => {
                (Some(vote.from), Some(("view-change", vote.view.get(), 0)), encode(vote.as_ref()))
            }
            Message::NewView(new_view) => {
                let subject = ("new-view", new_view.view.get(), 0);
                (Some(new_view.from), Some(subject), encode(new_view.as_ref()))
            }
            _ => (None, None, Vec::new()),
        };
        Self { author, subject, content }
    }

    /// Who made it.
    pub fn author(&self) -> Option<ReplicaId> {
        self.author
    }

    /// Whether one honest replica cannot have made both.
    pub fn contradicts(&self, other: &Self) -> bool {
        self.subject.is_some()
            && (self.author, self.subject) == (other.author, other.subject)
            && self.content != other.content
    }
}

/// Whether the certificates in a message are made of the right number of distinct, eligible members
/// that voted for the same.
pub fn is_sound(message: &Message) -> bool {
    match message {
        Message::ViewChange(vote) => is_sound_change(vote),
        Message::NewView(new_view) => is_sound_view(new_view),
        Message::Decisions(decisions) => decisions.iter().all(is_sound_decision),
        _ => true,
    }
}

fn is_sound_change(vote: &ViewChange) -> bool {
    vote.prepared.iter().all(|held| is_sound_prepared(held) && held.view() < vote.view)
}

fn is_sound_view(new_view: &NewView) -> bool {
    let voters: BTreeSet<_> = new_view.view_changes.iter().map(|vote| vote.from).collect();
    new_view.from == primary(new_view.view.get())
        && voters.len() == VOTES
        && voters.len() == new_view.view_changes.len()
        && voters.iter().all(|voter| voter.get() < REPLICAS)
        && new_view.view_changes.iter().all(|v| v.view == new_view.view && is_sound_change(v))
}

fn is_sound_prepared(held: &PreparedCertificate) -> bool {
    let proposal = &held.pre_prepare;
    let mut voters: BTreeSet<_> = held.prepares.iter().map(|vote| vote.from).collect();
    voters.insert(proposal.from);
    let about = (proposal.view, proposal.seq, proposal.digest);
    proposal.from == primary(proposal.view.get())
        && voters.len() == VOTES
        && held.prepares.len() == VOTES - 1
        && voters.iter().all(|voter| voter.get() < REPLICAS)
        && held.prepares.iter().all(|vote| (vote.view, vote.seq, vote.digest) == about)
}

/// Whether a decision is certified by distinct members that voted for it.
pub fn is_sound_decision(decision: &Decision) -> bool {
    let held = &decision.certificate;
    let voters: BTreeSet<_> = held.commits.iter().map(|vote| vote.from).collect();
    let about = (held.view, held.seq, held.digest);
    voters.len() == VOTES
        && held.commits.len() == VOTES
        && voters.iter().all(|voter| voter.get() < REPLICAS)
        && held.commits.iter().all(|vote| (vote.view, vote.seq, vote.digest) == about)
}

/// One executed position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ran {
    /// The view whose votes decided it.
    pub view: u64,
    /// Its digest, for traces.
    pub digest: Digest,
    /// The bytes of the batch; none for the null request.
    pub batch: Arc<[u8]>,
}

/// What one replica executed, by position, and whether that was beyond reproach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct History {
    ran: BTreeMap<u64, Ran>,
    /// Set when a position was executed out of order, executed again with another batch, or on a
    /// certificate that is none.
    spoilt: bool,
}

impl History {
    /// A replica executes `decision` as number `next` of its current life.
    pub fn execute(&mut self, decision: &Decision, next: u64) {
        let seq = decision.seq().get();
        let batch = decision.proposal.as_ref().map_or_else(Vec::new, |p| encode(&p.batch));
        let (view, digest) = (decision.certificate.view.get(), decision.certificate.digest);
        let now = Ran { view, digest, batch: batch.into() };
        let before = self.ran.entry(seq).or_insert_with(|| now.clone());
        self.spoilt |= before.batch != now.batch || seq != next || !is_sound_decision(decision);
    }

    /// What was executed, by position.
    pub fn ran(&self) -> &BTreeMap<u64, Ran> {
        &self.ran
    }

    /// Whether each position was executed in order, on a sound certificate, and with one batch only,
    /// crashes included.
    pub fn is_clean(&self) -> bool {
        !self.spoilt
    }

    /// Whether two replicas executed the same bytes wherever both executed anything.
    pub fn agrees(&self, other: &Self) -> bool {
        self.ran
            .iter()
            .all(|(seq, mine)| other.ran.get(seq).is_none_or(|theirs| mine.batch == theirs.batch))
    }
}
