//! The driver: one task that owns the replica, its application and its disk, and performs actions in order.
//!
//! In: verified messages, expired timers. Out: durable records, messages on links, replies to clients. Refuses to
//! know: sockets and signatures.
//!
//! ```text
//! links, client port -> verifier -> [bounded queue] -> driver -> records, chain (synced)
//!                                                       |  ^ |
//!                                       executor <------+  | +---> [bounded queues] -> links, connections
//!                                                 timers --+
//! ```
//!
//! Whatever is queued is stepped through first; then the records of all those steps are written, and a thread of its
//! own waits for the disk while the driver goes on. What was asked for after a `Persist` leaves once that record is
//! durable; everything leaves in the order in which it was asked for, and one sync serves many.

mod outgoing;
mod counted;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use consensus::action::Action;
use consensus::certificate::{CheckpointCertificate, Decision};
use consensus::classic::evidence::Evidence;
use consensus::classic::message::Message;
use consensus::classic::record::Record;
use consensus::event::{Event, Timer};
use consensus::exit::Exit;
use consensus::ids::{ReplicaId, SeqNum};
use consensus::keys::{ClientAuthentication, Signer, Verified};
use consensus::protocol::Protocol;
use consensus::reject::Reject;
use consensus::request::{Replies, Reply};
use consensus::wire;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use counted::{first_time, is_vote, upkeep};
use outgoing::Outgoing;

use crate::application::Application;
use crate::metrics::{Count, Heard, Metrics};
use crate::peers::link::{Payload, Senders};
use crate::registry::Registry;
use crate::store::chain::{CHAIN_ADVICE, ChainError};
use crate::store::evidence::EvidenceLog;
use crate::store::journal::Journal;
use crate::store::log::LogError;
use crate::talk::{Status, ToClient, Unwelcome};
use crate::trace::{Trace, unix_us};

/// Groups of inputs that wait for the driver. Beyond it links and client connections wait, which the senders feel.
pub const QUEUE: usize = 64;
/// Inputs stepped through before their messages leave.
const ROUND: usize = 1_024;
/// Messages and replies that wait for the disk. Beyond it no more input is taken, which the senders feel.
const HELD: usize = 32_768;
/// Bytes of decisions in one answer to a replica that fell behind.
const RECALL_BYTES: usize = 2 << 20;
/// Answers of that kind to one replica between two ticks: an honest one catches up with a few hundred decisions per
/// tick, a lying one costs no more than a few reads.
const RECALLS_PER_TICK: u32 = 4;

/// What the driver takes in.
#[derive(Debug)]
pub enum Input {
    /// Messages whose signatures hold, in the order in which they arrived; `from` names the link, none for clients.
    Messages(Option<ReplicaId>, Vec<Verified<Message>>),
}

/// Why a driver had to stop.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The disk failed: what was promised may not be durable.
    #[error("durability is in doubt: {0}")]
    Disk(#[from] LogError),
    /// The chain on disk cannot be read back.
    #[error("{0}{advice}", advice = .0.advice())]
    Chain(#[from] ChainError),
    /// Executing the chain again led elsewhere.
    #[error(
        "block {0} of the chain on disk does not follow from the blocks before it{CHAIN_ADVICE}"
    )]
    Diverged(SeqNum),
    /// The records hold a state that only another program can install.
    #[error("the records begin with a state at {0} that this program cannot install")]
    Foreign(SeqNum),
}

/// The parts a driver works with.
#[derive(Debug)]
pub struct Parts<P, A> {
    /// The replica, with its records taken in.
    pub replica: P,
    /// Its application.
    pub application: A,
    /// Its promises and its chain.
    pub journal: Journal,
    /// Signs replies.
    pub signer: Signer,
    /// Whether it does.
    pub clients: ClientAuthentication,
    /// What proves that others lie.
    pub evidence: EvidenceLog,
    /// Links to the others.
    pub senders: Senders,
    /// Connections of clients.
    pub registry: Arc<Registry>,
    /// Where to say where the replica stands.
    pub standing: watch::Sender<Status>,
    /// Moments of recent messages.
    pub trace: Arc<Trace>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// All replicas but this one.
    pub others: Vec<ReplicaId>,
    /// Span within which decisions are taken in, for handing back a chain in portions.
    pub window: usize,
}

/// A replica of the classic protocol, honest or not.
pub trait Classic:
    Protocol<Message = Message, Record = Record, Evidence = Evidence> + Send + 'static
{
}

