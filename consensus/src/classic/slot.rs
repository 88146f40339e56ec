//! One position of the order: the votes of the current view, and what earlier views proved about it.
//!
//! In: votes that were admitted. Out: what they add up to. Refuses to know: whose turn it is, and which view it
//! is; its owner resets the votes when a view begins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evidence::{Evidence, Objection, Pair};
use super::prepared::{PrePrepare, Prepare, PreparedCertificate};
use crate::certificate::{Commit, CommitCertificate, Decision};
use crate::ids::{Digest, ReplicaId, SeqNum, View};
use crate::keys::Signed;
use crate::request::Proposal;

/// The state of one position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    /// The primary's proposal in the current view.
    pre_prepare: Option<Signed<PrePrepare>>,
    /// PREPAREs of the current view, the first of each backup.
    prepares: BTreeMap<ReplicaId, Signed<Prepare>>,
    /// COMMITs of the current view, the first of each replica.
    commits: BTreeMap<ReplicaId, Signed<Commit>>,
    /// What this replica voted for here, in any view: by digest, of the latest view. Whatever prepares anywhere has
    /// f+1 honest voters, and one of them has to produce its batch for as long as a new view may propose it again.
    cast: BTreeMap<Digest, Signed<PrePrepare>>,
    /// Whether this replica cast its COMMIT in the current view.
    pub(super) committed: bool,
    /// The prepared certificate of the highest view in which anything prepared here.
    prepared: Option<PreparedCertificate>,
    /// Batches that were proposed here, by digest.
    proposals: BTreeMap<Digest, Held>,
    /// Those of them that the application found acceptable.
    acceptable: BTreeSet<Digest>,
    /// Whether the proposal came with the new view rather than from its primary alone.
    reproposed: bool,
    /// Whether a decision was handed on.
    pub(super) decided: bool,
}

/// A batch at hand, and the name of the question whether it is acceptable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    proposal: Arc<Proposal>,
    question: Digest,
}

impl Slot {
    /// The primary's proposal in the current view.
    pub(super) fn pre_prepare(&self) -> Option<&Signed<PrePrepare>> {
        self.pre_prepare.as_ref()
    }

    /// The best proof that something prepared here.
    pub(super) fn prepared(&self) -> Option<&PreparedCertificate> {
        self.prepared.as_ref()
    }

    /// What this replica voted for here, in any view.
    pub(super) fn cast(&self) -> impl Iterator<Item = &Signed<PrePrepare>> {
        self.cast.values()
    }

    /// Whether this replica cast its first vote in the current view.
    pub(super) fn has_voted(&self) -> bool {
        let earlier = |now: &Signed<PrePrepare>| self.cast.get(&now.digest).map(|cast| cast.view);
        self.pre_prepare.as_ref().is_some_and(|now| earlier(now) == Some(now.view))
    }

    /// Stores that this replica voted for a proposal.
    pub(super) fn vote_for(&mut self, pre_prepare: Signed<PrePrepare>) {
        self.cast.insert(pre_prepare.digest, pre_prepare);
    }

    /// Whether this pre-prepare could be accepted: true if it is new, false if it is known.
    ///
    /// # Errors
    ///
    /// A contradiction if the primary proposed something else here in this view.
    pub(super) fn admit(&self, pre_prepare: &Signed<PrePrepare>) -> Result<bool, Objection> {
        match &self.pre_prepare {
            Some(earlier) if earlier.digest == pre_prepare.digest => Ok(false),
            Some(earlier) => {
                let (first, second) = (earlier.clone(), pre_prepare.clone());
                Err(Evidence::Proposals(Pair { first, second }).into())
            }
            None => Ok(true),
        }
    }

    /// Stores the primary's proposal of the current view.
    pub(super) fn propose(&mut self, pre_prepare: Signed<PrePrepare>) {
        self.pre_prepare = Some(pre_prepare);
    }

