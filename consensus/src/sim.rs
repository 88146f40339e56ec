//! A whole cluster in one thread: a seed goes in, the same run comes out, every time.
//!
//! In: a [`Setup`] and a seed. Out: what every replica executed, and a digest of everything that happened.
//! Refuses to know: real time, sockets and disks; delays, losses, crashes and restarts are drawn from the seed.
//!
//! A crash falls between any two actions of a step: what was persisted before it survives, what would have been
//! sent after it never leaves. Safety is checked by [`oracle`] after every execution.

pub mod random;
pub mod journal;
pub mod oracle;
pub mod setup;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::action::Action;
use crate::application::Application;
use crate::certificate::Decision;
use crate::client::{Client, ClientAction, ClientEvent};
use crate::committee::Committee;
use crate::event::{Event, Timer, Verdict};
use crate::ids::{Digest, NetworkId, ReplicaId, SeqNum, Timestamp};
use crate::keys::{Keyring, Scope, Signed, Signer};
use crate::protocol::{Actions, Protocol};
use crate::request::{Reply, Submission};

use oracle::Oracle;
use random::Random;
use setup::Setup;

/// Decisions handed back at a time after a restart.
const REPLAYED: usize = 4;

/// A cluster with its clients, its network and its clock.
#[derive(Debug)]
pub struct Cluster<P: Protocol, A> {
    setup: Setup,
    random: Random,
    keyring: Keyring,
    replicas: Vec<Machine<P, A>>,
    clients: Vec<User>,
    agenda: BTreeMap<(u64, u64), Occurrence<P::Message>>,
    /// Microseconds since the start.
    now: u64,
    /// Orders occurrences of one instant.
    count: u64,
    oracle: Oracle,
    trace: blake3::Hasher,
    /// Messages that left, by receiver-independent name.
    sent: BTreeMap<&'static str, u64>,
    name: fn(&P::Message) -> &'static str,
    blank: A,
}

/// One machine: a replica with its application and its disk.
#[derive(Debug)]
struct Machine<P: Protocol, A> {
    config: P::Config,
    replica: Option<P>,
    application: A,
    records: Vec<P::Record>,
    decisions: BTreeMap<SeqNum, Decision>,
    /// A timer's expiry counts only if it was not armed or disarmed since.
    armed: BTreeMap<Timer, u64>,
    /// Rises with each restart: answers to an earlier life are lost.
    life: u64,
}

/// One client with what it still wants to submit.
#[derive(Debug)]
struct User {
    client: Client,
    left: u32,
    number: u64,
    done: Vec<Vec<u8>>,
    armed: u64,
}

/// Something that will happen.
#[derive(Debug)]
enum Occurrence<M> {
    Arrives { to: ReplicaId, message: M },
    Expires { at: ReplicaId, timer: Timer, armed: u64 },
    Answers { at: ReplicaId, life: u64, event: Event<M> },
    Replies { to: usize, reply: Signed<Reply> },
    Wants { client: usize },
    Hurries { client: usize, armed: u64 },
    Restarts { at: ReplicaId },
}

impl<P: Protocol, A: Application> Cluster<P, A> {
    /// A cluster that runs `blank` at every replica. `config` makes the configuration of one replica from its
    /// place, its key and the digest of the blank application; `name` names a message.
    pub fn new(
        setup: Setup,
        seed: u64,
        blank: A,
        config: impl Fn(&Setup, ReplicaId, Signer, Digest) -> P::Config,
        name: fn(&P::Message) -> &'static str,
    ) -> Self {
        let scope = Scope::new(NetworkId::new(Digest::of("simulated network", &seed)));
        let signers: Vec<_> =
            (0..setup.committee.size() as u64).map(|i| Signer::symbolic(scope, i)).collect();
        let keyring = Keyring::symbolic(scope, signers.iter().map(Signer::public_key).collect());
        let machine = |(id, signer): (ReplicaId, &Signer)| Machine {
            config: config(&setup, id, signer.clone(), blank.genesis()),
            replica: None,
            application: blank.clone(),
            records: Vec::new(),
            decisions: BTreeMap::new(),
            armed: BTreeMap::new(),
            life: 0,
        };
        let replicas = setup.committee.replicas().zip(&signers).map(machine).collect();
        let clients = (0..setup.clients).map(|i| user(&setup, scope, i)).collect();
        let mut cluster = Self {
            random: Random::new(seed),
            keyring,
            replicas,
            clients,
            agenda: BTreeMap::new(),
            now: 0,
            count: 0,
            oracle: Oracle::default(),
            trace: blake3::Hasher::new(),
            sent: BTreeMap::new(),
            name,
            blank,
            setup,
        };
        for id in cluster.setup.committee.replicas() {
            cluster.boot(id);
        }
        for client in 0..cluster.clients.len() {
            cluster.later(0, Occurrence::Wants { client });
        }
        cluster
    }