impl<P> Classic for P where
    P: Protocol<Message = Message, Record = Record, Evidence = Evidence> + Send + 'static
{
}

/// The task's state.
pub struct Driver<P, A> {
    parts: Parts<P, A>,
    timers: BTreeMap<Timer, Instant>,
    /// Events that this driver's own answers caused.
    local: VecDeque<Event<Message>>,
    exit: Exit<Outgoing>,
    /// Executions so far.
    executions: u64,
    /// How many answers each replica that fell behind got since the last tick.
    recalls: BTreeMap<ReplicaId, u32>,
}

impl<P: Classic, A: Application> Driver<P, A> {
    /// A driver of these parts.
    pub fn new(parts: Parts<P, A>) -> Self {
        let (timers, local, exit) = (BTreeMap::new(), VecDeque::new(), Exit::default());
        let executions = 0;
        Self { parts, timers, local, exit, executions, recalls: BTreeMap::new() }
    }

    /// Runs until `stop` says so and everything taken in is finished.
    ///
    /// # Errors
    ///
    /// [`DriverError`]; the process must end then.
    pub async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Input>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), DriverError> {
        self.start()?;
        self.finish_round()?;
        loop {
            let next = self.timers.values().min().copied();
            let wake = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                files = self.parts.journal.end(), if self.exit.is_busy() => {
                    self.parts.metrics.add(Count::Syncs, files?);
                    self.exit.end();
                }
                input = inbox.recv(), if self.exit.waiting().len() < HELD => match input {
                    Some(input) => self.take(input, &mut inbox)?,
                    None => break,
                },
                () = tokio::time::sleep_until(wake) => {}
            }
            self.expire()?;
            self.finish_round()?;
        }
        inbox.close();
        while let Some(input) = inbox.recv().await {
            self.take(input, &mut inbox)?;
        }
        self.finish().await
    }

    /// Steps through `input` and whatever else is queued, up to a round.
    fn take(&mut self, input: Input, inbox: &mut mpsc::Receiver<Input>) -> Result<(), DriverError> {
        let (mut taken, mut next) = (0, Some(input));
        while let Some(Input::Messages(from, messages)) = next {
            taken += messages.len();
            messages.into_iter().try_for_each(|message| self.receive(from, message))?;
            next = if taken < ROUND { inbox.try_recv().ok() } else { None };
        }
        Ok(())
    }

    /// The first events of a life, in the order that [`Protocol::new`] asks for: `Started`, then after a restart the
    /// chain on disk, which is executed again and must lead where it led.
    fn start(&mut self) -> Result<(), DriverError> {
        // Votes of an earlier life are repeated, so what stands behind them must not be lost any more.
        let synced = self.parts.journal.settle()?;
        self.parts.metrics.add(Count::Syncs, synced);
        self.tell_accused();
        self.step(Event::Started)?;
        let me = self.parts.replica.id();
        let last = self.parts.journal.chain().last();
        loop {
            let first = self.parts.replica.standing().executed.next();
            if first > last {
                return Ok(());
            }
            let chain = self.parts.journal.chain();
            let decisions = chain.recall(first, self.parts.window, RECALL_BYTES)?;
            if decisions.is_empty() {
                tracing::warn!(%first, "its private parts are not here; the other replicas are asked");
                return Ok(());
            }
            self.step(Event::Recalled { to: me, decisions })?;
            if self.parts.replica.standing().executed < first {
                return Err(DriverError::Diverged(first));
            }
        }
    }

    fn receive(
        &mut self,
        from: Option<ReplicaId>,
        message: Verified<Message>,
    ) -> Result<(), DriverError> {
        self.parts.trace.note(&message, false);
        let origin = match &*message {
            Message::Request(s) => Some((s.request.client(), s.request.timestamp)),
            _ => None,
        };
        let Some(reject) = self.step(Event::Received(message))? else { return Ok(()) };
        if let Some(from) = from {
            self.parts.metrics.hear(from, Heard { rejected: 1, ..Heard::default() });
        }
        if let (Some((client, timestamp)), Some(why)) = (origin, Unwelcome::of(&reject)) {
            self.parts.registry.send(&client, &ToClient::Refused { client, timestamp, why });
        }
        Ok(())
    }

    fn expire(&mut self) -> Result<(), DriverError> {
        let now = Instant::now();
        let due: Vec<Timer> =
            self.timers.iter().filter(|(_, at)| **at <= now).map(|(timer, _)| *timer).collect();
        for timer in due {
            self.timers.remove(&timer);
            if timer == Timer::Status {
                self.recalls.clear();
            }
            self.step(Event::Expired(timer))?;
        }
        Ok(())
    }

    /// Lets one event happen and everything that follows from it locally; the reject, if it was refused.
    fn step(&mut self, event: Event<Message>) -> Result<Option<Reject>, DriverError> {
        let reject = self.step_one(event)?;
        while let Some(event) = self.local.pop_front() {
            self.step_one(event)?;
        }
        Ok(reject)
    }

    fn step_one(&mut self, event: Event<Message>) -> Result<Option<Reject>, DriverError> {
        let mut actions = Vec::new();
        if let Err(reject) = self.parts.replica.step(event, &mut actions) {
            self.parts.metrics.add(Count::Rejected, 1);
            tracing::debug!(%reject, "refused");
            return Ok(Some(reject));
        }
        for action in actions {
            self.perform(action)?;
        }
        Ok(None)
    }

    fn perform(&mut self, action: Action<Message, Record, Evidence>) -> Result<(), DriverError> {
        match action {
            Action::Send { to, message } => {
                let count = if is_vote(&message) { Count::Repeats } else { upkeep(&message) };
                self.leave(Outgoing::To(to, message, count));
            }
            Action::Broadcast { message } => {
                let count = first_time(&message);
                self.leave(Outgoing::All(message, count));
            }
            Action::Reply { reply } => self.leave(Outgoing::Reply(self.executions, reply)),
            Action::Persist { record } => {
                self.parts.journal.promise(&record);
                self.exit.wrote_record();
                self.parts.metrics.add(Count::Records, 1);
            }
            Action::Arm { timer, after } => {
                self.timers.insert(timer, Instant::now() + after);
            }
            Action::Disarm { timer } => {
                self.timers.remove(&timer);
            }
            Action::Build { requests } => {
                let proposer = self.parts.replica.id();
                let now = unix_us() / 1_000;
                let proposal = self.parts.application.build(proposer, requests, now);
                self.local.push_back(Event::Built { proposal });
            }
            Action::Validate { digest, proposal, fresh } => {
                let now = unix_us() / 1_000;
                let verdict = self.parts.application.validate(&proposal, fresh, now);
                self.local.push_back(Event::Validated { digest, verdict });
            }
            // The chain on disk begins with block 1, so no state of others is offered here, and none taken.
            Action::Export { seq } => {
                self.local.push_back(Event::Exported { seq, chunks: Vec::new() });
            }
            Action::Install { seq, .. } => return Err(DriverError::Foreign(seq)),
            Action::Query { read } => {
                let result = self.parts.application.query(&read.operation);
                let (client, timestamp) = (read.client(), read.timestamp);
                self.local.push_back(Event::Answered { client, timestamp, result });
            }
            Action::Execute { decision, fresh } => self.execute(&decision, &fresh)?,
            Action::Skip { decision } => self.parts.journal.chain_mut().append(&decision, None),
            Action::Stable { certificate } => self.keep_checkpoint(&certificate),
            Action::Accuse { evidence, .. } => self.accuse(&evidence)?,
            Action::Recall { to, first, most } => self.recall(to, first, most)?,
        }
        Ok(())
    }

    fn accuse(&mut self, evidence: &Evidence) -> Result<(), DriverError> {
        if self.parts.evidence.keep(evidence)? {
            let (accused, offence) = (evidence.accused(), evidence.offence());
            tracing::warn!(%accused, %offence, "a replica contradicts itself; the proof is kept");
            self.parts.metrics.add(Count::Accusations, 1);
            self.tell_accused();
        }
        Ok(())
    }

    fn tell_accused(&self) {
        let accused = self.parts.evidence.accused();
        self.parts.standing.send_modify(|status| status.accused = accused);
    }

    fn recall(&mut self, to: ReplicaId, first: SeqNum, most: usize) -> Result<(), DriverError> {
        let answered = self.recalls.entry(to).or_insert(0);
        *answered += 1;
        if *answered <= RECALLS_PER_TICK {
            let decisions = self.parts.journal.chain().recall(first, most, RECALL_BYTES)?;
            self.local.push_back(Event::Recalled { to, decisions });
        }
        Ok(())
    }

    fn execute(&mut self, decision: &Decision, fresh: &[bool]) -> Result<(), DriverError> {
        let seq = decision.seq();
        let done = self.parts.application.execute(decision, fresh);
        self.executions += 1;
        let kept = self.parts.journal.chain().header(seq);
        if kept.is_some_and(|kept| *kept != done.header) {
            return Err(DriverError::Diverged(seq));
        }
        if kept.is_none() {
            self.parts.metrics.add(Count::Decisions, 1);
            self.parts.metrics.add(Count::Executed, done.outcomes.len() as u64);
            self.parts.trace.note_reply(seq, self.parts.replica.id());
        }
        self.parts.journal.chain_mut().append(decision, Some(done.header));
        let (state, outcomes, checkpoint) = (done.state, done.outcomes, done.checkpoint);
        self.local.push_back(Event::Executed { seq, state, outcomes, checkpoint });
        Ok(())
    }

    /// A checkpoint is stable. Records below it go when they are compacted, which waits for the chain.
    fn keep_checkpoint(&mut self, certificate: &CheckpointCertificate) {
        self.parts.journal.chain_mut().append_checkpoint(certificate);
        self.exit.wrote_chain();
    }

    /// Gives the disk what this round owes if it has nothing to do, and lets go what waits for nothing.
    fn finish_round(&mut self) -> Result<(), DriverError> {
        let Parts { journal, replica, metrics, .. } = &mut self.parts;
        if journal.is_worth_compacting() && !self.exit.is_busy() {
            metrics.add(Count::Syncs, journal.compact(&replica.records())?);
        }
        if !journal.is_waited_for() {
            journal.flush()?;
            self.exit.forgive();
        } else if let Some(owed) = self.exit.begin() {
            journal.begin(owed.chain);
        } else if !self.exit.is_busy() {
            journal.flush()?; // no record is owed, so none is missing behind the chain
        }
        self.let_go();
        self.tell_standing();
        Ok(())
    }

    /// The end: everything taken in is made durable, and leaves as far as the links still take it.
    async fn finish(&mut self) -> Result<(), DriverError> {
        if self.exit.is_busy() {
            self.parts.metrics.add(Count::Syncs, self.parts.journal.end().await?);
        }
        let synced = self.parts.journal.settle()?;
        self.parts.metrics.add(Count::Syncs, synced);
        self.exit.forgive();
        self.let_go();
        self.tell_standing();
        Ok(())
    }

    fn leave(&mut self, outgoing: Outgoing) {
        let vouches = outgoing.is_checkpoint();
        self.exit.push(outgoing, vouches);
    }

    /// What has waited long enough leaves, replies to one connection under one signature.
    fn let_go(&mut self) {
        let (mut replies, mut of) = (Vec::new(), 0);
        while let Some(outgoing) = self.exit.pop() {
            match outgoing {
                Outgoing::To(to, message, count) => {
                    self.parts.senders.send(to, &wire::encode(&message).into(), count);
                }
                Outgoing::All(message, count) => {
                    self.parts.trace.note(&message, true);
                    let payload: Payload = wire::encode(&message).into();
                    for to in &self.parts.others {
                        self.parts.senders.send(*to, &payload, count);
                    }
                }
                Outgoing::Reply(execution, reply) => {
                    if execution != of {
                        self.answer(std::mem::take(&mut replies));
                        of = execution;
                    }
                    replies.push(reply);
                }
            }
        }
        self.answer(replies);
    }

    /// Replies to the requests of one execution leave: one message to each connection, whatever else leaves with them,
    /// so that messages per decision are what the formula says.
    fn answer(&self, replies: Vec<Reply>) {
        if !replies.is_empty() {
            let Parts { signer, clients, replica, registry, .. } = &self.parts;
            let from = replica.id();
            registry.answer(replies, |replies| signer.sign_as(*clients, Replies { from, replies }));
        }
    }

    fn tell_standing(&self) {
        let standing = self.parts.replica.standing();
        self.parts.standing.send_modify(|status| {
            status.replica = self.parts.replica.id().get();
            status.view = standing.view.get();
            status.active = standing.active;
            status.primary = standing.primary.get();
            status.executed = standing.executed.get();
            status.stable = standing.stable.get();
            status.waiting = standing.waiting as u64;
        });
    }
}

#[cfg(test)]
mod tests;
