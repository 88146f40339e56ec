//! Requests that wait for execution, first come first served.
//!
//! In: submissions of clients. Out: what to put into the next batch, and which request has waited longest.
//! Refuses to know: views, votes, time. One request per client: a newer one replaces the older.
//!
//! Source: TOCS '02, section 4.5 (fairness): requests queue in order of arrival, and the view-change timer
//! stops only when the *first* of them executes, so a primary that serves others cannot starve one client.

use std::collections::{BTreeMap, BTreeSet};

use crate::client_table::Clients;
use crate::ids::{ClientId, Timestamp};
use crate::limits::LimitsSpec;
use crate::reject::Reject;
use crate::request::Submission;

/// The waiting requests of this replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Pool {
    /// In order of arrival.
    queue: BTreeMap<u64, Waiting>,
    /// Where each client's request stands in the queue.
    places: BTreeMap<ClientId, u64>,
    /// Places of the requests that stand in no proposal of the current view.
    unassigned: BTreeSet<u64>,
    /// The next free place.
    next: u64,
}

/// One waiting request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Waiting {
    client: ClientId,
    submission: Submission,
}

/// What became of a request offered to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It waits now.
    New,
    /// It has been waiting.
    Known,
}

impl Pool {
    /// Adds a request that is not executed yet.
    ///
    /// # Errors
    ///
    /// `TooLarge` beyond the limits; `ConflictingRequest` if another request of this client with the same or a later
    /// timestamp waits; `Overloaded` if there is no room.
    pub(super) fn offer(
        &mut self,
        submission: Submission,
        limits: &LimitsSpec,
    ) -> Result<Offer, Reject> {
        let client = submission.request.client();
        let sizes = [
            ("operation", submission.request.operation.len(), limits.operation_bytes),
            ("private part", submission.attachment.len(), limits.attachment_bytes),
        ];
        if let Some((what, got, max)) = sizes.into_iter().find(|(_, got, max)| got > max) {
            return Err(Reject::TooLarge { what, got, max });
        }
        if let Some(waiting) = self.places.get(&client).and_then(|place| self.queue.get(place)) {
            let earlier = &waiting.submission.request;
            if earlier.message == submission.request.message {
                return Ok(Offer::Known);
            }
            if earlier.timestamp >= submission.request.timestamp {
                return Err(Reject::ConflictingRequest { client, waiting: earlier.timestamp });
            }
        } else if self.queue.len() >= limits.pending {
            return Err(Reject::Overloaded(self.queue.len()));
        }
        self.remove(&client);
        self.queue.insert(self.next, Waiting { client, submission });
        self.places.insert(client, self.next);
        self.unassigned.insert(self.next);
        self.next += 1;
        Ok(Offer::New)
    }

    /// Notes that a request stands in a proposal of the current view.
    pub(super) fn assign(&mut self, client: &ClientId, timestamp: Timestamp) {
        let Some(place) = self.places.get(client) else { return };
        if self.queue.get(place).is_some_and(|w| w.submission.request.timestamp <= timestamp) {
            self.unassigned.remove(place);
        }
    }

    /// Takes the requests for one batch, in order, within the bounds of a batch, and assigns them.
    pub(super) fn take(&mut self, limits: &LimitsSpec) -> Vec<Submission> {
        let mut taken = Vec::new();
        let mut weight = 0;
        while let Some(place) = self.unassigned.first() {
            let waiting = self.queue.get(place).expect("an unassigned place is in the queue");
            weight += waiting.submission.weight();
            if taken.len() == limits.batch_requests || weight > limits.batch_bytes {
                break;
            }
            taken.push(waiting.submission.clone());
            self.unassigned.pop_first();
        }
        taken
    }

    /// The requests that stand in no proposal of the current view, in order.
    pub(super) fn unassigned(&self) -> impl Iterator<Item = &Submission> {
        self.unassigned.iter().filter_map(|place| self.queue.get(place)).map(|w| &w.submission)
    }

    /// How many requests stand in no proposal.
    pub(super) fn unassigned_len(&self) -> usize {
        self.unassigned.len()
    }

    /// Forgets all assignments: a new view begins.
    pub(super) fn unassign_all(&mut self) {
        self.unassigned = self.queue.keys().copied().collect();
    }

    /// Removes what `client` waits for, if its timestamp is not later than `timestamp`.
    pub(super) fn done(&mut self, client: &ClientId, timestamp: Timestamp) {
        let waiting = self.places.get(client).and_then(|place| self.queue.get(place));
        if waiting.is_some_and(|waiting| waiting.submission.request.timestamp <= timestamp) {
            self.remove(client);
        }
    }

    /// Removes what the clients in this table do not wait for any more.
    pub(super) fn forget_served(&mut self, clients: &Clients) {
        let waiting = self.queue.values().map(|w| (w.client, w.submission.request.timestamp));
        let served = waiting.filter(|(client, timestamp)| !clients.is_fresh(client, *timestamp));
        for (client, timestamp) in served.collect::<Vec<_>>() {
            self.done(&client, timestamp);
        }
    }

    /// The place of the request that has waited longest. Places are never used twice.
    pub(super) fn first(&self) -> Option<u64> {
        self.queue.keys().next().copied()
    }

    /// Number of waiting requests.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    fn remove(&mut self, client: &ClientId) {
        if let Some(place) = self.places.remove(client) {
            self.queue.remove(&place);
            self.unassigned.remove(&place);
        }
    }
}
