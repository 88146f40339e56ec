//! Requests that wait for execution, first come first served.
//!
//! In: submissions of clients. Out: what to put into the next batch, and which request has waited longest.
//! Refuses to know: views, votes, time. One request per client: a newer one replaces the older.
//!
//! Source: TOCS '02, section 4.5 (fairness): requests queue in order of arrival, and the view-change timer
//! stops only when the *first* of them executes, so a primary that serves others cannot starve one client.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::client_table::Clients;
use crate::ids::{ClientId, SeqNum, Timestamp};
use crate::keys::Signed;
use crate::limits::LimitsSpec;
use crate::reject::Reject;
use crate::request::{EncodedBatch, Proposal, Request, Submission};

/// The waiting requests of this replica.
///
/// A backup hears of most requests from the primary, in batches that are executed soon after. Those wait as one: a
/// batch has a place in the queue for each of its requests, and they take them only if it is not executed in its view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Pool {
    /// In order of arrival.
    queue: BTreeMap<u64, Waiting>,
    /// Where each client's request stands in the queue.
    places: BTreeMap<ClientId, u64>,
    /// Places of the requests that stand in no proposal of the current view.
    unassigned: BTreeSet<u64>,
    /// Batches of others that the current view proposes, by position.
    expected: BTreeMap<SeqNum, Expected>,
    /// The next free place.
    next: u64,
}

/// A batch that waits as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Expected {
    /// The place of its first request.
    place: u64,
    proposal: Arc<Proposal>,
    index: Index,
}

/// Where the requests of a batch stand, by client and time; made when somebody first asks, which for most batches is
/// never. It says nothing that the batch does not, so batches that differ in it alone count as equal.
#[derive(Clone, Debug, Default)]
struct Index(Option<Vec<(ClientId, Timestamp, usize)>>);

impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Index {}

