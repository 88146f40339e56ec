//! What a machine does: it boots, steps, performs what its replica wants, and dies.
//!
//! In: events for one machine. Out: its actions, performed in order; what follows a write waits until it is durable, or
//! what leaves does ([`super::leaving::Driver`]).
//! Refuses to know: how a message travels.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::action::Action;
use crate::adversary::draw::Draw;
use crate::application::Application;
use crate::certificate::Decision;
use crate::event::{Event, Verdict};
use crate::ids::{ReplicaId, SeqNum};
use crate::protocol::Protocol;

use super::branch::{self, Taken};
use super::cluster::{Cluster, Occurrence, micros};
use super::fault::Class;
use super::leaving::{Driver, Seen};
use super::oracle::memory;
use super::process::Recent;
use super::tally;
use super::watch::{Proof, Readable};

/// Decisions handed back at a time after a restart.
const REPLAYED: usize = 4;
/// A replica is weighed each time it has performed so many actions.
const WEIGHED: u32 = 128;
/// Names of questions.
const DISK: u64 = 5;
pub(super) const SYNC: u64 = 6;
const WORK: u64 = 7;

impl<P: Protocol<Message: Readable, Evidence: Proof>, A: Application> Cluster<P, A> {
    /// Takes a replica down now. It comes back with its disk after `outage`, or never.
    pub fn crash(&mut self, at: ReplicaId, outage: Option<Duration>) {
        self.die(at, Class::Crash, outage.map(micros));
    }

    /// Takes a replica down as `how` says.
    pub(super) fn die(&mut self, at: ReplicaId, how: Class, outage: Option<u64>) {
        self.tally.count("fault", how.name());
        let machine = &mut self.machines[usize::from(at.get())];
        machine.replica = None;
        machine.life += 1;
        machine.outbox.clear();
        let question = [DISK, u64::from(at.get()), u64::from(machine.performed), 0];
        let mut draw = Draw::about(self.seed, question);
        let found = if self.setup.driver == Driver::InStep {
            let lazy = self.setup.sync_us > 0;
            machine.disk.die(how, machine.writing.take(), lazy, draw)
        } else {
            let in_order = self.setup.driver != Driver::ChainFirst;
            let torn = machine.disk.cut(how, in_order, &mut draw);
            machine.disk.die(how, torn, false, draw)
        };
        let refuses = found.is_err();
        machine.refuses |= refuses;
        self.undo(at);
        if how.spoils() {
            self.atlas.spoil(at);
            self.oracle.disown(at);
        }
        if refuses {
            self.tally.count("event", "refuses to start");
        } else if let Some(outage) = outage {
            self.agenda.later(outage, Occurrence::Restarts { at });
        }
    }

    pub(super) fn boot(&mut self, at: ReplicaId) {
        let machine = &mut self.machines[usize::from(at.get())];
        machine.application = self.blank.clone();
        machine.armed.clear();
        machine.heard = Recent::default();
        machine.life += 1;
        let records = machine.disk.records().to_vec();
        machine.replica = Some(P::new(machine.config.clone(), records));
        self.oracle.forget(at);
        self.step(at, Event::Started);
        self.machines[usize::from(at.get())].recalled = Some(SeqNum::ZERO);
        self.hand_back(at);
    }

    /// After a restart: hands a replica its own decisions, a few at a time. The next ones once it has executed these,
    /// because it takes no more than a window of them.
    fn hand_back(&mut self, at: ReplicaId) {
        let machine = &mut self.machines[usize::from(at.get())];
        let (Some(recalled), Some(replica)) = (machine.recalled, &machine.replica) else { return };
        let executed = replica.standing().executed;
        if executed < recalled {
            return;
        }
        let rest = machine.disk.decisions().range(executed.next()..).take(REPLAYED);
        let decisions: Vec<_> = rest.map(|(_, decision)| decision.clone()).collect();
        machine.recalled = decisions.last().map(Decision::seq);
        if !decisions.is_empty() {
            self.step(at, Event::Recalled { to: at, decisions });
        }
    }

    /// Lets one replica step, as the agenda does. For tests that put words into a replica's ear.
    pub fn step(&mut self, at: ReplicaId, event: Event<P::Message>) {
        self.step_again(at, event, false);
    }

