//! How often each thing happened: what a run claims to exercise is counted.
//!
//! In: names. Out: counts, and which expected names are missing. Refuses to know: what the names stand for.

use std::collections::BTreeMap;

use crate::reject::{BadClaim, Reject, Unasked};

/// Counts by group and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: BTreeMap<(&'static str, &'static str), u64>,
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, group: &'static str, name: &'static str) {
        *self.counts.entry((group, name)).or_insert(0) += 1;
    }

    /// How often it was counted.
    pub fn of(&self, group: &'static str, name: &'static str) -> u64 {
        self.counts.get(&(group, name)).copied().unwrap_or(0)
    }

    /// Adds what another run counted.
    pub fn merge(&mut self, other: &Self) {
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_insert(0) += count;
        }
    }

    /// Everything counted, by group and name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> + '_ {
        self.counts.iter().map(|((group, name), count)| (*group, *name, *count))
    }
}

/// The refusals that a message of another replica can cause.
pub const REFUSALS: [&str; 25] = [
    "wrong view",
    "changing view",
    "outside window",
    "not primary",
    "prepare of primary",
    "equivocation",
    "bad proposal",
    "wrong proposer",
    "bad certificate",
    "bad view change: certificate",
    "bad view change: stable",
    "bad view change: position",
    "bad view change: future certificate",
    "bad view change: not primary",
    "bad new view: certificate",
    "bad new view: view",
    "bad new view: claims",
    "bad new view: decision",
    "stale request",
    "conflicting request",
    "overloaded",
    "too large",
    "own statement",
    "unasked proposal",
    "unasked decisions",
];

/// What a refusal is called.
pub const fn refusal(reject: &Reject) -> &'static str {
    match reject {
        Reject::WrongView { .. } => "wrong view",
        Reject::ChangingView { .. } => "changing view",
        Reject::OutsideWindow { .. } => "outside window",
        Reject::NotPrimary { .. } => "not primary",
        Reject::PrepareOfPrimary(_) => "prepare of primary",
        Reject::Equivocation { .. } => "equivocation",
        Reject::BadProposal(_) => "bad proposal",
        Reject::WrongProposer { .. } => "wrong proposer",
        Reject::BadCertificate(_) => "bad certificate",
        Reject::BadViewChange { why, .. } => match why {
            BadClaim::Certificate(_) => "bad view change: certificate",
            BadClaim::Stable { .. } => "bad view change: stable",
            BadClaim::Position(_) => "bad view change: position",
            BadClaim::FutureCertificate(_) => "bad view change: future certificate",
            BadClaim::NotPrimary(_) => "bad view change: not primary",
            BadClaim::View(_) | BadClaim::Decision { .. } => "bad view change: other",
        },
        Reject::BadNewView { why, .. } => match why {
            BadClaim::Decision { .. } => "bad new view: decision",
            BadClaim::Certificate(_) => "bad new view: certificate",
            BadClaim::View(_) => "bad new view: view",
            _ => "bad new view: claims",
        },
        Reject::StaleRequest { .. } => "stale request",
        Reject::ConflictingRequest { .. } => "conflicting request",
        Reject::Overloaded(_) => "overloaded",
        Reject::ReadsOff => "reads off",
        Reject::TooLarge { .. } => "too large",
        Reject::OwnStatement(_) => "own statement",
        Reject::Unasked(Unasked::Proposal(_)) => "unasked proposal",
        Reject::Unasked(Unasked::Decisions(_)) => "unasked decisions",
        // The driver's side caused it: an answer that a restart or a new view overtook, or a fault of the driver.
        Reject::Outcomes { .. } => "outcomes",
        Reject::Unasked(_) => "unasked answer",
    }
}
