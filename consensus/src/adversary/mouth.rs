//! What every adversary has: its own key, its place, what it heard, and dice.
//!
//! In: a configuration and a seed. Out: statements signed with its own key alone, messages to single receivers.
//! Refuses to know: which lie is told.

use std::collections::VecDeque;

use crate::action::Action;
use crate::certificate::Commit;
use crate::classic::Config;
use crate::classic::evidence::Evidence;
use crate::classic::message::{Message, Propose};
use crate::classic::prepared::{PrePrepare, Prepare};
use crate::classic::record::Record;
use crate::committee::Committee;
use crate::ids::{Digest, ReplicaId, SeqNum, View};
use crate::keys::{Signed, Signer, Statement};
use crate::request::Proposal;

use super::draw::Draw;

/// One thing that a replica wants done.
pub type Deed = Action<Message, Record, Evidence>;
/// What a replica wants done.
pub type Deeds = Vec<Deed>;

/// The voice of a liar.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mouth {
    /// Its place.
    pub id: ReplicaId,
    /// Who votes.
    pub committee: Committee,
    /// How far votes may be above the stable checkpoint.
    pub window: u64,
    /// The most bytes in one operation.
    pub operation_bytes: usize,
    /// Its dice.
    pub draw: Draw,
    /// The last messages that it heard and said, oldest first.
    pub heard: VecDeque<Message>,
    signer: Signer,
}

impl Mouth {
    /// Messages remembered: some positions, some views.
    const MEMORY: usize = 96;

    /// The voice of the replica with this configuration.
    pub fn new(config: &Config, seed: u64) -> Self {
        Self {
            id: config.id,
            committee: config.committee,
            window: config.limits.spec().window,
            operation_bytes: config.limits.spec().operation_bytes,
            draw: Draw::about(seed, [u64::from(config.id.get()), 0, 0, 0]),
            heard: VecDeque::new(),
            signer: config.signer.clone(),
        }
    }

    /// Remembers a message.
    pub fn remember(&mut self, message: &Message) {
        if self.heard.len() == Self::MEMORY {
            self.heard.pop_front();
        }
        self.heard.push_back(message.clone());
    }

    /// Signs with its own key, whoever the statement says it is by.
    pub fn sign<M: Statement>(&self, message: M) -> Signed<M> {
        self.signer.sign(message)
    }

    /// Its public key, with which it may ask for operations like any client.
    pub fn key(&self) -> crate::keys::PublicKey {
        self.signer.public_key()
    }

    /// Everybody else.
    pub fn others(&self) -> Vec<ReplicaId> {
        self.committee.replicas().filter(|id| *id != self.id).collect()
    }

    /// Somebody else.
    pub fn somebody(&mut self) -> ReplicaId {
        let others = self.others();
        *self.draw.pick(&others).expect("a committee has others")
    }

    /// A random part of the others, and the rest.
    pub fn halves(&mut self) -> (Vec<ReplicaId>, Vec<ReplicaId>) {
        let mask = self.draw.any();
        self.others().into_iter().partition(|id| mask >> (id.get() % 64) & 1 == 1)
    }

    /// One message it remembers.
    pub fn old(&mut self) -> Option<Message> {
        let index = usize::try_from(self.draw.below(self.heard.len() as u64)).ok()?;
        self.heard.get(index).cloned()
    }

    /// The proposal it heard or made last.
    pub fn last_proposal(&self) -> Option<Propose> {
        self.heard.iter().rev().find_map(|message| match message {
            Message::Propose(propose) => Some(propose.clone()),
            _ => None,
        })
    }

    /// A proposal in its own name.
    pub fn propose(&self, view: View, seq: SeqNum, proposal: Proposal) -> Message {
        let digest = proposal.batch.digest();
        let pre_prepare = self.sign(PrePrepare { view, seq, digest, from: self.id });
        Message::Propose(Propose { pre_prepare, proposal: proposal.into() })
    }

    /// A PREPARE in its own name.
    pub fn prepare(&self, view: View, seq: SeqNum, digest: Digest) -> Message {
        Message::Prepare(self.sign(Prepare { view, seq, digest, from: self.id }))
    }

    /// A COMMIT in its own name.
    pub fn commit(&self, view: View, seq: SeqNum, digest: Digest) -> Message {
        Message::Commit(self.sign(Commit { view, seq, digest, from: self.id }))
    }
}

/// A message to each of `receivers`.
pub fn send(receivers: &[ReplicaId], message: &Message, out: &mut Deeds) {
    out.extend(receivers.iter().map(|to| Action::Send { to: *to, message: message.clone() }));
}
