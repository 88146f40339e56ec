//! Checkpoints: once a quorum reports the same state at the same position, older positions may be forgotten.
//!
//! In: this replica's own checkpoints, `Checkpoint` votes, `Stable` certificates. Out: `Broadcast`, and the
//! certificate that became stable. Refuses to know: what the state is.
//!
//! Source: OSDI '99, section 4.3. Departures: the interval is counted in batches, not requests; the application
//! may ask for a checkpoint between two periodic ones; the digest has two parts, application and client table.
//!
//! # Guarantee
//!
//! The stable position never moves back: a certificate for a lower one is ignored.

use std::collections::BTreeMap;

use super::evidence::{Evidence, Objection, Pair};
use super::message::Message;
use super::record::Record;
use super::window::Window;
use crate::action::Action;
use crate::certificate::{Checkpoint, CheckpointCertificate};
use crate::committee::Committee;
use crate::ids::{ReplicaId, SeqNum};
use crate::keys::Signed;

/// What checkpoints emit.
type Actions = Vec<Action<Message, Record, Evidence>>;

/// Votes for states that are not stable yet, and the certificate of the one that is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Checkpoints {
    /// At most one vote per replica and position, within the window.
    votes: BTreeMap<SeqNum, BTreeMap<ReplicaId, Signed<Checkpoint>>>,
    /// Proof of the stable checkpoint; none for the initial state.
    stable: Option<CheckpointCertificate>,
}

impl Checkpoints {
    /// The certificate of the stable checkpoint; none for the initial state.
    pub(super) fn stable(&self) -> Option<&CheckpointCertificate> {
        self.stable.as_ref()
    }

    /// Counts a vote and returns the certificate it completes.
    ///
    /// # Errors
    ///
    /// `OutsideWindow`, or a contradiction if this replica reported another state there.
    pub(super) fn count(
        &mut self,
        vote: Signed<Checkpoint>,
        window: Window,
        committee: Committee,
    ) -> Result<Option<CheckpointCertificate>, Objection> {
        let (seq, from) = (vote.seq, vote.from);
        window.admit(seq)?;
        match self.votes.get(&seq).and_then(|here| here.get(&from)) {
            Some(earlier) if earlier.message == vote.message => return Ok(None),
            Some(earlier) => {
                let first = earlier.clone();
                return Err(Evidence::Checkpoints(Pair { first, second: vote }).into());
            }
            None => {}
        }
        let (state, clients) = (vote.state, vote.clients);
        let here = self.votes.entry(seq).or_default();
        here.insert(from, vote);
        let equal = here.values().filter(|other| (other.state, other.clients) == (state, clients));
        let votes: Vec<_> = equal.take(committee.quorum()).cloned().collect();
        let complete = votes.len() == committee.quorum();
        Ok(complete.then_some(CheckpointCertificate { seq, state, clients, votes }))
    }

    /// This replica's vote at `seq`, if it cast one that is still needed.
    pub(super) fn own(&self, seq: SeqNum, me: ReplicaId) -> Option<&Signed<Checkpoint>> {
        self.votes.get(&seq).and_then(|here| here.get(&me))
    }

    /// Sends a replica that stands at `stable` the certificate of a later checkpoint, and this replica's latest
    /// votes for checkpoints that are not stable yet.
    pub(super) fn resend(&self, me: ReplicaId, to: ReplicaId, stable: SeqNum, out: &mut Actions) {
        const VOTES_MAX: usize = 2;
        let certificate = self.stable.iter().filter(|held| held.seq > stable);
        let certificate = certificate.cloned().map(Message::Stable);
        let votes = self.votes.range(stable.next()..).rev().filter_map(|(_, here)| here.get(&me));
        let votes = votes.take(VOTES_MAX).cloned().map(Message::Checkpoint);
        out.extend(certificate.chain(votes).map(|message| Action::Send { to, message }));
    }

    /// Makes a certificate the stable one and forgets the votes up to it; false if it is not later.
    pub(super) fn adopt(&mut self, certificate: CheckpointCertificate) -> bool {
        let current = self.stable.as_ref().map_or(SeqNum::ZERO, |held| held.seq);
        if certificate.seq <= current {
            return false;
        }
        self.votes = self.votes.split_off(&certificate.seq.next());
        self.stable = Some(certificate);
        true
    }
}
