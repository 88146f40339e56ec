//! The client port: requests in, replies and answers out.
//!
//! In: connections of clients and gateways. Out: checked requests for the driver, replies to whoever asked last
//! for a client. Refuses to know: what a request means, and who a client is; requests carry their own signatures,
//! so a connection proves nothing and may carry many clients.

use std::sync::Arc;
use std::time::Duration;

use consensus::ids::{ClientId, ReplicaId, Timestamp};
use consensus::wire;
use ledger::Published;
use rustls::ServerConfig;
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::executor::Shown;
use crate::metrics::{Count, Metrics};
use crate::peers::frame::{self, FrameError};
use crate::peers::link::{HANDSHAKE, Payload};
use crate::registry::Registry;
use crate::talk::{
    Account, Answer, CLIENT_FRAME_MAX, Question, Status, ToClient, ToReplica, Unwelcome,
};
use crate::trace::Trace;
use crate::verifier::Verifier;

/// Connections at one time; more are refused and counted.
const CONNECTIONS: usize = 256;
/// Messages queued for one connection; beyond it they are dropped and counted.
const QUEUE: usize = 8_192;
/// Clients whose replies one connection can wait for.
const CLIENTS_PER_CONNECTION: usize = 100_000;
/// A connection that says nothing for this long is closed.
const IDLE: Duration = Duration::from_secs(600);
/// How long a write may make no progress.
const STALLED: Duration = Duration::from_secs(10);

/// What the port answers questions from.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// The ledger as of the last close.
    pub shown: Arc<Published<Shown>>,
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
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut number = 0;
        loop {
            let socket = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                accepted = listener.accept() => match accepted {
                    Ok((socket, _)) => socket,
                    Err(_) => continue, // the caller gave up, or files are short for a moment
                },
            };
            let Ok(permit) = room.clone().try_acquire_owned() else {
                self.knowledge.metrics.add(Count::Crowded, 1);
                continue;
            };
            number += 1;
            let (port, acceptor) = (self.clone(), TlsAcceptor::from(config.clone()));
            let (connection, mut stop) = (number, stop.clone());
            tokio::spawn(async move {
                let _permit = permit;
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => {}
                    () = port.serve(socket, acceptor, connection) => {}
                }
            });
        }
    }

    async fn serve(&self, socket: TcpStream, acceptor: TlsAcceptor, connection: u64) {
        // Replies are small and wanted at once; a socket that refuses the option only is slower.
        let _ = socket.set_nodelay(true);
        let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(socket)).await else {
            self.knowledge.metrics.add(Count::Handshakes, 1);
            return;
        };
        let (reader, writer) = tokio::io::split(stream);
        let (queue, outgoing) = mpsc::channel(QUEUE);
        let mut clients = Vec::new();
        tokio::select! {
            () = self.read(reader, connection, &queue, &mut clients) => {}
            () = write(writer, outgoing) => {}
        }
        self.registry.forget(&clients, connection);
    }

    async fn read(
        &self,
        mut reader: ReadHalf<TlsStream<TcpStream>>,
        connection: u64,
        queue: &mpsc::Sender<Payload>,
        clients: &mut Vec<ClientId>,
    ) {
        let metrics = &self.knowledge.metrics;
        loop {
            let frame = match timeout(IDLE, frame::read(&mut reader, CLIENT_FRAME_MAX)).await {
                Ok(Ok(frame)) => frame,
                Ok(Err(FrameError::TooLong { .. })) => {
                    metrics.add(Count::Oversized, 1);
                    return;
                }
                Ok(Err(FrameError::Closed | FrameError::Io(_))) | Err(_) => return,
            };
            let Ok(message) = wire::decode(&frame, CLIENT_FRAME_MAX) else {
                metrics.add(Count::Garbage, 1);
                return; // whoever sends garbage once gets no second try on this connection
            };
            match message {
                ToReplica::Ask { id, question } => {
                    let answer = self.knowledge.answer(&question);
                    let message = ToClient::Answer { id, answer };
                    if queue.try_send(wire::encode(&message).into()).is_err() {
                        metrics.add(Count::Dropped, 1);
                    }
                }
                ToReplica::Hello(hello) => {
                    let client = hello.key.client();
                    if clients.len() < CLIENTS_PER_CONNECTION
                        && self.verifier.is_genuine(hello, self.me)
                    {
                        clients.push(client);
                        self.registry.register(client, connection, queue);
                    }
                }
                ToReplica::Submit(submission) => {
                    let client = submission.request.client();
                    let timestamp = submission.request.timestamp;
                    if let Err(why) = self.verifier.submit(submission).await {
                        self.refuse(client, timestamp, why);
                    }
                }
            }
        }
    }

    fn refuse(&self, client: ClientId, timestamp: Timestamp, why: Unwelcome) {
        self.registry.send(&client, &ToClient::Refused { client, timestamp, why });
    }
}

/// Writes what is queued, everything at hand in one write.
async fn write(mut writer: WriteHalf<TlsStream<TcpStream>>, mut outgoing: mpsc::Receiver<Payload>) {
    const GATHER: usize = 64 << 10;
    let mut buffer = Vec::new();
    while let Some(first) = outgoing.recv().await {
        buffer.clear();
        frame::push(&mut buffer, &first);
        while buffer.len() < GATHER
            && let Ok(more) = outgoing.try_recv()
        {
            frame::push(&mut buffer, &more);
        }
        let write = async {
            writer.write_all(&buffer).await?;
            writer.flush().await
        };
        if !matches!(timeout(STALLED, write).await, Ok(Ok(()))) {
            return;
        }
    }
}
