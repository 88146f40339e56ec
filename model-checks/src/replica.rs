//! One honest machine: the shipped replica with its application and its disk, driven until it rests.
//!
//! In: an event. Out: the machine after it, what it sent, and every action it performed. Refuses to
//! know: other machines. The application answers at once, so `Build`, `Validate` and `Execute` are
//! part of the step that asked for them; only messages, timers and crashes come from outside.

use std::collections::VecDeque;

use consensus::action::Action;
use consensus::application::Application;
use consensus::certificate::Decision;
use consensus::classic::Config;
use consensus::classic::evidence::Evidence;
use consensus::classic::message::Message;
use consensus::classic::record::Record;
use consensus::event::{Event, Timer, Verdict};
use consensus::keys::Verified;
use consensus::protocol::{Protocol, Standing};
use consensus::reject::Reject;
use consensus::sim::journal::Journal;

use crate::properties::History;

/// A replica that these models can drive: the shipped one, or a wrapper around it.
pub trait Subject:
    Protocol<Message = Message, Record = Record, Evidence = Evidence, Config = Config>
    + Send
    + Sync
    + 'static
{
}

impl<P> Subject for P where
    P: Protocol<Message = Message, Record = Record, Evidence = Evidence, Config = Config>
        + Send
        + Sync
        + 'static
{
}

/// An action of a classic replica.
pub type Deed = Action<Message, Record, Evidence>;

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Disk {
    records: Vec<Record>,
    decisions: Vec<Decision>,
}

/// One honest machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Machine<P> {
    replica: P,
    journal: Journal,
    /// Whether the view timer runs.
    patient: bool,
    /// How many positions it executed since it last started.
    executed: u64,
    history: History,
    /// None where nothing can crash any more: states that differ only in their disks are one then.
    disk: Option<Disk>,
}

/// A step and what came of it.
#[derive(Clone, Debug)]
pub struct Step<P> {
    /// The machine after it.
    pub machine: Machine<P>,
    /// What it sent to other replicas, except what the models leave out.
    pub sent: Vec<Message>,
    /// Everything it did, in order.
    pub deeds: Vec<Deed>,
}

impl<P: Subject> Machine<P> {
    /// A machine that has just started, and whose client has sent it `request`.
    ///
    /// # Panics
    ///
    /// If the replica refuses the request.
    pub fn start(config: &Config, request: &Verified<Message>, durable: bool) -> Step<P> {
        let machine = Self {
            replica: P::new(config.clone(), Vec::new()),
            journal: Journal::default(),
            patient: false,
            executed: 0,
            history: History::default(),
            disk: durable.then(Disk::default),
        };
        let started = machine.step(Event::Started).expect("a replica starts");
        let asked = started.machine.step(Event::Received(request.clone()));
        let mut asked = asked.expect("a replica that has done nothing takes a request");
        asked.deeds.splice(..0, started.deeds);
        asked.sent.splice(..0, started.sent);
        asked
    }

    /// Lets `event` happen and answers the replica's questions until it has none.
    ///
    /// # Errors
    ///
    /// What the replica refuses.
    pub fn step(&self, event: Event<Message>) -> Result<Step<P>, Reject> {
        self.step_partly(event, usize::MAX)
    }

    /// Like [`Machine::step`], but performs no more than `most` actions.
    ///
    /// # Errors
    ///
    /// What the replica refuses.
    pub fn step_partly(&self, event: Event<Message>, most: usize) -> Result<Step<P>, Reject> {
        let mut machine = self.clone();
        let mut wanted = Vec::new();
        machine.replica.step(event, &mut wanted)?;
        let mut queue: VecDeque<_> = wanted.into_iter().filter(is_seen).collect();
        let (mut sent, mut deeds) = (Vec::new(), Vec::new());
        while deeds.len() < most
            && let Some(deed) = queue.pop_front()
        {
            if let Some(answer) = machine.perform(&deed, &mut sent) {
                let mut wanted = Vec::new();
                // One verdict can settle two questions; the second answer is refused then.
                if machine.replica.step(answer, &mut wanted).is_ok() {
                    queue.extend(wanted.into_iter().filter(is_seen));
                }
            }
            deeds.push(deed);
        }
        Ok(Step { machine, sent, deeds })
    }