    /// Stores a PREPARE; false if it is known.
    ///
    /// # Errors
    ///
    /// A contradiction if this backup prepared something else here in this view.
    pub(super) fn prepare(&mut self, vote: Signed<Prepare>) -> Result<bool, Objection> {
        match self.prepares.get(&vote.from) {
            Some(earlier) if earlier.digest == vote.digest => Ok(false),
            Some(earlier) => {
                Err(Evidence::Prepares(Pair { first: earlier.clone(), second: vote }).into())
            }
            None => {
                self.prepares.insert(vote.from, vote);
                Ok(true)
            }
        }
    }

    /// Stores a COMMIT; false if it is known.
    ///
    /// # Errors
    ///
    /// A contradiction if this replica committed something else here in this view.
    pub(super) fn commit(&mut self, vote: Signed<Commit>) -> Result<bool, Objection> {
        match self.commits.get(&vote.from) {
            Some(earlier) if earlier.digest == vote.digest => Ok(false),
            Some(earlier) => {
                Err(Evidence::Commits(Pair { first: earlier.clone(), second: vote }).into())
            }
            None => {
                self.commits.insert(vote.from, vote);
                Ok(true)
            }
        }
    }

    /// The COMMIT of `from` in the view whose votes are here.
    pub(super) fn commit_of(&self, from: ReplicaId) -> Option<&Signed<Commit>> {
        self.commits.get(&from)
    }

    /// Collects how the votes inside a certificate of somebody else contradict those seen here.
    pub(super) fn compare_prepared(&self, shown: &PreparedCertificate, found: &mut Vec<Evidence>) {
        let held = self.prepared.iter();
        let proposals = self.pre_prepare.iter().chain(self.cast.values());
        let proposals = proposals.chain(held.clone().map(|held| &held.pre_prepare));
        let is_other = |known: &PrePrepare| {
            known.view == shown.view()
                && known.from == shown.pre_prepare.from
                && known.digest != shown.digest()
        };
        if let Some(first) = proposals.into_iter().find(|known| is_other(known)).cloned() {
            let second = shown.pre_prepare.clone();
            found.push(Evidence::Proposals(Pair { first, second }));
        }
        let votes = self.prepares.values().chain(held.flat_map(|held| &held.prepares));
        for first in votes.filter(|v| v.view == shown.view() && v.digest != shown.digest()) {
            let second = shown.prepares.iter().find(|second| second.from == first.from);
            found.extend(
                second
                    .cloned()
                    .map(|second| Evidence::Prepares(Pair { first: first.clone(), second })),
            );
        }
    }

    /// Collects how the votes inside a decision contradict those seen here.
    pub(super) fn compare_commits(&self, shown: &CommitCertificate, found: &mut Vec<Evidence>) {
        for second in &shown.commits {
            let first = self.commits.get(&second.from);
            let clash = first.filter(|v| v.view == second.view && v.digest != second.digest);
            found.extend(
                clash
                    .cloned()
                    .map(|first| Evidence::Commits(Pair { first, second: second.clone() })),
            );
        }
    }

    /// This replica's own votes in the current view, for sending them again.
    pub(super) fn own_votes(
        &self,
        me: ReplicaId,
    ) -> (Option<&Signed<Prepare>>, Option<&Signed<Commit>>) {
        (self.prepares.get(&me), self.commits.get(&me))
    }

    /// The certificate that the current votes make, if they do.
    ///
    /// OSDI '99, 4.2: `prepared` needs the pre-prepare and 2f matching PREPAREs of different backups; for any n
    /// that is quorum - 1.
    pub(super) fn try_prepared(&self, quorum: usize) -> Option<PreparedCertificate> {
        let pre_prepare = self.pre_prepare.as_ref()?;
        let matching = self.prepares.values().filter(|vote| vote.digest == pre_prepare.digest);
        let prepares: Vec<_> = matching.take(quorum - 1).cloned().collect();
        let complete = prepares.len() == quorum - 1;
        complete.then(|| PreparedCertificate { pre_prepare: pre_prepare.clone(), prepares })
    }

    /// Keeps a prepared certificate if it is of a later view than the one held.
    pub(super) fn keep(&mut self, certificate: PreparedCertificate) {
        if self.prepared.as_ref().is_none_or(|held| held.view() < certificate.view()) {
            self.prepared = Some(certificate);
        }
    }