    /// The same, for a message that may have come before.
    pub(super) fn step_again(&mut self, at: ReplicaId, event: Event<P::Message>, again: bool) {
        let machine = &mut self.machines[usize::from(at.get())];
        let Some(replica) = machine.replica.as_mut() else { return };
        let name = self.name;
        let (before, named) = (replica.standing(), branch::event(&event, name));
        let round = match &event {
            Event::Received(message) => message.round().filter(|_| message.is_vote()),
            _ => None,
        };
        let mut actions = Vec::new();
        let taken = replica.step(event, &mut actions);
        let after = replica.standing();
        let is_honest = !self.setup.liars.contains(&at);
        match taken {
            Ok(()) => {
                if is_honest {
                    let taken = Taken { event: named, before, after, again, round };
                    let effects = actions.iter().map(|action| branch::effect(action, name));
                    self.branches.took(&taken, effects);
                }
                machine.outbox.extend(actions);
                self.perform(at);
                self.hand_back(at);
            }
            Err(reject) if is_honest => {
                self.tally.count("refused", tally::refusal(&reject));
                self.branches.refused(named, &reject);
            }
            Err(_) => {}
        }
    }

    /// Does what a machine is about to do, up to a write that it waits for, or its death.
    pub(super) fn perform(&mut self, at: ReplicaId) {
        let index = usize::from(at.get());
        loop {
            let machine = &mut self.machines[index];
            if machine.writing.is_some() {
                return;
            }
            let Some(action) = machine.outbox.pop_front() else { break };
            machine.performed += 1;
            let key = (at.get(), machine.performed);
            let is_write = matches!(action, Action::Persist { .. });
            let down = self.machines.iter().filter(|m| m.replica.is_none()).count();
            let most = self.setup.faults.down.max(self.setup.committee.faults());
            let is_written = self.setup.script.is_some();
            let atlas = &self.atlas;
            let may =
                |how: Class| (is_written || down < most) && (!how.spoils() || atlas.may_spoil(at));
            let death = self.plan.death(self.agenda.now(), key, is_write, may);
            if let Some((how, outage)) = death {
                if let Action::Persist { record } = action {
                    let in_step = self.waits_in_step();
                    self.machines[index].writes(record, in_step);
                }
                self.die(at, how, Some(outage));
                return;
            }
            if key.1.is_multiple_of(WEIGHED) {
                self.weigh(at);
            }
            if self.waits_in_step() {
                self.perform_one(at, action);
            } else if let Some(action) = self.hold_back(at, action) {
                self.perform_one(at, action);
            }
        }
        if !self.waits_in_step() {
            self.end_round(at);
        }
    }

    pub(super) fn weigh(&self, at: ReplicaId) {
        let Some(replica) = self.replica(at).filter(|_| !self.atlas.is_spoilt(at)) else { return };
        let (n, clients) = (self.machines.len() as u64, self.users.len() as u64 + 1);
        let bound = memory::bound(&self.setup.limits, n, clients, replica.standing().view.get());
        let weight = memory::weight(replica);
        assert!(weight <= bound, "memory: replica {at} holds {weight} bytes of at most {bound}");
    }

