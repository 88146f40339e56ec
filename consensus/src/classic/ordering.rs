//! The normal case: pre-prepare, prepare, commit, for several positions at once.
//!
//! In: proposals and votes of the current view. Out: `Persist`, `Broadcast`, `Validate`, decisions. Refuses to
//! know: why a view began, what a batch means, what was executed.
//!
//! Source: OSDI '99, section 4.2. Departure: an application looks at a batch before its PREPARE leaves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evidence::{Evidence, Objection, hides};
use super::message::{Fetch, Message, Missing, Propose, ViewChange};
use super::prepared::{PrePrepare, Prepare, PreparedCertificate};
use super::record::Record;
use super::seat::Seat;
use super::slot::Slot;
use super::window::Window;
use crate::action::Action;
use crate::certificate::{Commit, CommitCertificate, Decision};
use crate::event::Verdict;
use crate::ids::{Digest, ReplicaId, SeqNum, View};
use crate::keys::Signed;
use crate::reject::{Reject, Unasked};
use crate::request::Proposal;

/// What ordering emits.
type Actions = Vec<Action<Message, Record, Evidence>>;

/// All open positions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ordering {
    window: Window,
    slots: BTreeMap<SeqNum, Slot>,
    /// The highest position proposed in the current view, or the low watermark.
    last: SeqNum,
}

impl Ordering {
    /// Nothing proposed yet.
    pub(super) fn new(span: u64) -> Self {
        let window = Window::new(SeqNum::ZERO, span);
        Self { window, slots: BTreeMap::new(), last: SeqNum::ZERO }
    }

    /// The watermarks.
    pub(super) fn window(&self) -> Window {
        self.window
    }

    /// The highest position proposed in the current view.
    pub(super) fn last(&self) -> SeqNum {
        self.last
    }

    /// Primary: proposes a batch at the next position and returns that position.
    pub(super) fn propose(
        &mut self,
        seat: &Seat,
        view: View,
        proposal: Proposal,
        out: &mut Actions,
    ) -> SeqNum {
        let seq = self.last.next();
        self.window.admit(seq).expect("batches are built only while the window has room");
        let digest = proposal.batch.digest();
        let pre_prepare = seat.sign(PrePrepare { view, seq, digest, from: seat.id });
        let proposal = Arc::new(proposal);
        let slot = self.slots.entry(seq).or_default();
        slot.supply(digest, proposal.clone());
        slot.accept(digest);
        slot.propose(pre_prepare.clone());
        slot.vote_for(pre_prepare.clone());
        self.last = seq;
        out.push(Action::Persist {
            record: Record::Voted {
                pre_prepare: pre_prepare.clone(),
                proposal: Some(proposal.clone()),
            },
        });
        out.push(Action::Broadcast {
            message: Message::Propose(Propose { pre_prepare, proposal }),
        });
        seq
    }

    /// Backup: takes the primary's proposal and, unless its batch is at hand already, has the application look at
    /// it; false if it is known.
    pub(super) fn accept(
        &mut self,
        seat: &Seat,
        view: View,
        propose: Propose,
        out: &mut Actions,
    ) -> Result<bool, Objection> {
        let Propose { pre_prepare, proposal } = propose;
        let (from, seq, digest) = (pre_prepare.from, pre_prepare.seq, pre_prepare.digest);
        self.window.admit(seq)?;
        let primary = seat.committee.primary(view);
        if from != primary {
            return Err(Reject::NotPrimary { from, primary, view }.into());
        }
        let slot = self.slots.get(&seq);
        let new = slot.is_none_or(|slot| slot.pre_prepare().is_none());
        if let Some(slot) = slot {
            slot.admit(&pre_prepare)?;
        }
        proposal.check(seat.limits.spec())?;
        let named = proposal.batch.proposer;
        // Only what is new must bear the name of this primary: a new view proposes old batches again, and a
        // primary that answers a question about one sends it in this form too.
        if new && named != from {
            return Err(Reject::WrongProposer { from, named }.into());
        }
        let slot = self.slots.entry(seq).or_default();
        if new {
            slot.propose(pre_prepare);
            self.last = self.last.max(seq);
        }
        if slot.proposal(&digest).is_none() {
            slot.supply(digest, proposal);
            validate(slot, &digest, seat, out);
            return Ok(true);
        }
        Ok(new)
    }

