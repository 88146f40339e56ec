//! Stand-ins: votes and certificates that prove the same as others and differ only in who signed.
//!
//! In: what is to be proved. Out: the proof with the lowest voters. Refuses to know: whether those
//! voters ever said so; it holds the keys of everybody.
//!
//! A quorum of replicas 0, 1, 3 and one of 0, 2, 3 for the same batch have the same effect on whoever
//! receives them, now and later: voters are looked at when signatures and distinctness are checked,
//! and never again. So once *some* quorum has been cast, the one made here may stand for it.

use std::sync::Arc;

use consensus::certificate::Commit;
use consensus::classic::message::{Message, ViewChange};
use consensus::classic::prepared::{PrePrepare, Prepare, PreparedCertificate};
use consensus::ids::{Digest, NetworkId, ReplicaId, SeqNum, View};
use consensus::keys::{Keyring, Scope, Signed, Signer};

use crate::network::Group;
use crate::properties::{REPLICAS, primary};

/// The one position of these models.
pub const POSITION: SeqNum = SeqNum::new(1);
/// Votes in a quorum of four replicas.
const VOTES: usize = 3;

/// Maker of stand-ins.
#[derive(Clone, Debug)]
pub struct Evidence {
    signers: Vec<Signer>,
}

/// The scope in which everything in a model is signed.
pub fn scope() -> Scope {
    Scope::new(NetworkId::new(Digest::of("model", &())))
}

impl Default for Evidence {
    /// With everybody's symbolic keys.
    fn default() -> Self {
        let names = 0..u64::from(REPLICAS);
        Self { signers: names.map(|name| Signer::symbolic(scope(), name)).collect() }
    }
}

impl Evidence {
    /// The keyring that knows these keys.
    pub fn keyring(&self) -> Keyring {
        Keyring::symbolic(scope(), self.signers.iter().map(Signer::public_key).collect())
    }

    /// The key of a replica.
    pub fn signer(&self, id: ReplicaId) -> &Signer {
        &self.signers[usize::from(id.get())]
    }

    /// What replica `at` may be given in place of votes of a group: lists in order of voter. Of view
    /// changes one claims that `claim` prepared, another one in each list, and the others that nothing
    /// did.
    pub fn votes(
        &self,
        group: Group,
        at: ReplicaId,
        claim: Option<(View, Digest)>,
    ) -> Vec<Vec<Message>> {
        let others: Vec<_> = replicas().filter(|from| *from != at).collect();
        let voters = others.iter().copied();
        match group {
            Group::Alone => Vec::new(),
            Group::Prepares(view, ..) => {
                let backups = voters.filter(|from| *from != primary(view.get()));
                let votes = backups.map(|from| self.vote(group, from));
                vec![votes.collect()]
            }
            Group::Commits(..) => vec![voters.map(|from| self.vote(group, from)).collect()],
            Group::Changes(view) => {
                let list = |claimant| {
                    let claim = |from| claim.filter(|_| from == claimant);
                    let change = |from| self.change(view, from, claim(from));
                    others.iter().map(|from| Message::ViewChange(change(*from))).collect()
                };
                voters.map(list).collect()
            }
        }
    }

    /// The vote of one replica.
    ///
    /// # Panics
    ///
    /// For a group in which nobody votes.
    pub fn vote(&self, group: Group, from: ReplicaId) -> Message {
        match group {
            Group::Alone => panic!("messages that are not counted are no votes"),
            Group::Prepares(view, _, digest) => Message::Prepare(self.prepare(view, digest, from)),
            Group::Commits(view, _, digest) => Message::Commit(self.commit(view, digest, from)),
            Group::Changes(view) => Message::ViewChange(self.change(view, from, None)),
        }
    }

    /// A quorum of view changes; the lowest of them claims that `claim` prepared.
    pub fn view_changes(
        &self,
        view: View,
        claim: Option<(View, Digest)>,
    ) -> Vec<Arc<Signed<ViewChange>>> {
        let mut claims = claim.into_iter();
        replicas().take(VOTES).map(|from| self.change(view, from, claims.next())).collect()
    }

    /// A quorum of COMMITs.
    pub fn commits(&self, view: View, digest: Digest) -> Vec<Signed<Commit>> {
        replicas().take(VOTES).map(|from| self.commit(view, digest, from)).collect()
    }

    /// The certificate that a batch prepared in a view.
    pub fn certificate(&self, view: View, digest: Digest) -> PreparedCertificate {
        let from = primary(view.get());
        let pre_prepare = PrePrepare { view, seq: POSITION, digest, from };
        let backups = replicas().filter(|id| *id != from).take(2);
        let prepares = backups.map(|id| self.prepare(view, digest, id)).collect();
        PreparedCertificate { pre_prepare: self.signer(from).sign(pre_prepare), prepares }
    }

    fn prepare(&self, view: View, digest: Digest, from: ReplicaId) -> Signed<Prepare> {
        self.signer(from).sign(Prepare { view, seq: POSITION, digest, from })
    }

    fn commit(&self, view: View, digest: Digest, from: ReplicaId) -> Signed<Commit> {
        self.signer(from).sign(Commit { view, seq: POSITION, digest, from })
    }

    fn change(
        &self,
        view: View,
        from: ReplicaId,
        claim: Option<(View, Digest)>,
    ) -> Arc<Signed<ViewChange>> {
        let prepared = claim.map(|(view, digest)| self.certificate(view, digest));
        let (stable, prepared) = (SeqNum::ZERO, prepared.into_iter().collect());
        let change = ViewChange { view, stable, checkpoint: None, prepared, from };
        Arc::new(self.signer(from).sign(change))
    }
}

fn replicas() -> impl Iterator<Item = ReplicaId> {
    (0..REPLICAS).map(ReplicaId::new)
}
