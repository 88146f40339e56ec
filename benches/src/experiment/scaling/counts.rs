//! What replicas counted beside what the formulas say.
//!
//! In: where all replicas stood before and after a load. Out: messages and signature checks, and whether they are the
//! predicted ones. Refuses to know: how long it took.
//!
//! The votes of a decision are those of [`Decision`], each checked once, whatever the size of its batch. A
//! command costs a request to the primary and a check of its signature at every replica, in the batch or before it.
//! Each replica answers all requests of a decision that came over one connection with one message.

use consensus::analysis::cost::Decision;
use node::metrics::Count;
use node::talk::Status;

use crate::watch::read;

/// Requests of one batch whose replies surely fit under one signature.
const ONE_REPLY: usize = 512;

/// What all replicas together counted during a load.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Replicas.
    pub replicas: u64,
    /// Batches decided and commands executed, by each replica.
    pub decisions: u64,
    /// Commands executed by each replica.
    pub commands: u64,
    before: Vec<Status>,
    after: Vec<Status>,
    /// Whether all replicas stood still at both looks.
    rested: bool,
    /// Whether a client asked every replica because it had no answer.
    resent: bool,
    /// Most requests in a batch, and connections that clients share.
    batch: usize,
    connections: usize,
}

/// Whether counts are those of the formulas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// So many counts are, all that there are.
    Equal(usize),
    /// These are not.
    Wrong(String),
    /// They cannot be compared, and why.
    Disturbed(&'static str),
}

impl Counts {
    /// The counts between two looks at `replicas`, each with whether they rested, for batches of at most so many
    /// requests that came over so many connections.
    pub fn new(
        replicas: usize,
        (before, rested_before): (Vec<Status>, bool),
        (after, rested_after): (Vec<Status>, bool),
        batch: usize,
        connections: usize,
    ) -> Self {
        let rested = rested_before && rested_after;
        let replicas = replicas as u64;
        let (decisions, commands) = (0, 0);
        let counts = Self {
            replicas,
            decisions,
            commands,
            before,
            after,
            rested,
            resent: false,
            batch,
            connections,
        };
        let each = |count| counts.gained(count) / replicas.max(1);
        Self { decisions: each(Count::Decisions), commands: each(Count::Executed), ..counts }
    }

    /// The same, given whether a client sent a request again.
    #[must_use]
    pub fn with_resent(self, resent: bool) -> Self {
        Self { resent, ..self }
    }

    /// What a counter of all replicas together gained.
    pub fn gained(&self, count: Count) -> u64 {
        let all = |statuses: &[Status]| statuses.iter().map(|s| read(s, count)).sum::<u64>();
        // Counters never go back while a process lives.
        all(&self.after).saturating_sub(all(&self.before))
    }

    /// Pre-prepares, prepares and commits, each counted once per receiver.
    pub fn votes(&self) -> u64 {
        [Count::PrePrepares, Count::Prepares, Count::Commits]
            .map(|count| self.gained(count))
            .iter()
            .sum()
    }

    /// What a total is per command.
    pub fn per_command(&self, total: u64) -> f64 {
        total as f64 / self.commands as f64
    }

    /// As many pre-prepares, prepares and commits as the formula says.
    pub fn predicted_votes(&self) -> u64 {
        self.cost().votes() * self.decisions
    }

    fn cost(&self) -> Decision {
        Decision::new(usize::try_from(self.replicas).unwrap_or(usize::MAX))
    }

    /// Whether they are those of the formulas.
    pub fn verdict(&self) -> Verdict {
        if let Some(why) = self.disturbance() {
            return Verdict::Disturbed(why);
        }
        let rows = self.rows();
        let wrong = rows.iter().filter(|(.., predicted, measured)| predicted != measured);
        let wrong = wrong
            .map(|(what, predicted, measured)| format!("{what} {measured} instead of {predicted}"));
        let wrong: Vec<_> = wrong.collect();
        if wrong.is_empty() { Verdict::Equal(rows.len()) } else { Verdict::Wrong(wrong.join(", ")) }
    }

