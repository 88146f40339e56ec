//! View change: how the committee replaces a primary that stopped making progress.
//!
//! In: `ViewChange`, `NewView`. Out: which view to join, and the NEW-VIEW that a quorum allows. Refuses to know:
//! timers and ordering; its owner leaves and enters views.
//!
//! Source: OSDI '99, sections 4.4 and 4.5.2. Only the latest view change of each replica is kept: whoever asks
//! for a later view has left the earlier ones for good.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evidence::{Evidence, Objection, Pair};
use super::message::{Message, NewView, ViewChange};
use super::new_view::{check_claims, decide};
use super::prepared::PrePrepare;
use super::record::Record;
use super::seat::Seat;
use crate::action::Action;
use crate::certificate::check_votes;
use crate::ids::{Digest, ReplicaId, SeqNum, View};
use crate::keys::Signed;
use crate::reject::{BadClaim, Reject};

/// What view changes emit.
type Actions = Vec<Action<Message, Record, Evidence>>;

/// The view changes at hand, and how the current view began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct ViewChanges {
    /// The latest of each replica.
    votes: BTreeMap<ReplicaId, Arc<Signed<ViewChange>>>,
    /// What began the current view; none in view 0.
    current: Option<Arc<Signed<NewView>>>,
}

impl ViewChanges {
    /// What began the current view.
    pub(super) fn current(&self) -> Option<&Arc<Signed<NewView>>> {
        self.current.as_ref()
    }

    /// Sends a replica what began the current view.
    pub(super) fn resend_current(&self, to: ReplicaId, out: &mut Actions) {
        let message = self.current.iter().cloned().map(Message::NewView);
        out.extend(message.map(|message| Action::Send { to, message }));
    }

    /// Sends a replica this replica's own view change.
    pub(super) fn resend_own(&self, me: ReplicaId, to: ReplicaId, out: &mut Actions) {
        let message = self.of(me).cloned().map(Message::ViewChange);
        out.extend(message.map(|message| Action::Send { to, message }));
    }

    /// Checks a view change.
    ///
    /// # Errors
    ///
    /// `BadViewChange`, or `WrongView` if its author asked for a later view before.
    pub(super) fn admit(&self, vote: &ViewChange, seat: &Seat) -> Result<(), Reject> {
        let bad = |why| Reject::BadViewChange { from: vote.from, why };
        check_claims(vote, seat.committee, seat.limits.spec().window).map_err(bad)?;
        match self.votes.get(&vote.from) {
            Some(earlier) if earlier.view > vote.view => {
                Err(Reject::WrongView { got: vote.view, current: earlier.view })
            }
            _ => Ok(()),
        }
    }

    /// Compares a view change with what its author said about the same view before.
    ///
    /// # Errors
    ///
    /// A contradiction.
    pub(super) fn compare(&self, vote: &Arc<Signed<ViewChange>>) -> Result<(), Objection> {
        let shown = self.current.iter().flat_map(|new_view| &new_view.view_changes);
        let mut known = self.votes.get(&vote.from).into_iter().chain(shown);
        let same =
            |known: &&Arc<Signed<ViewChange>>| (known.from, known.view) == (vote.from, vote.view);
        match known.find(same) {
            Some(first) if first.message != vote.message => {
                let (first, second) = (first.clone(), vote.clone());
                Err(Evidence::ViewChanges(Pair { first, second }).into())
            }
            _ => Ok(()),
        }
    }

    /// Compares a new view with what began the current one.
    ///
    /// # Errors
    ///
    /// A contradiction.
    pub(super) fn compare_new(&self, new_view: &Arc<Signed<NewView>>) -> Result<(), Objection> {
        let place = (new_view.from, new_view.view);
        match self.current.as_ref().filter(|known| (known.from, known.view) == place) {
            Some(first) if first.message != new_view.message => {
                let (first, second) = (first.clone(), new_view.clone());
                Err(Evidence::NewViews(Pair { first, second }).into())
            }
            _ => Ok(()),
        }
    }

    /// The view change of `from` that is kept.
    pub(super) fn of(&self, from: ReplicaId) -> Option<&Arc<Signed<ViewChange>>> {
        self.votes.get(&from)
    }

