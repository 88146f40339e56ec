//! Who votes, how many may lie, and how many must agree.
//!
//! In: the number of replicas. Out: fault tolerance, quorum sizes, the primary of a view. Refuses to know:
//! keys, addresses, messages.
//!
//! Castro and Liskov fix n = 3f+1 and write 2f+1 and 2f; for any n >= 4 those read `quorum` and `quorum - 1`.

use serde::{Deserialize, Serialize};

use crate::ids::{ReplicaId, View};

/// A committee of n >= 4 replicas that tolerates f = floor((n-1)/3) Byzantine ones.
///
/// # Why the quorum is ceil((n+f+1)/2)
///
/// Two quorums of q share at least 2q - n >= f+1 replicas, so at least one honest replica; and q <= n - f, so
/// the honest replicas can form a quorum alone. 2f+1 has the first property only when n = 3f+1: with n = 5
/// and q = 3 two quorums may share a single, faulty replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Committee {
    size: u16,
}

/// A committee that cannot tolerate a single fault, or is too large to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a committee has {min} to {max} replicas, got {got}", min = Committee::MIN_SIZE, max = Committee::MAX_SIZE)]
pub struct CommitteeError {
    /// The size asked for.
    pub got: usize,
}

impl Committee {
    /// Fewer than four replicas tolerate no Byzantine fault at all.
    pub const MIN_SIZE: usize = 4;
    /// Bounds certificates and tallies: one vote per replica is kept for every open position.
    pub const MAX_SIZE: usize = 1_000;

    /// A committee of replicas `0..size`.
    ///
    /// # Errors
    ///
    /// [`CommitteeError`] outside `MIN_SIZE..=MAX_SIZE`.
    pub fn try_new(size: usize) -> Result<Self, CommitteeError> {
        match u16::try_from(size) {
            Ok(small) if (Self::MIN_SIZE..=Self::MAX_SIZE).contains(&size) => {
                Ok(Self { size: small })
            }
            _ => Err(CommitteeError { got: size }),
        }
    }

    /// Number of replicas, n.
    pub fn size(self) -> usize {
        usize::from(self.size)
    }

    /// Byzantine replicas tolerated, f = floor((n-1)/3).
    pub fn faults(self) -> usize {
        (self.size() - 1) / 3
    }

    /// Votes in a quorum certificate, ceil((n+f+1)/2).
    pub fn quorum(self) -> usize {
        (self.size() + self.faults() + 1).div_ceil(2)
    }

    /// Votes in a weak certificate, f+1: at least one of them is honest.
    pub fn weak(self) -> usize {
        self.faults() + 1
    }

    /// The primary of `view`, `view mod n` (OSDI '99, section 4).
    pub fn primary(self, view: View) -> ReplicaId {
        let index = view.get() % u64::from(self.size);
        ReplicaId::new(u16::try_from(index).expect("a remainder below n fits where n fits"))
    }

    /// Whether `replica` is a member.
    pub fn contains(self, replica: ReplicaId) -> bool {
        replica.get() < self.size
    }

    /// All members in order.
    pub fn replicas(self) -> impl Iterator<Item = ReplicaId> + Clone {
        (0..self.size).map(ReplicaId::new)
    }
}

impl TryFrom<u16> for Committee {
    type Error = CommitteeError;

    fn try_from(size: u16) -> Result<Self, CommitteeError> {
        Self::try_new(usize::from(size))
    }
}

impl From<Committee> for u16 {
    fn from(committee: Committee) -> Self {
        committee.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Papers.md 2.8, first two rows: f, 2f, 2f+1 and f+1 for n = 3f+1, and the quorum for other n.
    #[test]
    fn sizes_follow_the_table() {
        let row = |n| {
            let c = Committee::try_new(n).expect("n >= 4");
            (c.faults(), c.quorum() - 1, c.quorum(), c.weak())
        };
        assert_eq!(
            [4, 7, 10, 13].map(row),
            [(1, 2, 3, 2), (2, 4, 5, 3), (3, 6, 7, 4), (4, 8, 9, 5)]
        );
        assert_eq!([5, 6, 8].map(|n| row(n).2), [4, 4, 6]);
    }

    /// The two facts every safety argument rests on, for every size we can build.
    #[test]
    fn quorums_intersect_in_an_honest_replica_and_the_honest_form_one() {
        for n in Committee::MIN_SIZE..=Committee::MAX_SIZE {
            let c = Committee::try_new(n).expect("within bounds");
            assert!(2 * c.quorum() > n + c.faults(), "two quorums of {n} share an honest replica");
            assert!(c.quorum() <= n - c.faults(), "the honest replicas of {n} form a quorum");
        }
    }

    /// Papers.md 2.8, the trap: of five replicas two sets of 2f+1 = 3 may share one alone, which may be the faulty one.
    /// The quorum of such sizes lies above 2f+1, and one less is never safe.
    #[test]
    fn a_quorum_is_no_smaller_than_safety_asks_for() {
        for n in Committee::MIN_SIZE..=Committee::MAX_SIZE {
            let c = Committee::try_new(n).expect("within bounds");
            let shared = |quorum: usize| (2 * quorum).saturating_sub(n);
            assert!(shared(c.quorum() - 1) <= c.faults(), "{n}: a smaller quorum would do");
            let trap = n % 3 != 1;
            assert_eq!(
                shared(2 * c.faults() + 1) <= c.faults(),
                trap,
                "{n}: 2f+1 is safe for 3f+1 only"
            );
        }
        let five = Committee::try_new(5).expect("within bounds");
        assert_eq!((five.faults(), five.quorum(), 2 * 3 - 5), (1, 4, 1));
    }

    #[test]
    fn sizes_out_of_range_do_not_construct() {
        for got in [0, 3, 1_001, 70_000] {
            assert_eq!(Committee::try_new(got), Err(CommitteeError { got }));
        }
    }
}
