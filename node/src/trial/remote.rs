//! The region as homes see it from outside: commands go to replicas, receipts come back from f+1 of them.
//!
//! In: the commands of the one loop over days. Out: receipts; beside them, what every client did and how long it
//! took. Refuses to know: what the commands mean.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use community::{Region, Speaker, Submission};
use consensus::committee::Committee;
use consensus::ids::Timestamp;
use consensus::keys::{Scope, Signer};
use consensus::wire;
use ledger::{Command, Receipt, slot_market};
use market::{ParticipantId, Slot};
use tokio::runtime::Handle;

use super::cluster::ClusterError;
use super::director::{Director, Script};
use super::history::{History, Value, Whose};
use super::probe::Probe;
use super::watcher::Watcher;
use crate::client::{Done, Gateway, SubmitError};
use crate::people;
use crate::trace::unix_us;

/// Why a command has no receipt.
#[derive(Debug, thiserror::Error)]
pub(super) enum RemoteError {
    /// The cluster did not take it.
    #[error("{who}: {source}")]
    Submit {
        /// Whose command.
        who: String,
        /// Why.
        source: SubmitError,
    },
    /// f+1 replicas answered something that is no receipt.
    #[error("{who}: the answer is no receipt")]
    Receipt {
        /// Whose command.
        who: String,
    },
    /// A fault could not be injected.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

/// What every client shares.
#[derive(Debug)]
struct Shared {
    gateway: Gateway,
    history: Mutex<History>,
    /// Microseconds from when a command was meant to leave to its certain receipt, by kind.
    latencies: Mutex<BTreeMap<&'static str, Vec<u64>>>,
    commands: Arc<AtomicU64>,
    /// The last registration, whose decision the report draws.
    registered: Mutex<Option<Done>>,
}

/// A cluster as a region.
#[derive(Debug)]
pub(super) struct Remote {
    runtime: Handle,
    shared: Arc<Shared>,
    director: Director,
    people: Vec<Person>,
    probe: Option<Probe>,
    committee: Committee,
    /// The last slot whose faults and returns had their time.
    begun: Option<u32>,
    pace: Duration,
    /// When the next slot may begin.
    due: Option<Instant>,
}

/// Somebody with a key: homes by number, then the operator.
#[derive(Clone, Debug)]
struct Person {
    name: String,
    /// Its number as a member; none for the operator.
    participant: Option<ParticipantId>,
    signer: Signer,
    operations: u64,
}

/// What is left when the days are over.
#[derive(Debug)]
pub(super) struct Remains {
    pub(super) history: History,
    pub(super) latencies: BTreeMap<&'static str, Vec<u64>>,
    pub(super) script: Script,
    pub(super) probe: Option<Probe>,
    /// The last registration.
    pub(super) registered: Option<Done>,
}

impl Remote {
    pub(super) fn new(
        runtime: Handle,
        gateway: Gateway,
        director: Director,
        committee: Committee,
        scope: Scope,
        (seed, homes): (u64, u32),
    ) -> Self {
        let person = |name: String, participant, secret| Person {
            name,
            participant,
            signer: Signer::ed25519(scope, secret),
            operations: 0,
        };
        let home = |home| {
            let participant = Some(ParticipantId::new(home));
            person(format!("home-{home}"), participant, people::home_seed(seed, home))
        };
        let mut people: Vec<_> = (0..homes).map(home).collect();
        people.push(person("operator".to_owned(), None, people::operator_seed(seed)));
        let shared = Arc::new(Shared {
            gateway,
            history: Mutex::new(History::default()),
            latencies: Mutex::new(BTreeMap::new()),
            commands: Arc::default(),
            registered: Mutex::new(None),
        });
        let (probe, begun, pace, due) = (None, None, Duration::ZERO, None);
        Self { runtime, shared, director, people, probe, committee, begun, pace, due }
    }

