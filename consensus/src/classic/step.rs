//! The one door: every event goes in here, and whatever has become possible is done before it closes.
//!
//! In: events. Out: actions. Refuses to know: nothing of the replica; everything of the world.

use std::sync::Arc;

use crate::action::Action;
use crate::event::{Event, Timer};
use crate::ids::{ReplicaId, View};
use crate::keys::Verified;
use crate::protocol::{Protocol, Standing};
use crate::reject::Reject;
use crate::request::Submission;

use super::evidence::{Evidence, Objection};
use super::message::Message;
use super::record::Record;
use super::replica::{Actions, Config, Replica, Stage, Watch};

impl Replica {
    /// Takes a message in. One that contradicts an earlier statement of its author does not count; the first such
    /// pair of its kind is handed over as evidence, later ones are refused.
    fn take_in(&mut self, message: Verified<Message>, out: &mut Actions) -> Result<(), Reject> {
        match self.dispatch(message, out) {
            Ok(()) => Ok(()),
            Err(Objection::Refused(reject)) => Err(reject),
            Err(Objection::Contradiction(evidence)) => {
                let (from, (_, seq), before) = (evidence.accused(), evidence.place(), out.len());
                self.accuse_all([*evidence], out);
                let new = out.len() > before;
                if new { Ok(()) } else { Err(Reject::Equivocation { from, seq }) }
            }
        }
    }

    fn dispatch(&mut self, message: Verified<Message>, out: &mut Actions) -> Result<(), Objection> {
        // A replica knows its own statements from its records; one that comes back was signed by another self.
        if author(&message) == Some(self.seat.id) {
            return Err(Reject::OwnStatement(message.name()).into());
        }
        if let Some((from, view)) = voter(&message)
            && self.is_early(view)?
        {
            let room = self.early.hold(from, view, message);
            let current = self.view();
            return if room {
                Ok(())
            } else {
                Err(Reject::WrongView { got: view, current }.into())
            };
        }
        match message.into_inner() {
            Message::Request(submission) => Ok(self.on_request(submission, out)?),
            Message::Propose(propose) => self.on_propose(propose, out),
            Message::Prepare(vote) => {
                let seq = vote.seq;
                self.ordering.prepare(&self.seat, self.view(), vote)?;
                self.advance(seq, out);
                Ok(())
            }
            Message::Commit(vote) => self.on_commit(vote, out),
            Message::Checkpoint(vote) => self.on_checkpoint(vote, out),
            Message::ViewChange(vote) => self.on_view_change(vote, out),
            Message::NewView(new_view) => self.on_new_view(new_view, out),
            Message::Status(status) => {
                self.on_status(&status, out);
                Ok(())
            }
            Message::Fetch(fetch) => {
                self.on_fetch(&fetch, out);
                Ok(())
            }
            Message::Proposal(proposal) => {
                self.ordering.supply(&self.seat, proposal, out)?;
                Ok(())
            }
            Message::Decisions(decisions) => Ok(self.on_decisions(decisions, out)?),
            Message::Stable(certificate) => {
                certificate.check(self.seat.committee)?;
                self.stabilise(certificate, out);
                Ok(())
            }
            Message::Read(read) => Ok(self.on_read(read, out)?),
            Message::Offer(offer) => Ok(self.on_offer(offer, out)?),
            Message::Chunk(chunk) => Ok(self.on_chunk(chunk, out)?),
        }
    }

    /// Whether a vote is for a view that has not begun here. Votes of earlier views are refused.
    fn is_early(&self, got: View) -> Result<bool, Reject> {
        match self.stage {
            Stage::Active(current) if got == current => Ok(false),
            Stage::Changing(target) if got < target => Err(Reject::ChangingView { target }),
            Stage::Active(current) if got < current => Err(Reject::WrongView { got, current }),
            Stage::Active(_) | Stage::Changing(_) => Ok(true),
        }
    }

    fn on_expired(&mut self, timer: Timer, out: &mut Actions) {
        match timer {
            Timer::Status => self.on_tick(out),
            // An expiry that was on its way when the timer was disarmed means nothing.
            Timer::View if self.watch.is_none() => {}
            Timer::View => {
                self.watch = None;
                self.leave_for(self.view().next(), out);
            }
        }
    }

