//! The arithmetic of quorums, written a second time and slowly.
//!
//! In: sizes, certificates. Out: whether they add up. Refuses to know: how the protocol computes any of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::certificate::{CheckpointCertificate, CommitCertificate, Decision};
use crate::classic::message::{NewView, ViewChange};
use crate::classic::prepared::PreparedCertificate;
use crate::ids::{Digest, ReplicaId};
use crate::sim::watch::Shown;

/// The most liars that `n` replicas survive: the largest f with 3f < n.
pub fn liars(n: usize) -> usize {
    (0..n).rev().find(|f| 3 * f < n).unwrap_or(0)
}

/// The fewest votes of which any two sets share more replicas than can lie.
pub fn votes(n: usize) -> usize {
    (0..=n).find(|q| 2 * q > n + liars(n)).unwrap_or(n)
}

/// Who leads a view.
pub fn leader(n: usize, view: u64) -> ReplicaId {
    let index = view - view / n as u64 * n as u64;
    ReplicaId::new(u16::try_from(index).expect("a remainder below the size of a committee"))
}

/// What votes call a batch: BLAKE3 of the length of the domain in 8 bytes, the domain, and the canonical encoding. The
/// null request, which has no bytes, is called zero.
pub fn name(batch: &[u8]) -> [u8; 32] {
    const DOMAIN: &[u8] = b"gridquorum batch";
    if batch.is_empty() {
        return [0; 32];
    }
    let length = (DOMAIN.len() as u64).to_le_bytes();
    *blake3::hash(&[&length, DOMAIN, batch].concat()).as_bytes()
}

/// Exactly `needed` voters, all different, all members.
fn are_distinct(n: usize, voters: impl Iterator<Item = ReplicaId>, needed: usize) -> bool {
    let all: Vec<_> = voters.collect();
    let different: BTreeSet<_> = all.iter().collect();
    all.len() == needed
        && different.len() == needed
        && all.iter().all(|voter| usize::from(voter.get()) < n)
}

/// Whether a batch committed.
pub fn is_committed(n: usize, held: &CommitCertificate) -> bool {
    are_distinct(n, held.commits.iter().map(|vote| vote.from), votes(n))
        && held
            .commits
            .iter()
            .all(|vote| (vote.view, vote.seq, vote.digest) == (held.view, held.seq, held.digest))
}

/// Whether a state is everybody's.
pub fn is_stable(n: usize, held: &CheckpointCertificate) -> bool {
    are_distinct(n, held.votes.iter().map(|vote| vote.from), votes(n))
        && held.votes.iter().all(|vote| {
            (vote.seq, vote.state, vote.clients) == (held.seq, held.state, held.clients)
        })
}

fn is_prepared(n: usize, held: &PreparedCertificate) -> bool {
    let proposal = &held.pre_prepare;
    let voters = held.prepares.iter().map(|vote| vote.from).chain([proposal.from]);
    let about = (proposal.view, proposal.seq, proposal.digest);
    proposal.from == leader(n, proposal.view.get())
        && are_distinct(n, voters, votes(n))
        && held.prepares.iter().all(|vote| (vote.view, vote.seq, vote.digest) == about)
}

fn is_claim(n: usize, vote: &ViewChange) -> bool {
    let proved = vote.checkpoint.as_ref().map_or(0, |held| held.seq.get());
    vote.checkpoint.iter().all(|held| is_stable(n, held))
        && proved == vote.stable.get()
        && vote.prepared.iter().all(|held| is_prepared(n, held) && held.view() < vote.view)
}

fn is_beginning(n: usize, new_view: &NewView) -> bool {
    let shown = &new_view.view_changes;
    let proposed: BTreeMap<u64, Digest> =
        new_view.pre_prepares.iter().map(|vote| (vote.seq.get(), vote.digest)).collect();
    new_view.from == leader(n, new_view.view.get())
        && are_distinct(n, shown.iter().map(|vote| vote.from), votes(n))
        && shown.iter().all(|vote| vote.view == new_view.view && is_claim(n, vote))
        && proposed.len() == new_view.pre_prepares.len()
        && proposed == follows(new_view)
}

/// OSDI '99, 4.4: for each position above the latest checkpoint up to the last that prepared anywhere, what prepared
/// there last, or null.
fn follows(new_view: &NewView) -> BTreeMap<u64, Digest> {
    let shown = || new_view.view_changes.iter();
    let low = shown().map(|vote| vote.stable.get()).max().unwrap_or(0);
    let held = || shown().flat_map(|vote| &vote.prepared);
    let high = held().map(|held| held.seq().get()).max().unwrap_or(0);
    let last = |seq: u64| {
        let here = held().filter(|held| held.seq().get() == seq);
        here.max_by_key(|held| held.view()).map_or(Digest::NULL, PreparedCertificate::digest)
    };
    (low + 1..=high).map(|seq| (seq, last(seq))).collect()
}

/// Whether a certificate holds.
pub fn is_sound(n: usize, shown: &Shown<'_>) -> bool {
    match shown {
        Shown::Stable(held) => is_stable(n, held),
        Shown::Decision(Decision { certificate, .. }) => is_committed(n, certificate),
        Shown::ViewChange(vote) => is_claim(n, vote),
        Shown::NewView(new_view) => is_beginning(n, new_view),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Papers.md 2.8: f and the quorum for n of both kinds, by the table.
    #[test]
    fn sizes_follow_the_table() {
        assert_eq!([4, 7, 10, 13].map(|n| (liars(n), votes(n))), [(1, 3), (2, 5), (3, 7), (4, 9)]);
        assert_eq!([5, 6, 8].map(|n| (liars(n), votes(n))), [(1, 4), (1, 4), (2, 6)]);
        assert_eq!([0, 3, 4, 9].map(|view| leader(4, view).get()), [0, 3, 0, 1]);
    }
}
