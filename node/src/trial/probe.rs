//! The probe: one request at a time through an idle cluster, with everything counted.
//!
//! In: the counters of all replicas before and after. Out: messages and signature checks per decision, the round
//! trip to each replica, and the moments of one decision. Refuses to know: what the formulas say.
//!
//! The operator registers the homes one after the other, each request in a batch of its own, sent to the primary
//! alone: exactly the situation that the formulas describe.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use consensus::ids::{ReplicaId, SeqNum};

use super::watcher::Watcher;
use crate::metrics::Count;
use crate::report::MessageRow;
use crate::talk::{Answer, Moment, Question, Status};

/// How long counters may take to come to rest.
const RESTING: Duration = Duration::from_secs(10);
/// Pings to each replica.
const PINGS: usize = 20;

/// What the probe measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Probe {
    /// Requests sent.
    pub(super) requests: u64,
    /// What all replicas together counted, by counter.
    pub(super) counted: BTreeMap<String, u64>,
    /// Replies that arrived at the clients.
    pub(super) replies: u64,
    /// Signatures of replies that the clients checked.
    pub(super) reply_checks: u64,
    /// Why the counts cannot be compared with the formulas, if they cannot.
    pub(super) disturbance: Option<&'static str>,
    /// Median time of a ping to a replica and back.
    pub(super) round_trip: Duration,
    /// The moments of the last decision: each replica's own.
    pub(super) moments: Vec<(u16, Vec<Moment>)>,
    /// When each replica's reply to it arrived.
    pub(super) arrivals: Vec<(ReplicaId, u64)>,
}

/// A probe under way.
pub(super) struct Begun {
    before: Vec<Option<Status>>,
    replies: u64,
    reply_checks: u64,
}

impl Probe {
    /// Counts where the counters stand.
    pub(super) fn begin(watcher: &Watcher) -> Begun {
        let before = at_rest(watcher);
        let (replies, reply_checks) = (watcher.replies(), watcher.reply_checks());
        Begun { before, replies, reply_checks }
    }

    /// What the counters of all replicas gained.
    pub(super) fn gained(&self, count: Count) -> u64 {
        self.counted.get(count.name()).copied().unwrap_or(0)
    }

    /// The messages of the last decision, with times since the client's request left.
    pub(super) fn diagram(&self, invoked_us: u64) -> Vec<MessageRow> {
        let since = |at_us: u64| at_us.cast_signed() - invoked_us.cast_signed();
        let mut left: BTreeMap<(&str, u16), i64> = BTreeMap::new();
        for (replica, moments) in &self.moments {
            for moment in moments.iter().filter(|moment| moment.left) {
                left.insert((moment.kind.as_str(), *replica), since(moment.at_us));
            }
        }
        let mut rows = Vec::new();
        for (replica, moments) in &self.moments {
            for moment in moments.iter().filter(|moment| !moment.left) {
                let received_us = since(moment.at_us);
                let (kind, to) = (moment.kind.clone(), Some(*replica));
                let sent = match moment.author {
                    None => Some(0),
                    Some(author) => left.get(&(kind.as_str(), author)).copied(),
                };
                rows.extend(sent.map(|sent_us| MessageRow {
                    kind,
                    from: moment.author,
                    to,
                    sent_us,
                    received_us,
                }));
            }
        }
        for (replica, at_us) in &self.arrivals {
            let from = replica.get();
            rows.extend(left.get(&("reply", from)).map(|sent_us| MessageRow {
                kind: "reply".to_owned(),
                from: Some(from),
                to: None,
                sent_us: *sent_us,
                received_us: since(*at_us),
            }));
        }
        rows.sort_by_key(|row| (row.sent_us, row.received_us));
        rows
    }
}

impl Begun {
    /// Counts again after `requests` requests.
    pub(super) fn end(self, watcher: &Watcher, requests: u64) -> Probe {
        let statuses = at_rest(watcher);
        let (counted, disturbance) = match gains(&self.before, &statuses) {
            Ok(counted) => (counted, None),
            Err(why) => (BTreeMap::new(), Some(why)),
        };
        let last = statuses.iter().flatten().map(|status| status.executed).max().unwrap_or(0);
        let moments = (0..).zip(&statuses).filter_map(|(replica, _)| {
            let question = Question::Trace(SeqNum::new(last));
            match watcher.ask(ReplicaId::new(replica), question)? {
                Answer::Trace(moments) => Some((replica, moments)),
                _ => None,
            }
        });
        Probe {
            requests,
            counted,
            replies: watcher.replies() - self.replies,
            reply_checks: watcher.reply_checks() - self.reply_checks,
            disturbance,
            round_trip: round_trip(watcher, statuses.len()),
            moments: moments.collect(),
            arrivals: Vec::new(),
        }
    }
}

