//! Execution: every decision once, in order, without a gap.
//!
//! In: decisions from the votes, from other replicas, from this replica's own records; verdicts and outcomes of
//! the application. Out: `Validate`, `Execute`, `Skip`, `Reply`. Refuses to know: views and votes.
//!
//! Source: OSDI '99, section 4.2: a replica executes once everything with a lower number is executed.
//!
//! # Guarantee
//!
//! `executed` grows by one at a time, and a request whose timestamp is not above the last one executed for its
//! client is passed over; so a request runs at most once, whatever a primary proposes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evidence::Evidence;
use super::message::Message;
use super::record::Record;
use crate::action::Action;
use crate::certificate::Decision;
use crate::client_table::Clients;
use crate::event::Verdict;
use crate::ids::{Digest, SeqNum, View};
use crate::keys::Signed;
use crate::limits::Limits;
use crate::reject::{Reject, Unasked};
use crate::request::{Outcome, Reply, Request};

/// What execution emits.
type Actions = Vec<Action<Message, Record, Evidence>>;

/// The decided positions that wait, and what was executed so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Execution {
    /// The last position executed.
    executed: SeqNum,
    /// The application's digest after it.
    state: Digest,
    /// The last request of each client.
    clients: Clients,
    /// Decisions above `executed`, at most a window of them.
    queue: BTreeMap<SeqNum, Queued>,
    /// What the application is busy with.
    busy: Option<Busy>,
    /// How far above `executed` decisions are kept.
    span: u64,
}

/// A decision that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Queued {
    decision: Arc<Decision>,
    /// Whether its private parts are known to be the committed ones.
    checked: bool,
    /// Whether clients wait for the answers; not for decisions that are caught up on.
    answer: bool,
}

/// What the application is asked to do with the next position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Busy {
    /// Look at the private parts; the name of the question.
    Checking(Digest),
    /// Execute.
    Executing { fresh: Vec<bool> },
    /// Take another replica's state at this position.
    Installing(SeqNum),
}

/// What one execution changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Executed {
    /// The position.
    pub(super) seq: SeqNum,
    /// The decision that was executed.
    pub(super) decision: Arc<Decision>,
    /// Whether a request ran.
    pub(super) progress: bool,
}

impl Execution {
    /// Nothing executed yet; `genesis` is the application's digest before anything, `span` the window.
    pub(super) fn new(genesis: Digest, span: u64) -> Self {
        Self {
            executed: SeqNum::ZERO,
            state: genesis,
            clients: Clients::default(),
            queue: BTreeMap::new(),
            busy: None,
            span,
        }
    }

    /// The last position executed.
    pub(super) fn executed(&self) -> SeqNum {
        self.executed
    }

    /// The application's digest after it.
    pub(super) fn state(&self) -> Digest {
        self.state
    }

    /// The last request of each client.
    pub(super) fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The last position that waits without a gap below it.
    pub(super) fn reach(&self) -> SeqNum {
        let mut reach = self.executed;
        while self.queue.contains_key(&reach.next()) {
            reach = reach.next();
        }
        reach
    }

    /// Adds a decision of this replica's own votes, whose private parts it has looked at. One that is too far
    /// ahead is dropped: it comes back when this replica catches up.
    pub(super) fn decided(&mut self, decision: Decision) {
        let seq = decision.seq();
        let in_hand = self.busy.is_some() && seq == self.executed.next();
        if self.is_within_reach(seq) && !in_hand {
            let decision = Arc::new(decision);
            self.queue.insert(seq, Queued { decision, checked: true, answer: true });
        }
    }

    /// Adds a decision from elsewhere; false if it is not wanted.
    pub(super) fn caught_up(&mut self, decision: Decision) -> bool {
        let seq = decision.seq();
        let wanted = self.is_within_reach(seq) && !self.queue.contains_key(&seq);
        if wanted {
            let decision = Arc::new(decision);
            self.queue.insert(seq, Queued { decision, checked: false, answer: false });
        }
        wanted
    }

    fn is_within_reach(&self, seq: SeqNum) -> bool {
        seq > self.executed && seq.above(self.executed) <= self.span
    }

    /// The application takes another replica's state at `seq`; an answer about anything else comes too late.
    pub(super) fn suspend(&mut self, seq: SeqNum) {
        self.busy = Some(Busy::Installing(seq));
    }

