//! Where replicas stand, as they say themselves.
//!
//! In: a gateway. Out: their answers, at once or when nothing moves any more. Refuses to know: why somebody asks.

use std::time::Duration;

use consensus::ids::ReplicaId;
use node::client::Gateway;
use node::metrics::Count;
use node::talk::{Answer, Question, Status};
use tokio::time::{Instant, sleep};

/// How long one replica may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long counters may take to come to rest.
const RESTING: Duration = Duration::from_secs(20);

/// Where one replica stands; none if it does not answer.
pub async fn status(gateway: &Gateway, replica: u16) -> Option<Status> {
    match gateway.ask(ReplicaId::new(replica), Question::Status, ANSWER).await {
        Some(Answer::Status(status)) => Some(status),
        _ => None,
    }
}

/// A counter of a replica; 0 if it has none of that name.
pub fn read(status: &Status, count: Count) -> u64 {
    status.counters.get(count.name()).copied().unwrap_or(0)
}

/// Where the replicas stand that answer, and whether they rest: all answer and have executed the same, and two looks in
/// a row see the same decisions and votes. Waits for that for a while.
pub async fn at_rest(gateway: &Gateway, replicas: usize) -> (Vec<Status>, bool) {
    let deadline = Instant::now() + RESTING;
    let mut before = None;
    loop {
        let mut all = Vec::new();
        for replica in (0..replicas).filter_map(|replica| u16::try_from(replica).ok()) {
            all.extend(status(gateway, replica).await);
        }
        let moving: Vec<_> = all.iter().map(moving).collect();
        let together = all.iter().all(|status| status.executed == all[0].executed);
        let complete = all.len() == replicas && together;
        if complete && before.as_ref() == Some(&moving) {
            return (all, true);
        }
        if Instant::now() > deadline {
            return (all, false);
        }
        before = Some(moving);
        sleep(Duration::from_millis(50)).await;
    }
}

/// What changes while anything is decided; other counters tick by themselves.
fn moving(status: &Status) -> [u64; 6] {
    let counts = [Count::Decisions, Count::Commits, Count::Replies, Count::VoteChecks];
    let [decisions, commits, replies, checks] = counts.map(|count| read(status, count));
    [decisions, commits, replies, checks, status.executed, read(status, Count::RequestChecks)]
}