    /// The same with slots that begin `pace` after each other, or later.
    pub(super) fn paced(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// A look from beside the loop.
    pub(super) fn watcher(&self) -> Watcher {
        let (gateway, commands) = (self.shared.gateway.clone(), self.shared.commands.clone());
        Watcher::new(self.runtime.clone(), gateway, commands, self.committee)
    }

    /// Ends the run: waits for those who are paused, and hands over what was gathered.
    pub(super) fn finish(self) -> Remains {
        let take = |history: &Mutex<History>| std::mem::take(&mut *lock(history));
        Remains {
            history: take(&self.shared.history),
            latencies: std::mem::take(&mut *lock(&self.shared.latencies)),
            script: self.director.finish(),
            probe: self.probe,
            registered: lock(&self.shared.registered).take(),
        }
    }

    fn deliver(&mut self, commands: Vec<Submission>) -> Result<Vec<Receipt>, RemoteError> {
        deliver(&self.runtime, &self.shared, &mut self.people, commands, Some(unix_us()))
    }

    /// Has the operator register the homes, one after the other on purpose, and counts everything.
    fn enrol(&mut self, commands: Vec<Submission>) -> Result<Vec<Receipt>, RemoteError> {
        let watcher = self.watcher();
        let begun = Probe::begin(&watcher);
        let receipts = deliver(&self.runtime, &self.shared, &mut self.people, commands, None)?;
        let mut probe = begun.end(&watcher, receipts.len() as u64);
        let operator = self.people[self.people.len() - 1].signer.public_key().client();
        probe.arrivals = self.runtime.block_on(self.shared.gateway.arrivals(operator));
        self.probe = Some(probe);
        Ok(receipts)
    }

    /// Waits until a slot may begin. What a slow one took too long, those after it do not make up for.
    fn keep_pace(&mut self) {
        let now = Instant::now();
        let begins = self.due.map_or(now, |due| due.max(now));
        std::thread::sleep(begins - now);
        self.due = Some(begins + self.pace);
    }

    /// Has the first commands of a slot ordered while its faults strike.
    fn deliver_under_fire(
        &mut self,
        slot: Slot,
        commands: Vec<Submission>,
    ) -> Result<Vec<Receipt>, RemoteError> {
        self.director.begin(slot.get())?;
        if !self.director.is_due(slot.get()) {
            return self.deliver(commands);
        }
        let watcher = self.watcher();
        let Self { runtime, shared, people, director, .. } = self;
        std::thread::scope(|scope| {
            let striker = scope.spawn(|| director.strike(slot.get(), || watcher.primary()));
            let delivered = deliver(runtime, shared, people, commands, Some(unix_us()));
            let struck = striker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            struck.map_err(RemoteError::from).and(delivered)
        })
    }
}

/// Has all commands ordered: those of one author one after the other, different authors at once. `meant` is when all of
/// them were meant to leave; none if each is meant to leave when the one before it has its answer.
///
/// Returns when every author is done or has given up, so that whoever was sent something knows its end.
fn deliver(
    runtime: &Handle,
    shared: &Arc<Shared>,
    people: &mut [Person],
    commands: Vec<Submission>,
    meant: Option<u64>,
) -> Result<Vec<Receipt>, RemoteError> {
    let mut queues: BTreeMap<usize, Vec<(usize, Submission)>> = BTreeMap::new();
    let total = commands.len();
    for (index, command) in commands.into_iter().enumerate() {
        let person = match command.speaker {
            Speaker::Home(home) => home as usize,
            Speaker::Operator => people.len() - 1,
        };
        queues.entry(person).or_default().push((index, command));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (person, queue) in queues {
        let speaker = people[person].clone();
        people[person].operations += queue.len() as u64;
        tasks.spawn_on(speak(shared.clone(), speaker, queue, meant), runtime);
    }
    let mut receipts: Vec<Option<Receipt>> = vec![None; total];
    let mut failed = None;
    runtime.block_on(async {
        while let Some(joined) = tasks.join_next().await {
            match joined.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic())) {
                Ok(answers) => {
                    answers.into_iter().for_each(|(index, receipt)| receipts[index] = Some(receipt))
                }
                Err(error) => failed = failed.take().or(Some(error)),
            }
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let whole = |receipt: Option<Receipt>| receipt.expect("each queue answers all of its commands");
    Ok(receipts.into_iter().map(whole).collect())
}

impl Region for Remote {
    type Error = RemoteError;

    fn submit(&mut self, commands: Vec<Submission>) -> Result<Vec<Receipt>, RemoteError> {
        self.director.check()?;
        let first = commands.first().map(|first| first.command);
        if let Some(Command::Members(_)) = first {
            return self.enrol(commands);
        }
        match first.and_then(slot_of) {
            Some(slot) if self.begun < Some(slot.get()) => {
                self.begun = Some(slot.get());
                self.keep_pace();
                self.deliver_under_fire(slot, commands)
            }
            _ => self.deliver(commands),
        }
    }
}

/// The slot that a command belongs to. Every slot has at least the closing of its gate.
fn slot_of(command: Command) -> Option<Slot> {
    match command {
        Command::SlotMarket(
            slot_market::Command::PlaceOrder { slot, .. }
            | slot_market::Command::CloseGate { slot }
            | slot_market::Command::SubmitReading { slot, .. }
            | slot_market::Command::CloseSlot { slot },
        ) => Some(slot),
        _ => None,
    }
}

/// One author's commands, one after the other.
async fn speak(
    shared: Arc<Shared>,
    speaker: Person,
    queue: Vec<(usize, Submission)>,
    meant: Option<u64>,
) -> Result<Vec<(usize, Receipt)>, RemoteError> {
    let mut receipts = Vec::new();
    for (number, (index, submission)) in (speaker.operations..).zip(queue) {
        let (kind, operation) = (kind(&submission.command), submission.command.encode());
        let (process, participant) = (speaker.name.clone(), speaker.participant);
        let whose = Whose { process, participant, operation: number };
        shared.note(&whose, "invoke", Value::Command(submission.command));
        let sent = shared
            .gateway
            .submit(&speaker.signer, Timestamp::ZERO, operation, submission.private)
            .await;
        let done = sent.map_err(|source| {
            let ended = if matches!(source, SubmitError::Refused(_)) { "fail" } else { "info" };
            shared.note(&whose, ended, Value::Reason(source.to_string()));
            RemoteError::Submit { who: speaker.name.clone(), source }
        })?;
        let receipt: Receipt = wire::decode(&done.result, Receipt::MAX_BYTES)
            .map_err(|_| RemoteError::Receipt { who: speaker.name.clone() })?;
        shared.note(&whose, "ok", Value::Receipt(receipt));
        shared.measure(kind, meant, &done);
        receipts.push((index, receipt));
    }
    Ok(receipts)
}

impl Shared {
    fn note(&self, whose: &Whose, kind: &'static str, value: Value) {
        lock(&self.history).note(whose, kind, value);
    }

    fn measure(&self, kind: &'static str, meant: Option<u64>, done: &Done) {
        self.commands.fetch_add(1, Ordering::Relaxed);
        lock(&self.latencies).entry(kind).or_default().push(took(meant, done));
        if kind == "register" {
            *lock(&self.registered) = Some(done.clone());
        }
    }
}

/// Microseconds from when a command was meant to leave: one that waits behind another of its author counts from when it
/// was handed over, not from when its turn came. Without a time it was meant to leave when it did.
fn took(meant: Option<u64>, done: &Done) -> u64 {
    done.done_us.saturating_sub(meant.unwrap_or(done.invoked_us))
}

/// The kind of a command, for latencies.
fn kind(command: &Command) -> &'static str {
    match command {
        Command::Members(_) => "register",
        Command::Transfer(_) => "transfer",
        Command::SlotMarket(slot_market::Command::PlaceOrder { .. }) => "order",
        Command::SlotMarket(slot_market::Command::SubmitReading { .. }) => "reading",
        Command::SlotMarket(_) => "operate",
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use consensus::ids::View;

    use super::*;

    /// Handed over at 100, sent at 700 when the command before it was answered, answered at 1,000.
    #[test]
    fn waiting_behind_an_own_command_counts() {
        let done = Done { result: Vec::new(), invoked_us: 700, done_us: 1_000, view: View::new(0) };
        assert_eq!(took(Some(100), &done), 900);
        assert_eq!(took(None, &done), 300, "the probe sends one at a time on purpose");
    }

    /// A slot in which nobody orders anything has its faults all the same.
    #[test]
    fn every_slot_has_a_command_that_names_it() {
        let slot = Slot::new(30);
        let close = Command::SlotMarket(slot_market::Command::CloseGate { slot });
        assert_eq!(slot_of(close), Some(slot));
        assert_eq!(slot_of(Command::SlotMarket(slot_market::Command::Open)), None);
    }
}
