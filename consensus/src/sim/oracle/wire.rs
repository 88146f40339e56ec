//! What honest replicas said, for comparison with what they say later.
//!
//! In: statements in the order they left. Out: a panic that names a contradiction. Refuses to know: liars; their
//! statements are not brought here.

use std::collections::BTreeMap;

use crate::certificate::Commit;
use crate::classic::message::ViewChange;
use crate::ids::{ClientId, ReplicaId, Timestamp};
use crate::sim::trace::Fold;
use crate::sim::watch::{Kind, Statement};

/// Everything said so far.
#[derive(Clone, Debug, Default)]
pub struct Said {
    votes: BTreeMap<(ReplicaId, Kind, u64, u64), u64>,
    left: BTreeMap<ReplicaId, u64>,
    results: BTreeMap<(ClientId, Timestamp), u64>,
}

impl Said {
    /// A statement leaves a replica that accepts positions up to `high`.
    ///
    /// # Panics
    ///
    /// If it contradicts an earlier one, votes in a view that was left, or exceeds the window.
    pub fn say(&mut self, said: Statement, high: u64) {
        let Statement { author, kind, view, seq, content } = said;
        let known = *self.votes.entry((author, kind, view, seq)).or_insert(content);
        assert_eq!(
            known, content,
            "contradiction: replica {author} made two {kind:?} statements in view {view} at position {seq}"
        );
        assert!(seq <= high, "window: replica {author} votes at {seq}, above {high}");
        let left = self.left.entry(author).or_insert(0);
        match kind {
            Kind::ViewChange => *left = view.max(*left),
            Kind::First | Kind::Second => assert!(
                view >= *left,
                "view: replica {author} votes in view {view} after it left for {left}"
            ),
            Kind::Checkpoint | Kind::NewView => {}
        }
    }

    /// A replica holds a certificate with a COMMIT of its own, whether that left it or not.
    ///
    /// # Panics
    ///
    /// If it committed to something else there.
    pub fn holds(&mut self, vote: &Commit) {
        let key = (vote.from, Kind::Second, vote.view.get(), vote.seq.get());
        let content = Fold::of(&vote.digest);
        let known = *self.votes.entry(key).or_insert(content);
        assert_eq!(known, content, "contradiction: replica {} commits to two batches", vote.from);
    }

    /// A VIEW-CHANGE leaves its author. OSDI '99, 4.4: whatever it committed to above its stable checkpoint is claimed.
    ///
    /// # Panics
    ///
    /// If something is not: a new view may then decide otherwise.
    pub fn remembers(&self, vote: &ViewChange) {
        let (at, low) = (vote.from, vote.stable.get());
        let committed = (at, Kind::Second, 0, 0)..(at, Kind::Second, vote.view.get(), 0);
        for ((_, _, view, seq), content) in self.votes.range(committed) {
            let is_claimed =
                vote.prepared.iter().filter(|held| held.seq().get() == *seq).any(|held| {
                    let claimed = (held.view().get(), Fold::of(&held.digest()));
                    claimed == (*view, *content) || claimed.0 > *view
                });
            assert!(
                *seq <= low || is_claimed,
                "promise: replica {at} committed at {seq} in view {view}, and forgets it in view {}",
                vote.view
            );
        }
    }

    /// A result leaves a replica for a client.
    ///
    /// # Panics
    ///
    /// If another result left for the same request.
    pub fn answer(&mut self, client: ClientId, timestamp: Timestamp, result: u64) {
        let known = *self.results.entry((client, timestamp)).or_insert(result);
        assert_eq!(known, result, "reply: two results of request {timestamp} of client {client}");
    }

    /// A client believes a result.
    ///
    /// # Panics
    ///
    /// If no honest replica gave it.
    pub fn believe(&mut self, client: ClientId, timestamp: Timestamp, result: u64) {
        let given = self.results.get(&(client, timestamp));
        assert_eq!(given, Some(&result), "reply: client {client} believes what nobody honest said");
    }

    /// The position and view of a statement were reached: how many there were.
    pub fn votes(&self) -> usize {
        self.votes.len()
    }

    /// Nothing is expected of this replica any more.
    pub fn forget(&mut self, id: ReplicaId) {
        self.votes.retain(|(author, ..), _| *author != id);
        self.left.remove(&id);
    }
}