    /// Takes a batch that was asked for, because a view began with it or others committed it.
    pub(super) fn supply(
        &mut self,
        seat: &Seat,
        proposal: Arc<Proposal>,
        out: &mut Actions,
    ) -> Result<SeqNum, Reject> {
        let digest = proposal.batch.digest();
        let quorum = seat.committee.quorum();
        let wanting = self.slots.iter_mut().find(|(_, slot)| slot.missing(quorum) == Some(digest));
        let (seq, slot) = wanting.ok_or(Reject::Unasked(Unasked::Proposal(digest)))?;
        proposal.check(seat.limits.spec())?;
        slot.supply(digest, proposal);
        validate(slot, &digest, seat, out);
        Ok(*seq)
    }

    /// Takes the application's verdict; the positions it is about with their batches, none if nobody asked.
    ///
    /// A refused batch is dropped, so that it is asked for again: its private parts are under no digest and may
    /// have been spoilt by whoever sent them.
    pub(super) fn judged(
        &mut self,
        question: Digest,
        verdict: Verdict,
    ) -> Vec<(SeqNum, Arc<Proposal>)> {
        let mut judged = Vec::new();
        for (seq, slot) in &mut self.slots {
            if let Some((digest, proposal)) = slot.in_question(&question) {
                judged.push((*seq, proposal));
                match verdict {
                    Verdict::Acceptable => slot.accept(digest),
                    Verdict::Refused => slot.withdraw(&digest),
                }
            }
        }
        judged
    }

    /// Counts a PREPARE; false if it is known.
    pub(super) fn prepare(
        &mut self,
        seat: &Seat,
        view: View,
        vote: Signed<Prepare>,
    ) -> Result<bool, Objection> {
        self.window.admit(vote.seq)?;
        if vote.from == seat.committee.primary(view) {
            return Err(Reject::PrepareOfPrimary(vote.from).into());
        }
        self.vote(vote.seq, |slot| slot.prepare(vote))
    }

    /// Counts a COMMIT; false if it is known.
    pub(super) fn commit(&mut self, vote: Signed<Commit>) -> Result<bool, Objection> {
        self.window.admit(vote.seq)?;
        self.vote(vote.seq, |slot| slot.commit(vote))
    }

    /// A vote that is refused must not leave an empty slot behind.
    fn vote(
        &mut self,
        seq: SeqNum,
        count: impl FnOnce(&mut Slot) -> Result<bool, Objection>,
    ) -> Result<bool, Objection> {
        count(self.slots.entry(seq).or_default()) // an empty slot refuses nothing
    }

    /// Does everything that the votes at `seq` now allow, and returns the decision they make.
    pub(super) fn advance(
        &mut self,
        seat: &Seat,
        view: View,
        seq: SeqNum,
        out: &mut Actions,
    ) -> Option<Decision> {
        let quorum = seat.committee.quorum();
        let slot = self.slots.get_mut(&seq)?;
        vote_first(slot, seat, out);
        vote_commit(slot, seat, out);
        if slot.decided {
            return None;
        }
        let decision = slot.decision(view, seq, quorum);
        slot.decided = decision.is_some();
        decision
    }

    /// Asks `peer` for every batch that is missing.
    pub(super) fn ask(&self, seat: &Seat, peer: ReplicaId, out: &mut Actions) {
        let quorum = seat.committee.quorum();
        for (seq, slot) in &self.slots {
            if let Some(digest) = slot.missing(quorum) {
                let what = Missing::Proposal(*seq, digest);
                let fetch = seat.sign(Fetch { what, from: seat.id });
                out.push(Action::Send { to: peer, message: Message::Fetch(fetch) });
            }
        }
    }

    /// The batch that `seq` holds under `digest`.
    pub(super) fn proposal(&self, seq: SeqNum, digest: &Digest) -> Option<&Arc<Proposal>> {
        self.slots.get(&seq).and_then(|slot| slot.proposal(digest))
    }

    /// Sends this replica's votes above `executed` to a replica that stands there, for a few positions.
    pub(super) fn resend(&self, seat: &Seat, to: ReplicaId, executed: SeqNum, out: &mut Actions) {
        const POSITIONS_MAX: usize = 8;
        let open = self.slots.range(executed.next()..).take(POSITIONS_MAX);
        for (_, slot) in open {
            let (prepare, commit) = slot.own_votes(seat.id);
            if let Some(pre_prepare) = slot.pre_prepare().filter(|p| p.from == seat.id)
                && let Some(proposal) = slot.proposal(&pre_prepare.digest)
            {
                let (pre_prepare, proposal) = (pre_prepare.clone(), proposal.clone());
                let message = Message::Propose(Propose { pre_prepare, proposal });
                out.push(Action::Send { to, message });
            }
            let prepare = prepare.cloned().map(Message::Prepare);
            let commit = commit.cloned().map(Message::Commit);
            let votes = prepare.into_iter().chain(commit);
            out.extend(votes.map(|message| Action::Send { to, message }));
        }
    }

