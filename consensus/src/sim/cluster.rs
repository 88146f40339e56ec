//! The parts of a simulated cluster and how they are put together; what can be seen of it from outside.
//!
//! In: a setup and a seed. Out: a cluster before anything happened, and looks at it later. Refuses to know: what
//! happens in between.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::adversary::draw::Draw;
use crate::application::Application;
use crate::event::{Event, Timer};
use crate::ids::{Digest, NetworkId, ReplicaId};
use crate::keys::{Keyring, Scope, Signer, Verified};
use crate::protocol::Protocol;
use crate::request::Answer;

use super::agenda::Agenda;
use super::branch::Branches;
use super::fault::Injection;
use super::network::Network;
use super::oracle::Oracle;
use super::plan::Plan;
use super::process::{Atlas, Machine};
use super::setup::Setup;
use super::tally::Tally;
use super::trace::Trace;
use super::users::User;
use super::watch::{Proof, Readable};

/// A cluster with its clients, its network and its clock.
#[derive(Debug)]
pub struct Cluster<P: Protocol, A> {
    pub(super) setup: Setup,
    pub(super) seed: u64,
    pub(super) keyring: Keyring,
    pub(super) machines: Vec<Machine<P, A>>,
    pub(super) users: Vec<User>,
    pub(super) agenda: Agenda<Occurrence<P::Message>>,
    pub(super) network: Network,
    pub(super) plan: Plan,
    pub(super) atlas: Atlas,
    pub(super) oracle: Oracle,
    /// The replicas' keys, for signing what leaves for clients.
    pub(super) signers: Vec<Signer>,
    pub(super) trace: Trace,
    pub(super) tally: Tally,
    pub(super) branches: Branches,
    /// Messages that left, by receiver-independent name.
    pub(super) sent: BTreeMap<&'static str, u64>,
    pub(super) name: fn(&P::Message) -> &'static str,
    pub(super) blank: A,
}

/// Something that will happen.
#[derive(Clone, Debug, Hash)]
pub(super) enum Occurrence<M> {
    Arrives { to: ReplicaId, fold: u64, message: Verified<M> },
    Expires { at: ReplicaId, timer: Timer, armed: u64 },
    Answers { at: ReplicaId, life: u64, event: Event<M> },
    Synced { at: ReplicaId, life: u64 },
    Replies { to: usize, reply: Verified<Answer> },
    Wants { client: usize },
    Hurries { client: usize, armed: u64 },
    Restarts { at: ReplicaId },
}

impl<P: Protocol<Message: Readable, Evidence: Proof>, A: Application> Cluster<P, A> {
    /// A cluster that runs `blank` at every replica. `config` makes the configuration of one replica from its
    /// place, its key and the digest of the blank application; `name` names a message.
    pub fn new(
        setup: Setup,
        seed: u64,
        blank: A,
        config: impl Fn(&Setup, ReplicaId, Signer, Digest) -> P::Config,
        name: fn(&P::Message) -> &'static str,
    ) -> Self {
        let scope = scope();
        let n = setup.committee.size();
        let signers: Vec<_> = (0..n as u64).map(|i| Signer::symbolic(scope, i)).collect();
        let keyring = Keyring::symbolic(scope, signers.iter().map(Signer::public_key).collect());
        let places = setup.committee.replicas().zip(&signers);
        let machine = |(id, signer): (ReplicaId, &Signer)| {
            Machine::new(config(&setup, id, signer.clone(), blank.genesis()), blank.clone())
        };
        let machines = places.clone().map(machine).collect();
        let lying = places.filter(|(id, _)| setup.liars.contains(id));
        let strangers = lying.map(|(_, signer)| signer.public_key()).collect();
        let size = u16::try_from(n).expect("committees are small");
        let plan = match &setup.script {
            Some(script) => Plan::written(seed, script),
            None => Plan::drawn(seed, setup.faults.clone(), size),
        };
        let nodes = size + u16::try_from(setup.clients).expect("few clients");
        let mut cluster = Self {
            keyring,
            machines,
            users: (0..setup.clients).map(|i| User::new(&setup, scope, i)).collect(),
            agenda: Agenda::default(),
            network: Network::new(&setup, seed, nodes),
            plan,
            atlas: Atlas::new(setup.committee.faults(), setup.liars.clone()),
            oracle: Oracle::new(n, blank.genesis(), strangers),
            signers,
            trace: Trace::default(),
            tally: Tally::default(),
            branches: Branches::default(),
            sent: BTreeMap::new(),
            name,
            blank,
            seed,
            setup,
        };
        for episode in cluster.plan.happened() {
            cluster.tally.count("fault", episode.class().name());
        }
        for id in cluster.setup.committee.replicas() {
            cluster.boot(id);
        }
        for client in 0..cluster.users.len() {
            cluster.agenda.later(0, Occurrence::Wants { client });
        }
        cluster
    }

    /// The replica, if it is up.
    pub fn replica(&self, id: ReplicaId) -> Option<&P> {
        self.machines[usize::from(id.get())].replica.as_ref()
    }

    /// The application of a replica.
    pub fn application(&self, id: ReplicaId) -> &A {
        &self.machines[usize::from(id.get())].application
    }

    /// What a replica has made durable.
    pub fn records(&self, id: ReplicaId) -> &[P::Record] {
        self.machines[usize::from(id.get())].disk.records()
    }

    /// The results each client got, in order.
    pub fn results(&self) -> Vec<&[Vec<u8>]> {
        self.users.iter().map(User::done).collect()
    }

    /// Messages sent between replicas so far, by name.
    pub fn sent(&self) -> &BTreeMap<&'static str, u64> {
        &self.sent
    }

    /// What was seen to be true along the way.
    pub fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    /// How often what happened.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What came of which event at honest replicas.
    pub fn branches(&self) -> &Branches {
        &self.branches
    }

    /// The faults injected so far.
    pub fn injected(&self) -> &[Injection] {
        self.plan.happened()
    }

    /// Replicas of which nothing may be expected, because they lie, were wiped, or have damaged disks.
    pub fn spoilt(&self) -> BTreeSet<ReplicaId> {
        self.setup.committee.replicas().filter(|id| self.atlas.is_spoilt(*id)).collect()
    }

    /// Simulated time since the start.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.agenda.now())
    }

    /// A digest of everything that happened, in order.
    pub fn trace(&self) -> Digest {
        self.trace.digest()
    }

    /// How much happened.
    pub fn events(&self) -> u64 {
        self.trace.events()
    }

    /// The keys of the cluster.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub(super) fn drawn(&mut self, question: u64, at: ReplicaId) -> Draw {
        let machine = &mut self.machines[usize::from(at.get())];
        machine.answers += 1;
        let number = u64::from(machine.answers);
        Draw::about(self.seed, [question, u64::from(at.get()), number, 0])
    }

    pub(super) fn node(&self, client: usize) -> u16 {
        u16::try_from(self.machines.len() + client).expect("few nodes")
    }
}

/// The scope in which everything in a simulation or model is signed.
pub fn scope() -> Scope {
    Scope::new(NetworkId::new(Digest::of("model", &())))
}

/// Whole microseconds.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
