//! Letting things happen, one after the other, and ending the storm.
//!
//! In: limits of virtual time; a core that is to converge. Out: whether everything was served, or what is waited for.
//! Refuses to know: what happens to whom.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::application::Application;
use crate::client::ClientEvent;
use crate::event::Event;
use crate::ids::ReplicaId;
use crate::protocol::Protocol;

use super::cluster::{Cluster, Occurrence, micros};
use super::liveness::{self, Storm};
use super::users::User;
use super::watch::{Proof, Readable};

impl<P: Protocol<Message: Readable, Evidence: Proof>, A: Application> Cluster<P, A> {
    /// Lets things happen until every client has all its answers and every replica executed the same, or until
    /// `limit` of simulated time has passed. Answers whether the former.
    pub fn run(&mut self, limit: Duration) -> bool {
        let limit = micros(limit);
        while !self.is_settled() {
            let Some(occurrence) = self.agenda.next(limit) else { return false };
            self.happen(occurrence);
        }
        true
    }

    /// Stops injecting faults and takes all walls down, so that liveness can be demanded.
    pub fn heal(&mut self) {
        self.setup.walls.clear();
        self.plan.calm(self.agenda.now());
    }

    /// The storm ends: nothing goes wrong any more, `core` runs, and the rest does nothing, except that liars go on
    /// if `lying`. Then lets things happen until the core stands at one position and every client is served.
    ///
    /// # Errors
    ///
    /// What each replica of the core waits for, if that takes longer than [`Storm::bound`].
    pub fn converge(
        &mut self,
        core: &BTreeSet<ReplicaId>,
        lying: bool,
    ) -> Result<Duration, Vec<String>> {
        self.heal();
        self.network.hurry(2_000);
        self.setup.work_us = self.setup.work_us.min(500);
        for at in self.setup.committee.replicas() {
            let goes_on = core.contains(&at) || lying && self.setup.liars.contains(&at);
            let machine = &mut self.machines[usize::from(at.get())];
            machine.frozen = !goes_on;
            if goes_on && machine.replica.is_none() && !machine.refuses {
                self.boot(at);
            }
        }
        let begun = self.agenda.now();
        let bound = self.storm(core, lying).bound(&self.setup.limits);
        if self.run(Duration::from_micros(begun) + bound) {
            return Ok(Duration::from_micros(self.agenda.now() - begun));
        }
        let standing = |at: &ReplicaId| self.replica(*at).map(Protocol::standing);
        let frontier = core.iter().filter_map(standing).map(|s| s.executed.get()).max();
        let reason = |at: &ReplicaId| {
            liveness::blocked(at.get(), standing(at).as_ref(), frontier.unwrap_or(0))
        };
        let mut reasons = vec![format!("no convergence within {} ms", bound.as_millis())];
        reasons.extend(core.iter().map(reason));
        let waiting =
            |(i, user): (usize, &User)| format!("client {i} waits for {} requests", user.open());
        reasons.extend(self.users.iter().enumerate().filter(|(_, u)| !u.is_served()).map(waiting));
        Err(reasons)
    }

    pub(super) fn storm(&self, core: &BTreeSet<ReplicaId>, lying: bool) -> Storm {
        let standing = |at: &ReplicaId| self.replica(*at).map(Protocol::standing);
        let executed = || core.iter().filter_map(standing).map(|s| s.executed.get());
        // A message may wait for the round that the disk is at work on, and then for its own.
        let syncs = if self.waits_in_step() { 1 } else { 2 };
        let slowest = self.network.slowest_us() + self.setup.work_us + syncs * self.setup.sync_us;
        Storm {
            n: self.machines.len() as u64,
            core: core.len() as u64,
            view: core.iter().filter_map(standing).map(|s| s.view.get()).max().unwrap_or(0),
            gap: executed().max().unwrap_or(0) - executed().min().unwrap_or(0),
            open: self.users.iter().map(User::open).sum(),
            patience: self.setup.patience,
            slowest: Duration::from_micros(slowest),
            lying: lying && !self.setup.liars.is_empty(),
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        if !self.users.iter().all(User::is_served) {
            return false;
        }
        let expected = |id: &ReplicaId| {
            let machine = &self.machines[usize::from(id.get())];
            !(machine.frozen || self.atlas.is_spoilt(*id))
        };
        let honest = || self.setup.committee.replicas().filter(expected);
        let mut executed =
            honest().filter_map(|id| self.replica(id)).map(|r| r.standing().executed);
        let first = executed.next();
        let down = honest().any(|id| self.replica(id).is_none());
        executed.all(|seq| Some(seq) == first)
            && !(down && self.agenda.coming().any(|o| matches!(o, Occurrence::Restarts { .. })))
    }

    pub(super) fn happen(&mut self, occurrence: Occurrence<P::Message>) {
        let at = match &occurrence {
            Occurrence::Arrives { to: at, .. }
            | Occurrence::Expires { at, .. }
            | Occurrence::Answers { at, .. }
            | Occurrence::Synced { at, .. }
            | Occurrence::Restarts { at } => Some(*at),
            _ => None,
        };
        let now = self.agenda.now();
        if let Some(at) = at {
            if self.machines[usize::from(at.get())].frozen {
                return;
            }
            if let Some(until) = self.plan.paused(now, at.get()) {
                self.agenda.later(until.saturating_sub(now).max(1), occurrence);
                return;
            }
        }
        match &occurrence {
            Occurrence::Arrives { to, fold, .. } => self.trace.note(&(now, 0_u8, to, fold)),
            Occurrence::Answers { at, life, .. } => self.trace.note(&(now, 1_u8, at, life)),
            other => self.trace.note(&(now, other)),
        }
        match occurrence {
            Occurrence::Arrives { to, fold, message } => {
                if self.replica(to).is_some() {
                    self.tally.count("received", (self.name)(&message));
                    let again = self.machines[usize::from(to.get())].heard.knows(fold);
                    self.step_again(to, Event::Received(message), again);
                }
            }
            Occurrence::Expires { at, timer, armed } => {
                if self.machines[usize::from(at.get())].armed.get(&timer) == Some(&armed) {
                    self.step(at, Event::Expired(timer));
                }
            }
            Occurrence::Answers { at, life, event } => {
                if self.machines[usize::from(at.get())].life == life {
                    self.step(at, event);
                }
            }
            Occurrence::Synced { at, life } => self.synced(at, life),
            Occurrence::Replies { to, reply } => self.tell(to, ClientEvent::Received(reply)),
            Occurrence::Wants { client } => {
                let wanted = self.users[client].want();
                self.serve(client, wanted);
            }
            Occurrence::Hurries { client, armed } => {
                if self.users[client].armed == armed {
                    self.tell(client, ClientEvent::Expired);
                }
            }
            Occurrence::Restarts { at } => {
                if self.replica(at).is_none() {
                    self.boot(at);
                }
            }
        }
    }
}
