//! Telling the others where this replica stands, asking for what it misses, and answering them.
//!
//! In: ticks, `Status`, `Fetch`, decisions. Out: repeated votes, certificates, decisions. Refuses to know: why
//! something is missing.

use crate::action::Action;
use crate::certificate::Decision;
use crate::event::Timer;
use crate::ids::{ReplicaId, SeqNum};
use crate::reject::{Reject, Unasked};

use super::message::{Fetch, Message, Missing, Status};
use super::replica::{Actions, Replica, Stage};

impl Replica {
    pub(super) fn on_started(&mut self, out: &mut Actions) {
        out.push(Action::Arm { timer: Timer::Status, after: self.seat.limits.status_interval() });
        if let Stage::Active(_) = self.stage {
            self.ordering.validate_open(&self.seat, out);
            for seq in self.ordering.positions() {
                self.advance(seq, out);
            }
        }
        self.try_install(out);
        self.tell(false, out);
    }

    pub(super) fn on_tick(&mut self, out: &mut Actions) {
        let executed = self.execution.executed();
        let stalled = self.catch_up.tick(executed);
        out.push(Action::Arm { timer: Timer::Status, after: self.seat.limits.status_interval() });
        let waits = matches!(self.stage, Stage::Changing(_))
            || self.pool.len() > 0
            || self.ordering.is_open(executed)
            || self.is_behind();
        if (stalled && waits) || self.catch_up.is_idle_turn() {
            self.tell(stalled && waits, out);
        }
        if stalled {
            if self.is_behind() {
                let to = self.catch_up.ask(&self.seat, executed);
                self.ask_decisions(to, out);
            }
            self.ordering.ask(&self.seat, self.catch_up.peer(&self.seat), out);
            self.pass_on(out);
        }
        self.seek_state(stalled, out);
    }

    /// Whether others have executed, or certified, what this replica has not and cannot yet.
    pub(super) fn is_behind(&self) -> bool {
        let reach = self.execution.reach();
        self.ordering.window().low() > reach || self.catch_up.highest_claim() > reach
    }

    pub(super) fn ask_decisions(&self, to: ReplicaId, out: &mut Actions) {
        let what = Missing::Decisions(self.execution.executed().next());
        let fetch = self.seat.sign(Fetch { what, from: self.seat.id });
        out.push(Action::Send { to, message: Message::Fetch(fetch) });
    }

    /// Reminds the primary of the requests that wait longest and stand in no proposal.
    pub(super) fn pass_on(&self, out: &mut Actions) {
        const REMINDERS_MAX: usize = 8;
        if let Stage::Active(view) = self.stage
            && !self.seat.leads(view)
        {
            let to = self.seat.committee.primary(view);
            let waiting = self.pool.unassigned().take(REMINDERS_MAX).cloned();
            out.extend(waiting.map(|s| Action::Send { to, message: Message::Request(s) }));
        }
    }

    pub(super) fn tell(&self, waits: bool, out: &mut Actions) {
        let status = self.seat.sign(Status {
            view: self.view(),
            active: matches!(self.stage, Stage::Active(_)),
            executed: self.execution.executed(),
            stable: self.ordering.window().low(),
            waits,
            from: self.seat.id,
        });
        out.push(Action::Broadcast { message: Message::Status(status) });
    }

    pub(super) fn on_status(&mut self, status: &Status, out: &mut Actions) {
        if !self.catch_up.hears(status) {
            return;
        }
        let to = status.from;
        self.checkpoints.resend(self.seat.id, to, status.stable, out);
        match self.stage {
            Stage::Changing(_) => self.changes.resend_own(self.seat.id, to, out),
            Stage::Active(view) if status.misses(view) => self.changes.resend_current(to, out),
            Stage::Active(view) if view == status.view && status.waits => {
                self.ordering.resend(&self.seat, to, status.executed, out);
            }
            Stage::Active(_) => {}
        }
    }

    pub(super) fn on_fetch(&mut self, fetch: &Fetch, out: &mut Actions) {
        let to = fetch.from;
        if !self.catch_up.may_recall(to) {
            return;
        }
        match fetch.what {
            Missing::Decisions(first) if first <= self.execution.executed() => {
                let most = self.seat.limits.spec().fetch_decisions;
                out.push(Action::Recall { to, first, most });
            }
            Missing::Decisions(_) => {}
            Missing::Manifest(executed) => self.offer(to, executed, out),
            Missing::Chunk(seq, digest) => self.send_chunk(to, (seq, digest), out),
            Missing::Proposal(seq, digest) => {
                let found = self.ordering.proposal(seq, &digest).cloned();
                let message = found.map(Message::Proposal);
                out.extend(message.map(|message| Action::Send { to, message }));
            }
        }
    }

    pub(super) fn on_decisions(
        &mut self,
        decisions: Vec<Decision>,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        let first = decisions.first().map_or(SeqNum::ZERO, Decision::seq);
        let last = decisions.last().map_or(SeqNum::ZERO, Decision::seq);
        for Decision { certificate, proposal } in &decisions {
            certificate.check(self.seat.committee)?;
            // Private parts are under no digest: there may be too few of them, or too long ones.
            if let Some(proposal) = proposal {
                proposal.check(self.seat.limits.spec())?;
            }
        }
        let mut wanted = false;
        for decision in decisions {
            let found = self.ordering.compare_commits(&decision.certificate);
            let taken = self.execution.caught_up(decision);
            if taken {
                self.accuse_all(found, out);
            }
            wanted |= taken;
        }
        if !wanted {
            return Err(Reject::Unasked(Unasked::Decisions(first)));
        }
        self.catch_up.answered_up_to(last);
        Ok(())
    }

    pub(super) fn on_recalled(
        &mut self,
        to: ReplicaId,
        decisions: Vec<Decision>,
        out: &mut Actions,
    ) {
        if to == self.seat.id {
            for decision in decisions {
                self.execution.caught_up(decision);
            }
        } else if !decisions.is_empty() {
            out.push(Action::Send { to, message: Message::Decisions(decisions) });
        }
    }
}
