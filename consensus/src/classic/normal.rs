//! The normal case as the whole replica sees it: from a request to its reply.
//!
//! In: requests, proposals, the application's answers, checkpoint votes. Out: what the phases emit. Refuses to
//! know: view changes.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::certificate::{Checkpoint, Commit};
use crate::event::Verdict;
use crate::ids::{ClientId, Digest, SeqNum, Timestamp};
use crate::keys::Signed;
use crate::reject::{Reject, Unasked};
use crate::request::{Outcome, Proposal, Read, Reply, Submission};

use super::evidence::{Evidence, Objection, hides};
use super::execution::{Executed, answer};
use super::message::{Message, Propose};
use super::pool::Offer;
use super::replica::{Actions, Building, Replica, Stage};

/// A batch is opened beside others once it has this fraction of the requests that fit: each decision costs 2n(n-1)
/// votes and as many signature checks, however few requests it holds.
const WORTHWHILE: usize = 4;

impl Replica {
    pub(super) fn on_request(
        &mut self,
        submission: Submission,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        let request = &submission.request;
        let client = request.client();
        if let Some(served) = self.execution.clients().last(&client) {
            let (got, last) = (request.timestamp, served.timestamp);
            if got == last {
                out.push(answer(self.view(), request, &served.result));
                return Ok(());
            }
            if got < last {
                return Err(Reject::StaleRequest { client, got, last });
            }
        }
        let offer = self.pool.offer(submission.clone(), self.seat.limits.spec())?;
        if let Stage::Active(view) = self.stage
            && offer == Offer::New
            && !self.seat.leads(view)
        {
            let to = self.seat.committee.primary(view);
            out.push(Action::Send { to, message: Message::Request(submission) });
        }
        Ok(())
    }

    /// OSDI '99, 5.1.3: a replica answers a read from the state that it executed, in any view or between two.
    pub(super) fn on_read(&mut self, read: Signed<Read>, out: &mut Actions) -> Result<(), Reject> {
        self.reads.ask(&read, self.seat.limits.spec())?;
        out.push(Action::Query { read: read.message.request });
        Ok(())
    }

    pub(super) fn on_answered(
        &mut self,
        client: ClientId,
        timestamp: Timestamp,
        result: Vec<u8>,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        self.reads.answered(&client, timestamp, &result)?;
        out.push(Action::Reply { reply: Reply { view: self.view(), timestamp, client, result } });
        Ok(())
    }

    pub(super) fn on_propose(
        &mut self,
        propose: Propose,
        out: &mut Actions,
    ) -> Result<(), Objection> {
        let seq = propose.pre_prepare.seq;
        if self.ordering.accept(&self.seat, self.view(), propose, out)? {
            if let Some(proposal) = self.ordering.acceptable(seq) {
                self.pool.expect(seq, &proposal);
            }
            self.advance(seq, out);
        }
        Ok(())
    }

    /// Counts a COMMIT.
    pub(super) fn on_commit(
        &mut self,
        vote: Signed<Commit>,
        out: &mut Actions,
    ) -> Result<(), Objection> {
        let seq = vote.seq;
        let change = self.changes.of(vote.from).filter(|change| hides(change, &vote)).cloned();
        let hidden = change.map(|change| Evidence::HiddenCommit { commit: vote.clone(), change });
        self.ordering.commit(vote)?;
        self.accuse_all(hidden, out);
        self.advance(seq, out);
        Ok(())
    }

    pub(super) fn on_built(
        &mut self,
        proposal: Option<Proposal>,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        if let Some(proposal) = &proposal {
            let (from, named) = (self.seat.id, proposal.batch.proposer);
            if named != from {
                return Err(Reject::WrongProposer { from, named });
            }
            proposal.check(self.seat.limits.spec())?;
        }
        let building = self.building.take().ok_or(Reject::Unasked(Unasked::Built))?;
        let kept = proposal.as_ref().map_or(0, |proposal| proposal.batch.requests.len());
        if kept < building.requests.len() {
            let kept: BTreeSet<ClientId> =
                proposal.iter().flat_map(|p| &p.batch.requests).map(|r| r.client()).collect();
            for (client, timestamp) in building.requests.iter().filter(|(c, _)| !kept.contains(c)) {
                self.pool.done(client, *timestamp); // the application will never admit it
            }
        }
        if let Some(proposal) = proposal
            && self.stage == Stage::Active(building.view)
        {
            let seq = self.ordering.propose(&self.seat, building.view, proposal, out);
            self.advance(seq, out);
        }
        Ok(())
    }

