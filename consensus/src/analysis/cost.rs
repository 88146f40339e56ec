//! What a decision costs without a fault, in messages and checks of signatures.
//!
//! In: the number of replicas. Out: counts of all replicas together. Refuses to know: batches, since all the requests
//! of a batch share the votes on it.

/// A decision of a single layer of replicas, everybody to everybody (OSDI '99, 4.2). A message is counted once for each
/// of its receivers, who each check it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    replicas: u64,
}

impl Decision {
    /// A decision of so many replicas; 0 is taken for 1.
    pub fn new(replicas: usize) -> Self {
        Self { replicas: (replicas as u64).max(1) }
    }

    /// The primary tells all others: n - 1.
    pub fn pre_prepares(self) -> u64 {
        self.replicas - 1
    }

    /// Every backup tells all others; the primary, whose pre-prepare stands for it, does not: (n - 1)^2.
    pub fn prepares(self) -> u64 {
        (self.replicas - 1) * (self.replicas - 1)
    }

    /// Everybody tells all others: n(n - 1).
    pub fn commits(self) -> u64 {
        self.replicas * (self.replicas - 1)
    }

    /// Pre-prepares, prepares and commits: 2n(n - 1).
    pub fn votes(self) -> u64 {
        self.pre_prepares() + self.prepares() + self.commits()
    }

    /// Everybody answers the client: n.
    pub fn replies(self) -> u64 {
        self.replicas
    }

    /// All messages of one request decided by itself, which goes to the primary alone: 2n(n - 1) + n + 1.
    pub fn messages(self) -> u64 {
        1 + self.votes() + self.replies()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four replicas, counted by hand, and the closed forms for others.
    #[test]
    fn four_replicas_send_29_messages() {
        let four = Decision::new(4);
        assert_eq!((four.pre_prepares(), four.prepares(), four.commits()), (3, 9, 12));
        assert_eq!((four.votes(), four.replies(), four.messages()), (24, 4, 29));
        for n in 1..200_u64 {
            let decision = Decision::new(usize::try_from(n).unwrap());
            assert_eq!(decision.votes(), 2 * n * (n - 1), "{n} replicas");
        }
    }
}
