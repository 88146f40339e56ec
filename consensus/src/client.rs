//! The client's half of the protocol: sign once, find the primary, wait for equal replies of f+1 or a quorum.
//!
//! In: operations, replies, an expired timer. Out: what to send to whom, and the accepted result. Refuses to
//! know: sockets and clocks. One request is outstanding at a time, as in OSDI '99, section 4.1.
//!
//! # Guarantee
//!
//! A result reported as done was returned by at least one honest replica: f+1 distinct replicas stand for it. Where
//! replicas answer reads, a quorum does, for every operation, as Berger, Reiser and Bessani 2021 ask; why that is
//! needed and why it ends is argued in `classic/reads.rs`.

use std::time::Duration;

use bytes::Bytes;

use crate::committee::Committee;
use crate::ids::{ClientId, ReplicaId, Timestamp, View};
use crate::keys::{ClientAuthentication, Signed, Signer, Verified};
use crate::request::{Answer, Read, Request, Submission};

/// What can happen to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// The user wants an operation executed.
    Submit {
        /// The operation.
        operation: Vec<u8>,
        /// The private part, or nothing.
        attachment: Vec<u8>,
    },
    /// The user wants to know something that the state holds. The operation is one that can be ordered, too: it is if
    /// no quorum answers alike.
    Read {
        /// The operation.
        operation: Vec<u8>,
    },
    /// A reply whose signature holds.
    Received(Verified<Answer>),
    /// The timer ran out.
    Expired,
}

/// What a client wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAction {
    /// Send the request to one replica.
    Send {
        /// The believed primary.
        to: ReplicaId,
        /// The request.
        submission: Submission,
    },
    /// Send the request to every replica: the believed primary did not answer in time.
    Broadcast {
        /// The request.
        submission: Submission,
    },
    /// Send a question to every replica.
    Ask {
        /// The question.
        read: Signed<Read>,
    },
    /// Deliver `Expired` after this time, unless disarmed.
    Arm {
        /// When.
        after: Duration,
    },
    /// Do not deliver `Expired`.
    Disarm,
    /// The request was executed with this result.
    Done {
        /// Which request.
        timestamp: Timestamp,
        /// What f+1 replicas answered, or a quorum where replicas answer reads.
        result: Vec<u8>,
    },
}

/// Why a client refuses an event. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientReject {
    /// One request is outstanding already.
    #[error("request {0} is still outstanding")]
    Busy(Timestamp),
    /// This deployment orders every operation.
    #[error("reads are off: every operation is ordered")]
    ReadsOff,
    /// A reply to another client or another request.
    #[error("a reply to another request")]
    NotMine,
    /// A second reply of one replica.
    #[error("replica {0} replied already")]
    Repeated(ReplicaId),
}

/// A client as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    signer: Signer,
    authentication: ClientAuthentication,
    committee: Committee,
    /// The view believed to be current; decides who gets the request first.
    view: View,
    /// The timestamp of the last request; the next one is higher.
    last: Timestamp,
    patience: Duration,
    /// Whether replicas answer reads.
    reads: bool,
    outstanding: Option<Outstanding>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Order(Submission),
    Read(Signed<Read>),
}

impl Asked {
    fn timestamp(&self) -> Timestamp {
        match self {
            Self::Order(submission) => submission.request.timestamp,
            Self::Read(read) => read.request.timestamp,
        }
    }
}

/// The request that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outstanding {
    asked: Asked,
    /// Who answered what, with the view of the answer and the place of its result among `results`.
    answers: Vec<(ReplicaId, View, usize)>,
    /// The different results.
    results: Vec<Vec<u8>>,
    attempts: u32,
}

impl Outstanding {
    /// Whether a read was answered in so many ways that no answer can be given by `needed` of `all` replicas any more.
    fn is_split(&self, needed: usize, all: usize) -> bool {
        let of = |place| self.answers.iter().filter(|(.., other)| *other == place).count();
        let most = (0..self.results.len()).map(of).max().unwrap_or(0);
        matches!(self.asked, Asked::Read(_)) && most + all - self.answers.len() < needed
    }
}

impl Client {
    /// A client that signs with `signer`, has used timestamps up to `last`, and waits `patience` for an answer
    /// before it asks every replica; the wait doubles with each attempt.
    pub fn new(signer: Signer, committee: Committee, last: Timestamp, patience: Duration) -> Self {
        let authentication = ClientAuthentication::default();
        let (view, outstanding) = (View::ZERO, None);
        let reads = false;
        Self { signer, authentication, committee, view, last, patience, reads, outstanding }
    }

    /// The same client, which signs its requests or does without.
    #[must_use]
    pub fn with_authentication(self, authentication: ClientAuthentication) -> Self {
        Self { authentication, ..self }
    }

    /// The same client, of a deployment whose limits say `reads`.
    #[must_use]
    pub fn with_reads(self, reads: bool) -> Self {
        Self { reads, ..self }
    }

    /// Who this client is.
    pub fn id(&self) -> ClientId {
        self.signer.client()
    }

    /// The view believed to be current.
    pub fn view(&self) -> View {
        self.view
    }

    /// Takes somebody's word for it that the view is at least this one. It only decides who is asked first; a wrong
    /// word costs one wait.
    pub fn believe(&mut self, view: View) {
        self.view = self.view.max(view);
    }