    pub(super) fn on_validated(
        &mut self,
        digest: Digest,
        verdict: Verdict,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        let next = self.execution.judged(digest, verdict);
        let positions = self.ordering.judged(digest, verdict);
        if !next && positions.is_empty() {
            return Err(Reject::Unasked(Unasked::Verdict(digest)));
        }
        for (seq, proposal) in positions {
            if verdict == Verdict::Acceptable {
                // Whoever waits here waits at every backup, so that the next primary knows what it has to order. Not
                // before the application has looked: what no primary would build must not be waited for anywhere.
                self.pool.expect(seq, &proposal);
            }
            self.advance(seq, out);
        }
        Ok(())
    }

    pub(super) fn on_executed(
        &mut self,
        (seq, state, checkpoint): (SeqNum, Digest, bool),
        outcomes: Vec<Outcome>,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        self.execution.admit(seq, &outcomes)?;
        let done = self.execution.executed_as(self.view(), state, outcomes, out);
        self.after_execution(&done, checkpoint, out);
        Ok(())
    }

    /// What every executed position entails, null requests included.
    pub(super) fn after_execution(&mut self, done: &Executed, checkpoint: bool, out: &mut Actions) {
        let batch = done.decision.proposal.as_ref().map(|proposal| &proposal.batch);
        let clients = self.execution.clients();
        self.pool.executed(done.seq, batch, clients, self.seat.limits.spec());
        if done.progress && matches!(self.stage, Stage::Active(_)) {
            self.attempts = 0;
        }
        let periodic = done.seq.get().is_multiple_of(self.seat.limits.spec().checkpoint_interval);
        if let Some(stable) = self.checkpoints.stable().filter(|stable| stable.seq == done.seq) {
            self.confirm(stable, self.execution.state(), self.execution.clients().digest());
        }
        let certified = self.checkpoints.stable().is_some_and(|stable| stable.seq == done.seq);
        if checkpoint || periodic || certified {
            self.export(done.seq, out);
        }
        if (checkpoint || periodic) && self.ordering.window().admit(done.seq).is_ok() {
            let vote = self.seat.sign(Checkpoint {
                seq: done.seq,
                state: self.execution.state(),
                clients: self.execution.clients().digest(),
                from: self.seat.id,
            });
            out.push(Action::Broadcast { message: Message::Checkpoint(vote.clone()) });
            self.on_checkpoint(vote, out).expect("a replica reports each position once");
        }
    }

    pub(super) fn on_checkpoint(
        &mut self,
        vote: Signed<Checkpoint>,
        out: &mut Actions,
    ) -> Result<(), Objection> {
        let window = self.ordering.window();
        if let Some(certificate) = self.checkpoints.count(vote, window, self.seat.committee)? {
            self.stabilise(certificate, out);
        }
        Ok(())
    }

    /// Primary: has the next batch built while fewer than a pipeline of positions are in flight. With nothing in flight
    /// whatever waits goes at once; otherwise requests gather until a further batch is worth its votes.
    pub(super) fn try_build(&mut self, out: &mut Actions) {
        let Stage::Active(view) = self.stage else { return };
        let in_flight = self.ordering.last().above(self.execution.executed());
        let room = in_flight < self.seat.limits.spec().pipeline
            && self.ordering.window().admit(self.ordering.last().next()).is_ok();
        let worthwhile = self.seat.limits.spec().batch_requests.div_ceil(WORTHWHILE);
        let wanted = if in_flight == 0 { 1 } else { worthwhile };
        let ready = self.building.is_none() && self.pool.unassigned_len() >= wanted;
        if !(self.seat.leads(view) && room && ready) {
            return;
        }
        let taken = self.pool.take(self.seat.limits.spec());
        let requests = taken.iter().map(|s| (s.request.client(), s.request.timestamp)).collect();
        self.building = Some(Building { view, requests });
        out.push(Action::Build { requests: taken });
    }
}
