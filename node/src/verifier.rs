//! The gate: bytes from outside become messages whose signatures hold, or a counted refusal.
//!
//! In: frames of replicas and clients. Out: `Verified` messages for the driver. Refuses to know: the protocol's
//! state. Any number of tasks may use it at once; each keeps its frames in order. What is cheap is looked at first:
//! form, length of lists, whose key it is; signatures come last.

mod shape;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use consensus::classic::message::Message;
use consensus::ids::{ClientId, ReplicaId, Timestamp};
use consensus::keys::{Forged, Keyring, Signed, Verified};
use consensus::limits::Limits;
use consensus::request::Submission;
use consensus::wire;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::shape::Shape;
use crate::application::Gate;
use crate::driver::Input;
use crate::founding::Founding;
use crate::metrics::{Count, Heard, Metrics};
use crate::peers::link::Inbox;
use crate::talk::{Hello, ToReplica, Unwelcome};

/// Frames that are together longer than this are looked at on a thread of their own: at most a hundred signatures, some
/// milliseconds, keep the tasks that read and write sockets.
const LARGE: usize = 16 << 10;
/// How often a request of a key that no member has is taken. The ledger refuses nearly all of them, and each ends up
/// in a block: a few a second are enough for members whose registration is not executed here yet.
const STRANGER_EVERY: Duration = Duration::from_millis(250);
/// How many of them may come at once after a silence.
const STRANGERS_AT_ONCE: u32 = 64;

/// As many requests are looked at on a thread of their own.
const MANY: usize = 32;

/// Whose request was refused, and which.
pub type Refused = (ClientId, Timestamp);

/// Checks what comes in and hands it on.
#[derive(Clone, Debug)]
pub struct Verifier {
    keyring: Arc<Keyring>,
    shape: Arc<Shape>,
    gate: Arc<dyn Gate>,
    strangers: Arc<Mutex<Pace>>,
    metrics: Arc<Metrics>,
    driver: mpsc::Sender<Input>,
}

impl Verifier {
    /// Checks with `keyring` what is meant for `driver`; `gate` knows whose requests are always welcome.
    pub fn new(
        founding: &Founding,
        keyring: Keyring,
        gate: Arc<dyn Gate>,
        metrics: Arc<Metrics>,
        driver: mpsc::Sender<Input>,
    ) -> Self {
        let limits = founding.limits().spec().clone();
        let shape = Arc::new(Shape { committee: founding.committee(), limits });
        let strangers = Arc::new(Mutex::new(Pace::new(STRANGER_EVERY, STRANGERS_AT_ONCE)));
        Self { keyring: Arc::new(keyring), shape, gate, strangers, metrics, driver }
    }

    /// Checks clients' requests that arrived together and hands them on; waits while the driver is busy, which is
    /// back-pressure to their connection. Returns those that were refused, counted, and why.
    pub async fn submit(&self, submissions: Vec<Submission>) -> Vec<(Refused, Unwelcome)> {
        let (mut welcome, mut refused) = (Vec::new(), Vec::new());
        let mut names = Vec::new();
        for submission in submissions {
            let name = (submission.request.client(), submission.request.timestamp);
            match self.welcome(&submission) {
                Ok(()) => {
                    names.push(name);
                    welcome.push(Message::Request(submission));
                }
                Err(why) => refused.push((name, why)),
            }
        }
        let mut good = Vec::new();
        for (name, verified) in names.into_iter().zip(self.verify_heavy(welcome).await) {
            match verified {
                Some(message) => good.push(message),
                None => refused.push((name, Unwelcome::Forged)),
            }
        }
        self.metrics.add(Count::Requests, good.len() as u64);
        self.hand_on(None, good).await;
        refused
    }

    /// Whether a request may come in, before its signature is looked at.
    fn welcome(&self, submission: &Submission) -> Result<(), Unwelcome> {
        if !self.gate.is_admissible(submission) {
            self.metrics.add(Count::Inadmissible, 1);
            return Err(Unwelcome::Inadmissible);
        }
        if !self.gate.is_member(&submission.request.client()) {
            let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
            if !strangers.try_step() {
                self.metrics.add(Count::Strangers, 1);
                return Err(Unwelcome::Busy);
            }
        }
        Ok(())
    }

    /// Whether a client's message costs a check of a signature.
    pub fn is_costly(&self, message: &ToReplica) -> bool {
        match message {
            ToReplica::Hello(_) => true,
            ToReplica::Submit(_) => self.keyring.checks_clients(),
            ToReplica::Ask { .. } => false,
        }
    }

    /// Whether a client itself asks for its replies; refusals are counted.
    pub fn is_genuine(&self, hello: Signed<Hello>, me: ReplicaId) -> bool {
        let mut checks = 0;
        let genuine = hello.to == me && self.keyring.verify_counted(hello, &mut checks).is_ok();
        self.metrics.add(Count::OtherChecks, checks);
        self.metrics.add(Count::Forged, u64::from(!genuine));
        genuine
    }

    /// The messages of a replica whose signatures hold, in order; refusals are counted.
    fn judge(&self, frames: &[Bytes]) -> Vec<Verified<Message>> {
        let messages = frames.iter().filter_map(|frame| self.read(frame)).collect();
        self.verify(messages).into_iter().flatten().collect()
    }

    /// A message that is worth a look at its signatures.
    fn read(&self, frame: &[u8]) -> Option<Message> {
        let Ok(message) = wire::decode::<Message>(frame, Limits::MESSAGE_BYTES) else {
            self.metrics.add(Count::Garbage, 1);
            return None;
        };
        if !self.shape.fits(&message) {
            self.metrics.add(Count::Misshapen, 1);
            return None;
        }
        if let Message::Request(submission) = &message {
            self.welcome(submission).ok()?;
        }
        Some(message)
    }