    /// The timestamp of the outstanding request.
    pub fn outstanding(&self) -> Option<Timestamp> {
        self.outstanding.as_ref().map(|waiting| waiting.asked.timestamp())
    }

    /// Gives up on the outstanding request. Whether it was or will be executed stays unknown.
    pub fn abandon(&mut self) {
        self.outstanding = None;
    }

    /// Lets `event` happen.
    ///
    /// # Errors
    ///
    /// [`ClientReject`]; then nothing changed and nothing is to be done.
    pub fn step(&mut self, event: ClientEvent) -> Result<Vec<ClientAction>, ClientReject> {
        match event {
            ClientEvent::Submit { operation, attachment } => self.submit(operation, attachment),
            ClientEvent::Read { operation } => self.read(operation),
            ClientEvent::Received(reply) => self.received(reply.into_inner()),
            ClientEvent::Expired => Ok(self.expired()),
        }
    }

    fn submit(
        &mut self,
        operation: Vec<u8>,
        attachment: Vec<u8>,
    ) -> Result<Vec<ClientAction>, ClientReject> {
        if let Some(timestamp) = self.outstanding() {
            return Err(ClientReject::Busy(timestamp));
        }
        Ok(self.order(operation.into(), attachment))
    }

    fn order(&mut self, operation: Bytes, attachment: Vec<u8>) -> Vec<ClientAction> {
        let request = self.next(operation);
        let request = self.signer.sign_as(self.authentication, request);
        let submission = Submission { request, attachment };
        self.wait_for(Asked::Order(submission.clone()));
        let to = self.committee.primary(self.view);
        vec![ClientAction::Send { to, submission }, ClientAction::Arm { after: self.patience }]
    }

    fn read(&mut self, operation: Vec<u8>) -> Result<Vec<ClientAction>, ClientReject> {
        if !self.reads {
            return Err(ClientReject::ReadsOff);
        }
        if let Some(timestamp) = self.outstanding() {
            return Err(ClientReject::Busy(timestamp));
        }
        let request = self.next(operation.into());
        let read = self.signer.sign_as(self.authentication, Read { request });
        self.wait_for(Asked::Read(read.clone()));
        Ok(vec![ClientAction::Ask { read }, ClientAction::Arm { after: self.patience }])
    }

    fn next(&mut self, operation: Bytes) -> Request {
        self.last = self.last.next();
        Request::new(self.signer.public_key(), self.last, operation)
    }

    fn wait_for(&mut self, asked: Asked) {
        let (answers, results) = (Vec::with_capacity(self.committee.size()), Vec::new());
        self.outstanding = Some(Outstanding { asked, answers, results, attempts: 0 });
    }

    /// Equal replies that make a result certain.
    fn needed(&self) -> usize {
        if self.reads { self.committee.quorum() } else { self.committee.weak() }
    }

    fn received(
        &mut self,
        Answer { from, reply }: Answer,
    ) -> Result<Vec<ClientAction>, ClientReject> {
        let me = self.signer.client();
        let (needed, all) = (self.needed(), self.committee.size());
        let waiting = self.outstanding.as_mut().ok_or(ClientReject::NotMine)?;
        if (reply.client, reply.timestamp) != (me, waiting.asked.timestamp()) {
            return Err(ClientReject::NotMine);
        }
        if waiting.answers.iter().any(|(earlier, ..)| *earlier == from) {
            return Err(ClientReject::Repeated(from));
        }
        let known = waiting.results.iter().position(|result| *result == reply.result);
        let place = known.unwrap_or(waiting.results.len());
        if known.is_none() {
            waiting.results.push(reply.result);
        }
        waiting.answers.push((from, reply.view, place));
        let equal = waiting.answers.iter().filter(|(.., other)| *other == place);
        if equal.clone().count() < needed {
            return Ok(if waiting.is_split(needed, all) { self.expired() } else { Vec::new() });
        }
        // At least one of the f+1 is honest and in a view at least as high as the lowest of them.
        let lowest = equal.map(|(_, view, _)| *view).min().unwrap_or_default();
        self.view = self.view.max(lowest);
        let timestamp = reply.timestamp;
        let result = waiting.results.swap_remove(place);
        self.outstanding = None;
        Ok(vec![ClientAction::Disarm, ClientAction::Done { timestamp, result }])
    }

    fn expired(&mut self) -> Vec<ClientAction> {
        const DOUBLINGS_MAX: u32 = 6;
        let Some(waiting) = self.outstanding.as_mut() else {
            return Vec::new(); // the answer overtook the timer
        };
        let submission = match &waiting.asked {
            Asked::Order(submission) => submission.clone(),
            // The state moved on between the answers, or replicas are silent: a place in the order decides.
            Asked::Read(read) => {
                let operation = read.request.operation.clone();
                return self.order(operation, Vec::new());
            }
        };
        waiting.attempts = waiting.attempts.saturating_add(1);
        let after = self.patience * (1 << waiting.attempts.min(DOUBLINGS_MAX));
        vec![ClientAction::Broadcast { submission }, ClientAction::Arm { after }]
    }
}

#[cfg(test)]
mod tests;