    /// Lets things happen until every client has all its answers and every replica executed the same, or until
    /// `limit` of simulated time has passed. Answers whether the former.
    pub fn run(&mut self, limit: Duration) -> bool {
        let limit = micros(limit);
        while !self.is_settled() {
            let Some(entry) = self.agenda.first_entry() else { return false };
            if entry.key().0 > limit {
                return false;
            }
            let ((now, _), occurrence) = entry.remove_entry();
            self.now = now;
            self.happen(occurrence);
        }
        true
    }

    /// Stops injecting losses and crashes, so that liveness can be demanded.
    pub fn heal(&mut self) {
        self.setup = Setup { loss: 0, duplication: 0, crash: 0, ..self.setup.clone() };
    }

    /// Takes a replica down now. It comes back with its disk after `outage`, or never.
    pub fn crash(&mut self, at: ReplicaId, outage: Option<Duration>) {
        let machine = &mut self.replicas[usize::from(at.get())];
        machine.replica = None;
        machine.life += 1;
        if let Some(outage) = outage {
            self.later(micros(outage), Occurrence::Restarts { at });
        }
    }

    /// The replica, if it is up.
    pub fn replica(&self, id: ReplicaId) -> Option<&P> {
        self.replicas[usize::from(id.get())].replica.as_ref()
    }

    /// The application of a replica.
    pub fn application(&self, id: ReplicaId) -> &A {
        &self.replicas[usize::from(id.get())].application
    }

    /// What a replica has persisted.
    pub fn records(&self, id: ReplicaId) -> &[P::Record] {
        &self.replicas[usize::from(id.get())].records
    }

    /// The results each client got, in order.
    pub fn results(&self) -> Vec<&[Vec<u8>]> {
        self.clients.iter().map(|user| user.done.as_slice()).collect()
    }

