//! What a replica process counts: messages, signature checks, bytes, refusals.
//!
//! In: increments from any task. Out: a table of names and numbers. Refuses to know: what the numbers mean to
//! whoever reads them. Counters start at zero with the process and never go back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use consensus::ids::ReplicaId;
use serde::{Deserialize, Serialize};

/// Declares the counters with their names.
macro_rules! counters {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One counter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Count {
            $($(#[$doc])* $variant,)*
        }

        impl Count {
            /// All counters.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in tables.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

counters! {
    /// PRE-PREPARE messages written to a link for the first time, one per receiver, as all that was sent.
    PrePrepares = "sent_pre_prepare",
    /// PREPARE messages written for the first time, one per receiver.
    Prepares = "sent_prepare",
    /// COMMIT messages written for the first time, one per receiver.
    Commits = "sent_commit",
    /// CHECKPOINT messages, one per receiver.
    Checkpoints = "sent_checkpoint",
    /// VIEW-CHANGE and NEW-VIEW messages, one per receiver.
    ViewChanges = "sent_view_change",
    /// Votes and proposals that were sent again because somebody said it waits.
    Repeats = "sent_repeat",
    /// Status, fetches and their answers, requests passed on: everything else between replicas.
    Upkeep = "sent_upkeep",
    /// REPLY messages to clients.
    Replies = "sent_reply",
    /// Requests that arrived at the client port and were handed to the replica.
    Requests = "received_request",
    /// Batches executed.
    Decisions = "executed_batches",
    /// Requests executed.
    Executed = "executed_requests",
    /// Signatures checked in votes and proposals' own signatures.
    VoteChecks = "checked_votes",
    /// Signatures checked in client requests.
    RequestChecks = "checked_requests",
    /// Signatures checked in everything else.
    OtherChecks = "checked_other",
    /// Bytes written to other replicas.
    BytesOut = "bytes_to_replicas",
    /// Bytes read from other replicas.
    BytesIn = "bytes_from_replicas",
    /// Records made durable before something left.
    Records = "records",
    /// Times the disk was asked to make a file durable, records and chain.
    Syncs = "syncs",
    /// Contradictions that were kept as evidence.
    Accusations = "accusations",
    /// Events that the replica refused.
    Rejected = "rejected",
    /// Messages that did not decode.
    Garbage = "refused_garbage",
    /// Frames longer than allowed.
    Oversized = "refused_oversized",
    /// Messages with a signature that does not hold.
    Forged = "refused_forged",
    /// Connections whose handshake failed or took too long.
    Handshakes = "refused_handshake",
    /// Connections closed to make room for newer ones.
    Crowded = "refused_crowded",
    /// Requests that the application does not admit.
    Inadmissible = "refused_inadmissible",
    /// Requests of keys that no member has, beyond the few that are taken.
    Strangers = "refused_strangers",
    /// Messages that claim more than their kind can hold, refused before a signature was looked at.
    Misshapen = "refused_misshapen",
    /// Messages dropped because a queue was full.
    Dropped = "dropped",
}

/// What came over the link from one other replica. An honest one gives little cause for the last three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Frames, one message each.
    pub messages: u64,
    /// Those refused before the replica saw them: for their form, a signature, or an unwelcome request.
    pub refused: u64,
    /// Those that the replica refused: of another view, outside its window, without a right to be said.
    pub rejected: u64,
    /// Votes and claims of others that it passed on. An honest replica says only its own.
    pub of_others: u64,
}

/// The counters of one process.
#[derive(Debug)]
pub struct Metrics {
    counters: Vec<AtomicU64>,
    /// At most one entry per member of the committee: links know whom they lead to.
    heard: Mutex<BTreeMap<ReplicaId, Heard>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let counters = Count::ALL.iter().map(|_| AtomicU64::new(0)).collect();
        Self { counters, heard: Mutex::default() }
    }
}

impl Metrics {
    /// Adds `amount` to a counter.
    pub fn add(&self, count: Count, amount: u64) {
        // Relaxed: counters order nothing, they are only added up.
        self.counters[count as usize].fetch_add(amount, Ordering::Relaxed);
    }

    /// The value of a counter.
    pub fn read(&self, count: Count) -> u64 {
        self.counters[count as usize].load(Ordering::Relaxed)
    }

    /// Adds to what came from another replica.
    pub fn hear(&self, from: ReplicaId, more: Heard) {
        let mut all = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = all.entry(from).or_default();
        heard.messages += more.messages;
        heard.refused += more.refused;
        heard.rejected += more.rejected;
        heard.of_others += more.of_others;
    }

    /// What came from each of the other replicas that said anything.
    pub fn heard(&self) -> BTreeMap<u16, Heard> {
        let all = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(from, heard)| (from.get(), *heard)).collect()
    }

    /// All values by name.
    pub fn table(&self) -> BTreeMap<String, u64> {
        Count::ALL.iter().map(|count| (count.name().to_owned(), self.read(*count))).collect()
    }
}
