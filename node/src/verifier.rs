//! The gate: bytes from outside become messages whose signatures hold, or a counted refusal.
//!
//! In: frames of replicas and clients. Out: `Verified` messages for the driver. Refuses to know: the protocol's
//! state. Any number of tasks may use it at once; each keeps its frames in order. What is cheap is looked at first:
//! form, length of lists, whose key it is; signatures come last.

mod shape;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use consensus::classic::message::Message;
use consensus::ids::ReplicaId;
use consensus::keys::{Keyring, Signed, Verified};
use consensus::limits::Limits;
use consensus::request::Submission;
use consensus::wire;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::shape::Shape;
use crate::driver::Input;
use crate::executor::{Admitted, Executor};
use crate::founding::Founding;
use crate::metrics::{Count, Metrics};
use crate::peers::link::Inbox;
use crate::talk::{Hello, Unwelcome};

/// Frames longer than this are looked at on a thread of their own: at most a hundred signatures, some milliseconds,
/// keep the tasks that read and write sockets.
const LARGE: usize = 16 << 10;
/// How often a request of a key that no member has is taken. The ledger refuses nearly all of them, and each ends up
/// in a block: a few a second are enough for members whose registration is not executed here yet.
const STRANGER_EVERY: Duration = Duration::from_millis(250);
/// How many of them may come at once after a silence.
const STRANGERS_AT_ONCE: u32 = 64;

/// Checks what comes in and hands it on.
#[derive(Clone, Debug)]
pub struct Verifier {
    keyring: Arc<Keyring>,
    shape: Arc<Shape>,
    admitted: Arc<Admitted>,
    strangers: Arc<Mutex<Pace>>,
    metrics: Arc<Metrics>,
    driver: mpsc::Sender<Input>,
}

impl Verifier {
    /// A gate in front of `driver`; `admitted` are the keys whose requests are always welcome.
    pub fn new(
        founding: &Founding,
        admitted: Arc<Admitted>,
        metrics: Arc<Metrics>,
        driver: mpsc::Sender<Input>,
    ) -> Self {
        let limits = founding.limits().spec().clone();
        let shape = Arc::new(Shape { committee: founding.committee(), limits });
        let strangers = Arc::new(Mutex::new(Pace::new(STRANGER_EVERY, STRANGERS_AT_ONCE)));
        let keyring = Arc::new(founding.keyring());
        Self { keyring, shape, admitted, strangers, metrics, driver }
    }

    /// Checks a client's request and hands it on; waits while the driver is busy, which is back-pressure to the
    /// client's connection.
    ///
    /// # Errors
    ///
    /// [`Unwelcome`], counted.
    pub async fn submit(&self, submission: Submission) -> Result<(), Unwelcome> {
        self.welcome(&submission)?;
        let message = self.verify(Message::Request(submission)).ok_or(Unwelcome::Forged)?;
        self.metrics.add(Count::Requests, 1);
        self.hand_on(message).await;
        Ok(())
    }

    /// Whether a request may come in, before its signature is looked at.
    fn welcome(&self, submission: &Submission) -> Result<(), Unwelcome> {
        if !Executor::is_admissible(submission) {
            self.metrics.add(Count::Inadmissible, 1);
            return Err(Unwelcome::Inadmissible);
        }
        if !self.admitted.contains(&submission.request.client()) {
            let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
            if !strangers.try_step() {
                self.metrics.add(Count::Strangers, 1);
                return Err(Unwelcome::Busy);
            }
        }
        Ok(())
    }

    /// Whether a client itself asks for its replies; refusals are counted.
    pub fn is_genuine(&self, hello: Signed<Hello>, me: ReplicaId) -> bool {
        let mut checks = 0;
        let genuine = hello.to == me && self.keyring.verify_counted(hello, &mut checks).is_ok();
        self.metrics.add(Count::OtherChecks, checks);
        self.metrics.add(Count::Forged, u64::from(!genuine));
        genuine
    }

    /// A replica's message whose signatures hold; refusals are counted.
    fn judge(&self, frame: &[u8]) -> Option<Verified<Message>> {
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
        self.verify(message)
    }

    fn verify(&self, message: Message) -> Option<Verified<Message>> {
        let kind = kind(&message);
        let requests = requests(&message);
        let mut checks = 0;
        let verified = self.keyring.verify_counted(message, &mut checks);
        let of_requests = requests.min(checks);
        self.metrics.add(Count::RequestChecks, of_requests);
        self.metrics.add(kind, checks - of_requests);
        if verified.is_err() {
            self.metrics.add(Count::Forged, 1);
        }
        verified.ok()
    }

    async fn hand_on(&self, message: Verified<Message>) {
        // A closed channel means that the driver is stopping; what arrives then is lost, as on any network.
        let _ = self.driver.send(Input::Message(message)).await;
    }
}

impl Inbox for Verifier {
    async fn take(&self, _: ReplicaId, frame: Vec<u8>) {
        let message = if frame.len() > LARGE {
            let verifier = self.clone();
            let judged = tokio::task::spawn_blocking(move || verifier.judge(&frame)).await;
            judged.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
        } else {
            self.judge(&frame)
        };
        if let Some(message) = message {
            self.hand_on(message).await;
        }
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

/// Which counter the checks of a message belong to, requests' own signatures apart.
fn kind(message: &Message) -> Count {
    match message {
        Message::Propose(_) | Message::Prepare(_) | Message::Commit(_) => Count::VoteChecks,
        _ => Count::OtherChecks,
    }
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
