//! A state of the model, a step between two states, and what the model knows beside them.
//!
//! In: bounds. Out: [`Classic`] with the means to look into a [`World`]. Refuses to know: which steps are
//! possible.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use consensus::classic::Config;
use consensus::classic::message::Message;
use consensus::ids::{Digest, ReplicaId, View};
use consensus::keys::Verified;

use super::bounds::{Bounds, Crash, Detail, Faulty};
use super::search::Found;
use super::setup;
use crate::byzantine::Byzantine;
use crate::evidence::Evidence;
use crate::network::{Group, LetterId, LetterSet, Network};
use crate::properties::REPLICAS;
use crate::replica::{Machine, Subject};
use crate::transitions::{MachineId, Stimulus, Transitions};

/// A state: which machine each replica is, what was sent, whether a crash is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct World {
    pub(super) machines: [MachineId; REPLICAS as usize],
    pub(super) sent: LetterSet,
    pub(super) may_crash: bool,
}

/// What happens to one replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// To whom.
    pub at: ReplicaId,
    /// What, in order; all but the last are only remembered. Empty: a crash between two steps.
    pub stimuli: Vec<Stimulus>,
    /// After how many actions it crashes, if it does.
    pub crash: Option<usize>,
    /// The machine afterwards.
    pub(super) machine: MachineId,
    /// What it sends.
    pub(super) sent: LetterSet,
}

/// The model for replicas `P`.
#[derive(Debug)]
pub struct Classic<P> {
    pub(super) bounds: Bounds,
    pub(super) configs: Vec<Config>,
    pub(super) request: Verified<Message>,
    pub(super) byzantine: Option<Byzantine>,
    pub(super) evidence: Evidence,
    /// What can arrive at any time.
    pub(super) always: LetterSet,
    /// Names of batches for traces.
    names: BTreeMap<Digest, String>,
    memory: Mutex<Memory<P>>,
}

/// What was computed so far.
#[derive(Debug)]
pub(super) struct Memory<P> {
    pub(super) transitions: Transitions<P>,
    /// What the world can make of what was sent.
    pub(super) derived: BTreeMap<LetterSet, LetterSet>,
    /// What stand-ins for a quorum do to a machine.
    pub(super) stand_ins: BTreeMap<(MachineId, Group, Effect), Found>,
}

/// What a quorum did to its receiver, as far as others can tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Effect {
    /// The batches that the receiver's NEW-VIEW proposes, if it sent one.
    pub(super) proposes: Option<Vec<Digest>>,
    /// The best certificate behind that proposal.
    pub(super) claim: Option<(View, Digest)>,
}

impl Effect {
    /// The effect that shows in `sent`.
    pub(super) fn of(network: &Network, sent: &LetterSet) -> Self {
        let new_view = sent.iter().find_map(|id| match &*network.letter(id).message {
            Message::NewView(new_view) => Some(new_view.clone()),
            _ => None,
        });
        let held = new_view.iter().flat_map(|n| &n.view_changes).flat_map(|vote| &vote.prepared);
        Self {
            claim: held.map(|held| (held.view(), held.digest())).max(),
            proposes: new_view.as_ref().map(|n| n.pre_prepares.iter().map(|p| p.digest).collect()),
        }
    }
}

impl<P: Subject> Classic<P> {
    /// A world within `bounds`.
    pub fn new(bounds: Bounds) -> Self {
        let evidence = Evidence::default();
        let submission = setup::submission();
        let built = setup::built(&bounds, &submission);
        let byzantine = match bounds.faulty {
            Faulty::Byzantine(id) => {
                let stand_ins = (bounds.detail == Detail::StandIns).then(|| evidence.clone());
                let (id, digests) = (ReplicaId::new(id), built.iter().map(|(_, d)| *d).collect());
                let signer = evidence.signer(id).clone();
                Some(Byzantine::new(id, signer, bounds.last_view, &submission, digests, stand_ins))
            }
            Faulty::Nobody | Faulty::Silent(_) => None,
        };
        let keyring = evidence.keyring();
        let request = keyring.verify(Message::Request(submission)).expect("the client signed it");
        let mut transitions = Transitions::new(keyring);
        let mut always =
            transitions.post_all(byzantine.as_ref().map_or_else(Vec::new, Byzantine::always));
        if bounds.crash != Crash::Never {
            always.insert(transitions.post(request.clone().into_inner())); // the client tries again
        }
        let own = byzantine.as_ref().map_or_else(Vec::new, Byzantine::own_digests);
        let own = own.into_iter().zip(["A", "B"]).map(|(digest, name)| (digest, name.to_owned()));
        let names = built.into_iter().map(|(id, digest)| (digest, format!("C{id}"))).chain(own);
        let replicas = (0..REPLICAS).map(ReplicaId::new);
        Self {
            bounds,
            configs: replicas.map(|id| setup::config(id, &evidence)).collect(),
            request,
            byzantine,
            evidence,
            always,
            names: names.collect(),
            memory: Mutex::new(Memory {
                transitions,
                derived: BTreeMap::new(),
                stand_ins: BTreeMap::new(),
            }),
        }
    }

    /// The bounds.
    pub fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// The name of a batch in traces.
    pub fn name(&self, digest: &Digest) -> &str {
        self.names.get(digest).map_or("null", String::as_str)
    }

    /// The configuration of a replica.
    pub fn config(&self, id: ReplicaId) -> &Config {
        &self.configs[usize::from(id.get())]
    }

    /// Honest replicas, in order.
    pub fn honest(&self) -> impl Iterator<Item = ReplicaId> + '_ {
        (0..REPLICAS).map(ReplicaId::new).filter(|id| self.bounds.is_honest(*id))
    }

    /// Lets `look` see the honest machines of a world, in order.
    pub fn look<T>(&self, world: &World, look: impl Fn(&[&Machine<P>]) -> T) -> T {
        let memory = self.memory();
        let ids = world.machines.iter().filter(|id| **id != MachineId::NONE);
        let machines: Vec<_> = ids.map(|id| memory.transitions.machine(*id).as_ref()).collect();
        look(&machines)
    }

    /// Lets `look` see what honest replicas sent.
    pub fn look_at_sent<T>(&self, world: &World, look: impl Fn(&[&Message]) -> T) -> T {
        let memory = self.memory();
        let network = memory.transitions.network();
        let sent: Vec<_> = world.sent.iter().map(|id| &*network.letter(id).message).collect();
        look(&sent)
    }

    /// The machine of one honest replica.
    pub fn machine(&self, world: &World, at: ReplicaId) -> Machine<P> {
        let id = world.machines[usize::from(at.get())];
        self.memory().transitions.machine(id).as_ref().clone()
    }

    /// The message behind a number.
    pub fn message(&self, id: LetterId) -> Verified<Message> {
        self.memory().transitions.network().letter(id).message.clone()
    }

    /// How many distinct messages, machines and steps were computed.
    pub fn size(&self) -> (usize, usize, usize) {
        let memory = self.memory();
        let (machines, steps) = memory.transitions.size();
        (memory.transitions.network().len(), machines, steps)
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory<P>> {
        self.memory.lock().expect("where another thread of the checker panicked, this one does")
    }
}