    /// The COMMIT that a view change of the same replica conceals, if there is one.
    pub(super) fn hidden_by(&self, change: &ViewChange) -> Option<&Signed<Commit>> {
        let above = self.slots.range(change.stable.next()..);
        let mut cast = above.filter_map(|(_, slot)| slot.commit_of(change.from));
        cast.find(|commit| hides(change, commit))
    }

    /// How the votes inside what others prepared contradict those seen here.
    pub(super) fn compare_prepared(&self, shown: &[PreparedCertificate]) -> Vec<Evidence> {
        let mut found = Vec::new();
        for certificate in shown {
            if let Some(slot) = self.slots.get(&certificate.seq()) {
                slot.compare_prepared(certificate, &mut found);
            }
        }
        found
    }

    /// How the votes inside a decision contradict those seen here.
    pub(super) fn compare_commits(&self, shown: &CommitCertificate) -> Vec<Evidence> {
        let mut found = Vec::new();
        if let Some(slot) = self.slots.get(&shown.seq) {
            slot.compare_commits(shown, &mut found);
        }
        found
    }

    /// Whether votes were cast at a position above `executed`.
    pub(super) fn is_open(&self, executed: SeqNum) -> bool {
        self.slots.range(executed.next()..).any(|(_, slot)| !slot.decided)
    }

    /// Decisions were too far ahead to be kept while a state was fetched: the votes at hand make them again.
    pub(super) fn reopen(&mut self) -> Vec<SeqNum> {
        self.slots.values_mut().for_each(|slot| slot.decided = false);
        self.positions()
    }

    /// The low watermark moves up: everything at or below it is forgotten.
    pub(super) fn forget(&mut self, stable: SeqNum) {
        self.window.advance(stable);
        self.slots = self.slots.split_off(&self.window.low().next());
        self.last = self.last.max(self.window.low());
    }

    /// P of a VIEW-CHANGE: what prepared above the stable checkpoint, in order.
    pub(super) fn prepared(&self) -> Vec<PreparedCertificate> {
        self.slots.values().filter_map(|slot| slot.prepared().cloned()).collect()
    }

    /// A view begins with these proposals.
    pub(super) fn begin_view(&mut self, pre_prepares: &[Signed<PrePrepare>]) {
        let mut chosen: BTreeMap<SeqNum, &Signed<PrePrepare>> =
            pre_prepares.iter().map(|pre_prepare| (pre_prepare.seq, pre_prepare)).collect();
        self.last = chosen.keys().next_back().copied().unwrap_or_default().max(self.window.low());
        for (seq, slot) in &mut self.slots {
            slot.begin_view(chosen.remove(seq).cloned());
        }
        for (seq, pre_prepare) in chosen {
            if self.window.admit(seq).is_ok() {
                self.slots.entry(seq).or_default().begin_view(Some(pre_prepare.clone()));
            }
        }
    }

    /// Has the application look at every batch at hand that is proposed and not judged.
    pub(super) fn validate_open(&self, seat: &Seat, out: &mut Actions) {
        for slot in self.slots.values() {
            let proposed = slot.pre_prepare().map(|pre_prepare| pre_prepare.digest);
            if let Some(digest) = proposed.filter(|digest| !slot.may_vote_for(digest)) {
                validate(slot, &digest, seat, out);
            }
        }
    }

    /// The batch that the current view proposes at `seq`, if this replica may vote for it.
    pub(super) fn acceptable(&self, seq: SeqNum) -> Option<Arc<Proposal>> {
        let slot = self.slots.get(&seq)?;
        let digest = slot.pre_prepare()?.digest;
        slot.proposal(&digest).filter(|_| slot.may_vote_for(&digest)).cloned()
    }

    /// The batches at hand that the current view proposes.
    pub(super) fn proposed(&self) -> impl Iterator<Item = &Arc<Proposal>> {
        let digest = |slot: &Slot| slot.pre_prepare().map(|pre_prepare| pre_prepare.digest);
        self.slots.values().filter_map(move |slot| slot.proposal(&digest(slot)?))
    }

