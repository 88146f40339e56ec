//! What proves that a batch committed, or that a state is everybody's: quorums of signed votes.
//!
//! In: signed votes. Out: certificates that anybody with the committee's keys can check, and decisions, which
//! are certificates with the batch they are about. Refuses to know: how votes are gathered.
//!
//! A certificate is checked in two parts: [`Signatures`] covers the signatures, `check` the arithmetic.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::committee::Committee;
use crate::ids::{Digest, ReplicaId, SeqNum, View};
use crate::keys::{Author, Check, Forged, Kind, Signatures, Signed, Statement};
use crate::request::Proposal;

/// COMMIT(v, n, d, i) of OSDI '99.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Commit {
    /// The view of the vote.
    pub view: View,
    /// The position voted on.
    pub seq: SeqNum,
    /// The batch, or [`Digest::NULL`].
    pub digest: Digest,
    /// The voter.
    pub from: ReplicaId,
}

impl Statement for Commit {
    const KIND: Kind = Kind::Commit;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// CHECKPOINT(n, d, i) of OSDI '99, with the digest in two parts: the application's and the client table's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The last position executed.
    pub seq: SeqNum,
    /// The application's digest after it: the hash of its newest block.
    pub state: Digest,
    /// The digest of the client table after it.
    pub clients: Digest,
    /// The voter.
    pub from: ReplicaId,
}

impl Statement for Checkpoint {
    const KIND: Kind = Kind::Checkpoint;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// Why votes do not add up to a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BadCertificate {
    /// Not exactly the number of votes a certificate holds.
    #[error("{got} votes where a certificate holds {needed}")]
    Votes {
        /// Votes given.
        got: usize,
        /// Votes a certificate holds.
        needed: usize,
    },
    /// One replica votes twice.
    #[error("replica {0} votes twice")]
    RepeatedVoter(ReplicaId),
    /// A replica votes where it may not: a stranger, or the primary among PREPAREs.
    #[error("replica {0} may not vote here")]
    Ineligible(ReplicaId),
    /// A vote is about something else.
    #[error("replica {0} votes for something else")]
    Mismatch(ReplicaId),
}

/// Checks that `votes` names exactly `needed` distinct, eligible voters, each voting as `matches` wants.
///
/// # Errors
///
/// [`BadCertificate`] naming the first voter that does not fit.
pub fn check_votes<'a, M: 'a>(
    committee: Committee,
    votes: impl ExactSizeIterator<Item = (ReplicaId, &'a M)>,
    needed: usize,
    excluded: Option<ReplicaId>,
    matches: impl Fn(&M) -> bool,
) -> Result<(), BadCertificate> {
    if votes.len() != needed {
        return Err(BadCertificate::Votes { got: votes.len(), needed });
    }
    let mut voters = BTreeSet::new();
    for (from, vote) in votes {
        if !committee.contains(from) || excluded == Some(from) {
            return Err(BadCertificate::Ineligible(from));
        }
        if !voters.insert(from) {
            return Err(BadCertificate::RepeatedVoter(from));
        }
        if !matches(vote) {
            return Err(BadCertificate::Mismatch(from));
        }
    }
    Ok(())
}

/// A quorum of COMMITs for one batch: the seal of a block. Different replicas may hold different, equally
/// valid seals for one batch, gathered in different views.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommitCertificate {
    /// The view in which the votes were cast.
    pub view: View,
    /// The position.
    pub seq: SeqNum,
    /// The batch, or [`Digest::NULL`].
    pub digest: Digest,
    /// Exactly a quorum of votes.
    pub commits: Vec<Signed<Commit>>,
}

impl CommitCertificate {
    /// Checks the arithmetic; the signatures are checked by a keyring.
    ///
    /// # Errors
    ///
    /// [`BadCertificate`].
    pub fn check(&self, committee: Committee) -> Result<(), BadCertificate> {
        let votes = self.commits.iter().map(|vote| (vote.from, vote));
        check_votes(committee, votes, committee.quorum(), None, |vote: &Signed<Commit>| {
            (vote.view, vote.seq, vote.digest) == (self.view, self.seq, self.digest)
        })
    }
}

impl Signatures for CommitCertificate {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        self.commits.iter().try_for_each(|vote| check.signed(vote))
    }
}

/// A quorum of equal CHECKPOINTs: everything up to its position may be forgotten by the protocol, and what
/// hangs on its digests is proved to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CheckpointCertificate {
    /// The position.
    pub seq: SeqNum,
    /// The application's digest after it.
    pub state: Digest,
    /// The digest of the client table after it.
    pub clients: Digest,
    /// Exactly a quorum of votes.
    pub votes: Vec<Signed<Checkpoint>>,
}

impl CheckpointCertificate {
    /// Checks the arithmetic; the signatures are checked by a keyring.
    ///
    /// # Errors
    ///
    /// [`BadCertificate`].
    pub fn check(&self, committee: Committee) -> Result<(), BadCertificate> {
        let votes = self.votes.iter().map(|vote| (vote.from, vote));
        check_votes(committee, votes, committee.quorum(), None, |vote: &Signed<Checkpoint>| {
            (vote.seq, vote.state, vote.clients) == (self.seq, self.state, self.clients)
        })
    }
}

impl Signatures for CheckpointCertificate {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        self.votes.iter().try_for_each(|vote| check.signed(vote))
    }
}

/// A position with its certificate and its batch: proves itself to anybody who has the committee's keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decision {
    /// Why it holds.
    pub certificate: CommitCertificate,
    /// The batch with its private parts; none for the null request.
    pub proposal: Option<Arc<Proposal>>,
}

impl Decision {
    /// The position decided.
    pub fn seq(&self) -> SeqNum {
        self.certificate.seq
    }
}

impl Signatures for Decision {
    /// Checks the votes and that the batch is the certified one. The requests' own signatures are not looked
    /// at again: the quorum holds an honest replica, which checked them before it voted.
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        self.certificate.visit(check)?;
        let digest = self.proposal.as_ref().map_or(Digest::NULL, |p| p.batch.digest());
        check.payload(self.certificate.digest, digest)
    }
}