    /// The digest that a quorum of COMMITs of the current view names.
    pub(super) fn committed_digest(&self, quorum: usize) -> Option<Digest> {
        let mut tally = BTreeMap::new();
        for vote in self.commits.values() {
            *tally.entry(vote.digest).or_insert(0) += 1;
        }
        // Two quorums share an honest replica, which votes once, so at most one digest gets there.
        tally.into_iter().find(|(_, votes)| *votes >= quorum).map(|(digest, _)| digest)
    }

    /// The decision that the current COMMITs make, if they do and the batch is here with private parts that
    /// the application found to be the committed ones.
    pub(super) fn decision(&self, view: View, seq: SeqNum, quorum: usize) -> Option<Decision> {
        let digest = self.committed_digest(quorum).filter(|digest| self.may_vote_for(digest))?;
        let proposal = self.proposal(&digest).cloned();
        let matching = self.commits.values().filter(|vote| vote.digest == digest);
        let commits = matching.take(quorum).cloned().collect();
        let certificate = CommitCertificate { view, seq, digest, commits };
        Some(Decision { certificate, proposal })
    }

    /// The batch with this digest.
    pub(super) fn proposal(&self, digest: &Digest) -> Option<&Arc<Proposal>> {
        self.proposals.get(digest).map(|held| &held.proposal)
    }

    /// Stores a batch.
    pub(super) fn supply(&mut self, digest: Digest, proposal: Arc<Proposal>) {
        let question = proposal.question(&digest);
        self.proposals.insert(digest, Held { proposal, question });
    }

    /// The name of the question whether the batch with this digest is acceptable, and the batch.
    pub(super) fn question(&self, digest: &Digest) -> Option<(Digest, Arc<Proposal>)> {
        self.proposals.get(digest).map(|held| (held.question, held.proposal.clone()))
    }

    /// The batch that a question is about, if its answer is outstanding, and the batch's digest.
    pub(super) fn in_question(&self, question: &Digest) -> Option<(Digest, Arc<Proposal>)> {
        let open = self.proposals.iter().filter(|(digest, _)| !self.may_vote_for(digest));
        let mut asked = open.filter(|(_, held)| held.question == *question);
        asked.next().map(|(digest, held)| (*digest, held.proposal.clone()))
    }

    /// Stores that the application lets this batch be prepared.
    pub(super) fn accept(&mut self, digest: Digest) {
        self.acceptable.insert(digest);
    }

    /// Drops a batch that the application refused.
    pub(super) fn withdraw(&mut self, digest: &Digest) {
        self.proposals.remove(digest);
    }

    /// Whether the clock bound applies to the batch: not if a new view or a quorum stands behind it.
    pub(super) fn is_fresh(&self, digest: &Digest, quorum: usize) -> bool {
        !self.reproposed && self.committed_digest(quorum) != Some(*digest)
    }

    /// Whether this replica may vote for `digest`: the null request always, a batch once it is here and the
    /// application found it acceptable.
    pub(super) fn may_vote_for(&self, digest: &Digest) -> bool {
        digest.is_null() || self.acceptable.contains(digest)
    }

    /// A digest that this replica needs the batch of: proposed or committed here, and not at hand.
    pub(super) fn missing(&self, quorum: usize) -> Option<Digest> {
        let proposed = self.pre_prepare.as_ref().map(|pre_prepare| pre_prepare.digest);
        let wanted = self.committed_digest(quorum).filter(|_| !self.decided).or(proposed)?;
        (!wanted.is_null() && !self.proposals.contains_key(&wanted)).then_some(wanted)
    }

    /// Starts over for a new view: votes go, proofs stay, and so do the batches that this replica voted for.
    pub(super) fn begin_view(&mut self, pre_prepare: Option<Signed<PrePrepare>>) {
        let wanted: BTreeSet<Digest> = pre_prepare
            .iter()
            .map(|pre_prepare| pre_prepare.digest)
            .chain(self.cast.keys().copied())
            .collect();
        self.proposals.retain(|digest, _| wanted.contains(digest));
        self.acceptable.retain(|digest| wanted.contains(digest));
        self.reproposed = pre_prepare.is_some();
        self.pre_prepare = pre_prepare;
        self.prepares.clear();
        self.commits.clear();
        self.committed = false;
    }
}
