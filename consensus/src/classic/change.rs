//! Leaving a view and entering the next, as the whole replica sees it.
//!
//! In: expired patience, view changes and new views of others. Out: `Persist`, `Broadcast`, and a fresh start of
//! every phase. Refuses to know: what is ordered.
//!
//! Source: OSDI '99, section 4.4.

use std::sync::Arc;

use crate::action::Action;
use crate::ids::View;
use crate::keys::Signed;
use crate::reject::Reject;

use super::evidence::{Evidence, Objection};
use super::message::{Message, NewView, ViewChange};
use super::new_view;
use super::record::Record;
use super::replica::{Actions, Replica, Stage};
use super::view_change::ViewChanges;

impl Replica {
    /// OSDI '99, 4.4: stops taking part in its view and asks for `target`.
    pub(super) fn leave_for(&mut self, target: View, out: &mut Actions) {
        self.stage = Stage::Changing(target);
        self.pool.disappoint(self.execution.clients(), self.seat.limits.spec());
        self.attempts = self.attempts.saturating_add(1);
        let checkpoint = self.checkpoints.stable().cloned();
        let vote = Arc::new(self.seat.sign(ViewChange {
            view: target,
            stable: self.ordering.window().low(),
            checkpoint,
            prepared: self.ordering.prepared(),
            from: self.seat.id,
        }));
        out.push(Action::Persist { record: Record::Left(vote.clone()) });
        out.push(Action::Broadcast { message: Message::ViewChange(vote.clone()) });
        self.changes.record(vote);
    }

    pub(super) fn on_view_change(
        &mut self,
        vote: Arc<Signed<ViewChange>>,
        out: &mut Actions,
    ) -> Result<(), Objection> {
        self.changes.compare(&vote)?;
        let current = self.view();
        let useful = match self.stage {
            Stage::Active(_) => vote.view > current,
            Stage::Changing(_) => vote.view >= current,
        };
        if !useful {
            return Err(Reject::WrongView { got: vote.view, current }.into());
        }
        self.changes.admit(&vote, &self.seat)?;
        self.accuse_all(self.betrayed(&vote), out);
        self.changes.record(vote);
        Ok(())
    }

    pub(super) fn on_new_view(
        &mut self,
        new_view: Arc<Signed<NewView>>,
        out: &mut Actions,
    ) -> Result<(), Objection> {
        self.changes.compare_new(&new_view)?;
        let (got, current) = (new_view.view, self.view());
        let useful = match self.stage {
            Stage::Active(_) => got > current,
            Stage::Changing(_) => got >= current,
        };
        if !useful {
            return Err(Reject::WrongView { got, current }.into());
        }
        ViewChanges::check(&new_view, &self.seat)?;
        self.examine(&new_view.view_changes, out);
        self.enter(new_view, out);
        Ok(())
    }

    /// Looks for lies in the view changes that another replica shows.
    fn examine(&mut self, shown: &[Arc<Signed<ViewChange>>], out: &mut Actions) {
        for vote in shown {
            if let Err(Objection::Contradiction(evidence)) = self.changes.compare(vote) {
                self.accuse_all([*evidence], out);
            }
            self.accuse_all(self.betrayed(vote), out);
        }
    }

    /// What a view change proves against its author, or against the voters in it.
    fn betrayed(&self, vote: &Arc<Signed<ViewChange>>) -> Vec<Evidence> {
        let mut found = self.ordering.compare_prepared(&vote.prepared);
        let hidden = self.ordering.hidden_by(vote).cloned();
        found.extend(hidden.map(|commit| Evidence::HiddenCommit { commit, change: vote.clone() }));
        found
    }

    /// A view begins, at its primary and at every backup alike.
    pub(super) fn enter(&mut self, new_view: Arc<Signed<NewView>>, out: &mut Actions) {
        let view = new_view.view;
        let start = new_view::decide(&new_view.view_changes);
        if let Some(certificate) = start.checkpoint.cloned() {
            self.stabilise(certificate, out);
        }
        out.push(Action::Persist { record: Record::Entered(new_view.clone()) });
        if self.seat.leads(view) {
            out.push(Action::Broadcast { message: Message::NewView(new_view.clone()) });
        }
        self.stage = Stage::Active(view);
        self.ordering.begin_view(&new_view.pre_prepares);
        self.changes.begin(new_view);
        self.pool.disappoint(self.execution.clients(), self.seat.limits.spec());
        self.pool.unassign_all();
        self.assign_proposed();
        self.ordering.validate_open(&self.seat, out);
        self.ordering.ask(&self.seat, self.catch_up.peer(&self.seat), out);
        for seq in self.ordering.positions() {
            self.advance(seq, out);
        }
    }

    /// Requests that the new view proposes again are not to be proposed a second time.
    pub(super) fn assign_proposed(&mut self) {
        for proposal in self.ordering.proposed() {
            for request in &proposal.batch.requests {
                self.pool.assign(&request.client(), request.timestamp);
            }
        }
    }
}
