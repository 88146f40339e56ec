//! What follows from a quorum of view changes: the checkpoint to start from and the batches to propose again.
//!
//! In: view changes. Out: the decision, the same wherever it is computed. Refuses to know: who computes it - the
//! new primary to make its NEW-VIEW, every backup to check it.
//!
//! Source: OSDI '99, section 4.4: min-s is the latest stable checkpoint in V, max-s the highest number of a
//! prepared certificate in V; each number between them gets the digest of its certificate with the highest
//! view, or the null request.
//!
//! # Guarantee
//!
//! A batch that committed at any honest replica in view v at position n is what follows for n in every valid
//! NEW-VIEW of a later view whose min-s is below n. Why: a quorum sent COMMIT, so the honest among them hold a
//! prepared certificate for it and say so in later view changes; V is a quorum too and shares one of them; and
//! no certificate of a view above v names another digest, by induction on the view.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::message::ViewChange;
use super::prepared::PreparedCertificate;
use crate::certificate::CheckpointCertificate;
use crate::committee::Committee;
use crate::ids::{Digest, SeqNum};
use crate::keys::Signed;
use crate::reject::BadClaim;

/// What a new view starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Start<'a> {
    /// min-s: the latest stable checkpoint shown; none for the initial state.
    pub(super) checkpoint: Option<&'a CheckpointCertificate>,
    /// The digest to propose at each position above it, without gaps; [`Digest::NULL`] for the null request.
    pub(super) chosen: Vec<(SeqNum, Digest)>,
}

/// The decision that follows from `view_changes`.
pub(super) fn decide(view_changes: &[Arc<Signed<ViewChange>>]) -> Start<'_> {
    let checkpoint =
        view_changes.iter().filter_map(|vote| vote.checkpoint.as_ref()).max_by_key(|c| c.seq);
    let low = checkpoint.map_or(SeqNum::ZERO, |certificate| certificate.seq);
    let mut best: BTreeMap<SeqNum, &PreparedCertificate> = BTreeMap::new();
    for certificate in view_changes.iter().flat_map(|vote| &vote.prepared) {
        let held = best.entry(certificate.seq()).or_insert(certificate);
        if held.view() < certificate.view() {
            *held = certificate;
        }
    }
    let mut chosen = Vec::new();
    if let Some(high) = best.keys().next_back().copied() {
        let mut seq = low.next();
        while seq <= high {
            chosen.push((seq, best.get(&seq).map_or(Digest::NULL, |c| c.digest())));
            seq = seq.next();
        }
    }
    Start { checkpoint, chosen }
}

/// Checks what a view change claims, for a window of `span` positions.
///
/// # Errors
///
/// The first [`BadClaim`].
pub(super) fn check_claims(
    vote: &ViewChange,
    committee: Committee,
    span: u64,
) -> Result<(), BadClaim> {
    let proved = match &vote.checkpoint {
        Some(certificate) => {
            certificate.check(committee)?;
            certificate.seq
        }
        None => SeqNum::ZERO,
    };
    if proved != vote.stable {
        return Err(BadClaim::Stable { claimed: vote.stable, proved });
    }
    let mut previous = vote.stable;
    for certificate in &vote.prepared {
        let seq = certificate.seq();
        if seq <= previous || seq.above(vote.stable) > span {
            return Err(BadClaim::Position(seq));
        }
        previous = seq;
        if certificate.view() >= vote.view {
            return Err(BadClaim::FutureCertificate(certificate.view()));
        }
        let from = certificate.pre_prepare.from;
        if from != committee.primary(certificate.view()) {
            return Err(BadClaim::NotPrimary(from));
        }
        certificate.check(committee)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