    /// Messages sent between replicas so far, by name.
    pub fn sent(&self) -> &BTreeMap<&'static str, u64> {
        &self.sent
    }

    /// What was seen to be true along the way.
    pub fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    /// Simulated time since the start.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.now)
    }

    /// A digest of everything that happened, in order.
    pub fn trace(&self) -> Digest {
        Digest::new(*self.trace.finalize().as_bytes())
    }

    /// Lets one replica step, as the agenda does. For tests that put words into a replica's ear.
    pub fn step(&mut self, at: ReplicaId, event: Event<P::Message>) {
        let machine = &mut self.replicas[usize::from(at.get())];
        let Some(replica) = machine.replica.as_mut() else { return };
        let mut actions = Vec::new();
        if replica.step(event, &mut actions).is_ok() {
            self.perform(at, actions);
        }
    }

    /// The keys of the cluster.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    fn is_settled(&self) -> bool {
        let served = self.clients.iter().all(|u| u.left == 0 && u.client.outstanding().is_none());
        let standing = |m: &Machine<P, A>| m.replica.as_ref().map(|r| r.standing().executed);
        let mut executed = self.replicas.iter().filter_map(standing);
        let first = executed.next();
        let down = self.replicas.iter().any(|machine| machine.replica.is_none());
        let returns = self.agenda.values().any(|o| matches!(o, Occurrence::Restarts { .. }));
        served && executed.all(|seq| Some(seq) == first) && !(down && returns)
    }

    fn later(&mut self, delay: u64, occurrence: Occurrence<P::Message>) {
        self.count += 1;
        self.agenda.insert((self.now + delay, self.count), occurrence);
    }

    fn happen(&mut self, occurrence: Occurrence<P::Message>) {
        self.note(&occurrence);
        match occurrence {
            Occurrence::Arrives { to, message } => {
                if let Ok(message) = self.keyring.verify(message) {
                    self.step(to, Event::Received(message));
                }
            }
            Occurrence::Expires { at, timer, armed } => {
                if self.replicas[usize::from(at.get())].armed.get(&timer) == Some(&armed) {
                    self.step(at, Event::Expired(timer));
                }
            }
            Occurrence::Answers { at, life, event } => {
                if self.replicas[usize::from(at.get())].life == life {
                    self.step(at, event);
                }
            }
            Occurrence::Replies { to, reply } => {
                if let Ok(reply) = self.keyring.verify(reply) {
                    self.tell_client(to, ClientEvent::Received(reply));
                }
            }
            Occurrence::Wants { client } => self.want(client),
            Occurrence::Hurries { client, armed } => {
                if self.clients[client].armed == armed {
                    self.tell_client(client, ClientEvent::Expired);
                }
            }
            Occurrence::Restarts { at } => self.boot(at),
        }
    }

    fn note(&mut self, occurrence: &Occurrence<P::Message>) {
        self.trace.update(&self.now.to_le_bytes());
        self.trace.update(format!("{occurrence:?}").as_bytes());
    }

    fn boot(&mut self, at: ReplicaId) {
        let machine = &mut self.replicas[usize::from(at.get())];
        machine.application = self.blank.clone();
        machine.armed.clear();
        machine.life += 1;
        machine.replica = Some(P::new(machine.config.clone(), machine.records.clone()));
        self.oracle.forget(at);
        self.step(at, Event::Started);
        self.replay(at);
    }

    /// Hands a replica its own decisions, a few at a time, as a driver does after a restart.
    fn replay(&mut self, at: ReplicaId) {
        let machine = &self.replicas[usize::from(at.get())];
        let decisions: Vec<_> = machine.decisions.values().cloned().collect();
        for few in decisions.chunks(REPLAYED) {
            self.step(at, Event::Recalled { to: at, decisions: few.to_vec() });
        }
    }

    fn perform(&mut self, at: ReplicaId, actions: Actions<P>) {
        for action in actions {
            if self.random.one_in(self.setup.crash) && self.may_crash() {
                let outage = self.random.below(self.setup.outage_ms) * 1_000;
                self.crash(at, Some(Duration::from_micros(outage)));
                self.oracle.crashes += 1;
                return;
            }
            self.perform_one(at, action);
        }
    }

    /// At most f replicas are down at a time, so that the cluster can be expected to go on.
    fn may_crash(&self) -> bool {
        let down = self.replicas.iter().filter(|machine| machine.replica.is_none()).count();
        down < self.setup.committee.faults()
    }

    fn perform_one(&mut self, at: ReplicaId, action: Action<P::Message, P::Record>) {
        let index = usize::from(at.get());
        match action {
            Action::Send { to, message } => self.send(to, message),
            Action::Broadcast { message } => {
                for to in self.setup.committee.replicas().filter(|to| *to != at) {
                    self.send(to, message.clone());
                }
            }
            Action::Reply { reply } => self.reply(reply),
            Action::Persist { record } => self.replicas[index].records.push(record),
            Action::Arm { timer, after } => {
                self.count += 1;
                let armed = self.count;
                self.replicas[index].armed.insert(timer, armed);
                self.later(micros(after), Occurrence::Expires { at, timer, armed });
            }
            Action::Disarm { timer } => {
                self.replicas[index].armed.remove(&timer);
            }
            Action::Build { requests } => {
                let proposal = self.replicas[index].application.build(at, requests);
                self.answer(at, Event::Built { proposal });
            }
            Action::Validate { digest, proposal, .. } => {
                let good = self.replicas[index].application.validate(&proposal);
                let verdict = if good { Verdict::Acceptable } else { Verdict::Refused };
                self.answer(at, Event::Validated { digest, verdict });
            }
            Action::Execute { decision, fresh } => self.execute(at, &decision, &fresh),
            Action::Skip { decision } => {
                self.oracle.skipped(at, &decision);
                self.replicas[index].decisions.insert(decision.seq(), decision.as_ref().clone());
            }
            Action::Stable { certificate } => self.oracle.stable(at, &certificate),
            Action::Recall { to, first, most } => {
                let decisions = self.replicas[index].decisions.range(first..).take(most);
                let decisions = decisions.map(|(_, decision)| decision.clone()).collect();
                self.answer(at, Event::Recalled { to, decisions });
            }
        }
    }

    fn execute(&mut self, at: ReplicaId, decision: &Decision, fresh: &[bool]) {
        let machine = &mut self.replicas[usize::from(at.get())];
        let seq = decision.seq();
        machine.decisions.insert(seq, decision.clone());
        let done = machine.application.execute(decision, fresh);
        self.oracle.executed(at, decision, fresh, done.state);
        let (state, outcomes, checkpoint) = (done.state, done.outcomes, done.checkpoint);
        self.answer(at, Event::Executed { seq, state, outcomes, checkpoint });
    }

    /// The application's answer arrives a moment later, when other things may have happened.
    fn answer(&mut self, at: ReplicaId, event: Event<P::Message>) {
        let life = self.replicas[usize::from(at.get())].life;
        let delay = self.random.below(self.setup.work_us);
        self.later(delay, Occurrence::Answers { at, life, event });
    }

    fn send(&mut self, to: ReplicaId, message: P::Message) {
        *self.sent.entry((self.name)(&message)).or_insert(0) += 1;
        if self.random.one_in(self.setup.loss) {
            self.oracle.losses += 1;
            return;
        }
        if self.random.one_in(self.setup.duplication) {
            let delay = self.delay();
            self.later(delay, Occurrence::Arrives { to, message: message.clone() });
        }
        let delay = self.delay();
        self.later(delay, Occurrence::Arrives { to, message });
    }

    fn delay(&mut self) -> u64 {
        self.setup.delay_min_us + self.random.below(self.setup.delay_spread_us)
    }

    fn reply(&mut self, reply: Signed<Reply>) {
        let to = self.clients.iter().position(|user| user.client.id() == reply.client);
        if let Some(to) = to
            && !self.random.one_in(self.setup.loss)
        {
            let delay = self.delay();
            self.later(delay, Occurrence::Replies { to, reply });
        }
    }

    fn want(&mut self, client: usize) {
        let user = &mut self.clients[client];
        if user.left == 0 {
            return;
        }
        user.left -= 1;
        let (operation, attachment) = journal::operation(user.number, user.left);
        self.tell_client(client, ClientEvent::Submit { operation, attachment });
    }

    fn tell_client(&mut self, client: usize, event: ClientEvent) {
        let Ok(actions) = self.clients[client].client.step(event) else { return };
        for action in actions {
            match action {
                ClientAction::Send { to, submission } => self.submit(to, submission),
                ClientAction::Broadcast { submission } => {
                    for to in self.setup.committee.replicas() {
                        self.submit(to, submission.clone());
                    }
                }
                ClientAction::Arm { after } => {
                    self.count += 1;
                    let armed = self.count;
                    self.clients[client].armed = armed;
                    self.later(micros(after), Occurrence::Hurries { client, armed });
                }
                ClientAction::Disarm => self.clients[client].armed = 0,
                ClientAction::Done { result, .. } => {
                    self.clients[client].done.push(result);
                    self.later(0, Occurrence::Wants { client });
                }
            }
        }
    }

    fn submit(&mut self, to: ReplicaId, submission: Submission) {
        self.send(to, P::submit(submission));
    }
}

fn user(setup: &Setup, scope: Scope, index: usize) -> User {
    let number = index as u64;
    let signer = Signer::symbolic(scope, 1_000_000 + number);
    let committee: Committee = setup.committee;
    let client = Client::new(signer, committee, Timestamp::ZERO, setup.patience);
    User { client, left: setup.requests, number, done: Vec::new(), armed: 0 }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
