//! Reads: questions that change nothing, answered without being ordered.
//!
//! In: questions of clients, answers of the application. Out: what to ask the application, and replies. Refuses to
//! know: views, votes, what a question means.
//!
//! Source: OSDI '99, section 5.1.3 (read-only operations); the remedy of Berger, Reiser and Bessani 2021. Off unless
//! the limits say so.
//!
//! # Guarantee
//!
//! A read that a client accepts reflects every operation that any client was told is done before the read began
//! (linearizability). With reads on a client takes every result, of reads and of ordered operations, from a quorum of
//! equal replies. Who completed an operation heard of a quorum that executed it; a read hears a quorum, too; both
//! share an honest replica, which answers from a state that has the operation. The state holds nothing that is not
//! committed: execution follows commitment.
//!
//! # Liveness
//!
//! The price is that f+1 honest answers are not enough any more, so a primary that keeps f honest replicas out of the
//! loop, with f liars that do not answer, could leave clients waiting for ever: those left out are too few to
//! change the view. What prevents it is that every decision reaches every honest replica (decision forwarding):
//! whoever executed it says so with its next `Status`, who is behind fetches the decisions, which prove
//! themselves by their certificates (see `catch_up`), and answers from the client table when the client asks
//! again. A read that finds no quorum of equal answers is ordered instead: the state moved on while it was asked.

use std::collections::BTreeMap;

use crate::ids::{ClientId, Timestamp};
use crate::keys::Signed;
use crate::limits::{Limits, LimitsSpec};
use crate::reject::{Reject, Unasked};
use crate::request::Read;

/// Questions in the application's hands: one per client, the latest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Reads {
    asked: BTreeMap<ClientId, Timestamp>,
}

impl Reads {
    /// Takes a question in.
    ///
    /// # Errors
    ///
    /// `ReadsOff`; `TooLarge` beyond the limits; `StaleRequest` if this client asked this or a later question, which
    /// is being answered; `Overloaded` if there is no room.
    pub(super) fn ask(&mut self, read: &Signed<Read>, limits: &LimitsSpec) -> Result<(), Reject> {
        if !limits.reads {
            return Err(Reject::ReadsOff);
        }
        let (got, max) = (read.request.operation.len(), limits.operation_bytes);
        if got > max {
            return Err(Reject::TooLarge { what: "question", got, max });
        }
        let (client, got) = (read.request.client(), read.request.timestamp);
        match self.asked.get(&client) {
            Some(last) if got <= *last => {
                return Err(Reject::StaleRequest { client, got, last: *last });
            }
            None if self.asked.len() >= limits.pending => {
                return Err(Reject::Overloaded(self.asked.len()));
            }
            _ => {}
        }
        self.asked.insert(client, got);
        Ok(())
    }

    /// Takes an answer of the application.
    ///
    /// # Errors
    ///
    /// `Unasked` unless it is to the latest question of this client; `TooLarge` for a long one.
    pub(super) fn answered(
        &mut self,
        client: &ClientId,
        timestamp: Timestamp,
        result: &[u8],
    ) -> Result<(), Reject> {
        if self.asked.get(client) != Some(&timestamp) {
            return Err(Reject::Unasked(Unasked::Read(timestamp)));
        }
        let (got, max) = (result.len(), Limits::RESULT_BYTES);
        if got > max {
            return Err(Reject::TooLarge { what: "result", got, max });
        }
        self.asked.remove(client);
        Ok(())
    }
}