    fn verify(&self, messages: Vec<Message>) -> Vec<Option<Verified<Message>>> {
        let named: Vec<_> = messages.iter().map(|m| (kind(m), requests(m))).collect();
        let verified = self.keyring.verify_all(messages);
        let count = |((verified, checks), (kind, requests)): ((Result<_, Forged>, u64), _)| {
            let of_requests = checks.min(requests);
            self.metrics.add(Count::RequestChecks, of_requests);
            self.metrics.add(kind, checks - of_requests);
            self.metrics.add(Count::Forged, u64::from(verified.is_err()));
            verified.ok()
        };
        verified.into_iter().zip(named).map(count).collect()
    }

    /// Many requests are looked at on a thread of their own.
    async fn verify_heavy(&self, messages: Vec<Message>) -> Vec<Option<Verified<Message>>> {
        if messages.len() <= MANY || !self.keyring.checks_clients() {
            return self.verify(messages);
        }
        self.apart(move |verifier| verifier.verify(messages)).await
    }

    /// As [`Verifier::judge`], for frames that are large together. Where requests need no signature, those that carry
    /// little else are looked at here; what carries votes of others is not, for votes are always signed.
    async fn judge_heavy(&self, frames: Vec<Bytes>) -> Vec<Verified<Message>> {
        if self.keyring.checks_clients() {
            return self.apart(move |verifier| verifier.judge(&frames)).await;
        }
        let (mut messages, mut bytes) = (Vec::new(), 0);
        for frame in &frames {
            if let Some(message) = self.read(frame) {
                bytes += if is_of_requests(&message) { 0 } else { frame.len() };
                messages.push(message);
            }
        }
        let verified = if bytes > LARGE {
            self.apart(move |verifier| verifier.verify(messages)).await
        } else {
            self.verify(messages)
        };
        verified.into_iter().flatten().collect()
    }

    /// Does something on a thread of its own.
    async fn apart<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let verifier = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&verifier)).await;
        done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
    }

    /// Notes what came from another replica: so many frames, of which these messages are good.
    fn note(&self, from: ReplicaId, count: usize, messages: &[Verified<Message>]) {
        let of_others = messages.iter().filter(|m| author(m).is_some_and(|author| author != from));
        let of_others = of_others.count() as u64;
        let (messages, refused) = (count as u64, (count - messages.len()) as u64);
        self.metrics.hear(from, Heard { messages, refused, of_others, rejected: 0 });
    }

    async fn hand_on(&self, from: Option<ReplicaId>, messages: Vec<Verified<Message>>) {
        if !messages.is_empty() {
            // A closed channel means that the driver is stopping; what arrives then is lost, as on any network.
            let _ = self.driver.send(Input::Messages(from, messages)).await;
        }
    }
}

impl Inbox for Verifier {
    async fn take(&self, from: ReplicaId, frames: Vec<Bytes>) {
        let count = frames.len();
        let bytes: usize = frames.iter().map(Bytes::len).sum();
        let messages =
            if bytes > LARGE { self.judge_heavy(frames).await } else { self.judge(&frames) };
        self.note(from, count, &messages);
        self.hand_on(Some(from), messages).await;
    }
}

/// Steps at a steady pace, some of which may be taken at once after a rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    every: Duration,
    at_once: u32,
    /// When all steps so far would have been taken at the steady pace.
    due: Instant,
}

impl Pace {
    pub(crate) fn new(every: Duration, at_once: u32) -> Self {
        Self { every, at_once, due: Instant::now() }
    }

    /// Takes a step if it is time for one; whether it was.
    pub(crate) fn try_step(&mut self) -> bool {
        let is_time = self.due <= Instant::now() + self.every * (self.at_once - 1);
        if is_time {
            self.step();
        }
        is_time
    }

    /// Takes a step, and says how long to wait before it.
    pub(crate) fn step(&mut self) -> Duration {
        let now = Instant::now();
        let wait = self.due.saturating_duration_since(now + self.every * (self.at_once - 1));
        self.due = self.due.max(now) + self.every;
        wait
    }
}

/// Who alone says such a thing, if it is honest; none for what anybody may pass on.
fn author(message: &Message) -> Option<ReplicaId> {
    Some(match message {
        Message::Propose(propose) => propose.pre_prepare.from,
        Message::Prepare(vote) => vote.from,
        Message::Commit(vote) => vote.from,
        Message::Checkpoint(vote) => vote.from,
        Message::ViewChange(vote) => vote.from,
        Message::Status(status) => status.from,
        Message::Fetch(fetch) => fetch.from,
        _ => return None,
    })
}

/// Which counter the checks of a message belong to, requests' own signatures apart.
fn kind(message: &Message) -> Count {
    match message {
        Message::Propose(_) | Message::Prepare(_) | Message::Commit(_) => Count::VoteChecks,
        _ => Count::OtherChecks,
    }
}

/// Whether a message is long because of the requests in it; it carries one vote at most.
fn is_of_requests(message: &Message) -> bool {
    matches!(message, Message::Request(_) | Message::Propose(_) | Message::Proposal(_))
}

/// How many client requests a message carries whose signatures are checked with it.
fn requests(message: &Message) -> u64 {
    match message {
        Message::Request(_) => 1,
        Message::Propose(propose) => propose.proposal.batch.requests.len() as u64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
