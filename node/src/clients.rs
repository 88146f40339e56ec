//! The client port: requests in, replies and answers out.
//!
//! In: connections of clients and gateways. Out: checked requests for the driver, replies to whoever asked last
//! for a client. Refuses to know: what a request means, and who a client is; requests carry their own signatures,
//! so a connection proves nothing and may carry many clients.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use consensus::ids::{ClientId, ReplicaId};
use consensus::request::Submission;
use consensus::wire;
use ledger::Published;
use rustls::ServerConfig;
use tokio::io::ReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::application::Gate;
use crate::executor::Shown;
use crate::metrics::{Count, Metrics};
use crate::peers::crowd::{Crowd, Place};
use crate::peers::frame::{FrameError, Frames};
use crate::peers::link::{HANDSHAKE, SHORT_OF_FILES};
use crate::peers::outbox::{Outbox, outbox};
use crate::registry::Registry;
use crate::talk::{Account, Answer, CLIENT_FRAME_MAX, Question, Status, ToClient, ToReplica};
use crate::trace::Trace;
use crate::verifier::{Pace, Verifier};

/// Connections at one time; when there are more, the one that was silent for longest is closed and counted.
const CONNECTIONS: usize = 256;
/// Messages queued for one connection.
const QUEUE: usize = 8_192;
/// Bytes queued for one connection: several thousand replies. Beyond it no more questions are read, and replies are
/// dropped. All connections together so hold at most 64 MiB.
const QUEUE_BYTES: usize = 256 << 10;
/// How long a connection may take to say something that makes sense, once it is encrypted.
const FIRST_WORD: Duration = Duration::from_secs(5);
/// A connection that says nothing for this long is closed.
const IDLE: Duration = Duration::from_secs(600);
/// The pace of messages of one connection that cost a check of a signature: more than one core checks.
const CHECK_EVERY: Duration = Duration::from_micros(20);
/// How many of them may come at once after a silence.
const CHECKS_AT_ONCE: u32 = 16_384;
/// Most bytes gathered into one write.
const GATHER: usize = 64 << 10;

/// What the port answers questions from.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// The ledger as of the last close.
    pub shown: Arc<Published<Shown>>,
    /// Knows the keys that may act, as of the last block.
    pub gate: Arc<dyn Gate>,
    /// Where the replica stands, as its driver last said.
    pub standing: watch::Receiver<Status>,
    /// When recent messages left and arrived.
    pub trace: Arc<Trace>,
    /// The counters.
    pub metrics: Arc<Metrics>,
}

impl Knowledge {
    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::Ping => Answer::Pong,
            Question::Status => {
                let (_, shown) = self.shown.read();
                let mut status = self.standing.borrow().clone();
                status.root = shown.header.root;
                status.closed = shown.closed;
                status.counters = self.metrics.table();
                status.heard = self.metrics.heard();
                Answer::Status(status)
            }
            Question::Account(participant) => {
                let (_, shown) = self.shown.read();
                let score = shown.state.scores().get(*participant).map(|s| s.score.get());
                let balance = shown.state.book().balance(ledger::Account::Member(*participant));
                let participant = *participant;
                let account = balance.map(|balance| Account { participant, balance, score });
                Answer::Account(account)
            }
            Question::Trace(seq) => Answer::Trace(self.trace.of(*seq)),
        }
    }
}

/// The client port of one replica.
#[derive(Clone, Debug)]
pub struct Port {
    /// This replica.
    pub me: ReplicaId,
    /// Checks requests and hands them on.
    pub verifier: Verifier,
    /// Finds connections for replies.
    pub registry: Arc<Registry>,
    /// Answers questions.
    pub knowledge: Knowledge,
}

