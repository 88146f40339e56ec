//! The first two votes, and what they prove together: that no other batch can prepare in the same view.
//!
//! In: a PRE-PREPARE and PREPAREs. Out: a certificate that a view change shows to the new primary. Refuses to
//! know: batches; it speaks of digests only.
//!
//! Source: OSDI '99, section 4.2, `prepared(m, v, n, i)`.

use serde::{Deserialize, Serialize};

use crate::certificate::{BadCertificate, check_votes};
use crate::committee::Committee;
use crate::ids::{Digest, ReplicaId, SeqNum, View};
use crate::keys::{Author, Check, Forged, Kind, Signatures, Signed, Statement};

/// PRE-PREPARE(v, n, d) of OSDI '99. It counts as the primary's PREPARE.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PrePrepare {
    /// The view.
    pub view: View,
    /// The position.
    pub seq: SeqNum,
    /// The batch, or [`Digest::NULL`].
    pub digest: Digest,
    /// The primary of the view.
    pub from: ReplicaId,
}

impl Statement for PrePrepare {
    const KIND: Kind = Kind::PrePrepare;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// PREPARE(v, n, d, i) of OSDI '99, sent by backups only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prepare {
    /// The view.
    pub view: View,
    /// The position.
    pub seq: SeqNum,
    /// The batch, or [`Digest::NULL`].
    pub digest: Digest,
    /// The backup.
    pub from: ReplicaId,
}

impl Statement for Prepare {
    const KIND: Kind = Kind::Prepare;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// A PRE-PREPARE and matching PREPAREs of quorum - 1 backups: the paper's 2f, for any n.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PreparedCertificate {
    /// The primary's vote.
    pub pre_prepare: Signed<PrePrepare>,
    /// The backups' votes.
    pub prepares: Vec<Signed<Prepare>>,
}

impl PreparedCertificate {
    /// The view in which the batch prepared.
    pub fn view(&self) -> View {
        self.pre_prepare.view
    }

    /// The position.
    pub fn seq(&self) -> SeqNum {
        self.pre_prepare.seq
    }

    /// The batch, or [`Digest::NULL`].
    pub fn digest(&self) -> Digest {
        self.pre_prepare.digest
    }

    /// Checks the arithmetic of the PREPAREs; that the pre-prepare is of the primary is checked by the caller,
    /// who has a name for that failure.
    ///
    /// # Errors
    ///
    /// [`BadCertificate`].
    pub fn check(&self, committee: Committee) -> Result<(), BadCertificate> {
        let about = (self.view(), self.seq(), self.digest());
        let votes = self.prepares.iter().map(|vote| (vote.from, vote));
        let primary = Some(self.pre_prepare.from);
        check_votes(committee, votes, committee.quorum() - 1, primary, |vote: &Signed<Prepare>| {
            (vote.view, vote.seq, vote.digest) == about
        })
    }
}

impl Signatures for PreparedCertificate {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        check.signed(&self.pre_prepare)?;
        self.prepares.iter().try_for_each(|vote| check.signed(vote))
    }
}