    /// The application took the state at `seq`, which is later than all that was executed.
    pub(super) fn install(&mut self, seq: SeqNum, state: Digest, clients: Clients) {
        (self.executed, self.state, self.clients) = (seq, state, clients);
        self.queue = self.queue.split_off(&seq.next());
        self.busy = None;
    }

    /// Gives the application its next task; returns null requests that were passed over on the way.
    pub(super) fn next(&mut self, out: &mut Actions) -> Option<Executed> {
        if self.busy.is_some() {
            return None;
        }
        let seq = self.executed.next();
        let queued = self.queue.get(&seq)?;
        let decision = queued.decision.clone();
        let Some(proposal) = &decision.proposal else {
            self.queue.remove(&seq);
            self.executed = seq;
            out.push(Action::Skip { decision: decision.clone() });
            return Some(Executed { seq, decision, progress: false });
        };
        if queued.checked {
            let fresh = self.clients.fresh(&proposal.batch);
            self.busy = Some(Busy::Executing { fresh: fresh.clone() });
            out.push(Action::Execute { decision, fresh });
        } else {
            let proposal = proposal.clone();
            let digest = proposal.question(&decision.certificate.digest);
            self.busy = Some(Busy::Checking(digest));
            out.push(Action::Validate { digest, proposal, fresh: false });
        }
        None
    }

    /// Takes the application's verdict on the private parts of the next decision; false if it was not asked.
    pub(super) fn judged(&mut self, question: Digest, verdict: Verdict) -> bool {
        if self.busy != Some(Busy::Checking(question)) {
            return false;
        }
        self.busy = None;
        let seq = self.executed.next();
        match verdict {
            Verdict::Acceptable => {
                if let Some(queued) = self.queue.get_mut(&seq) {
                    queued.checked = true;
                }
            }
            // Somebody spoilt the private parts on the way; another replica has them right.
            Verdict::Refused => {
                self.queue.remove(&seq);
            }
        }
        true
    }

    /// Refuses what was not asked for, anything but one outcome per request that was to be executed, and results
    /// that are too long to be kept for every client.
    pub(super) fn admit(&self, seq: SeqNum, outcomes: &[Outcome]) -> Result<(), Reject> {
        match &self.busy {
            Some(Busy::Executing { fresh }) if seq == self.executed.next() => {
                let expected = fresh.iter().filter(|fresh| **fresh).count();
                if outcomes.len() != expected {
                    return Err(Reject::Outcomes { seq, got: outcomes.len(), expected });
                }
                let longest = outcomes.iter().map(|outcome| outcome.result.len()).max();
                let (got, max) = (longest.unwrap_or(0), Limits::RESULT_BYTES);
                let fits = got <= max;
                if fits { Ok(()) } else { Err(Reject::TooLarge { what: "result", got, max }) }
            }
            _ => Err(Reject::Unasked(Unasked::Outcome(seq))),
        }
    }

    /// Takes the outcome of the execution that [`Execution::admit`] admitted, and answers the clients.
    pub(super) fn executed_as(
        &mut self,
        view: View,
        state: Digest,
        outcomes: Vec<Outcome>,
        out: &mut Actions,
    ) -> Executed {
        let seq = self.executed.next();
        let Some(Busy::Executing { fresh }) = self.busy.take() else {
            unreachable!("admitted: the application is executing");
        };
        let queued = self.queue.remove(&seq).expect("what executes stays queued until it is done");
        let proposal = queued.decision.proposal.clone().expect("null requests are never executed");
        if queued.answer {
            let ran = proposal.batch.requests.iter().zip(&fresh).filter(|(_, fresh)| **fresh);
            for ((request, _), outcome) in ran.zip(&outcomes) {
                out.push(answer(view, request, &outcome.result));
            }
        }
        self.clients.record(&proposal.batch, &fresh, outcomes);
        self.executed = seq;
        self.state = state;
        let progress = fresh.contains(&true);
        Executed { seq, decision: queued.decision, progress }
    }
}

/// The reply to `request` with this result.
pub(super) fn answer(
    view: View,
    request: &Signed<Request>,
    result: &[u8],
) -> Action<Message, Record, Evidence> {
    let reply = Reply {
        view,
        timestamp: request.timestamp,
        client: request.client(),
        result: result.to_vec(),
    };
    Action::Reply { reply }
}
