//! The client table: the last request each client was served, and the answer it got.
//!
//! In: batches about to be executed, and what came of them. Out: which requests are fresh; cached answers.
//! Refuses to know: connections. The table is part of the replicated state: all replicas at one position hold
//! the same table, checkpoints certify its digest, and state transfer carries it (as the
//! remedy of Berger, Reiser and Bessani 2021 asks).
//!
//! Source: OSDI '99, section 4.1: timestamps of one client increase; a request runs at most once; the last
//! reply is sent again for a repeated timestamp.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Digest, Timestamp};
use crate::request::{Batch, Outcome, Request};

/// The last request of one client that was executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Served {
    /// Its timestamp.
    pub timestamp: Timestamp,
    /// What the application answered.
    #[serde(with = "serde_bytes")]
    pub result: Vec<u8>,
}

/// One entry per client the application knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Clients {
    served: BTreeMap<ClientId, Served>,
}

impl Clients {
    /// The last request of `client` that was executed.
    pub fn last(&self, client: &ClientId) -> Option<&Served> {
        self.served.get(client)
    }

    /// Whether a request with this timestamp has not been executed yet.
    pub fn is_fresh(&self, client: &ClientId, timestamp: Timestamp) -> bool {
        self.served.get(client).is_none_or(|last| timestamp > last.timestamp)
    }

    /// For each request of `batch`, whether it is to be executed. A batch names each client at most once.
    pub fn fresh(&self, batch: &Batch) -> Vec<bool> {
        let is_fresh = |r: &crate::keys::Signed<Request>| self.is_fresh(&r.client(), r.timestamp);
        batch.requests.iter().map(is_fresh).collect()
    }

    /// Records the outcomes of the fresh requests of `batch`, in order.
    ///
    /// # Panics
    ///
    /// If there is not exactly one outcome per fresh request: the application would have executed something
    /// else than was agreed on.
    pub fn record(&mut self, batch: &Batch, fresh: &[bool], outcomes: Vec<Outcome>) {
        let executed: Vec<_> =
            batch.requests.iter().zip(fresh).filter(|(_, fresh)| **fresh).map(|(r, _)| r).collect();
        assert_eq!(executed.len(), outcomes.len(), "one outcome per executed request");
        for (request, outcome) in executed.into_iter().zip(outcomes) {
            if outcome.retain {
                let served = Served { timestamp: request.timestamp, result: outcome.result };
                self.served.insert(request.client(), served);
            }
        }
    }

    /// The digest that checkpoints certify.
    pub fn digest(&self) -> Digest {
        Digest::of("gridquorum clients", self)
    }

    /// Number of clients in the table.
    pub fn len(&self) -> usize {
        self.served.len()
    }

    /// Whether no client has been served yet.
    pub fn is_empty(&self) -> bool {
        self.served.is_empty()
    }
}
