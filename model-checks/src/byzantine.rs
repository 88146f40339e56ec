//! The Byzantine replica as part of the world: whatever it could sign may arrive anywhere, any time.
//!
//! In: what honest replicas sent. Out: every message that the faulty replica can make from it with
//! its own key, within the bounds of a model. Refuses to know: states. It has none, so it costs the
//! exploration nothing, and it may tell every replica something else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use consensus::certificate::{Commit, CommitCertificate, Decision};
use consensus::classic::message::{Message, NewView, Propose, ViewChange};
use consensus::classic::prepared::{PrePrepare, Prepare, PreparedCertificate};
use consensus::ids::{Digest, ReplicaId, SeqNum, View};
use consensus::keys::{Signed, Signer};
use consensus::request::{Proposal, Submission};

use crate::evidence::{Evidence, POSITION};
use crate::properties::primary;

/// PREPAREs beside the proposal in a prepared certificate of four replicas.
const PREPARES: usize = 2;
/// Votes in every other certificate.
const VOTES: usize = 3;

/// A faulty replica and what it may talk about.
#[derive(Clone, Debug)]
pub struct Byzantine {
    id: ReplicaId,
    signer: Signer,
    last_view: u64,
    /// The batches it proposes where it is primary.
    batches: Vec<Arc<Proposal>>,
    /// Every digest anybody can propose in this model.
    digests: Vec<Digest>,
    /// Makes one certificate for all quorums that prove the same; without it, every one is made.
    stand_ins: Option<Evidence>,
}

/// What honest replicas have said, sorted by what can be made of it.
#[derive(Debug, Default)]
struct Heard {
    proposals: BTreeMap<(View, Digest), Signed<PrePrepare>>,
    batches: BTreeMap<Digest, Arc<Proposal>>,
    prepares: BTreeMap<(View, Digest), BTreeMap<ReplicaId, Signed<Prepare>>>,
    commits: BTreeMap<(View, Digest), BTreeMap<ReplicaId, Signed<Commit>>>,
    changes: BTreeMap<View, Vec<Arc<Signed<ViewChange>>>>,
}

impl Byzantine {
    /// The faulty replica `id`. It proposes two batches of `submission` that differ in their context;
    /// `built` are the digests that honest primaries propose.
    pub fn new(
        id: ReplicaId,
        signer: Signer,
        last_view: u64,
        submission: &Submission,
        built: Vec<Digest>,
        stand_ins: Option<Evidence>,
    ) -> Self {
        let batch = |context: &[u8]| {
            Arc::new(Proposal::new(id, context.to_vec(), vec![submission.clone()]))
        };
        let batches = vec![batch(b"a"), batch(b"b")];
        let own = batches.iter().map(|proposal| proposal.batch.digest());
        let digests = own.chain(built).collect();
        Self { id, signer, last_view, batches, digests, stand_ins }
    }

    /// The digests of its own batches.
    pub fn own_digests(&self) -> Vec<Digest> {
        self.batches.iter().map(|proposal| proposal.batch.digest()).collect()
    }

    /// What it can say at any time.
    pub fn always(&self) -> Vec<Message> {
        let mut messages: Vec<_> = self.batches.iter().cloned().map(Message::Proposal).collect();
        for view in (0..=self.last_view).map(View::new) {
            if view > View::ZERO {
                messages.push(self.change(view, None));
            }
            if self.leads(view) {
                messages.extend(self.batches.iter().map(|proposal| {
                    let pre_prepare = self.pre_prepare(view, proposal.batch.digest());
                    Message::Propose(Propose { pre_prepare, proposal: proposal.clone() })
                }));
            }
            for digest in self.digests.iter().copied() {
                if !self.leads(view) {
                    messages.push(Message::Prepare(self.prepare(view, digest)));
                }
                messages.push(Message::Commit(self.commit(view, digest)));
            }
        }
        messages
    }