    /// What, predicted, measured.
    fn rows(&self) -> Vec<(&'static str, u64, u64)> {
        let Self { replicas: n, decisions, commands, .. } = *self;
        let cost = self.cost();
        let mut rows = vec![
            ("decisions of all replicas", n * decisions, self.gained(Count::Decisions)),
            ("commands of all replicas", n * commands, self.gained(Count::Executed)),
            ("pre-prepares", cost.pre_prepares() * decisions, self.gained(Count::PrePrepares)),
            ("prepares", cost.prepares() * decisions, self.gained(Count::Prepares)),
            ("commits", cost.commits() * decisions, self.gained(Count::Commits)),
            ("checks of votes", self.predicted_votes(), self.gained(Count::VoteChecks)),
            ("requests", commands, self.gained(Count::Requests)),
            ("checks of requests", n * commands, self.gained(Count::RequestChecks)),
        ];
        if self.batch <= ONE_REPLY && self.connections == 1 {
            rows.push(("replies", cost.replies() * decisions, self.gained(Count::Replies)));
        }
        rows
    }

    /// Why these counts say nothing about the formulas, if so.
    fn disturbance(&self) -> Option<&'static str> {
        let all = |statuses: &[Status]| statuses.len() as u64 == self.replicas;
        if !all(&self.before) || !all(&self.after) || self.commands == 0 {
            Some("a replica did not say what it counted, or nothing was executed")
        } else if !self.rested {
            Some("a replica fell behind")
        } else if self.resent {
            Some("a client asked again")
        } else if self.after.iter().any(|status| status.view != 0 || !status.active) {
            Some("the view changed meanwhile")
        } else if self.gained(Count::Repeats) > 0 {
            Some("votes were repeated meanwhile")
        } else if self.gained(Count::Dropped) > 0 {
            Some("messages were dropped meanwhile")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four replicas, two decisions with three commands each, counted by hand: 2 x 3 pre-prepares, 2 x 9 prepares,
    /// 2 x 12 commits, each checked; 6 requests, checked 4 times each; 2 x 4 replies.
    const TOTALS: [(Count, u64); 9] = [
        (Count::Decisions, 8),
        (Count::Executed, 24),
        (Count::PrePrepares, 6),
        (Count::Prepares, 18),
        (Count::Commits, 24),
        (Count::VoteChecks, 48),
        (Count::Requests, 6),
        (Count::RequestChecks, 24),
        (Count::Replies, 8),
    ];

    /// All at replica 0, which changes no sum.
    fn counts(changed: Option<(Count, u64)>) -> Counts {
        let nothing = Status { active: true, ..Status::default() };
        let mut after = vec![nothing.clone(); 4];
        for (count, total) in TOTALS.into_iter().chain(changed) {
            after[0].counters.insert(count.name().to_owned(), total);
        }
        Counts::new(4, (vec![nothing; 4], true), (after, true), 3, 1)
    }

    #[test]
    fn counts_of_the_formulas_are_equal() {
        let counts = counts(None);
        assert_eq!((counts.decisions, counts.commands), (2, 6));
        assert_eq!(counts.verdict(), Verdict::Equal(9));
        assert_eq!(counts.per_command(counts.votes()).to_bits(), 8.0_f64.to_bits());
        assert_eq!(counts.votes(), counts.predicted_votes());
    }

    /// One vote too many, one check or one reply too few is found and named.
    #[test]
    fn a_count_that_is_off_by_one_is_wrong() {
        let wrong = |count, total, text: &str| {
            assert_eq!(counts(Some((count, total))).verdict(), Verdict::Wrong(text.to_owned()));
        };
        wrong(Count::Commits, 25, "commits 25 instead of 24");
        wrong(Count::VoteChecks, 47, "checks of votes 47 instead of 48");
        wrong(Count::RequestChecks, 23, "checks of requests 23 instead of 24");
        wrong(Count::Replies, 7, "replies 7 instead of 8");
        wrong(Count::Executed, 25, "commands of all replicas 25 instead of 24");
    }

    /// Votes or requests that were repeated, and a load that never ran, are no success and no failure.
    #[test]
    fn disturbed_counts_are_not_compared() {
        let repeated = counts(Some((Count::Repeats, 1))).verdict();
        assert_eq!(repeated, Verdict::Disturbed("votes were repeated meanwhile"));
        let resent = counts(Some((Count::Requests, 9))).with_resent(true).verdict();
        assert_eq!(resent, Verdict::Disturbed("a client asked again"));
        assert!(matches!(counts(Some((Count::Executed, 0))).verdict(), Verdict::Disturbed(_)));
    }
}
