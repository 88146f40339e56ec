//! What each machine does with each message, run once on the shipped code and remembered.
//!
//! In: the number of a machine and of a message. Out: the number of the machine after it, and the
//! numbers of what it sent. Refuses to know: whole worlds. A state of a model is then a few integers,
//! and every distinct step of a replica runs the real code exactly once.
//!
//! Each run checks what the reduction of the models rests on: the same message a second time changes
//! nothing and causes nothing.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use consensus::classic::Config;
use consensus::classic::message::Message;
use consensus::event::{Event, Timer};
use consensus::keys::Keyring;

use crate::network::{LetterId, LetterSet, Network};
use crate::replica::{Machine, Step, Subject};

/// The number of a machine in a certain state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(u32);

impl MachineId {
    /// Stands where there is no honest machine.
    pub const NONE: Self = Self(u32::MAX);
}

/// What a machine can be hit by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stimulus {
    /// A message.
    Letter(LetterId),
    /// The view timer.
    Expiry,
}

/// What one stimulus does to one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// It is refused, or known.
    Nothing,
    /// It is remembered; nothing is done.
    Silent(MachineId),
    /// Something is done.
    Visible(MachineId, LetterSet),
}

/// A crash in the middle of a step: after how many actions, and what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wreck {
    /// Actions that were performed.
    pub after: usize,
    /// The machine, restarted, in a world in which nothing crashes any more.
    pub machine: MachineId,
    /// What left it before the crash, and on its restart.
    pub sent: LetterSet,
}

/// Everything that was computed so far.
#[derive(Debug)]
pub struct Transitions<P> {
    keyring: Keyring,
    network: Network,
    machines: Vec<Arc<Machine<P>>>,
    by_hash: BTreeMap<u64, Vec<MachineId>>,
    responses: BTreeMap<(MachineId, Stimulus), Response>,
    wrecks: BTreeMap<(MachineId, Stimulus), Arc<[Wreck]>>,
    lasting: BTreeMap<MachineId, MachineId>,
}

impl<P: Subject> Transitions<P> {
    /// Nothing computed yet.
    pub fn new(keyring: Keyring) -> Self {
        Self {
            keyring,
            network: Network::default(),
            machines: Vec::new(),
            by_hash: BTreeMap::new(),
            responses: BTreeMap::new(),
            wrecks: BTreeMap::new(),
            lasting: BTreeMap::new(),
        }
    }

    /// The messages.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The number of a message.
    pub fn post(&mut self, message: Message) -> LetterId {
        self.network.intern(message, &self.keyring)
    }

    /// The numbers of messages.
    pub fn post_all(&mut self, messages: Vec<Message>) -> LetterSet {
        messages.into_iter().map(|message| self.post(message)).collect()
    }

    /// The machine with this number.
    pub fn machine(&self, id: MachineId) -> &Arc<Machine<P>> {
        &self.machines[id.0 as usize]
    }

    /// The number of a machine.
    ///
    /// # Panics
    ///
    /// After 2^32 machines.
    pub fn enrol(&mut self, machine: Machine<P>) -> MachineId {
        let mut hasher = DefaultHasher::new();
        machine.hash(&mut hasher);
        let like = self.by_hash.entry(hasher.finish()).or_default();
        let known = like.iter().find(|id| *self.machines[id.0 as usize] == machine);
        if let Some(id) = known {
            return *id;
        }
        let id = MachineId(u32::try_from(self.machines.len()).expect("fewer than 2^32 machines"));
        like.push(id);
        self.machines.push(Arc::new(machine));
        id
    }

    /// What `stimulus` does to a machine.
    pub fn respond(&mut self, id: MachineId, stimulus: Stimulus) -> Response {
        if let Some(known) = self.responses.get(&(id, stimulus)) {
            return *known;
        }
        let response = self.compute(id, stimulus);
        self.responses.insert((id, stimulus), response);
        response
    }

    fn compute(&mut self, id: MachineId, stimulus: Stimulus) -> Response {
        let Ok(step) = self.machine(id).step(self.event(stimulus)) else {
            return Response::Nothing;
        };
        if let Stimulus::Letter(_) = stimulus {
            self.assert_idempotent(&step, stimulus);
        }
        let Step { machine, sent, deeds } = step;
        let next = self.enrol(machine);
        if deeds.is_empty() {
            return if next == id { Response::Nothing } else { Response::Silent(next) };
        }
        let sent = self.post_all(sent);
        // An answer from the cache, for one: something is done, but nothing that a model could see.
        let is_seen = next != id || !sent.is_empty();
        if is_seen { Response::Visible(next, sent) } else { Response::Nothing }
    }

    /// The reduction drops repeated deliveries, so they must be without effect.
    fn assert_idempotent(&self, step: &Step<P>, stimulus: Stimulus) {
        if let Ok(again) = step.machine.step(self.event(stimulus)) {
            let same = again.machine == step.machine && again.sent.is_empty();
            assert!(
                same,
                "a message delivered twice has an effect twice: {:?}",
                self.event(stimulus)
            );
        }
    }

    /// What is left when a machine crashes in the middle of what it does about `stimulus`, and restarts.
    pub fn wrecks(&mut self, id: MachineId, stimulus: Stimulus, config: &Config) -> Arc<[Wreck]> {
        if let Some(known) = self.wrecks.get(&(id, stimulus)) {
            return known.clone();
        }
        let machine = self.machine(id).clone();
        let event = self.event(stimulus);
        let whole = machine.step(event.clone()).map_or(0, |step| step.deeds.len());
        let mut wrecks: Vec<Wreck> = Vec::new();
        for after in 1..whole {
            let part = machine.step_partly(event.clone(), after);
            let part = part.expect("the whole step was not refused");
            let wreck = self.wreck(after, part, config);
            let is_new = wrecks.iter().all(|w| (w.machine, w.sent) != (wreck.machine, wreck.sent));
            if is_new {
                wrecks.push(wreck);
            }
        }
        let wrecks: Arc<[Wreck]> = wrecks.into();
        self.wrecks.insert((id, stimulus), wrecks.clone());
        wrecks
    }

    /// What is left when a machine crashes between two steps, and restarts.
    pub fn crash(&mut self, id: MachineId, config: &Config) -> Wreck {
        let machine = self.machine(id).as_ref().clone();
        self.wreck(0, Step { machine, sent: Vec::new(), deeds: Vec::new() }, config)
    }

    fn wreck(&mut self, after: usize, part: Step<P>, config: &Config) -> Wreck {
        let restarted = part.machine.restart(config);
        let sent = self.post_all(part.sent).union(&self.post_all(restarted.sent));
        let machine = self.enrol(restarted.machine.without_disk());
        Wreck { after, machine, sent }
    }

    /// The same machine in a world in which nothing crashes any more.
    pub fn lasting(&mut self, id: MachineId) -> MachineId {
        if let Some(known) = self.lasting.get(&id) {
            return *known;
        }
        let lasting = self.enrol(self.machine(id).without_disk());
        self.lasting.insert(id, lasting);
        lasting
    }

    /// The event that a stimulus is.
    pub fn event(&self, stimulus: Stimulus) -> Event<Message> {
        match stimulus {
            Stimulus::Letter(letter) => {
                Event::Received(self.network.letter(letter).message.clone())
            }
            Stimulus::Expiry => Event::Expired(Timer::View),
        }
    }

    /// How many distinct machines and steps were computed.
    pub fn size(&self) -> (usize, usize) {
        (self.machines.len(), self.responses.len())
    }
}