    /// Whatever happened: does what has become possible.
    fn settle(&mut self, out: &mut Actions) {
        let weak = self.seat.committee.weak();
        while let Some(view) = self.changes.joinable(self.view(), weak) {
            self.leave_for(view, out);
        }
        if let Stage::Changing(view) = self.stage
            && self.seat.leads(view)
            && let Some(new_view) = self.changes.try_new_view(&self.seat, view)
        {
            self.enter(Arc::new(self.seat.sign(new_view)), out);
        }
        if let Stage::Active(view) = self.stage {
            for message in self.early.take(view) {
                // A refused early message is as good as lost; its author repeats what matters.
                let _ = self.take_in(message, out);
            }
        }
        while let Some(skipped) = self.execution.next(out) {
            self.after_execution(&skipped, false, out);
        }
        if let Some(peer) = self.catch_up.follow_up(self.execution.executed()) {
            self.ask_decisions(peer, out);
        }
        self.try_build(out);
        self.set_timer(out);
    }

    /// OSDI '99, 4.5.2: a backup times the request that has waited longest, or the new view once a quorum asks
    /// for it. A primary does not suspect itself.
    fn set_timer(&mut self, out: &mut Actions) {
        let wanted = match self.stage {
            Stage::Active(view) if self.seat.leads(view) => None,
            Stage::Active(view) => self.pool.first().map(|place| Watch::Request(view, place)),
            Stage::Changing(view) => {
                let quorum = self.changes.support(view) >= self.seat.committee.quorum();
                quorum.then_some(Watch::NewView(view))
            }
        };
        if wanted == self.watch {
            return;
        }
        self.watch = wanted;
        let timer = Timer::View;
        out.push(match wanted {
            Some(_) => Action::Arm { timer, after: self.seat.limits.view_timeout(self.attempts) },
            None => Action::Disarm { timer },
        });
    }
}

/// Whose statement a message is; none if it is one that anybody may pass on.
fn author(message: &Message) -> Option<ReplicaId> {
    match message {
        Message::Propose(propose) => Some(propose.pre_prepare.from),
        Message::Prepare(vote) => Some(vote.from),
        Message::Commit(vote) => Some(vote.from),
        Message::Checkpoint(vote) => Some(vote.from),
        Message::ViewChange(vote) => Some(vote.from),
        Message::Status(status) => Some(status.from),
        Message::Fetch(fetch) => Some(fetch.from),
        Message::Offer(offer) => Some(offer.from),
        Message::Chunk(chunk) => Some(chunk.from),
        Message::Request(_)
        | Message::NewView(_)
        | Message::Proposal(_)
        | Message::Decisions(_)
        | Message::Stable(_)
        | Message::Read(_) => None,
    }
}

/// Author and view of a vote that counts in one view only.
fn voter(message: &Message) -> Option<(ReplicaId, View)> {
    match message {
        Message::Propose(propose) => Some((propose.pre_prepare.from, propose.pre_prepare.view)),
        Message::Prepare(vote) => Some((vote.from, vote.view)),
        Message::Commit(vote) => Some((vote.from, vote.view)),
        _ => None,
    }
}

impl Protocol for Replica {
    type Message = Message;
    type Record = Record;
    type Evidence = Evidence;
    type Config = Config;

    fn new(config: Config, records: Vec<Record>) -> Self {
        Self::build(config, records)
    }

    fn records(&self) -> Vec<Record> {
        self.essence()
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions) -> Result<(), Reject> {
        match event {
            Event::Started => self.on_started(out),
            Event::Received(message) => self.take_in(message, out)?,
            Event::Expired(timer) => self.on_expired(timer, out),
            Event::Built { proposal } => self.on_built(proposal, out)?,
            Event::Validated { digest, verdict } => self.on_validated(digest, verdict, out)?,
            Event::Executed { seq, state, outcomes, checkpoint } => {
                self.on_executed((seq, state, checkpoint), outcomes, out)?;
            }
            Event::Answered { client, timestamp, result } => {
                self.on_answered(client, timestamp, result, out)?;
            }
            Event::Exported { seq, chunks } => self.on_exported(seq, chunks)?,
            Event::Installed { seq, state } => self.on_installed(seq, state, out)?,
            Event::Recalled { to, decisions } => self.on_recalled(to, decisions, out),
        }
        self.settle(out);
        Ok(())
    }

    fn id(&self) -> ReplicaId {
        self.seat.id
    }

    fn standing(&self) -> Standing {
        self.stands()
    }

    fn submit(submission: Submission) -> Message {
        Message::Request(submission)
    }
}
