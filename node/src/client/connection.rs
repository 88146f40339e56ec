//! One connection of a gateway to one replica: made again whenever it breaks.
//!
//! In: encoded messages, bytes from the socket. Out: arrivals whose signatures hold. Refuses to know: which
//! client waits for what.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use consensus::ids::{ClientId, ReplicaId, Timestamp};
use consensus::keys::{Keyring, Verified};
use consensus::request::Answer as Answered;
use consensus::wire;
use rustls::ClientConfig;
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::peers::frame::{self, Frames};
use crate::peers::handshake;
use crate::peers::link::{HANDSHAKE, Payload};
use crate::talk::{Answer, REPLICA_FRAME_MAX, ToClient, Unwelcome};

/// How long to wait before calling again.
const REDIAL: Duration = Duration::from_millis(100);
/// Most bytes gathered into one write.
const GATHER: usize = 64 << 10;

/// Something a replica said.
pub(super) enum Arrival {
    /// Nothing yet: it is there.
    Connected(ReplicaId),
    /// Nothing more: it is gone, for now.
    Disconnected(ReplicaId),
    /// Answers to requests.
    Replies(Vec<Verified<Answered>>),
    /// An answer to a question.
    Answer { id: u64, answer: Answer },
    /// A request that it will not pass on.
    Refused { from: ReplicaId, client: ClientId, timestamp: Timestamp, why: Unwelcome },
}

/// One connection.
pub(super) struct Connection {
    pub(super) replica: ReplicaId,
    pub(super) address: SocketAddr,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) arrivals: mpsc::Sender<Arrival>,
    /// Replies that arrived.
    pub(super) replies: Arc<AtomicU64>,
    /// Signatures of replies that were checked: what the keyring counts, not what arrived.
    pub(super) reply_checks: Arc<AtomicU64>,
}

impl Connection {
    /// Runs until nobody sends any more.
    pub(super) async fn run(self, mut outgoing: mpsc::Receiver<Payload>) {
        while !outgoing.is_closed() {
            if let Some(stream) = self.connect().await {
                if self.arrivals.send(Arrival::Connected(self.replica)).await.is_err() {
                    return;
                }
                let (reader, writer) = tokio::io::split(stream);
                tokio::select! {
                    closed = write(writer, &mut outgoing) => if closed { return },
                    () = self.read(reader) => {}
                }
                if self.arrivals.send(Arrival::Disconnected(self.replica)).await.is_err() {
                    return;
                }
            }
            // What was queued for a replica that is away is stale when it is back: requests are repeated.
            while outgoing.try_recv().is_ok() {}
            tokio::time::sleep(REDIAL).await;
        }
    }

    async fn connect(&self) -> Option<TlsStream<TcpStream>> {
        let connect = async {
            let socket = TcpStream::connect(self.address).await?;
            socket.set_nodelay(true)?;
            let tls = TlsConnector::from(self.tls.clone());
            tls.connect(handshake::any_name(), socket).await
        };
        timeout(HANDSHAKE, connect).await.ok()?.ok()
    }

    async fn read(&self, reader: ReadHalf<TlsStream<TcpStream>>) {
        let mut arriving = Frames::new(reader, REPLICA_FRAME_MAX);
        while let Ok(frames) = arriving.next().await {
            for frame in frames {
                let Ok(message) = wire::decode::<ToClient>(&frame, REPLICA_FRAME_MAX) else {
                    return;
                };
                if let Some(arrival) = self.judge(message)
                    && self.arrivals.send(arrival).await.is_err()
                {
                    return;
                }
            }
        }
    }

    /// What a message says, if it says anything: a replica that cannot sign its own replies says nothing.
    fn judge(&self, message: ToClient) -> Option<Arrival> {
        let from = self.replica;
        Some(match message {
            ToClient::Replies(replies) if replies.from == from => {
                self.replies.fetch_add(1, Ordering::Relaxed);
                let mut checks = 0;
                let verified = self.keyring.verify_counted(replies, &mut checks);
                self.reply_checks.fetch_add(checks, Ordering::Relaxed);
                Arrival::Replies(verified.ok()?.answers().collect())
            }
            ToClient::Replies(_) => return None,
            ToClient::Answer { id, answer } => Arrival::Answer { id, answer },
            ToClient::Refused { client, timestamp, why } => {
                Arrival::Refused { from, client, timestamp, why }
            }
        })
    }
}

/// Writes what is queued until the connection breaks; true once nobody sends any more.
async fn write(
    mut writer: WriteHalf<TlsStream<TcpStream>>,
    outgoing: &mut mpsc::Receiver<Payload>,
) -> bool {
    let mut buffer = Vec::new();
    loop {
        let Some(first) = outgoing.recv().await else { return true };
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
        if write.await.is_err() {
            return false;
        }
    }
}
