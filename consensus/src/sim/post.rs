//! How messages, requests and replies travel.
//!
//! In: who sends what to whom. Out: arrivals on the agenda. Refuses to know: what a receiver does with them.

use crate::application::Application;
use crate::client::{ClientAction, ClientEvent};
use crate::ids::ReplicaId;
use crate::keys::Verified;
use crate::protocol::Protocol;
use crate::request::{Replies, Reply, Submission};

use super::cluster::{Cluster, Occurrence, micros};
use super::trace::Fold;
use super::watch::{Kind, Proof, Readable};

impl<P: Protocol<Message: Readable, Evidence: Proof>, A: Application> Cluster<P, A> {
    pub(super) fn send(&mut self, at: ReplicaId, receivers: &[ReplicaId], message: P::Message) {
        if !self.atlas.is_spoilt(at) {
            let stable = self.replica(at).map_or(0, |replica| replica.standing().stable.get());
            let high = stable + self.setup.limits.spec().window;
            self.oracle.sends(at, &message, high);
        }
        if message.statement().is_some_and(|said| said.kind == Kind::Checkpoint) {
            self.machines[usize::from(at.get())].disk.settle();
        }
        let name = (self.name)(&message);
        let round = self.round(at, &message);
        let Ok(message) = self.keyring.verify(message) else {
            assert!(self.atlas.is_spoilt(at), "replica {at} signs what does not verify");
            self.tally.count("refused", "forged");
            return;
        };
        let fold = Fold::of(&message);
        *self.sent.entry(name).or_insert(0) += receivers.len() as u64;
        for to in receivers {
            if self.is_walled(at, *to, round) {
                self.tally.count("fault", "wall");
                continue;
            }
            self.carry(at.get(), *to, fold, message.clone());
        }
    }

    /// The view that a message is sent in, where there are walls: its own, or the one its sender stands in.
    fn round(&self, at: ReplicaId, message: &P::Message) -> Option<u64> {
        if self.setup.walls.is_empty() {
            return None;
        }
        message.round().or_else(|| self.replica(at).map(|replica| replica.standing().view.get()))
    }

    /// Whether a wall of this round stands between two honest replicas.
    pub(super) fn is_walled(&self, from: ReplicaId, to: ReplicaId, round: Option<u64>) -> bool {
        let wall = round.and_then(|round| self.setup.walls.get(usize::try_from(round).ok()?));
        let lies = |id: &ReplicaId| self.setup.liars.contains(id);
        wall.is_some_and(|side| side >> from.get() & 1 != side >> to.get() & 1)
            && !lies(&from)
            && !lies(&to)
    }

    pub(super) fn carry(
        &mut self,
        from: u16,
        to: ReplicaId,
        fold: u64,
        message: Verified<P::Message>,
    ) {
        let known = self.plan.happened().len();
        let arrivals = self.network.send(&mut self.plan, self.agenda.now(), from, to.get());
        for injection in &self.plan.happened()[known..] {
            self.tally.count("fault", injection.class().name());
        }
        let [first, again] = arrivals;
        if let Some(delay) = again {
            let message = message.clone();
            self.agenda.later(delay, Occurrence::Arrives { to, fold, message });
        }
        if let Some(delay) = first {
            self.agenda.later(delay, Occurrence::Arrives { to, fold, message });
        }
    }

    /// A reply leaves in the name of `at`, liar or not: only who holds the key of `at` can send it.
    pub(super) fn reply(&mut self, at: ReplicaId, reply: Reply) {
        if !self.atlas.is_spoilt(at) {
            self.oracle.answers(&reply);
        }
        let to = self.users.iter().position(|user| user.id() == reply.client);
        let replies = Replies { from: at, replies: vec![reply] };
        let replies = self.signers[usize::from(at.get())].sign(replies);
        let verified = self.keyring.verify(replies).expect("signed by its author");
        let (Some(to), Some(reply)) = (to, verified.answers().next()) else { return };
        let (now, node) = (self.agenda.now(), self.node(to));
        if let [Some(delay), _] = self.network.send(&mut self.plan, now, at.get(), node) {
            self.agenda.later(delay, Occurrence::Replies { to, reply });
        }
    }

    pub(super) fn tell(&mut self, client: usize, event: ClientEvent) {
        let actions = self.users[client].tell(event);
        self.serve(client, actions);
    }

    pub(super) fn serve(&mut self, client: usize, actions: Vec<ClientAction>) {
        for action in actions {
            match action {
                ClientAction::Send { to, submission } => self.submit(client, &[to], submission),
                ClientAction::Broadcast { submission } => {
                    let everybody: Vec<_> = self.setup.committee.replicas().collect();
                    self.submit(client, &everybody, submission);
                }
                ClientAction::Arm { after } => {
                    let armed = self.agenda.ticket();
                    self.users[client].armed = armed;
                    self.agenda.later(micros(after), Occurrence::Hurries { client, armed });
                }
                ClientAction::Ask { .. } => {} // these users order everything
                ClientAction::Disarm => self.users[client].armed = 0,
                ClientAction::Done { timestamp, result } => {
                    let id = self.users[client].id();
                    self.oracle.believes(id, timestamp, &result);
                    self.agenda.later(0, Occurrence::Wants { client });
                }
            }
        }
    }

    pub(super) fn submit(
        &mut self,
        client: usize,
        receivers: &[ReplicaId],
        submission: Submission,
    ) {
        self.oracle.asks(&submission.request.message);
        let message = self.keyring.verify(P::submit(submission));
        let message = message.expect("clients sign what they send");
        let (fold, node, name) = (Fold::of(&message), self.node(client), (self.name)(&message));
        for to in receivers {
            *self.sent.entry(name).or_insert(0) += 1;
            self.carry(node, *to, fold, message.clone());
        }
    }
}
