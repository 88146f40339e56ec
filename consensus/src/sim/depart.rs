//! A machine that does not wait for its disk: it executes and builds at once, and what leaves waits.
//!
//! In: what is to be done. Out: rounds of work for the disk, and departures. Refuses to know: how a message travels.

use crate::action::Action;
use crate::application::Application;
use crate::ids::{ReplicaId, SeqNum};
use crate::protocol::Protocol;

use super::cluster::{Cluster, Occurrence};
use super::deed::SYNC;
use super::leaving::{Driver, Leaving, Seen};
use super::watch::{Proof, Readable};

impl<P: Protocol<Message: Readable, Evidence: Proof>, A: Application> Cluster<P, A> {
    pub(super) fn waits_in_step(&self) -> bool {
        self.setup.driver == Driver::InStep
    }

    /// Takes what has to wait; hands back what is done at once.
    pub(super) fn hold_back(
        &mut self,
        at: ReplicaId,
        action: Action<P::Message, P::Record, P::Evidence>,
    ) -> Option<Action<P::Message, P::Record, P::Evidence>> {
        let machine = &mut self.machines[usize::from(at.get())];
        let leaving = match action {
            Action::Persist { record } => {
                machine.disk.write(record);
                machine.exit.wrote_record();
                return None;
            }
            Action::Send { to, message } => Leaving::To(to, message),
            Action::Broadcast { message } => Leaving::All(message),
            Action::Reply { reply } => Leaving::Reply(reply),
            other => return Some(other),
        };
        let vouches = leaving.is_checkpoint();
        machine.exit.push(leaving, vouches);
        None
    }

    /// Gives the disk work if it has none, and lets go what waits for nothing.
    pub(super) fn end_round(&mut self, at: ReplicaId) {
        let machine = &mut self.machines[usize::from(at.get())];
        if let Some(owed) = machine.exit.begin() {
            machine.paying = machine.disk.mark(owed.chain);
            let life = machine.life;
            let delay = 1 + self.drawn(SYNC, at).below(self.setup.sync_us);
            self.agenda.later(delay, Occurrence::Synced { at, life });
        }
        self.let_go(at);
    }

    /// The disk has done its work for a round.
    pub(super) fn paid(&mut self, at: ReplicaId) {
        let machine = &mut self.machines[usize::from(at.get())];
        machine.disk.reach(machine.paying);
        machine.exit.end();
        self.end_round(at);
    }

    fn let_go(&mut self, at: ReplicaId) {
        let hasty = self.setup.driver == Driver::Hasty;
        loop {
            let exit = &mut self.machines[usize::from(at.get())].exit;
            let next = if hasty { exit.pop_early() } else { exit.pop() };
            let Some(leaving) = next else { return };
            match leaving {
                Leaving::To(to, message) => self.send(at, &[to], message),
                Leaving::All(message) => self.send_all(at, message),
                Leaving::Reply(reply) => self.reply(at, reply),
                Leaving::Seen(seen) => self.observe(at, seen),
            }
        }
    }

    pub(super) fn send_all(&mut self, at: ReplicaId, message: P::Message) {
        let others = self.setup.committee.replicas().filter(|to| *to != at);
        let others: Vec<_> = others.collect();
        self.send(at, &others, message);
    }

    /// The oracles are told, when what was seen binds this replica.
    pub(super) fn see(&mut self, at: ReplicaId, seen: Seen) {
        if self.waits_in_step() {
            self.observe(at, seen);
            return;
        }
        let exit = &mut self.machines[usize::from(at.get())].exit;
        if matches!(seen, Seen::Stable(_)) {
            exit.wrote_chain();
        }
        exit.push(Leaving::Seen(seen), false);
    }

    fn observe(&mut self, at: ReplicaId, seen: Seen) {
        if self.atlas.is_spoilt(at) {
            return;
        }
        match seen {
            Seen::Executed(decision, fresh, state) => {
                self.oracle.executed(at, &decision, &fresh, state);
            }
            Seen::Skipped(decision) => self.oracle.skipped(at, &decision),
            Seen::Stable(certificate) => self.oracle.stable(at, &certificate),
            Seen::Installed(seq, state) => self.oracle.installed(at, seq, state),
        }
    }

    /// What the power cut at `at` leaves of what was not durable; executions of which nothing is left are counted.
    pub(super) fn undo(&mut self, at: ReplicaId) {
        let machine = &mut self.machines[usize::from(at.get())];
        let exit = std::mem::take(&mut machine.exit);
        let kept = |seq: SeqNum| machine.disk.decisions().contains_key(&seq);
        let is_undone = |leaving: &&Leaving<_>| match leaving {
            Leaving::Seen(Seen::Executed(decision, ..)) => !kept(decision.seq()),
            _ => false,
        };
        for _ in 0..exit.waiting().filter(is_undone).count() {
            self.tally.count("event", "execution undone");
        }
    }
}
