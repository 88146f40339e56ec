//! A gateway: many clients of one deployment over one connection to each replica.
//!
//! In: operations with the key that signs them. Out: results that f+1 replicas agree on, or an honest "unknown".
//! Refuses to know: what an operation means. The protocol's half is [`consensus::client::Client`]; this file gives
//! it sockets and a clock.

mod connection;
mod seat;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use consensus::client::{Client, ClientAction, ClientEvent};
use consensus::committee::Committee;
use consensus::ids::{ClientId, ReplicaId, Timestamp, View};
use consensus::keys::{ClientAuthentication, Signed, Signer, Verified};
use consensus::request::{Answer as Answered, Submission};
use consensus::wire;
use rustls::pki_types::CertificateDer;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::founding::Founding;
use crate::peers::handshake;
use crate::peers::link::Payload;
use crate::talk::{Answer, Hello, Question, ToReplica, Unwelcome};
use crate::trace::unix_us;

use connection::{Arrival, Connection};
use seat::Waiting;

/// A client of this gateway.
type Seat = seat::Seat<Done, SubmitError>;

/// Operations that wait for the gateway.
const QUEUE: usize = 16_384;

/// Where a replica's client port is.
#[derive(Clone, Debug)]
pub struct Door {
    /// Its address.
    pub address: SocketAddr,
    /// The certificate it must show.
    pub certificate: CertificateDer<'static>,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What f+1 replicas answered.
    pub result: Vec<u8>,
    /// When the request left first, Unix time in microseconds.
    pub invoked_us: u64,
    /// When the result was certain.
    pub done_us: u64,
    /// The view of the replies.
    pub view: View,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// f+1 replicas will not pass the request on: it was not and will not be executed.
    #[error("refused: {0}")]
    Refused(Unwelcome),
    /// f+1 replicas know a later request of this client. This one may have been executed before that.
    #[error("a later request of this key is known; whether this one was executed is unknown")]
    Overtaken,
    /// Nobody answered in time. The request may have been executed, or may be executed later.
    #[error("no answer within {0:?}; whether it was executed is unknown")]
    Unknown(Duration),
    /// One request of a client is outstanding at a time.
    #[error("another request of this client is outstanding")]
    Busy,
    /// The gateway has stopped.
    #[error("the gateway has stopped")]
    Stopped,
}

/// What the gateway is asked to do.
enum Wish {
    Submit(Box<Order>),
    Ask { replica: ReplicaId, question: Question, answer: oneshot::Sender<Answer> },
    Arrivals { client: ClientId, answer: oneshot::Sender<Vec<(ReplicaId, u64)>> },
}

/// An operation on its way.
struct Order {
    signer: Signer,
    last: Timestamp,
    operation: Vec<u8>,
    attachment: Vec<u8>,
    done: oneshot::Sender<Result<Done, SubmitError>>,
}

/// A handle on a running gateway. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway {
    wishes: mpsc::Sender<Wish>,
    replies: Arc<AtomicU64>,
    reply_checks: Arc<AtomicU64>,
    /// How many replicas are there.
    connected: Arc<AtomicUsize>,
}

/// How long a gateway waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the believed primary, before it asks every replica; doubles with each attempt.
    pub first: Duration,
    /// For a result at all.
    pub most: Duration,
}

impl Gateway {
    /// Starts a gateway on the current runtime.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up.
    pub fn start(
        founding: &Founding,
        doors: Vec<Door>,
        patience: Patience,
    ) -> Result<Self, rustls::Error> {
        Self::start_as(ClientAuthentication::default(), founding, doors, patience)
    }

