//! One-way links: each replica calls every other to send, and listens to receive.
//!
//! In: encoded messages in a bounded queue; sockets. Out: coalesced writes; frames with the replica they came
//! from. Refuses to know: messages. A link that breaks is made again; what was queued for it may be lost, which
//! the protocol expects of a network.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use consensus::ids::ReplicaId;
use consensus::limits::Limits;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::frame::{self, FrameError};
use super::handshake;
use crate::metrics::{Count, Metrics};

/// Messages queued for one replica. More than a window of votes; beyond it messages are dropped and counted.
pub const QUEUE: usize = 4_096;
/// How long a connection may take until both sides know who the other is.
pub const HANDSHAKE: Duration = Duration::from_secs(5);
/// Strangers in the middle of a handshake, beside twice the committee: a replica that calls again before its
/// broken link was noticed finds room.
const HANDSHAKES: usize = 64;
/// How long to wait before calling again.
const REDIAL: Duration = Duration::from_millis(100);
/// Most bytes gathered into one write.
const GATHER: usize = 256 << 10;
/// How long a write may make no progress before the link counts as broken.
const STALLED: Duration = Duration::from_secs(10);

/// An encoded message, shared by all links that send it.
pub type Payload = Arc<[u8]>;

/// The sending side of all links of one replica.
#[derive(Debug)]
pub struct Senders {
    queues: Vec<Option<mpsc::Sender<Payload>>>,
    metrics: Arc<Metrics>,
}

impl Senders {
    /// Starts one task per other replica, each calling its address until `stop` says so.
    pub fn start(
        own: ReplicaId,
        peers: Vec<(SocketAddr, Arc<ClientConfig>)>,
        metrics: &Arc<Metrics>,
        stop: &watch::Receiver<bool>,
    ) -> Self {
        let start = |(index, (address, config)): (usize, (SocketAddr, Arc<ClientConfig>))| {
            (index != usize::from(own.get())).then(|| {
                let (sender, queue) = mpsc::channel(QUEUE);
                let caller = Caller { address, config, metrics: metrics.clone() };
                tokio::spawn(caller.run(queue, stop.clone()));
                sender
            })
        };
        let queues = peers.into_iter().enumerate().map(start).collect();
        Self { queues, metrics: metrics.clone() }
    }

    /// Queues a message for one replica; drops and counts it if the queue is full.
    pub fn send(&self, to: ReplicaId, payload: Payload) {
        if let Some(Some(queue)) = self.queues.get(usize::from(to.get()))
            && queue.try_send(payload).is_err()
        {
            self.metrics.add(Count::Dropped, 1);
        }
    }
}

/// One outgoing link.
struct Caller {
    address: SocketAddr,
    config: Arc<ClientConfig>,
    metrics: Arc<Metrics>,
}

impl Caller {
    async fn run(self, mut queue: mpsc::Receiver<Payload>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                ended = self.connect_and_send(&mut queue) => {
                    if ended.is_none() {
                        return; // nobody will send any more
                    }
                }
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(REDIAL) => {}
            }
        }
    }

    /// Sends what is queued until the link breaks; `None` once the queue is closed.
    async fn connect_and_send(&self, queue: &mut mpsc::Receiver<Payload>) -> Option<()> {
        let connect = async {
            let socket = TcpStream::connect(self.address).await?;
            socket.set_nodelay(true)?;
            let tls = TlsConnector::from(self.config.clone());
            tls.connect(handshake::any_name(), socket).await
        };
        let Ok(Ok(mut stream)) = timeout(HANDSHAKE, connect).await else { return Some(()) };
        let mut buffer = Vec::new();
        loop {
            let first = queue.recv().await?;
            buffer.clear();
            frame::push(&mut buffer, &first);
            while buffer.len() < GATHER
                && let Ok(more) = queue.try_recv()
            {
                frame::push(&mut buffer, &more);
            }
            let write = async {
                stream.write_all(&buffer).await?;
                stream.flush().await
            };
            match timeout(STALLED, write).await {
                Ok(Ok(())) => self.metrics.add(Count::BytesOut, buffer.len() as u64),
                _ => return Some(()),
            }
        }
    }
}

/// What is done with frames that arrive: called with the sender and the frame; waits when there is no room.
pub trait Inbox: Clone + Send + Sync + 'static {
    /// Takes one frame.
    fn take(&self, from: ReplicaId, frame: Vec<u8>) -> impl Future<Output = ()> + Send;
}

/// The receiving side: accepts the other replicas' calls until `stop` says so.
pub async fn listen(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    certificates: Arc<[CertificateDer<'static>]>,
    inbox: impl Inbox,
    metrics: Arc<Metrics>,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(HANDSHAKES + 2 * certificates.len()));
    loop {
        let socket = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(_) => continue, // the caller gave up, or files are short for a moment
            },
        };
        let Ok(permit) = room.clone().try_acquire_owned() else {
            metrics.add(Count::Crowded, 1);
            continue;
        };
        let acceptor = TlsAcceptor::from(config.clone());
        let (certificates, inbox) = (certificates.clone(), inbox.clone());
        let (metrics, mut stop) = (metrics.clone(), stop.clone());
        tokio::spawn(async move {
            let _permit = permit;
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = receive(socket, acceptor, &certificates, &inbox, &metrics) => {}
            }
        });
    }
}

async fn receive(
    socket: TcpStream,
    acceptor: TlsAcceptor,
    certificates: &[CertificateDer<'static>],
    inbox: &impl Inbox,
    metrics: &Metrics,
) {
    let Ok(Ok(mut stream)) = timeout(HANDSHAKE, acceptor.accept(socket)).await else {
        metrics.add(Count::Handshakes, 1);
        return;
    };
    let Some(from) = caller(stream.get_ref().1.peer_certificates(), certificates) else {
        metrics.add(Count::Handshakes, 1);
        return;
    };
    loop {
        match frame::read(&mut stream, Limits::MESSAGE_BYTES).await {
            Ok(frame) => {
                metrics.add(Count::BytesIn, (frame.len() + frame::HEAD) as u64);
                inbox.take(from, frame).await;
            }
            Err(FrameError::TooLong { .. }) => {
                metrics.add(Count::Oversized, 1);
                return;
            }
            Err(FrameError::Closed | FrameError::Io(_)) => return,
        }
    }
}

/// The replica that showed this certificate.
fn caller(
    shown: Option<&[CertificateDer<'_>]>,
    certificates: &[CertificateDer<'static>],
) -> Option<ReplicaId> {
    let shown = shown?.first()?;
    let index = certificates.iter().position(|pinned| pinned == shown)?;
    u16::try_from(index).ok().map(ReplicaId::new)
}
