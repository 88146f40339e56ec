//! What a replica knows about itself and never changes: its place, its committee, its bounds, its key.
//!
//! In: configuration. Out: signatures and small derived facts. Refuses to know: the state of the protocol.

use crate::committee::Committee;
use crate::ids::{ReplicaId, View};
use crate::keys::{Signed, Signer, Statement};
use crate::limits::Limits;

/// A place in a committee.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seat {
    pub(super) id: ReplicaId,
    pub(super) committee: Committee,
    pub(super) limits: Limits,
    pub(super) signer: Signer,
}

impl Seat {
    /// Whether this replica is the primary of `view`.
    pub(super) fn leads(&self, view: View) -> bool {
        self.committee.primary(view) == self.id
    }

    /// Signs a statement of this replica.
    pub(super) fn sign<M: Statement>(&self, message: M) -> Signed<M> {
        self.signer.sign(message)
    }

    /// Another replica, a different one with each `turn` until all have had theirs.
    pub(super) fn peer(&self, turn: u64) -> ReplicaId {
        let n = self.committee.size() as u64;
        let step = 1 + turn % (n - 1);
        let index = (u64::from(self.id.get()) + step) % n;
        ReplicaId::new(u16::try_from(index).expect("an index below n fits where n fits"))
    }
}