    pub(super) fn perform_one(
        &mut self,
        at: ReplicaId,
        action: Action<P::Message, P::Record, P::Evidence>,
    ) {
        let index = usize::from(at.get());
        match action {
            Action::Send { to, message } => self.send(at, &[to], message),
            Action::Broadcast { message } => self.send_all(at, message),
            Action::Reply { reply } => self.reply(at, reply),
            Action::Persist { record } => {
                if self.setup.sync_us == 0 {
                    self.machines[index].disk.sync(record);
                    return;
                }
                self.machines[index].writing = Some(record);
                let life = self.machines[index].life;
                let delay = 1 + self.drawn(SYNC, at).below(self.setup.sync_us);
                self.agenda.later(delay, Occurrence::Synced { at, life });
            }
            Action::Arm { timer, after } => {
                let armed = self.agenda.ticket();
                self.machines[index].armed.insert(timer, armed);
                self.agenda.later(micros(after), Occurrence::Expires { at, timer, armed });
            }
            Action::Disarm { timer } => {
                self.machines[index].armed.remove(&timer);
            }
            Action::Build { requests } => {
                let proposal = self.machines[index].application.build(at, requests);
                self.answer(at, Event::Built { proposal });
            }
            Action::Validate { digest, proposal, .. } => {
                let good = self.machines[index].application.validate(&proposal);
                let verdict = if good { Verdict::Acceptable } else { Verdict::Refused };
                self.answer(at, Event::Validated { digest, verdict });
            }
            Action::Export { seq } => {
                let chunks = self.machines[index].application.export();
                self.answer(at, Event::Exported { seq, chunks });
            }
            Action::Install { seq, chunks } => self.install(at, seq, &chunks),
            Action::Query { read } => {
                let result = self.machines[index].application.query(&read.operation);
                let (client, timestamp) = (read.client(), read.timestamp);
                self.answer(at, Event::Answered { client, timestamp, result });
            }
            Action::Execute { decision, fresh } => self.execute(at, decision, fresh),
            Action::Skip { decision } => {
                self.tally.count("event", "null request");
                self.machines[index].disk.keep(decision.as_ref().clone());
                self.see(at, Seen::Skipped(decision));
            }
            Action::Stable { certificate } => {
                self.tally.count("event", "stable checkpoint");
                self.see(at, Seen::Stable(certificate));
            }
            Action::Accuse { accused, evidence } => self.accuse(at, accused, evidence),
            Action::Recall { to, first, most } => {
                self.tally.count("event", "catch-up served");
                let decisions = self.machines[index].disk.decisions().range(first..).take(most);
                let decisions = decisions.map(|(_, decision)| decision.clone()).collect();
                self.answer(at, Event::Recalled { to, decisions });
            }
        }
    }

    fn install(&mut self, at: ReplicaId, seq: SeqNum, chunks: &[Bytes]) {
        self.tally.count("event", "state installed");
        let state = self.machines[usize::from(at.get())].application.install(chunks);
        self.see(at, Seen::Installed(seq, state));
        self.answer(at, Event::Installed { seq, state });
    }

    /// Evidence against an honest replica whose disk is whole is a violation; so is an accusation by one that proves
    /// nothing, whomever it is against.
    fn accuse(&mut self, at: ReplicaId, accused: ReplicaId, evidence: P::Evidence) {
        self.tally.count("event", "accusation");
        if !self.atlas.is_spoilt(at) {
            let convicts = evidence.convicts() == Some(accused);
            let proves = convicts && self.keyring.verify(evidence).is_ok();
            assert!(proves, "accused: replica {at} accuses replica {accused} without proof");
        }
        let is_faulty = |id: ReplicaId| self.setup.liars.contains(&id) || self.atlas.is_spoilt(id);
        let fair = is_faulty(at) || is_faulty(accused);
        assert!(fair, "accused: replica {at} accuses replica {accused}, which is honest");
    }

    pub(super) fn synced(&mut self, at: ReplicaId, life: u64) {
        let in_step = self.waits_in_step();
        let machine = &mut self.machines[usize::from(at.get())];
        if machine.life != life {
            return;
        }
        if !in_step {
            self.paid(at);
        } else if let Some(record) = machine.writing.take() {
            machine.disk.sync(record);
            self.perform(at);
        }
    }

    pub(super) fn execute(&mut self, at: ReplicaId, decision: Arc<Decision>, fresh: Vec<bool>) {
        let machine = &mut self.machines[usize::from(at.get())];
        let seq = decision.seq();
        machine.disk.keep(decision.as_ref().clone());
        let done = machine.application.execute(&decision, &fresh);
        self.see(at, Seen::Executed(decision, fresh, done.state));
        let (state, outcomes, checkpoint) = (done.state, done.outcomes, done.checkpoint);
        self.answer(at, Event::Executed { seq, state, outcomes, checkpoint });
    }

    /// The application's answer arrives a moment later, when other things may have happened.
    pub(super) fn answer(&mut self, at: ReplicaId, event: Event<P::Message>) {
        let life = self.machines[usize::from(at.get())].life;
        let delay = self.drawn(WORK, at).below(self.setup.work_us);
        self.agenda.later(delay, Occurrence::Answers { at, life, event });
    }
}