    /// Like [`Gateway::start`], where clients may do without signatures.
    ///
    /// # Errors
    ///
    /// As [`Gateway::start`].
    pub fn start_as(
        authentication: ClientAuthentication,
        founding: &Founding,
        doors: Vec<Door>,
        patience: Patience,
    ) -> Result<Self, rustls::Error> {
        let keyring = Arc::new(founding.keyring().with_clients(authentication));
        let (replies, reply_checks) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (arrivals, arrived) = mpsc::channel(QUEUE);
        let mut connections = Vec::new();
        for (replica, door) in founding.committee().replicas().zip(doors) {
            let tls = handshake::client(door.certificate)?;
            let (queue, outgoing) = mpsc::channel(QUEUE);
            let connection = Connection {
                replica,
                address: door.address,
                tls,
                keyring: keyring.clone(),
                arrivals: arrivals.clone(),
                replies: replies.clone(),
                reply_checks: reply_checks.clone(),
            };
            tokio::spawn(connection.run(outgoing));
            connections.push(queue);
        }
        let (wishes, wished) = mpsc::channel(QUEUE);
        let connected = Arc::new(AtomicUsize::new(0));
        let worker = Worker {
            there: connected.clone(),
            authentication,
            committee: founding.committee(),
            patience,
            connections,
            view: View::ZERO,
            seats: HashMap::new(),
            alarms: BTreeSet::new(),
            connected: BTreeSet::new(),
            questions: BTreeMap::new(),
            question: 0,
        };
        tokio::spawn(worker.run(wished, arrived));
        Ok(Self { wishes, replies, reply_checks, connected })
    }

    /// When each replica's reply to this client's last request arrived, those after the result was certain included.
    pub async fn arrivals(&self, client: ClientId) -> Vec<(ReplicaId, u64)> {
        let (answer, answered) = oneshot::channel();
        if self.wishes.send(Wish::Arrivals { client, answer }).await.is_err() {
            return Vec::new();
        }
        answered.await.unwrap_or_default()
    }

    /// Waits until `count` replicas are there, or `patience` has passed.
    pub async fn wait(&self, count: usize, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.connected.load(Ordering::Relaxed) < count && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many replies arrived, whether they were still needed or not.
    pub fn replies(&self) -> u64 {
        self.replies.load(Ordering::Relaxed)
    }

    /// How many signatures of replies were checked, those that did not hold included.
    pub fn reply_checks(&self) -> u64 {
        self.reply_checks.load(Ordering::Relaxed)
    }

    /// Has an operation ordered and executed. `last` is the highest timestamp this key may have used before, in
    /// this or an earlier run.
    ///
    /// # Errors
    ///
    /// [`SubmitError`].
    pub async fn submit(
        &self,
        signer: &Signer,
        last: Timestamp,
        operation: Vec<u8>,
        attachment: Vec<u8>,
    ) -> Result<Done, SubmitError> {
        let (done, outcome) = oneshot::channel();
        let order = Order { signer: signer.clone(), last, operation, attachment, done };
        let wish = Wish::Submit(Box::new(order));
        self.wishes.send(wish).await.map_err(|_| SubmitError::Stopped)?;
        outcome.await.map_err(|_| SubmitError::Stopped)?
    }

    /// Asks one replica; `None` at once if it is not there, or if it does not answer within `patience`. The answer
    /// is one replica's word.
    pub async fn ask(
        &self,
        replica: ReplicaId,
        question: Question,
        patience: Duration,
    ) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        self.wishes.send(Wish::Ask { replica, question, answer }).await.ok()?;
        tokio::time::timeout(patience, answered).await.ok()?.ok()
    }
}

/// The task behind a gateway.
struct Worker {
    authentication: ClientAuthentication,
    committee: Committee,
    patience: Patience,
    connections: Vec<mpsc::Sender<Payload>>,
    /// The highest view that a result stood for: what one client learned, all others need not find out again.
    view: View,
    seats: HashMap<ClientId, Seat>,
    /// When whose timer runs out.
    alarms: BTreeSet<(Instant, ClientId)>,
    /// Replicas that are there, and how many they are.
    connected: BTreeSet<ReplicaId>,
    there: Arc<AtomicUsize>,
    /// Who waits for which replica's answer.
    questions: BTreeMap<u64, (ReplicaId, oneshot::Sender<Answer>)>,
    question: u64,
}

