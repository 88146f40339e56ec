//! The gate: bytes from outside become messages whose signatures hold, or a counted refusal.
//!
//! In: frames of replicas and clients. Out: `Verified` messages for the driver. Refuses to know: the protocol's
//! state. It keeps none of its own, so any number of tasks may use it at once; each keeps its frames in order.

use std::sync::Arc;

use consensus::classic::message::Message;
use consensus::ids::ReplicaId;
use consensus::keys::{Keyring, Signed, Verified};
use consensus::limits::Limits;
use consensus::request::Submission;
use consensus::wire;
use tokio::sync::mpsc;

use crate::driver::Input;
use crate::executor::Executor;
use crate::metrics::{Count, Metrics};
use crate::peers::link::Inbox;
use crate::talk::{Hello, Unwelcome};

/// Checks what comes in and hands it on.
#[derive(Clone, Debug)]
pub struct Verifier {
    keyring: Arc<Keyring>,
    metrics: Arc<Metrics>,
    driver: mpsc::Sender<Input>,
}

impl Verifier {
    /// A gate in front of `driver`.
    pub fn new(keyring: Keyring, metrics: Arc<Metrics>, driver: mpsc::Sender<Input>) -> Self {
        Self { keyring: Arc::new(keyring), metrics, driver }
    }

    /// Checks a client's request and hands it on; waits while the driver is busy, which is back-pressure to the
    /// client's connection.
    ///
    /// # Errors
    ///
    /// [`Unwelcome`], counted.
    pub async fn submit(&self, submission: Submission) -> Result<(), Unwelcome> {
        if !Executor::is_admissible(&submission) {
            self.metrics.add(Count::Inadmissible, 1);
            return Err(Unwelcome::Inadmissible);
        }
        let message = self.verify(Message::Request(submission)).ok_or(Unwelcome::Forged)?;
        self.metrics.add(Count::Requests, 1);
        self.hand_on(message).await;
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
        let Ok(message) = wire::decode::<Message>(&frame, Limits::MESSAGE_BYTES) else {
            self.metrics.add(Count::Garbage, 1);
            return;
        };
        if let Message::Request(submission) = &message
            && !Executor::is_admissible(submission)
        {
            self.metrics.add(Count::Inadmissible, 1);
            return;
        }
        if let Some(message) = self.verify(message) {
            self.hand_on(message).await;
        }
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
