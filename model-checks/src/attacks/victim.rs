//! One replica under attack, with an application that answers when it is told to, and a disk.
//!
//! In: messages and expiries. Out: what it did. Refuses to know: other replicas.

use std::collections::VecDeque;

use consensus::action::Action;
use consensus::application::Application;
use consensus::certificate::{Checkpoint, Decision};
use consensus::classic::Config;
use consensus::classic::message::Message;
use consensus::classic::record::Record;
use consensus::committee::Committee;
use consensus::event::{Event, Timer, Verdict};
use consensus::ids::{ReplicaId, SeqNum};
use consensus::limits::{Limits, LimitsSpec};
use consensus::protocol::Standing;
use consensus::reject::Reject;
use consensus::sim::journal::Journal;

use super::forge::{self, REPLICAS};
use crate::replica::{Deed, Subject};

/// A replica that is attacked.
#[derive(Clone, Debug)]
pub struct Victim<P> {
    config: Config,
    replica: P,
    journal: Journal,
    records: Vec<Record>,
    decisions: Vec<Decision>,
    /// Whether its application executes at once; if not, it never says that it is done.
    pub prompt: bool,
    /// Whether its view timer runs.
    pub armed: bool,
    /// Everything it did.
    pub deeds: Vec<Deed>,
}

impl<P: Subject> Victim<P> {
    /// Replica `id` of four: windows of 8, a checkpoint every 4 positions.
    ///
    /// # Panics
    ///
    /// Never: the bounds fit together.
    pub fn new(id: u16) -> Self {
        let spec = LimitsSpec {
            batch_requests: 2,
            batch_bytes: 1_024,
            operation_bytes: 64,
            attachment_bytes: 64,
            pipeline: 2,
            window: 8,
            checkpoint_interval: 4,
            pending: 8,
            fetch_decisions: 4,
            ..LimitsSpec::default()
        };
        let config = Config {
            id: ReplicaId::new(id),
            committee: Committee::try_new(usize::from(REPLICAS)).expect("four replicas"),
            limits: Limits::try_new(spec).expect("these limits fit together"),
            signer: forge::signer(u64::from(id)),
            genesis: Journal::default().genesis(),
        };
        let replica = P::new(config.clone(), Vec::new());
        let mut victim = Self {
            config,
            replica,
            journal: Journal::default(),
            records: Vec::new(),
            decisions: Vec::new(),
            prompt: true,
            armed: false,
            deeds: Vec::new(),
        };
        let started = victim.happens(Event::Started);
        assert_eq!(started, Ok(()), "a replica starts");
        victim
    }

    /// It gets a message with good signatures.
    ///
    /// # Errors
    ///
    /// What it refuses.
    ///
    /// # Panics
    ///
    /// If a signature does not hold.
    pub fn hears(&mut self, message: Message) -> Result<(), Reject> {
        self.happens(Event::Received(forge::check(message).expect("signed by who it says")))
    }

    /// It loses its patience.
    pub fn loses_patience(&mut self) {
        let expired = self.happens(Event::Expired(Timer::View));
        assert_eq!(expired, Ok(()), "an expiry is never refused");
    }

    /// Something happens to it.
    ///
    /// # Errors
    ///
    /// What it refuses.
    pub fn happens(&mut self, event: Event<Message>) -> Result<(), Reject> {
        let mut wanted = Vec::new();
        self.replica.step(event, &mut wanted)?;
        let mut queue = VecDeque::from(wanted);
        while let Some(deed) = queue.pop_front() {
            if let Some(answer) = self.perform(&deed) {
                let mut more = Vec::new();
                // One verdict can settle two questions; the second answer is refused then.
                if self.replica.step(answer, &mut more).is_ok() {
                    queue.extend(more);
                }
            }
            self.deeds.push(deed);
        }
        Ok(())
    }

    fn perform(&mut self, deed: &Deed) -> Option<Event<Message>> {
        match deed {
            Action::Persist { record } => self.records.push(record.clone()),
            Action::Arm { timer: Timer::View, .. } => self.armed = true,
            Action::Disarm { timer: Timer::View } => self.armed = false,
            Action::Skip { decision } => self.decisions.push(decision.as_ref().clone()),
            Action::Build { requests } => {
                let proposal = self.journal.build(self.config.id, requests.clone());
                return Some(Event::Built { proposal });
            }
            Action::Validate { digest, proposal, .. } => {
                let good = self.journal.validate(proposal);
                let verdict = if good { Verdict::Acceptable } else { Verdict::Refused };
                return Some(Event::Validated { digest: *digest, verdict });
            }
            Action::Execute { decision, fresh } if self.prompt => {
                self.decisions.push(decision.as_ref().clone());
                let done = self.journal.execute(decision, fresh);
                let (state, outcomes, checkpoint) = (done.state, done.outcomes, done.checkpoint);
                return Some(Event::Executed { seq: decision.seq(), state, outcomes, checkpoint });
            }
            _ => {}
        }
        None
    }

    /// It dies and starts again with its records, and is handed the decisions it kept.
    pub fn restarts(&mut self) {
        self.replica = P::new(self.config.clone(), self.records.clone());
        self.journal = Journal::default();
        let decisions = std::mem::take(&mut self.decisions);
        let started = self.happens(Event::Started);
        let recalled = self.happens(Event::Recalled { to: self.config.id, decisions });
        assert_eq!((started, recalled), (Ok(()), Ok(())), "a restart is never refused");
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        self.replica.standing()
    }

    /// How many requests it executed.
    pub fn executed(&self) -> u64 {
        self.journal.length
    }

    /// What it said to others so far.
    pub fn said(&self) -> impl Iterator<Item = &Message> {
        self.deeds.iter().filter_map(|deed| match deed {
            Action::Send { message, .. } | Action::Broadcast { message } => Some(message),
            _ => None,
        })
    }

    /// How often it said a message of this name.
    pub fn count(&self, name: &str) -> usize {
        self.said().filter(|message| message.name() == name).count()
    }

    /// The checkpoint that it reported at a position.
    pub fn reported(&self, seq: u64) -> Option<&Checkpoint> {
        self.said().find_map(|message| match message {
            Message::Checkpoint(vote) if vote.seq == SeqNum::new(seq) => Some(&vote.message),
            _ => None,
        })
    }
}
