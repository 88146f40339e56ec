//! When the messages of recent decisions left and were handled here, for the diagram in a report.
//!
//! In: messages as the driver sends and handles them. Out: the moments of one position. Refuses to know: what the
//! other replicas saw. Holds the last few hundred positions and forgets the oldest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use consensus::classic::message::Message;
use consensus::ids::{ReplicaId, SeqNum};

use crate::talk::Moment;

/// Positions remembered.
const POSITIONS: usize = 512;
/// Moments remembered of one position: every vote of a committee of a few dozen.
const MOMENTS: usize = 512;

/// The moments of recent positions.
#[derive(Debug, Default)]
pub struct Trace {
    positions: Mutex<BTreeMap<SeqNum, Vec<Moment>>>,
    /// When the last request was handled here; it belongs to the next proposal.
    request: AtomicU64,
}

impl Trace {
    /// A message of `author` left here or was handled here.
    pub fn note(&self, message: &Message, left: bool) {
        let (seq, author) = match message {
            Message::Request(_) if !left => {
                return self.request.store(unix_us(), Ordering::Relaxed);
            }
            Message::Propose(p) => (p.pre_prepare.seq, p.pre_prepare.from),
            Message::Prepare(vote) => (vote.seq, vote.from),
            Message::Commit(vote) => (vote.seq, vote.from),
            _ => return,
        };
        if left && matches!(message, Message::Propose(_)) {
            self.push_at(seq, "request", None, false, self.request.load(Ordering::Relaxed));
        }
        self.push(seq, message.name(), Some(author), left);
    }

    /// This replica answered the clients of a position.
    pub fn note_reply(&self, seq: SeqNum, from: ReplicaId) {
        self.push(seq, "reply", Some(from), true);
    }

    /// The moments of a position.
    pub fn of(&self, seq: SeqNum) -> Vec<Moment> {
        let positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        positions.get(&seq).cloned().unwrap_or_default()
    }

    fn push(&self, seq: SeqNum, kind: &str, author: Option<ReplicaId>, left: bool) {
        self.push_at(seq, kind, author, left, unix_us());
    }

    fn push_at(&self, seq: SeqNum, kind: &str, author: Option<ReplicaId>, left: bool, at_us: u64) {
        let (kind, author) = (kind.to_owned(), author.map(ReplicaId::get));
        let moment = Moment { kind, author, left, at_us };
        let mut positions = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        let moments = positions.entry(seq).or_default();
        if moments.len() < MOMENTS {
            moments.push(moment);
        }
        while positions.len() > POSITIONS {
            positions.pop_first();
        }
    }
}

/// Unix time in microseconds.
pub fn unix_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
