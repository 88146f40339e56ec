//! A queue of encoded messages towards one socket: bounded in messages and in bytes, counted once they are written.
//!
//! In: encoded messages with the counter they belong to. Out: coalesced writes. Refuses to know: messages, and what
//! is on the other side of the socket.
//!
//! What waits here is memory that somebody else decides about by not reading, so it has a budget in bytes. A message
//! gives its bytes back when it was written or thrown away.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::frame;
use crate::metrics::{Count, Metrics};

/// An encoded message, shared by all queues that it waits in.
pub type Payload = Bytes;

/// How long a write may make no progress before the other side counts as gone.
const STALLED: Duration = Duration::from_secs(10);

/// The end that is filled. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    queue: mpsc::Sender<Parcel>,
    room: Arc<Semaphore>,
    bytes: usize,
}

/// The end that is written to a socket.
#[derive(Debug)]
pub struct Pending {
    queue: mpsc::Receiver<Parcel>,
    buffer: Vec<u8>,
    /// What the buffer holds, until it is written.
    leaving: Vec<Parcel>,
}

/// One message that waits.
#[derive(Debug)]
struct Parcel {
    payload: Payload,
    count: Option<Count>,
    _room: OwnedSemaphorePermit,
}

/// Why nothing more is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The socket broke, or its other side stopped reading.
    Broken,
    /// Nobody will send any more.
    Closed,
}

/// A queue for at most so many messages and bytes. A message longer than all of them still fits, alone.
pub fn outbox(messages: usize, bytes: usize) -> (Outbox, Pending) {
    let (sender, queue) = mpsc::channel(messages);
    let pending = Pending { queue, buffer: Vec::new(), leaving: Vec::new() };
    (Outbox { queue: sender, room: Arc::new(Semaphore::new(bytes)), bytes }, pending)
}

impl Outbox {
    /// Queues a message if there is room; whether there was.
    pub fn try_push(&self, payload: Payload, count: Option<Count>) -> bool {
        let room = self.room.clone().try_acquire_many_owned(self.weight(&payload));
        room.is_ok_and(|room| self.queue.try_send(Parcel { payload, count, _room: room }).is_ok())
    }

    /// Queues a message as soon as there is room; false if nobody reads any more.
    pub async fn push(&self, payload: Payload, count: Option<Count>) -> bool {
        let room = self.room.clone().acquire_many_owned(self.weight(&payload)).await;
        let Ok(room) = room else { return false };
        self.queue.send(Parcel { payload, count, _room: room }).await.is_ok()
    }

    fn weight(&self, payload: &Payload) -> u32 {
        u32::try_from(payload.len().min(self.bytes)).unwrap_or(u32::MAX)
    }
}

impl Pending {
    /// Writes what is queued, about `gather` bytes at a time, and counts what was written.
    pub async fn write_to(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        gather: usize,
        metrics: &Metrics,
        bytes: Option<Count>,
    ) -> Ended {
        loop {
            let Some(first) = self.queue.recv().await else { return Ended::Closed };
            self.load(first);
            while self.buffer.len() < gather
                && let Ok(more) = self.queue.try_recv()
            {
                self.load(more);
            }
            let write = async {
                stream.write_all(&self.buffer).await?;
                stream.flush().await
            };
            let written = matches!(timeout(STALLED, write).await, Ok(Ok(())));
            if written {
                let counts = self.leaving.iter().filter_map(|parcel| parcel.count);
                counts.for_each(|count| metrics.add(count, 1));
                bytes.iter().for_each(|count| metrics.add(*count, self.buffer.len() as u64));
            }
            self.leaving.clear();
            self.buffer.clear();
            self.buffer.shrink_to(2 * gather);
            if !written {
                return Ended::Broken;
            }
        }
    }

    fn load(&mut self, parcel: Parcel) {
        frame::push(&mut self.buffer, &parcel.payload);
        self.leaving.push(parcel);
    }

    /// Throws away what waits; how many messages that was.
    pub fn clear(&mut self) -> u64 {
        self.leaving.clear();
        self.buffer.clear();
        let mut thrown = 0;
        while self.queue.try_recv().is_ok() {
            thrown += 1;
        }
        thrown
    }

    /// Whether nobody will send any more.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(bytes: usize) -> Payload {
        vec![7; bytes].into()
    }

    /// Bytes bound the queue long before messages do; what was written or thrown away makes room again.
    #[tokio::test]
    async fn a_queue_holds_no_more_than_its_budget() {
        let (outbox, mut pending) = outbox(1_000, 1_000);
        let fill = || (0..1_000).filter(|_| outbox.try_push(payload(300), None)).count();
        assert_eq!(fill(), 3);
        assert_eq!(pending.clear(), 3);
        assert_eq!(fill(), 3, "the room came back");
        let (mut far, mut near) = tokio::io::duplex(100);
        let metrics = Metrics::default();
        let reading = async {
            let mut arriving = frame::Frames::new(&mut far, 300);
            let mut frames = 0;
            while frames < 3 {
                frames += arriving.next().await.expect("three frames").len();
            }
        };
        tokio::select! {
            _ = pending.write_to(&mut near, 64, &metrics, None) => panic!("the other side reads"),
            () = reading => {}
        }
        // Reading the last frame may overtake the writer's own bookkeeping.
        pending.clear();
        assert_eq!(fill(), 3, "and again");
    }

    /// What waits for room waits, and is queued when there is some.
    #[tokio::test]
    async fn pushing_waits_for_room() {
        let (outbox, mut pending) = outbox(10, 100);
        assert!(outbox.push(payload(80), None).await);
        let more = outbox.push(payload(80), None);
        tokio::pin!(more);
        assert!(timeout(Duration::from_millis(20), &mut more).await.is_err(), "no room");
        assert_eq!(pending.clear(), 1);
        assert!(more.await);
        assert_eq!(pending.clear(), 1);
    }

    /// A counter goes up when its message is written, not when it is queued, thrown away or refused.
    #[tokio::test]
    async fn only_what_was_written_counts() {
        let metrics = Metrics::default();
        let (outbox, mut pending) = outbox(2, 1_000);
        assert!(outbox.try_push(payload(1), Some(Count::Commits)));
        assert_eq!(pending.clear(), 1);
        assert!((0..2).all(|_| outbox.try_push(payload(1), Some(Count::Commits))));
        assert!(!outbox.try_push(payload(1), Some(Count::Commits)), "no room");
        assert_eq!(metrics.read(Count::Commits), 0);
        drop(outbox);
        let mut sink = tokio::io::sink();
        let ended = pending.write_to(&mut sink, 64, &metrics, Some(Count::BytesOut)).await;
        assert_eq!(ended, Ended::Closed);
        assert_eq!((metrics.read(Count::Commits), metrics.read(Count::BytesOut)), (2, 10));

        let (gone, mut near) = tokio::io::duplex(1);
        drop(gone);
        let (outbox, mut pending) = super::outbox(2, 1_000);
        assert!(outbox.try_push(payload(1), Some(Count::Prepares)));
        assert_eq!(pending.write_to(&mut near, 64, &metrics, None).await, Ended::Broken);
        assert_eq!(metrics.read(Count::Prepares), 0, "nobody was there to take it");
    }
}