/// Where the replicas stand once all of them answer and two looks in a row see the same.
fn at_rest(watcher: &Watcher) -> Vec<Option<Status>> {
    let deadline = Instant::now() + RESTING;
    let mut before = watcher.statuses();
    loop {
        std::thread::sleep(Duration::from_millis(50));
        let now = watcher.statuses();
        let rests = now.iter().all(Option::is_some)
            && protocol_counters(&now) == protocol_counters(&before);
        if rests || Instant::now() > deadline {
            return now;
        }
        before = now;
    }
}

/// Why counters of these replicas say nothing about the formulas, if so.
fn disturbance(statuses: &[Option<Status>]) -> Option<&'static str> {
    let all: Option<Vec<&Status>> = statuses.iter().map(Option::as_ref).collect();
    match all {
        None => Some("a replica did not say what it counted"),
        Some(all) if all.iter().any(|status| status.view != 0 || !status.active) => {
            Some("the view changed meanwhile")
        }
        Some(all) if all.iter().any(|status| status.executed != all[0].executed) => {
            Some("a replica had not caught up")
        }
        Some(_) => None,
    }
}

/// The counters that the formulas are about; others tick by themselves.
fn protocol_counters(statuses: &[Option<Status>]) -> Vec<u64> {
    let counts = [
        Count::PrePrepares,
        Count::Prepares,
        Count::Commits,
        Count::Replies,
        Count::Requests,
        Count::VoteChecks,
        Count::RequestChecks,
        Count::Decisions,
    ];
    let read = |status: &Status, count: Count| status.counters.get(count.name()).copied();
    let of = |status: &Status| counts.map(|count| read(status, count).unwrap_or(0));
    statuses.iter().flatten().flat_map(of).collect()
}

/// What the counters of all replicas together gained between two looks, or why that says nothing.
fn gains(
    before: &[Option<Status>],
    after: &[Option<Status>],
) -> Result<BTreeMap<String, u64>, &'static str> {
    if let Some(why) = disturbance(before).or_else(|| disturbance(after)) {
        return Err(why);
    }
    let mut gained = BTreeMap::new();
    for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
        for (name, value) in &after.counters {
            let before = before.counters.get(name).copied().unwrap_or(0);
            // Counters never go back while a process lives.
            let gain = value.checked_sub(before).ok_or("a replica began to count anew")?;
            *gained.entry(name.clone()).or_insert(0) += gain;
        }
    }
    // A replica that waits too long, on a busy machine, asks for votes again.
    if gained.get(Count::Repeats.name()).is_some_and(|repeats| *repeats > 0) {
        return Err("votes were repeated meanwhile");
    }
    Ok(gained)
}

fn round_trip(watcher: &Watcher, replicas: usize) -> Duration {
    let mut times = Vec::new();
    for replica in (0..replicas).filter_map(|replica| u16::try_from(replica).ok()) {
        for _ in 0..PINGS {
            let begun = Instant::now();
            if watcher.ask(ReplicaId::new(replica), Question::Ping) == Some(Answer::Pong) {
                times.push(begun.elapsed());
            }
        }
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(commits: u64) -> Option<Status> {
        let counters = [(Count::Commits.name().to_owned(), commits)].into();
        Some(Status { active: true, counters, ..Status::default() })
    }

    /// A replica that does not answer at the end has not counted backwards: nothing is known, and that is said.
    #[test]
    fn a_silent_replica_is_a_disturbance_and_no_number() {
        let before = [status(4), status(5)];
        let gained = gains(&before, &[status(10), status(11)]).expect("both answer");
        assert_eq!(gained.get(Count::Commits.name()), Some(&12));
        assert_eq!(
            gains(&before, &[status(8), None]),
            Err("a replica did not say what it counted")
        );
        assert_eq!(gains(&before, &[status(80), status(0)]), Err("a replica began to count anew"));
    }
}