impl Hash for Index {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Index {
    /// The latest request of a client among `requests`, which are the same each time.
    fn latest<'a>(
        &mut self,
        requests: &'a [Signed<Request>],
        client: &ClientId,
    ) -> Option<&'a Signed<Request>> {
        let places = self.0.get_or_insert_with(|| {
            let places = requests.iter().zip(0..);
            let mut places: Vec<_> = places
                .map(|(request, place)| (request.client(), request.timestamp, place))
                .collect();
            places.sort_unstable();
            places
        });
        let end = places.partition_point(|(other, ..)| other <= client);
        let (_, _, place) = places[..end].last().filter(|(other, ..)| other == client)?;
        requests.get(*place)
    }
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
        let known = self.waiting_of(&client);
        if let Some(earlier) = known {
            if earlier.message == submission.request.message {
                return Ok(Offer::Known);
            }
            if earlier.timestamp >= submission.request.timestamp {
                return Err(Reject::ConflictingRequest { client, waiting: earlier.timestamp });
            }
        }
        if !self.places.contains_key(&client) && self.queue.len() >= limits.pending {
            return Err(Reject::Overloaded(self.queue.len()));
        }
        self.insert(self.next, client, submission);
        self.next += 1;
        Ok(Offer::New)
    }

    /// The latest request of a client that waits, alone or in a batch. Clients send most requests to the primary, where
    /// no batch is expected; a backup whose window is full looks into each batch, not at each of their requests.
    fn waiting_of(&mut self, client: &ClientId) -> Option<&Signed<Request>> {
        let alone = self.places.get(client).and_then(|place| self.queue.get(place));
        let expected = self.expected.values_mut();
        let expected = expected.filter_map(|e| e.index.latest(&e.proposal.batch.requests, client));
        let all = alone.map(|waiting| &waiting.submission.request).into_iter().chain(expected);
        all.max_by_key(|request| request.timestamp)
    }

    fn insert(&mut self, place: u64, client: ClientId, submission: Submission) {
        self.remove(&client);
        self.queue.insert(place, Waiting { client, submission });
        self.places.insert(client, place);
        self.unassigned.insert(place);
    }

    /// The current view proposes a batch at `seq` that the application found acceptable: its requests wait from now on.
    pub(super) fn expect(&mut self, seq: SeqNum, proposal: &Arc<Proposal>) {
        if self.expected.contains_key(&seq) {
            return;
        }
        let expected =
            Expected { place: self.next, proposal: proposal.clone(), index: Index::default() };
        self.next += proposal.batch.requests.len() as u64;
        self.expected.insert(seq, expected);
        if !self.queue.is_empty() {
            for request in &proposal.batch.requests {
                self.assign(&request.client(), request.timestamp);
            }
        }
    }

    /// A position was executed, with `batch` or with the null request.
    pub(super) fn executed(
        &mut self,
        seq: SeqNum,
        batch: Option<&EncodedBatch>,
        clients: &Clients,
        limits: &LimitsSpec,
    ) {
        if let Some(expected) = self.expected.remove(&seq)
            && batch.is_none_or(|batch| batch.digest() != expected.proposal.batch.digest())
        {
            self.queue_up(&expected, clients, limits); // something else took its position
        }
        if !self.queue.is_empty() {
            for request in batch.iter().flat_map(|batch| &batch.requests) {
                self.done(&request.client(), request.timestamp);
            }
        }
    }

    /// The view ends: what it proposed and did not execute waits request by request.
    pub(super) fn disappoint(&mut self, clients: &Clients, limits: &LimitsSpec) {
        for expected in std::mem::take(&mut self.expected).into_values() {
            self.queue_up(&expected, clients, limits);
        }
    }

    /// Puts the requests of a batch into their places, unless they were executed, there is no room, or their clients
    /// wait for others.
    fn queue_up(&mut self, expected: &Expected, clients: &Clients, limits: &LimitsSpec) {
        for (place, submission) in (expected.place..).zip(expected.proposal.submissions()) {
            let (client, timestamp) = (submission.request.client(), submission.request.timestamp);
            let waiting = self.places.get(&client).and_then(|place| self.queue.get(place));
            let has_room = waiting.is_some() || self.queue.len() < limits.pending;
            let is_later = waiting.is_none_or(|w| w.submission.request.timestamp < timestamp);
            if has_room && is_later && clients.is_fresh(&client, timestamp) {
                self.insert(place, client, submission);
            }
        }
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

    /// The state at `seq` was taken over, with this table of clients: removes what they do not wait for any more. What
    /// was expected up to there and is not served waits request by request.
    pub(super) fn taken_over(&mut self, seq: SeqNum, clients: &Clients, limits: &LimitsSpec) {
        let above = self.expected.split_off(&seq.next());
        for expected in std::mem::replace(&mut self.expected, above).into_values() {
            self.queue_up(&expected, clients, limits);
        }
        let waiting = self.queue.values().map(|w| (w.client, w.submission.request.timestamp));
        let served = waiting.filter(|(client, timestamp)| !clients.is_fresh(client, *timestamp));
        for (client, timestamp) in served.collect::<Vec<_>>() {
            self.done(&client, timestamp);
        }
    }

    /// The place of the request that has waited longest. Places are never used twice.
    pub(super) fn first(&self) -> Option<u64> {
        let expected = self.expected.values().map(|expected| expected.place).min();
        self.queue.keys().next().copied().into_iter().chain(expected).min()
    }

    /// Number of waiting requests.
    pub(super) fn len(&self) -> usize {
        let expected = self.expected.values().map(|e| e.proposal.batch.requests.len());
        self.queue.len() + expected.sum::<usize>()
    }

    fn remove(&mut self, client: &ClientId) {
        if let Some(place) = self.places.remove(client) {
            self.queue.remove(&place);
            self.unassigned.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Digest, NetworkId, ReplicaId};
    use crate::keys::{Scope, Signer};

    /// For clients that stand in a batch never, once and several times: what the index finds is what a look at each
    /// request finds, the first time and later; and a pool that was asked equals one that was not.
    #[test]
    fn the_index_finds_what_a_scan_finds() {
        let scope = Scope::new(NetworkId::new(Digest::of("pool", &())));
        let request = |client: u64, timestamp: u64| {
            let signer = Signer::symbolic(scope, client);
            let timestamp = Timestamp::new(timestamp);
            signer.sign(Request::new(signer.public_key(), timestamp, vec![7]))
        };
        let asked = [(3, 1), (1, 5), (3, 4), (2, 1), (3, 2), (1, 5)];
        let requests: Vec<_> = asked.map(|(client, time)| request(client, time)).into();
        let (mut index, mut found) = (Index::default(), 0);
        for client in [1, 2, 3, 4, 3] {
            let client = Signer::symbolic(scope, client).public_key().client();
            let scan = requests.iter().filter(|request| request.client() == client);
            let scan = scan.max_by_key(|request| request.timestamp);
            let latest = index.latest(&requests, &client);
            assert_eq!(latest.map(std::ptr::from_ref), scan.map(std::ptr::from_ref));
            found += usize::from(latest.is_some());
        }
        assert_eq!(found, 4, "client 4 stands in no batch");

        let submission = |request| Submission { request, attachment: Vec::new() };
        let batch = requests[..4].iter().cloned().map(submission).collect();
        let proposal = Arc::new(Proposal::new(ReplicaId::ZERO, Vec::new(), batch));
        let mut pool = Pool::default();
        pool.expect(SeqNum::new(1), &proposal);
        let before = pool.clone();
        assert!(pool.waiting_of(&requests[0].client()).is_some());
        assert_eq!(pool, before);
        assert!(pool.expected.values().all(|expected| expected.index.0.is_some()));
    }
}