    /// What it can make of messages of honest replicas.
    pub fn given<'a>(&self, sent: impl Iterator<Item = &'a Message>) -> Vec<Message> {
        let heard = Heard::from_messages(sent);
        let mut messages = self.decisions(&heard);
        let certificates = self.certificates(&heard);
        let mut own: BTreeMap<View, Vec<Arc<Signed<ViewChange>>>> = BTreeMap::new();
        for view in (1..=self.last_view).map(View::new) {
            let before = certificates.iter().filter(|held| held.view() < view);
            let claims = before.map(|held| self.change(view, Some(held.clone())));
            for change in claims.chain([self.change(view, None)]) {
                let Message::ViewChange(vote) = &change else { continue };
                own.entry(view).or_default().push(vote.clone());
                messages.push(change);
            }
        }
        for (view, own) in own.into_iter().filter(|(view, _)| self.leads(*view)) {
            let honest = heard.changes.get(&view).map_or(&[][..], Vec::as_slice);
            messages.extend(self.new_views(view, &own, honest));
        }
        messages
    }

    /// Prepared certificates of votes that exist.
    fn certificates(&self, heard: &Heard) -> Vec<PreparedCertificate> {
        let mut certificates = Vec::new();
        for ((view, digest), honest) in &heard.prepares {
            let own = self.leads(*view).then(|| self.pre_prepare(*view, *digest));
            let pre_prepare = own.or_else(|| heard.proposals.get(&(*view, *digest)).cloned());
            let mut votes = honest.clone();
            if !self.leads(*view) {
                votes.insert(self.id, self.prepare(*view, *digest));
            }
            let Some(pre_prepare) = pre_prepare else { continue };
            let quorums = subsets(&votes.into_values().collect::<Vec<_>>(), PREPARES);
            match &self.stand_ins {
                Some(evidence) if !quorums.is_empty() => {
                    certificates.push(evidence.certificate(*view, *digest));
                }
                Some(_) => {}
                None => certificates.extend(quorums.into_iter().map(|prepares| {
                    PreparedCertificate { pre_prepare: pre_prepare.clone(), prepares }
                })),
            }
        }
        certificates
    }

    /// Decisions that honest replicas voted for but need not have seen.
    fn decisions(&self, heard: &Heard) -> Vec<Message> {
        let mut messages = Vec::new();
        for ((view, digest), honest) in &heard.commits {
            let known = self.batches.iter().find(|p| p.batch.digest() == *digest);
            let Some(proposal) = known.or_else(|| heard.batches.get(digest)) else { continue };
            let mut votes = honest.clone();
            votes.insert(self.id, self.commit(*view, *digest));
            let mut quorums = subsets(&votes.into_values().collect::<Vec<_>>(), VOTES);
            if let Some(evidence) = &self.stand_ins
                && !quorums.is_empty()
            {
                quorums = vec![evidence.commits(*view, *digest)];
            }
            for commits in quorums {
                let (view, seq, digest) = (*view, POSITION, *digest);
                let certificate = CommitCertificate { view, seq, digest, commits };
                let proposal = Some(proposal.clone());
                messages.push(Message::Decisions(vec![Decision { certificate, proposal }]));
            }
        }
        messages
    }

    /// NEW-VIEWs on any quorum of view changes: the one that follows, and lies that do not.
    fn new_views(
        &self,
        view: View,
        own: &[Arc<Signed<ViewChange>>],
        honest: &[Arc<Signed<ViewChange>>],
    ) -> Vec<Message> {
        let mut shown = subsets(honest, VOTES);
        for mine in own {
            let with_mine = subsets(honest, VOTES - 1).into_iter().map(|mut votes| {
                votes.push(mine.clone());
                votes.sort_by_key(|vote| vote.from);
                votes
            });
            shown.extend(with_mine);
        }
        if let Some(evidence) = &self.stand_ins {
            let claims: BTreeSet<_> = shown.iter().map(|votes| follows(votes)).collect();
            shown = claims.into_iter().map(|claim| evidence.view_changes(view, claim)).collect();
        }
        let mut messages = Vec::new();
        for view_changes in shown {
            let follows = follows(&view_changes).map(|(_, digest)| digest);
            let lie = self.batches[0].batch.digest();
            let lies = [None, Some(lie)].into_iter().filter(|other| *other != follows);
            for chosen in [follows].into_iter().chain(lies) {
                let pre_prepares = chosen.map(|digest| self.pre_prepare(view, digest));
                let pre_prepares = pre_prepares.into_iter().collect();
                let view_changes = view_changes.clone();
                let new_view = NewView { view, view_changes, pre_prepares, from: self.id };
                messages.push(Message::NewView(Arc::new(self.signer.sign(new_view))));
            }
        }
        messages
    }

    fn leads(&self, view: View) -> bool {
        primary(view.get()) == self.id
    }

    fn pre_prepare(&self, view: View, digest: Digest) -> Signed<PrePrepare> {
        self.signer.sign(PrePrepare { view, seq: POSITION, digest, from: self.id })
    }

    fn prepare(&self, view: View, digest: Digest) -> Signed<Prepare> {
        self.signer.sign(Prepare { view, seq: POSITION, digest, from: self.id })
    }

    fn commit(&self, view: View, digest: Digest) -> Signed<Commit> {
        self.signer.sign(Commit { view, seq: POSITION, digest, from: self.id })
    }

    fn change(&self, view: View, prepared: Option<PreparedCertificate>) -> Message {
        Message::ViewChange(Arc::new(self.signer.sign(ViewChange {
            view,
            stable: SeqNum::ZERO,
            checkpoint: None,
            prepared: prepared.into_iter().collect(),
            from: self.id,
        })))
    }
}