impl Worker {
    async fn run(mut self, mut wished: mpsc::Receiver<Wish>, mut arrived: mpsc::Receiver<Arrival>) {
        loop {
            let next = self.alarms.first().map(|(at, _)| *at);
            let wake = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
            tokio::select! {
                wish = wished.recv() => match wish {
                    Some(Wish::Submit(order)) => self.submit(*order),
                    Some(Wish::Ask { replica, question, answer }) => {
                        self.ask(replica, question, answer);
                    }
                    Some(Wish::Arrivals { client, answer }) => {
                        let seat = self.seats.get(&client);
                        let arrivals = seat.map_or_else(Vec::new, |seat| seat.arrivals.clone());
                        drop(answer.send(arrivals)); // nobody may be waiting any more
                    }
                    None => return, // every handle is gone
                },
                Some(arrival) = arrived.recv() => self.arrive(arrival),
                () = tokio::time::sleep_until(wake) => self.ring(),
            }
        }
    }

    fn ask(&mut self, replica: ReplicaId, question: Question, answer: oneshot::Sender<Answer>) {
        if !self.connected.contains(&replica) {
            return; // nobody there: the asker learns it at once, because `answer` is dropped
        }
        self.questions.retain(|_, (_, waiting)| !waiting.is_closed());
        self.question += 1;
        self.questions.insert(self.question, (replica, answer));
        self.send(replica, &ToReplica::Ask { id: self.question, question });
    }

    fn submit(&mut self, order: Order) {
        let Order { signer, last, operation, attachment, done } = order;
        let id = signer.client();
        let first = self.patience.first;
        let committee = self.committee;
        if !self.seats.contains_key(&id) {
            let hello = |to| signer.sign(Hello { key: signer.public_key(), to });
            let hellos: Vec<_> = committee.replicas().map(hello).collect();
            hellos.iter().for_each(|hello| self.greet(hello));
            let client = Client::new(signer, committee, last, first);
            let client = client.with_authentication(self.authentication);
            let arrivals = Vec::new();
            self.seats
                .insert(id, Seat { client, hellos, last, arrivals, waiting: None, rings: None });
        }
        let seat = self.seats.get_mut(&id).expect("a seat is taken above");
        seat.client.believe(self.view);
        match seat.client.step(ClientEvent::Submit { operation, attachment }) {
            Ok(actions) => {
                seat.last = seat.client.outstanding().unwrap_or(last);
                seat.arrivals.clear();
                seat.waiting = Some(Waiting {
                    done,
                    invoked_us: unix_us(),
                    refusals: BTreeMap::new(),
                    alarm: None,
                    deadline: Instant::now() + self.patience.most,
                });
                self.perform(id, actions);
            }
            // A receiver that is gone asked for nothing any more.
            Err(_) => drop(done.send(Err(SubmitError::Busy))),
        }
    }