    /// Crashes and starts again from the disk, which keeps what was persisted and executed.
    ///
    /// # Panics
    ///
    /// If the machine has no disk.
    pub fn restart(&self, config: &Config) -> Step<P> {
        let disk = self.disk.clone().expect("machines that can crash have a disk");
        let machine = Self {
            replica: P::new(config.clone(), disk.records.clone()),
            journal: Journal::default(),
            patient: false,
            executed: 0,
            history: self.history.clone(),
            disk: Some(Disk { decisions: Vec::new(), ..disk.clone() }),
        };
        let mut started = machine.step(Event::Started).expect("a replica starts");
        if disk.decisions.is_empty() {
            return started;
        }
        let own = Event::Recalled { to: started.machine.replica.id(), decisions: disk.decisions };
        let recalled = started.machine.step(own).expect("a replica takes back its own decisions");
        started.sent.extend(recalled.sent);
        started.deeds.extend(recalled.deeds);
        Step { machine: recalled.machine, ..started }
    }

    /// The same machine, in a world in which nothing crashes any more.
    #[must_use]
    pub fn without_disk(&self) -> Self {
        Self { disk: None, ..self.clone() }
    }

    /// Where its replica stands.
    pub fn standing(&self) -> Standing {
        self.replica.standing()
    }

    /// Whether its view timer runs.
    pub fn is_patient(&self) -> bool {
        self.patient
    }

    /// What it executed.
    pub fn history(&self) -> &History {
        &self.history
    }

    fn perform(&mut self, deed: &Deed, sent: &mut Vec<Message>) -> Option<Event<Message>> {
        match deed {
            Action::Send { message, .. } | Action::Broadcast { message } => {
                if is_modelled(message) {
                    sent.push(message.clone());
                }
                None
            }
            Action::Persist { record } => {
                self.disk.iter_mut().for_each(|disk| disk.records.push(record.clone()));
                None
            }
            Action::Arm { timer: Timer::View, .. } => {
                self.patient = true;
                None
            }
            Action::Disarm { timer: Timer::View } => {
                self.patient = false;
                None
            }
            Action::Build { requests } => {
                let proposal = self.journal.build(self.replica.id(), requests.clone());
                Some(Event::Built { proposal })
            }
            Action::Validate { digest, proposal, .. } => {
                let good = self.journal.validate(proposal);
                let verdict = if good { Verdict::Acceptable } else { Verdict::Refused };
                Some(Event::Validated { digest: *digest, verdict })
            }
            Action::Execute { decision, fresh } => {
                self.keep(decision);
                let done = self.journal.execute(decision, fresh);
                let (state, outcomes, checkpoint) = (done.state, done.outcomes, done.checkpoint);
                Some(Event::Executed { seq: decision.seq(), state, outcomes, checkpoint })
            }
            Action::Skip { decision } => {
                self.keep(decision);
                None
            }
            Action::Arm { .. }
            | Action::Disarm { .. }
            | Action::Reply { .. }
            | Action::Accuse { .. }
            | Action::Query { .. }
            | Action::Export { .. }
            | Action::Install { .. }
            | Action::Stable { .. }
            | Action::Recall { .. } => None,
        }
    }

    fn keep(&mut self, decision: &Decision) {
        self.executed += 1;
        self.history.execute(decision, self.executed);
        self.disk.iter_mut().for_each(|disk| disk.decisions.push(decision.clone()));
    }
}

/// Evidence is left out: it changes nothing, and nobody hears of it.
fn is_seen(deed: &Deed) -> bool {
    !matches!(deed, Action::Accuse { .. })
}

/// Questions are left out, and requests passed on: every replica has the request already, and the
/// answers to questions can be delivered without being asked for.
fn is_modelled(message: &Message) -> bool {
    !matches!(message, Message::Request(_) | Message::Status(_) | Message::Fetch(_))
}