    /// Keeps an admitted view change. Of two for one view the first is kept.
    pub(super) fn record(&mut self, vote: Arc<Signed<ViewChange>>) {
        match self.votes.get(&vote.from) {
            Some(earlier) if earlier.view >= vote.view => {}
            _ => {
                self.votes.insert(vote.from, vote);
            }
        }
    }

    /// OSDI '99, 4.5.2: with f+1 view changes for views above one's own, join the smallest of these views.
    pub(super) fn joinable(&self, current: View, weak: usize) -> Option<View> {
        let above: BTreeSet<View> =
            self.votes.values().map(|vote| vote.view).filter(|view| *view > current).collect();
        let voters = self.votes.values().filter(|vote| vote.view > current).count();
        (voters >= weak).then(|| above.first().copied()).flatten()
    }

    /// How many replicas have left all views before `view`. Those that ask for a later one count: they ran out of
    /// patience with `view` too, and would otherwise leave the others waiting without a timer for a quorum that
    /// cannot come about.
    pub(super) fn support(&self, view: View) -> usize {
        self.votes.values().filter(|vote| vote.view >= view).count()
    }

    /// New primary: the NEW-VIEW that the view changes at hand allow.
    pub(super) fn try_new_view(&self, seat: &Seat, view: View) -> Option<NewView> {
        let quorum = seat.committee.quorum();
        let matching = self.votes.values().filter(|vote| vote.view == view);
        let view_changes: Vec<_> = matching.take(quorum).cloned().collect();
        if view_changes.len() < quorum {
            return None;
        }
        let chosen = decide(&view_changes).chosen;
        let sign = |(seq, digest)| seat.sign(PrePrepare { view, seq, digest, from: seat.id });
        let pre_prepares = chosen.into_iter().map(sign).collect();
        Some(NewView { view, view_changes, pre_prepares, from: seat.id })
    }

    /// Backup: checks that a NEW-VIEW is of its primary, shows a quorum, and proposes what follows from it.
    ///
    /// # Errors
    ///
    /// `NotPrimary` or `BadNewView`.
    pub(super) fn check(new_view: &NewView, seat: &Seat) -> Result<(), Reject> {
        let (view, from) = (new_view.view, new_view.from);
        let primary = seat.committee.primary(view);
        if from != primary {
            return Err(Reject::NotPrimary { from, primary, view });
        }
        check_shown(new_view, seat).map_err(|why| Reject::BadNewView { view, why })
    }

    /// A view began. View changes for it and for earlier views have served.
    pub(super) fn begin(&mut self, new_view: Arc<Signed<NewView>>) {
        self.votes.retain(|_, vote| vote.view > new_view.view);
        self.current = Some(new_view);
    }
}

fn check_shown(new_view: &NewView, seat: &Seat) -> Result<(), BadClaim> {
    let votes = new_view.view_changes.iter().map(|vote| (vote.from, vote.as_ref()));
    check_votes(seat.committee, votes, seat.committee.quorum(), None, |_: &Signed<ViewChange>| {
        true
    })?;
    for vote in &new_view.view_changes {
        if vote.view != new_view.view {
            return Err(BadClaim::View(vote.view));
        }
        check_claims(vote, seat.committee, seat.limits.spec().window)?;
    }
    check_proposals(new_view)
}

/// OSDI '99, 4.4: backups verify O by a computation like the one the primary used to create it.
fn check_proposals(new_view: &NewView) -> Result<(), BadClaim> {
    let expected = decide(&new_view.view_changes).chosen;
    let count = expected.len().max(new_view.pre_prepares.len());
    for index in 0..count {
        let follows = expected.get(index).copied();
        let shown = new_view.pre_prepares.get(index);
        let fits = shown.is_some_and(|p| {
            (p.view, p.from) == (new_view.view, new_view.from) && Some((p.seq, p.digest)) == follows
        });
        if !fits {
            let seq = follows.map(|(seq, _)| seq).or(shown.map(|p| p.seq));
            return Err(BadClaim::Decision {
                seq: seq.unwrap_or(SeqNum::ZERO),
                got: shown.map_or(Digest::NULL, |p| p.digest),
                expected: follows.map_or(Digest::NULL, |(_, digest)| digest),
            });
        }
    }
    Ok(())
}
