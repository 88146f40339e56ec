//! How often each thing happened: what a run claims to exercise is counted.
//!
//! In: names. Out: counts, and which expected names are missing. Refuses to know: what the names stand for.

use std::ptr;

use crate::reject::{BadClaim, Reject, Unasked};

/// Counts by group and name.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// In the order in which they were first counted: what is frequent is found early.
    counts: Vec<(&'static str, &'static str, u64)>,
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, group: &'static str, name: &'static str) {
        self.add(group, name, 1);
    }

    fn add(&mut self, group: &'static str, name: &'static str, more: u64) {
        // Nearly always it is the very same text, and comparing addresses does.
        let same = |(g, n, _): &(&str, &str, u64)| ptr::eq(*g, group) && ptr::eq(*n, name);
        let place = self.counts.iter().position(same);
        let place = place.or_else(|| self.counts.iter().position(|c| (c.0, c.1) == (group, name)));
        match place {
            Some(place) => self.counts[place].2 += more,
            None => self.counts.push((group, name, more)),
        }
    }

    /// How often it was counted.
    pub fn of(&self, group: &'static str, name: &'static str) -> u64 {
        let found = self.counts.iter().find(|count| (count.0, count.1) == (group, name));
        found.map_or(0, |(_, _, count)| *count)
    }

    /// Adds what another run counted.
    pub fn merge(&mut self, other: &Self) {
        for (group, name, count) in &other.counts {
            self.add(group, name, *count);
        }
    }

    /// Everything counted, by group and name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let mut sorted = self.counts.clone();
        sorted.sort_unstable();
        sorted.into_iter()
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
        Reject::BadChunk { .. } => "bad chunk",
        Reject::TooLarge { .. } => "too large",
        Reject::OwnStatement(_) => "own statement",
        Reject::Unasked(Unasked::Proposal(_)) => "unasked proposal",
        Reject::Unasked(Unasked::Decisions(_)) => "unasked decisions",
        // The driver's side caused it: an answer that a restart or a new view overtook, or a fault of the driver.
        Reject::Outcomes { .. } => "outcomes",
        Reject::Unasked(_) => "unasked answer",
    }
}
