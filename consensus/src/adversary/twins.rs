//! One identity, two instances: two honest replicas with one key, each of which talks to a part of the others.
//!
//! In: which replicas each twin talks to in each of the first views. Out: what both twins do. Refuses to know: a lie;
//! each twin is honest, and together they equivocate.
//!
//! Source: Twins (Bano and others 2021). The first twin has the machine: its disk, its application, its timers. The
//! second one builds batches in the opposite order, or with another context, and takes the first one's word for what
//! executing does.

use std::collections::{BTreeMap, VecDeque};

use crate::action::Action;
use crate::classic::Config;
use crate::classic::evidence::Evidence;
use crate::classic::message::Message;
use crate::classic::record::Record;
use crate::event::{Event, Timer};
use crate::ids::{ReplicaId, SeqNum};
use crate::protocol::Protocol;
use crate::request::Proposal;

use super::lies::Lies;
use super::mouth::{Deed, Deeds, send};

/// Outcomes of the first twin that the second may still ask for.
const OUTCOMES: usize = 64;

/// Two instances of one replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Twins<P> {
    both: [P; 2],
    everybody: Vec<ReplicaId>,
    /// For each of the first views, those that the second twin talks to; the first talks to the rest. If the bit of
    /// the twins themselves is set, both talk to the rest.
    walls: Vec<u64>,
    /// Which twin waits for its view timer.
    patient: [bool; 2],
    context: Vec<u8>,
    /// What executing did at the first twin.
    outcomes: BTreeMap<SeqNum, Event<Message>>,
    /// What the second twin wants executed.
    wanted: Option<SeqNum>,
    lies: Lies,
}

/// Author and view of what counts in one view only.
fn round(message: &Message) -> Option<(ReplicaId, u64)> {
    Some(match message {
        Message::Propose(propose) => (propose.pre_prepare.from, propose.pre_prepare.view.get()),
        Message::Prepare(vote) => (vote.from, vote.view.get()),
        Message::Commit(vote) => (vote.from, vote.view.get()),
        Message::ViewChange(vote) => (vote.from, vote.view.get()),
        Message::NewView(new_view) => (new_view.from, new_view.view.get()),
        Message::Status(status) => (status.from, status.view.get()),
        _ => return None,
    })
}

impl<P> Twins<P>
where
    P: Protocol<Message = Message, Record = Record, Evidence = Evidence, Config = Config>,
{
    /// Twins in the place of one replica.
    pub fn new(config: Config, records: Vec<Record>, walls: Vec<u64>) -> Self {
        let everybody = config.committee.replicas().filter(|id| *id != config.id).collect();
        let both = [P::new(config.clone(), records.clone()), P::new(config, records)];
        let (patient, context, outcomes) = ([false; 2], Vec::new(), BTreeMap::new());
        Self {
            both,
            everybody,
            walls,
            patient,
            context,
            outcomes,
            wanted: None,
            lies: Lies::default(),
        }
    }

    /// The twin that has the machine.
    pub fn first(&self) -> &P {
        &self.both[0]
    }

    /// What the second twin said, and what the first said to some only.
    pub fn lies(&self) -> &Lies {
        &self.lies
    }

    /// Whether a twin and a replica talk about a view.
    fn talk(&self, twin: usize, peer: ReplicaId, view: u64) -> bool {
        let wall = usize::try_from(view).ok().and_then(|view| self.walls.get(view));
        let has = |side: u64, id: ReplicaId| side >> (id.get() % 64) & 1 == 1;
        let me = self.both[0].id();
        wall.is_none_or(|side| has(*side, peer) == (twin == 1 && !has(*side, me)))
    }

    /// The view that a message of a twin belongs to: where the twin stands, if the message counts in all views.
    fn spoken_in(&self, twin: usize, message: &Message) -> u64 {
        let stands = || self.both[twin].standing().view.get();
        round(message).map_or_else(stands, |(_, view)| view)
    }

    /// Lets something happen to whom it concerns. What a twin refuses changes nothing.
    pub fn happen(&mut self, event: Event<Message>, out: &mut Deeds) {
        let mut waiting = VecDeque::new();
        match &event {
            Event::Received(message) => {
                let about = round(message);
                let hears =
                    |twin: &usize| about.is_none_or(|(peer, view)| self.talk(*twin, peer, view));
                waiting.extend((0..2).filter(hears).map(|twin| (twin, event.clone())));
            }
            Event::Built { proposal } => {
                if let Some(proposal) = proposal {
                    self.context.clone_from(&proposal.batch.context);
                }
                waiting.push_back((0, event));
            }
            Event::Executed { seq, .. } => {
                self.outcomes.insert(*seq, event.clone());
                if self.outcomes.len() > OUTCOMES {
                    self.outcomes.pop_first();
                }
                waiting.push_back((0, event));
            }
            Event::Expired(timer) => {
                if *timer == Timer::View {
                    self.patient = [false; 2];
                }
                waiting.extend([(0, event.clone()), (1, event)]);
            }
            Event::Answered { .. } | Event::Exported { .. } | Event::Installed { .. } => {
                waiting.push_back((0, event))
            }
            Event::Recalled { to, .. } if *to != self.both[0].id() => waiting.push_back((0, event)),
            Event::Started | Event::Validated { .. } | Event::Recalled { .. } => {
                waiting.extend([(0, event.clone()), (1, event)]);
            }
        }
        while let Some((twin, event)) = waiting.pop_front() {
            let mut deeds = Vec::new();
            if self.both[twin].step(event, &mut deeds).is_ok() {
                for deed in deeds {
                    self.speak(twin, deed, out, &mut waiting);
                }
            }
            if let Some(done) = self.wanted.and_then(|seq| self.outcomes.get(&seq)) {
                waiting.push_back((1, done.clone()));
                self.wanted = None;
            }
        }
    }

    fn speak(
        &mut self,
        twin: usize,
        deed: Deed,
        out: &mut Deeds,
        waiting: &mut VecDeque<(usize, Event<Message>)>,
    ) {
        match deed {
            Action::Broadcast { message } => {
                let view = self.spoken_in(twin, &message);
                let hears = |peer: &&ReplicaId| self.talk(twin, **peer, view);
                let receivers: Vec<_> = self.everybody.iter().filter(hears).copied().collect();
                if twin == 1 || receivers.len() < self.everybody.len() {
                    self.lies.tell(message.name());
                }
                send(&receivers, &message, out);
            }
            Action::Send { to, ref message } => {
                let view = self.spoken_in(twin, message);
                out.extend(self.talk(twin, to, view).then_some(deed));
            }
            Action::Arm { timer: Timer::View, .. } => {
                self.patient[twin] = true;
                out.push(deed);
            }
            Action::Disarm { timer: Timer::View } => {
                self.patient[twin] = false;
                out.extend((self.patient == [false; 2]).then_some(deed));
            }
            Action::Validate { .. } => out.push(deed),
            deed if twin == 0 => out.push(deed),
            Action::Build { mut requests } => {
                requests.reverse();
                let id = self.both[1].id();
                let mut context = self.context.clone();
                if requests.len() < 2 {
                    context.push(1); // there is only one order of one request
                }
                let proposal = Some(Proposal::new(id, context, requests));
                waiting.push_back((1, Event::Built { proposal }));
            }
            Action::Execute { decision, .. } => self.wanted = Some(decision.seq()),
            _ => {}
        }
    }
}