impl Heard {
    fn from_messages<'a>(sent: impl Iterator<Item = &'a Message>) -> Self {
        let mut heard = Self::default();
        for message in sent {
            heard.note(message);
        }
        heard.changes.values_mut().for_each(|votes| votes.sort_by_key(|vote| vote.from));
        heard
    }

    fn note(&mut self, message: &Message) {
        match message {
            Message::Propose(propose) => {
                let vote = &propose.pre_prepare;
                self.proposals.insert((vote.view, vote.digest), vote.clone());
                self.batches.insert(vote.digest, propose.proposal.clone());
            }
            Message::Prepare(vote) => {
                let votes = self.prepares.entry((vote.view, vote.digest)).or_default();
                votes.insert(vote.from, vote.clone());
            }
            Message::Commit(vote) => {
                let votes = self.commits.entry((vote.view, vote.digest)).or_default();
                votes.insert(vote.from, vote.clone());
            }
            Message::ViewChange(vote) => {
                self.changes.entry(vote.view).or_default().push(vote.clone());
            }
            Message::NewView(new_view) => {
                for vote in &new_view.pre_prepares {
                    self.proposals.insert((vote.view, vote.digest), vote.clone());
                }
            }
            _ => {}
        }
    }
}

/// What a new view must propose at the one position: the batch of the prepared certificate with the
/// highest view (OSDI '99, section 4.4).
fn follows(view_changes: &[Arc<Signed<ViewChange>>]) -> Option<(View, Digest)> {
    let held = view_changes.iter().flat_map(|vote| &vote.prepared);
    let mut best: Option<&PreparedCertificate> = None;
    for certificate in held {
        if best.is_none_or(|best| best.view() < certificate.view()) {
            best = Some(certificate);
        }
    }
    best.map(|held| (held.view(), held.digest()))
}

/// All choices of `size` elements, each in the order of `all`.
fn subsets<T: Clone>(all: &[T], size: usize) -> Vec<Vec<T>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let Some((first, rest)) = all.split_first() else { return Vec::new() };
    let with = subsets(rest, size - 1).into_iter().map(|mut chosen| {
        chosen.insert(0, first.clone());
        chosen
    });
    with.chain(subsets(rest, size)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three of four: the four that leave one out, in order.
    #[test]
    fn subsets_are_all_choices_in_order() {
        let expected = [[1, 2, 3], [1, 2, 4], [1, 3, 4], [2, 3, 4]];
        assert_eq!(subsets(&[1, 2, 3, 4], 3), expected);
        assert!(subsets(&[1, 2], 3).is_empty());
    }
}
