//! One replica among liars, crashing anywhere: whatever it hears, it never contradicts what it said.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

/// The replica under test: backup of views 0 and 2, primary of view 1.
const ME: u16 = 1;

/// Something that the world does to the replica.
#[derive(Clone, Debug)]
enum Blow {
    Propose { view: u64, seq: u64, client: u64 },
    Prepare { from: u16, view: u64, seq: u64, what: (u16, u64) },
    Commit { from: u16, view: u64, seq: u64, what: (u16, u64) },
    Change { from: u16, view: u64, claim: Option<(u64, u64)> },
    Begin { view: u64, claim: Option<(u64, u64)> },
    Stable,
    Ask { client: u64 },
    Wait { from: u16 },
    Impatience,
    Tick,
    Compact,
}

/// Blows with the number of actions after which the replica crashes, if it does.
fn blows() -> impl Strategy<Value = Vec<(Blow, Option<usize>)>> {
    // Mostly position 1 and client 1 in views 0 and 1, or votes would hardly ever meet.
    let few = || prop_oneof![9 => Just(1_u64), 1 => Just(2)];
    let views = || prop_oneof![6 => Just(0_u64), 3 => Just(1), 1 => Just(2)];
    let (view, seq, client) = (views(), few(), few());
    let other = || prop_oneof![Just(0_u16), Just(2), Just(3)];
    let what = || (prop_oneof![4 => Just(0_u16), 1 => Just(1)], few());
    let claim = || prop::option::weighted(0.4, (0..2_u64, 1..3_u64));
    let vote = || (other(), views(), few(), what());
    let blow = prop_oneof![
        4 => (view, seq, client).prop_map(|(view, seq, client)| Blow::Propose { view, seq, client }),
        8 => vote().prop_map(|(from, view, seq, what)| Blow::Prepare { from, view, seq, what }),
        4 => vote().prop_map(|(from, view, seq, what)| Blow::Commit { from, view, seq, what }),
        2 => (other(), 1..3_u64, claim())
            .prop_map(|(from, view, claim)| Blow::Change { from, view, claim }),
        1 => (1..3_u64, claim()).prop_map(|(view, claim)| Blow::Begin { view, claim }),
        2 => (1..3_u64).prop_map(|client| Blow::Ask { client }),
        2 => other().prop_map(|from| Blow::Wait { from }),
        1 => Just(Blow::Impatience),
        2 => Just(Blow::Tick),
        1 => Just(Blow::Compact),
    ];
    // A stable checkpoint ends what can happen at these positions, so it comes rarely.
    let blow = prop_oneof![60 => blow, 1 => Just(Blow::Stable)];
    vec((blow, prop::option::weighted(0.15, 0..5_usize)), 1..60)
}

/// The batch that the primary of `view` proposes for `client`.
fn of((proposer, client): (u16, u64)) -> Proposal {
    batch(proposer, &[client])
}

/// What a claim `(view, client)` is about, which names a view below `target`: the batch prepared at position 1.
fn claimed(claim: Option<(u64, u64)>, target: u64) -> Option<(u64, Digest)> {
    let (view, client) = claim.filter(|(view, _)| *view < target)?;
    let proposer = u16::try_from(view).expect("a small view");
    Some((view, of((proposer, client)).batch.digest()))
}

impl Blow {
    fn message(&self) -> Option<Message> {
        let digest = |what| of(what).batch.digest();
        let claims = |claim, target| -> Vec<PreparedCertificate> {
            claimed(claim, target).map(|(v, digest)| prepared(v, 1, digest)).into_iter().collect()
        };
        Some(match *self {
            Self::Propose { view, seq, client } => {
                let primary = u16::try_from(view).expect("a small view");
                propose(view, seq, &of((primary, client)))
            }
            Self::Prepare { from, view, seq, what } => prepare(from, view, seq, digest(what)),
            Self::Commit { from, view, seq, what } => commit(from, view, seq, digest(what)),
            Self::Change { from, view, claim } => {
                change(view_change(from, view, claims(claim, view)))
            }
            Self::Begin { view, claim } => {
                let votes = [(0, claims(claim, view)), (2, vec![]), (3, vec![])];
                let votes = votes.map(|(from, claims)| view_change(from, view, claims)).to_vec();
                let chosen: Vec<_> = claimed(claim, view).map(|(_, d)| d).into_iter().collect();
                enter(new_view(view, votes, &chosen))
            }
            Self::Stable => Message::Stable(certificate(4)),
            Self::Ask { client } => Message::Request(request(client, 1)),
            Self::Wait { from } => status(from, 0, 0, true),
            Self::Impatience | Self::Tick | Self::Compact => return None,
        })
    }
}

/// How often what the property is about came to pass, over all runs.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    crashes: u64,
    votes: u64,
    commits: u64,
    claims: u64,
    repeated: u64,
    executed: u64,
}

/// The replica with its disk, and everything it ever said.
struct Life {
    replica: Replica,
    journal: Journal,
    records: Vec<Record>,
    decisions: BTreeMap<SeqNum, Decision>,
    /// Kind, view and position of a statement, and what it stated.
    said: BTreeMap<(&'static str, View, SeqNum), Digest>,
    /// The latest view asked for: all earlier ones are left.
    left: View,
    seen: Seen,
}

impl Life {
    fn new() -> Self {
        let mut life = Self {
            replica: Replica::new(config(ME), Vec::new()),
            journal: Journal::default(),
            records: Vec::new(),
            decisions: BTreeMap::new(),
            said: BTreeMap::new(),
            left: View::ZERO,
            seen: Seen::default(),
        };
        life.happen(Event::Started, None);
        life
    }

