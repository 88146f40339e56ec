//! One-way links: each replica calls every other to send, and listens to receive.
//!
//! In: encoded messages in a bounded queue; sockets. Out: coalesced writes; frames with the replica they came
//! from. Refuses to know: messages. A link that breaks is made again; what was queued for it may be lost, which
//! the protocol expects of a network.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use consensus::ids::ReplicaId;
use consensus::limits::Limits;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::crowd::{Crowd, Place};
use super::frame::{self, FrameError, Frames};
use super::handshake;
pub use super::outbox::Payload;
use super::outbox::{Ended, Outbox, Pending, outbox};
use crate::metrics::{Count, Metrics};

/// Messages queued for one replica. More than a window of votes; beyond it messages are dropped and counted.
const QUEUE: usize = 4_096;
/// Bytes queued for one replica: twice the longest message. A replica that does not read costs no more memory.
const QUEUE_BYTES: usize = 2 * Limits::MESSAGE_BYTES;
/// How long a connection may take until both sides know who the other is.
pub const HANDSHAKE: Duration = Duration::from_secs(5);
/// Strangers in the middle of a handshake; when there are more, the one that takes longest has to leave.
const HANDSHAKES: usize = 64;
/// Links from one replica: the one in use, and the one of an earlier life whose end was not noticed yet.
const LINKS: usize = 2;
/// How long to wait before calling again.
const REDIAL: Duration = Duration::from_millis(100);
/// A replica that was away for this long gets nothing that was said meanwhile: all of it is repeated on request.
const GONE: Duration = Duration::from_secs(1);
/// Most bytes gathered into one write.
const GATHER: usize = 256 << 10;
/// How long to wait after a connection could not be taken in: files are short, and trying at once would not help.
pub const SHORT_OF_FILES: Duration = Duration::from_millis(50);

/// The sending side of all links of one replica.
#[derive(Debug)]
pub struct Senders {
    queues: Vec<Option<Outbox>>,
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
                let (sender, queue) = outbox(QUEUE, QUEUE_BYTES);
                let caller = Caller { address, config, metrics: metrics.clone() };
                tokio::spawn(caller.run(queue, stop.clone()));
                sender
            })
        };
        let queues = peers.into_iter().enumerate().map(start).collect();
        Self { queues, metrics: metrics.clone() }
    }

    /// Queues a message for one replica, to be counted under `count` once it is written; drops and counts it if the
    /// queue is full.
    pub fn send(&self, to: ReplicaId, payload: &Payload, count: Count) {
        if let Some(Some(queue)) = self.queues.get(usize::from(to.get()))
            && !queue.try_push(payload.clone(), Some(count))
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
    async fn run(self, mut queue: Pending, mut stop: watch::Receiver<bool>) {
        let mut last_there = Instant::now();
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                ended = self.connect_and_send(&mut queue, &mut last_there) => {
                    if ended == Ended::Closed {
                        return;
                    }
                }
            }
            if last_there.elapsed() > GONE {
                self.metrics.add(Count::Dropped, queue.clear());
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(REDIAL) => {}
            }
        }
    }

    /// Sends what is queued until the link breaks or the queue is closed.
    async fn connect_and_send(&self, queue: &mut Pending, last_there: &mut Instant) -> Ended {
        let connect = async {
            let socket = TcpStream::connect(self.address).await?;
            socket.set_nodelay(true)?;
            let tls = TlsConnector::from(self.config.clone());
            tls.connect(handshake::any_name(), socket).await
        };
        let Ok(Ok(mut stream)) = timeout(HANDSHAKE, connect).await else { return Ended::Broken };
        let ended = queue.write_to(&mut stream, GATHER, &self.metrics, Some(Count::BytesOut)).await;
        *last_there = Instant::now();
        ended
    }
}

/// What is done with frames that arrive: called with the sender and the frame; waits when there is no room.
pub trait Inbox: Clone + Send + Sync + 'static {
    /// Takes frames that arrived together, in order.
    fn take(&self, from: ReplicaId, frames: Vec<Bytes>) -> impl Future<Output = ()> + Send;
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
    // Strangers cannot take the place of a link, nor one replica that of another.
    let strangers = Crowd::new(HANDSHAKES);
    let lanes = certificates.iter().map(|_| Crowd::new(LINKS)).collect();
    let door = Arc::new(Entrance { tls: TlsAcceptor::from(config), certificates, lanes, metrics });
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            tokio::time::sleep(SHORT_OF_FILES).await;
            continue;
        };
        let (place, crowded) = strangers.enter();
        door.metrics.add(Count::Crowded, u64::from(crowded));
        let (door, inbox, mut stop) = (door.clone(), inbox.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = door.serve(socket, place, &inbox) => {}
            }
        });
    }
}

/// What it takes to find out who calls.
struct Entrance {
    tls: TlsAcceptor,
    certificates: Arc<[CertificateDer<'static>]>,
    /// The links of each replica.
    lanes: Vec<Arc<Crowd>>,
    metrics: Arc<Metrics>,
}

impl Entrance {
    async fn serve(&self, socket: TcpStream, place: Place, inbox: &impl Inbox) {
        let accepted = tokio::select! {
            () = place.taken() => return,
            accepted = timeout(HANDSHAKE, self.tls.accept(socket)) => accepted,
        };
        drop(place);
        let Some((stream, from)) = accepted.ok().and_then(Result::ok).and_then(|stream| {
            let from = caller(stream.get_ref().1.peer_certificates(), &self.certificates)?;
            Some((stream, from))
        }) else {
            self.metrics.add(Count::Handshakes, 1);
            return;
        };
        let (place, _) = self.lanes[usize::from(from.get())].enter();
        tokio::select! {
            () = place.taken() => {} // the replica called again, and again
            () = receive(stream, from, inbox, &self.metrics) => {}
        }
    }
}

async fn receive(
    stream: TlsStream<TcpStream>,
    from: ReplicaId,
    inbox: &impl Inbox,
    metrics: &Metrics,
) {
    let mut arriving = Frames::new(stream, Limits::MESSAGE_BYTES);
    loop {
        match arriving.next().await {
            Ok(frames) => {
                let bytes: usize = frames.iter().map(|frame| frame.len() + frame::HEAD).sum();
                metrics.add(Count::BytesIn, bytes as u64);
                inbox.take(from, frames).await;
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
