//! One client behind a gateway, and what it waits for.
//!
//! In: what the gateway notes down. Out: the same. Refuses to know: sockets, and what a result (`D`) or a failure (`E`)
//! is.

use std::collections::BTreeMap;

use consensus::client::Client;
use consensus::ids::{ReplicaId, Timestamp};
use consensus::keys::Signed;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::talk::{Hello, Unwelcome};

/// One client with what it waits for.
pub(super) struct Seat<D, E> {
    pub(super) client: Client,
    /// One greeting for each replica: without it the replica does not know where to send replies.
    pub(super) hellos: Vec<Signed<Hello>>,
    /// The last request, and when each replica's reply to it arrived, needed or not.
    pub(super) last: Timestamp,
    pub(super) arrivals: Vec<(ReplicaId, u64)>,
    pub(super) waiting: Option<Waiting<D, E>>,
    /// When its alarm rings, whether or not anybody will wait for it then.
    pub(super) rings: Option<Instant>,
}

/// An operation that waits for its result.
pub(super) struct Waiting<D, E> {
    pub(super) done: oneshot::Sender<Result<D, E>>,
    pub(super) invoked_us: u64,
    pub(super) refusals: BTreeMap<ReplicaId, Unwelcome>,
    /// When the timer runs out, and when hope does.
    pub(super) alarm: Option<Instant>,
    pub(super) deadline: Instant,
}

impl<D, E> Seat<D, E> {
    /// Whether an alarm is set that rings no later than `at`. Alarms that come too early are set again when they ring,
    /// so that a client which is served at once, again and again, costs one alarm and not one per request.
    pub(super) fn rings_before(&self, at: Instant) -> bool {
        self.rings.is_some_and(|rings| rings <= at)
    }
}