    /// All open positions.
    pub(super) fn positions(&self) -> Vec<SeqNum> {
        self.slots.keys().copied().collect()
    }

    /// A restart: the vote was cast before, in `view` or in an earlier one.
    pub(super) fn restore_vote(
        &mut self,
        seat: &Seat,
        view: View,
        pre_prepare: Signed<PrePrepare>,
        proposal: Option<Arc<Proposal>>,
    ) {
        let (seq, digest) = (pre_prepare.seq, pre_prepare.digest);
        if self.window.admit(seq).is_err() {
            return;
        }
        let slot = self.slots.entry(seq).or_default();
        if let Some(proposal) = proposal {
            slot.supply(digest, proposal);
            slot.accept(digest);
        }
        slot.vote_for(pre_prepare.clone());
        if pre_prepare.view == view {
            if pre_prepare.from != seat.id {
                let vote = seat.sign(Prepare { view, seq, digest, from: seat.id });
                slot.prepare(vote).expect("records hold one vote per view and position");
            }
            slot.propose(pre_prepare);
            self.last = self.last.max(seq);
        }
    }

    /// A restart: this prepared before, and the COMMIT may have left.
    pub(super) fn restore_prepared(
        &mut self,
        seat: &Seat,
        view: View,
        certificate: PreparedCertificate,
    ) {
        let (seq, digest) = (certificate.seq(), certificate.digest());
        if self.window.admit(seq).is_err() {
            return;
        }
        let slot = self.slots.entry(seq).or_default();
        if certificate.view() == view {
            let vote = seat.sign(Commit { view, seq, digest, from: seat.id });
            slot.commit(vote).expect("records hold one vote per view and position");
            slot.committed = true;
        }
        slot.keep(certificate);
    }

    /// The records that a restart needs of the open positions.
    pub(super) fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        for slot in self.slots.values() {
            for pre_prepare in slot.cast() {
                let proposal = slot.proposal(&pre_prepare.digest).cloned();
                records.push(Record::Voted { pre_prepare: pre_prepare.clone(), proposal });
            }
            records.extend(slot.prepared().cloned().map(Record::Prepared));
        }
        records
    }
}

/// Has the application look at a batch, if it is at hand.
fn validate(slot: &Slot, batch: &Digest, seat: &Seat, out: &mut Actions) {
    if let Some((digest, proposal)) = slot.question(batch) {
        let fresh = slot.is_fresh(batch, seat.committee.quorum());
        out.push(Action::Validate { digest, proposal, fresh });
    }
}

/// OSDI '99, 4.2: a backup that accepts a pre-prepare multicasts PREPARE. The primary's vote was its proposal.
fn vote_first(slot: &mut Slot, seat: &Seat, out: &mut Actions) {
    let Some(pre_prepare) = slot.pre_prepare().cloned() else { return };
    if slot.has_voted() || !slot.may_vote_for(&pre_prepare.digest) {
        return;
    }
    let PrePrepare { view, seq, digest, from } = pre_prepare.message;
    slot.vote_for(pre_prepare.clone());
    let proposal = slot.proposal(&digest).cloned();
    out.push(Action::Persist { record: Record::Voted { pre_prepare, proposal } });
    if from != seat.id {
        let vote = seat.sign(Prepare { view, seq, digest, from: seat.id });
        let counted = slot.prepare(vote.clone());
        counted.expect("a replica votes once per view and position");
        out.push(Action::Broadcast { message: Message::Prepare(vote) });
    }
}

/// OSDI '99, 4.2: a replica at which the batch prepared multicasts COMMIT.
fn vote_commit(slot: &mut Slot, seat: &Seat, out: &mut Actions) {
    if slot.committed || !slot.has_voted() {
        return;
    }
    let Some(certificate) = slot.try_prepared(seat.committee.quorum()) else { return };
    let (view, seq, digest) = (certificate.view(), certificate.seq(), certificate.digest());
    slot.committed = true;
    slot.keep(certificate.clone());
    let vote = seat.sign(Commit { view, seq, digest, from: seat.id });
    slot.commit(vote.clone()).expect("a replica votes once per view and position");
    out.push(Action::Persist { record: Record::Prepared(certificate) });
    out.push(Action::Broadcast { message: Message::Commit(vote) });
}