impl Port {
    /// Accepts connections until `stop` says so.
    pub async fn listen(
        self,
        listener: TcpListener,
        config: Arc<ServerConfig>,
        mut stop: watch::Receiver<bool>,
    ) {
        let crowd = Crowd::new(CONNECTIONS);
        let mut number = 0;
        loop {
            let accepted = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((socket, _)) = accepted else {
                tokio::time::sleep(SHORT_OF_FILES).await;
                continue;
            };
            let (place, crowded) = crowd.enter();
            self.knowledge.metrics.add(Count::Crowded, u64::from(crowded));
            number += 1;
            let (port, acceptor) = (self.clone(), TlsAcceptor::from(config.clone()));
            let (connection, mut stop) = (number, stop.clone());
            tokio::spawn(async move {
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => {}
                    () = port.serve(socket, acceptor, connection, place) => {}
                }
            });
        }
    }

    async fn serve(&self, socket: TcpStream, acceptor: TlsAcceptor, connection: u64, place: Place) {
        // Replies are small and wanted at once; a socket that refuses the option only is slower.
        let _ = socket.set_nodelay(true);
        let accepted = tokio::select! {
            () = place.taken() => return,
            accepted = timeout(HANDSHAKE, acceptor.accept(socket)) => accepted,
        };
        let Ok(Ok(stream)) = accepted else {
            self.knowledge.metrics.add(Count::Handshakes, 1);
            return;
        };
        let (reader, mut writer) = tokio::io::split(stream);
        let (queue, mut pending) = outbox(QUEUE, QUEUE_BYTES);
        let mut line = Line { connection, place: &place, queue, clients: BTreeSet::new() };
        tokio::select! {
            () = place.taken() => {}
            () = self.read(reader, &mut line) => {}
            _ = pending.write_to(&mut writer, GATHER, &self.knowledge.metrics, None) => {}
        }
        self.registry.forget(&line.clients, connection);
    }

    async fn read(&self, reader: ReadHalf<TlsStream<TcpStream>>, line: &mut Line<'_>) {
        let metrics = &self.knowledge.metrics;
        let mut arriving = Frames::new(reader, CLIENT_FRAME_MAX);
        let mut pace = Pace::new(CHECK_EVERY, CHECKS_AT_ONCE);
        let mut patience = FIRST_WORD;
        loop {
            let frames = match timeout(patience, arriving.next()).await {
                Ok(Ok(frames)) => frames,
                Ok(Err(FrameError::TooLong { .. })) => {
                    metrics.add(Count::Oversized, 1);
                    return;
                }
                Ok(Err(FrameError::Closed | FrameError::Io(_))) | Err(_) => return,
            };
            let mut submissions = Vec::new();
            for frame in frames {
                let Ok(message) = wire::decode::<ToReplica>(&frame, CLIENT_FRAME_MAX) else {
                    metrics.add(Count::Garbage, 1);
                    return; // whoever sends garbage once gets no second try on this connection
                };
                patience = IDLE;
                line.place.hear();
                if self.verifier.is_costly(&message) {
                    let wait = pace.step();
                    if !wait.is_zero() {
                        tokio::time::sleep(wait).await;
                    }
                }
                match message {
                    ToReplica::Submit(submission) => submissions.push(submission),
                    other => {
                        // What was said before is heard before.
                        self.submit(std::mem::take(&mut submissions), line).await;
                        self.hear(other, line).await;
                    }
                }
            }
            self.submit(submissions, line).await;
        }
    }

    async fn submit(&self, submissions: Vec<Submission>, line: &Line<'_>) {
        for ((client, timestamp), why) in self.verifier.submit(submissions).await {
            // Nobody has shown that the request is this client's: only who sent it hears of it.
            let refused = ToClient::Refused { client, timestamp, why };
            if !line.queue.try_push(wire::encode(&refused).into(), None) {
                self.knowledge.metrics.add(Count::Dropped, 1);
            }
        }
    }

    async fn hear(&self, message: ToReplica, line: &mut Line<'_>) {
        match message {
            ToReplica::Ask { id, question } => {
                let answer = self.knowledge.answer(&question);
                let message = ToClient::Answer { id, answer };
                // Waits for room: whoever asks and does not read is not asked what else he wants.
                line.queue.push(wire::encode(&message).into(), None).await;
            }
            ToReplica::Hello(hello) => {
                let client = hello.key.client();
                let is_member = self.knowledge.gate.is_member(&client);
                let (registry, connection) = (&self.registry, line.connection);
                if self.verifier.is_genuine(hello, self.me)
                    && registry.register(client, is_member, connection, &line.queue)
                {
                    line.clients.insert(client);
                }
            }
            ToReplica::Submit(submission) => self.submit(vec![submission], line).await,
        }
    }
}

/// One connection.
struct Line<'a> {
    connection: u64,
    place: &'a Place,
    queue: Outbox,
    /// Whose replies are sent here.
    clients: BTreeSet<ClientId>,
}