    fn greet(&self, hello: &Signed<Hello>) {
        self.send(hello.to, &ToReplica::Hello(hello.clone()));
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Disconnected(replica) => {
                self.connected.remove(&replica);
                self.there.store(self.connected.len(), Ordering::Relaxed);
                self.questions.retain(|_, (asked, _)| *asked != replica);
            }
            Arrival::Connected(replica) => {
                self.connected.insert(replica);
                self.there.store(self.connected.len(), Ordering::Relaxed);
                let hellos = self
                    .seats
                    .values()
                    .filter_map(|seat| seat.hellos.get(usize::from(replica.get())));
                hellos.for_each(|hello| self.greet(hello));
                // A replica closes connections that do not say anything; nobody waits for this answer.
                self.send(replica, &ToReplica::Ask { id: 0, question: Question::Ping });
            }
            Arrival::Replies(answers) => {
                let now_us = unix_us();
                answers.into_iter().for_each(|answer| self.reply(answer, now_us));
            }
            Arrival::Answer { id, answer } => {
                if let Some((_, waiting)) = self.questions.remove(&id) {
                    drop(waiting.send(answer)); // nobody may be waiting any more
                }
            }
            Arrival::Refused { from, client, timestamp, why } => {
                self.refused(from, client, timestamp, why);
            }
        }
    }

    fn reply(&mut self, answer: Verified<Answered>, now_us: u64) {
        let (id, from, timestamp) = (answer.reply.client, answer.from, answer.reply.timestamp);
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if seat.last == timestamp && seat.arrivals.iter().all(|(earlier, _)| *earlier != from) {
            seat.arrivals.push((from, now_us));
        }
        if let Ok(actions) = seat.client.step(ClientEvent::Received(answer)) {
            self.perform(id, actions);
        }
    }

    /// f+1 replicas that will not pass a request on include an honest one.
    fn refused(&mut self, from: ReplicaId, id: ClientId, timestamp: Timestamp, why: Unwelcome) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if seat.client.outstanding() != Some(timestamp) || why == Unwelcome::Busy {
            return; // busy replicas are asked again when the timer runs out
        }
        let Some(waiting) = &mut seat.waiting else { return };
        waiting.refusals.insert(from, why);
        if waiting.refusals.values().filter(|other| **other == why).count() >= self.committee.weak()
        {
            // That a later request is known says nothing about what happened to this one before.
            let error = match why {
                Unwelcome::Stale => SubmitError::Overtaken,
                Unwelcome::Busy | Unwelcome::Forged | Unwelcome::Inadmissible => {
                    SubmitError::Refused(why)
                }
            };
            self.give_up(id, error);
        }
    }

    fn ring(&mut self) {
        let now = Instant::now();
        while let Some((at, id)) = self.alarms.first().copied()
            && at <= now
        {
            self.alarms.pop_first();
            let Some(seat) = self.seats.get_mut(&id) else { continue };
            if seat.rings == Some(at) {
                seat.rings = None;
            }
            let Some(waiting) = &mut seat.waiting else { continue };
            let Some(due) = waiting.alarm else { continue };
            if due > now {
                self.set_alarm(id, due); // somebody waits, but not for this one
                continue;
            }
            if waiting.deadline <= now {
                self.give_up(id, SubmitError::Unknown(self.patience.most));
            } else if let Ok(actions) = seat.client.step(ClientEvent::Expired) {
                self.perform(id, actions);
            }
        }
    }

    fn give_up(&mut self, id: ClientId, error: SubmitError) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.client.abandon();
            if let Some(waiting) = seat.waiting.take() {
                drop(waiting.done.send(Err(error))); // nobody may be waiting any more
            }
        }
    }

    fn perform(&mut self, id: ClientId, actions: Vec<ClientAction>) {
        for action in actions {
            match action {
                ClientAction::Send { to, submission } => self.submit_to(to, submission),
                ClientAction::Broadcast { submission } => {
                    for to in self.committee.replicas() {
                        self.submit_to(to, submission.clone());
                    }
                }
                ClientAction::Ask { .. } => {} // nobody asks this gateway to read
                ClientAction::Arm { after } => self.arm(id, after),
                ClientAction::Disarm => {
                    if let Some(waiting) = self.waiting(id) {
                        waiting.alarm = None;
                    }
                }
                ClientAction::Done { result, .. } => self.done(id, result),
            }
        }
    }

    fn arm(&mut self, id: ClientId, after: Duration) {
        let Some(waiting) = self.waiting(id) else { return };
        let at = (Instant::now() + after).min(waiting.deadline);
        waiting.alarm = Some(at);
        self.set_alarm(id, at);
    }

    fn set_alarm(&mut self, id: ClientId, at: Instant) {
        if let Some(seat) = self.seats.get_mut(&id)
            && !seat.rings_before(at)
        {
            seat.rings = Some(at);
            self.alarms.insert((at, id));
        }
    }

    fn waiting(&mut self, id: ClientId) -> Option<&mut Waiting<Done, SubmitError>> {
        self.seats.get_mut(&id)?.waiting.as_mut()
    }

    fn done(&mut self, id: ClientId, result: Vec<u8>) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let view = seat.client.view();
        self.view = self.view.max(view);
        let Some(Waiting { done, invoked_us, .. }) = seat.waiting.take() else { return };
        let finished = Done { result, invoked_us, done_us: unix_us(), view };
        drop(done.send(Ok(finished))); // nobody may be waiting any more
    }

    fn submit_to(&self, to: ReplicaId, submission: Submission) {
        self.send(to, &ToReplica::Submit(submission));
    }

    /// Queues a message; a full queue is a lost message, which the client's timer makes good.
    fn send(&self, to: ReplicaId, message: &ToReplica) {
        if let Some(queue) = self.connections.get(usize::from(to.get())) {
            let _ = queue.try_send(wire::encode(message).into());
        }
    }
}