    fn suffer(&mut self, blow: &Blow, crash: Option<usize>) {
        match blow {
            Blow::Compact => self.records = self.replica.records(),
            Blow::Impatience => self.happen(Event::Expired(Timer::View), crash),
            Blow::Tick => self.happen(Event::Expired(Timer::Status), crash),
            other => {
                let message = other.message().expect("all others are messages");
                self.happen(received(message), crash);
            }
        }
    }

    /// Lets an event happen and all that follows at this machine, up to a crash after so many actions.
    fn happen(&mut self, event: Event<Message>, mut crash: Option<usize>) {
        let mut queue = VecDeque::from([event]);
        while let Some(event) = queue.pop_front() {
            let mut deeds = Vec::new();
            if self.replica.step(event, &mut deeds).is_err() {
                continue;
            }
            for deed in deeds {
                if crash == Some(0) {
                    return self.restart();
                }
                crash = crash.map(|left| left - 1);
                queue.extend(answer(&self.replica, &mut self.journal, &deed));
                self.perform(deed);
            }
        }
    }

    fn restart(&mut self) {
        self.seen.crashes += 1;
        self.replica = Replica::new(config(ME), self.records.clone());
        self.journal = Journal::default();
        self.happen(Event::Started, None);
        let decisions = self.decisions.values().cloned().collect();
        self.happen(Event::Recalled { to: ReplicaId::new(ME), decisions }, None);
    }

    fn perform(&mut self, deed: Deed) {
        match deed {
            Action::Persist { record } => self.records.push(record),
            Action::Execute { decision, .. } | Action::Skip { decision } => {
                self.seen.executed += 1;
                self.decisions.insert(decision.seq(), decision.as_ref().clone());
            }
            Action::Send { message, .. } | Action::Broadcast { message } => self.hear(&message),
            _ => {}
        }
    }

    fn hear(&mut self, message: &Message) {
        match message {
            Message::Propose(Propose { pre_prepare: vote, .. }) => {
                self.voted("first vote", vote.view, vote.seq, vote.digest);
            }
            Message::Prepare(vote) => self.voted("first vote", vote.view, vote.seq, vote.digest),
            Message::Commit(vote) => {
                self.seen.commits += 1;
                self.voted("commit", vote.view, vote.seq, vote.digest);
            }
            Message::ViewChange(vote) => self.asked(vote),
            Message::NewView(begun) if begun.from == ReplicaId::new(ME) => {
                let whole = Digest::of("said", &begun.message);
                self.says(("new view", begun.view, SeqNum::ZERO), whole);
            }
            _ => {}
        }
    }

    fn says(&mut self, key: (&'static str, View, SeqNum), what: Digest) {
        let known = self.said.insert(key, what);
        self.seen.repeated += u64::from(known == Some(what));
        assert!(known.is_none_or(|known| known == what), "it contradicts its {key:?}");
    }

    fn voted(&mut self, kind: &'static str, view: View, seq: SeqNum, digest: Digest) {
        self.seen.votes += 1;
        assert!(view >= self.left, "a {kind} in view {view} after asking for view {}", self.left);
        self.says((kind, view, seq), digest);
    }

    /// P of a VIEW-CHANGE holds, for every COMMIT above the checkpoint, a certificate of that view or a later one.
    fn asked(&mut self, vote: &ViewChange) {
        self.left = self.left.max(vote.view);
        self.says(("view change", vote.view, SeqNum::ZERO), Digest::of("said", vote));
        for ((kind, view, seq), digest) in &self.said {
            if *kind == "commit" && *view < vote.view && *seq > vote.stable {
                self.seen.claims += 1;
                let shown = vote.prepared.iter().find(|shown| shown.seq() == *seq);
                let kept = shown.is_some_and(|shown| {
                    shown.view() > *view || (shown.view(), shown.digest()) == (*view, *digest)
                });
                assert!(kept, "a COMMIT at {seq} in view {view} is not in {vote:?}");
            }
        }
    }
}

/// OSDI '99, 4.2 and 4.4, across crashes between any two actions, from full and from compacted records: one first
/// vote and one COMMIT for each view and position, one VIEW-CHANGE and one NEW-VIEW for each view, no vote in a view
/// that was left, and every COMMIT is answered for in later VIEW-CHANGEs. The others may lie as they please.
#[test]
fn a_replica_never_contradicts_itself() {
    let total = RefCell::new(Seen::default());
    let config = ProptestConfig { cases: 2_048, failure_persistence: None, ..Default::default() };
    let mut runner = TestRunner::new(config);
    let result = runner.run(&blows(), |blows| {
        let mut life = Life::new();
        for (blow, crash) in &blows {
            life.suffer(blow, *crash);
        }
        let mut total = total.borrow_mut();
        total.crashes += life.seen.crashes;
        total.votes += life.seen.votes;
        total.commits += life.seen.commits;
        total.claims += life.seen.claims;
        total.repeated += life.seen.repeated;
        total.executed += life.seen.executed;
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.expect_err("it failed"));
    let seen = *total.borrow();
    assert!(seen.crashes > 500 && seen.votes > 1_000, "{seen:?}");
    assert!(seen.commits > 200 && seen.claims > 100, "{seen:?}");
    assert!(seen.repeated > 500 && seen.executed > 20, "{seen:?}");
}
