//! The bridge between agreement and meaning: the only place that speaks to both the protocol and the ledger.
//!
//! In: what the protocol asks of an application. Out: what the ledger answers, and a state for readers. Refuses to
//! know: how a batch was agreed on, disks, sockets.
//!
//! | the protocol asks | the ledger does |
//! |---|---|
//! | `Build` | admits each request, adds the slot time |
//! | `Validate` | looks at the proposal's bytes alone; fresh ones must also be of this time |
//! | `Execute` | applies the fresh requests, commits a block |

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use consensus::certificate::Decision;
use consensus::event::Verdict;
use consensus::ids::{ClientId, ReplicaId};
use consensus::request::{Outcome, Proposal, Submission};
use consensus::wire;
use ledger::{
    Author, BlockHeader, Command, Entry, Fact, Hash, Ledger, Published, Receipt, Refusal, Role,
};
use market::Slot;
use serde::{Deserialize, Serialize};

use crate::application::{Application, Executed, Gate};
use crate::founding::{Founding, state_digest};

/// What an application adds to a batch: under its digest, and proposed again unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// When the batch was put together, Unix time in milliseconds, by the clock of its proposer.
    pub time_ms: u64,
}

/// How far a fresh batch's time may lie from this replica's clock. Wide enough for clocks that NTP keeps, narrow
/// enough that a primary cannot backdate a block by more than a fraction of a slot.
pub const CLOCK_BOUND_MS: u64 = 30_000;

/// What readers see: the ledger as the last close of a slot, or the opening of the market, left it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The newest block then.
    pub header: BlockHeader,
    /// The state then.
    pub state: ledger::State,
    /// The last slot that was closed.
    pub closed: Option<Slot>,
}

/// The keys that may act at all as of the last block: the operator's and the members'.
#[derive(Debug, Default)]
pub struct Admitted(RwLock<BTreeSet<Author>>);

impl Admitted {
    /// Whether a client's key is among them.
    pub fn contains(&self, client: &ClientId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&author(client))
    }

    fn insert(&self, author: Author) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(author);
    }
}

/// A ledger behind the protocol.
#[derive(Debug)]
pub struct Executor {
    ledger: Ledger,
    shown: Arc<Published<Shown>>,
    admitted: Arc<Admitted>,
}

impl Executor {
    /// An executor before the first block.
    pub fn new(founding: &Founding) -> Self {
        let ledger = Ledger::new(founding.region().clone());
        let (header, state) = (*ledger.head(), ledger.state().clone());
        let shown = Arc::new(Published::new(Arc::new(Shown { header, state, closed: None })));
        let admitted = Admitted::default();
        admitted.insert(ledger.genesis().charter().dso);
        Self { ledger, shown, admitted: Arc::new(admitted) }
    }

    /// The keys that may act, as of the last block executed.
    pub fn admitted(&self) -> Arc<Admitted> {
        Arc::clone(&self.admitted)
    }

    /// The state for readers.
    pub fn shown(&self) -> Arc<Published<Shown>> {
        Arc::clone(&self.shown)
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Whether a request may wait at this replica at all: one that no honest primary would propose must not
    /// make backups wait for it. The ledger has a receipt even for bytes that are no command; here they are refused,
    /// so that nobody fills blocks with them.
    pub fn is_admissible(submission: &Submission) -> bool {
        is_command(&submission.request.operation) && {
            let author = author(&submission.request.client());
            let command = &submission.request.operation;
            Entry { author, command, private: &submission.attachment }.admissible().is_ok()
        }
    }

    /// Puts a batch together at `time_ms`.
    pub fn build(proposer: ReplicaId, requests: Vec<Submission>, time_ms: u64) -> Option<Proposal> {
        let good: Vec<_> = requests.into_iter().filter(Self::is_admissible).collect();
        let context = wire::encode(&Context { time_ms });
        (!good.is_empty()).then(|| Proposal::new(proposer, context, good))
    }

    /// Whether a proposal carries a context of the form that [`Executor::build`] gives it.
    pub fn has_context(proposal: &Proposal) -> bool {
        wire::decode::<Context>(&proposal.batch.context, Context::BYTES).is_ok()
    }

    /// Judges a proposal by its bytes, and by `now_ms` if it is fresh. Reads no state: honest replicas stand at
    /// different positions and must judge alike.
    pub fn validate(proposal: &Proposal, fresh: bool, now_ms: u64) -> Verdict {
        let context = wire::decode::<Context>(&proposal.batch.context, Context::BYTES);
        let Ok(Context { time_ms }) = context else { return Verdict::Refused };
        let of_this_time = !fresh || time_ms.abs_diff(now_ms) <= CLOCK_BOUND_MS;
        let authors = authors(proposal);
        let entries: Vec<_> = entries(proposal, &authors).collect();
        let are_commands = entries.iter().all(|entry| is_command(entry.command));
        if of_this_time && are_commands && Ledger::validate(&entries).is_ok() {
            Verdict::Acceptable
        } else {
            Verdict::Refused
        }
    }

    /// Executes the fresh requests of a decision and commits its block. A closed slot asks for a checkpoint, so that
    /// every bill has one.
    ///
    /// # Panics
    ///
    /// For a null request, which leaves no block.
    pub fn execute(&mut self, decision: &Decision, fresh: &[bool]) -> Executed {
        let proposal = decision.proposal.as_ref().expect("null requests are not executed");
        let authors = authors(proposal);
        let all = entries(proposal, &authors).zip(fresh);
        let entries: Vec<_> = all.filter(|(_, fresh)| **fresh).map(|(entry, _)| entry).collect();
        let applied = self.ledger.apply(&entries);
        let batch = Hash::new(*decision.certificate.digest.bytes());
        let header = self.ledger.commit(decision.seq().get(), batch);
        for fact in &applied.facts {
            if let Fact::Registered { participant, .. } = fact
                && let Some(member) = self.ledger.state().members().get(*participant)
            {
                self.admitted.insert(member.author);
            }
        }
        let opened = applied.facts.iter().any(|fact| matches!(fact, Fact::Opened { .. }));
        if opened || applied.closed.is_some() {
            let (state, closed) = (self.ledger.state().clone(), applied.closed);
            self.shown.publish(Arc::new(Shown { header, state, closed }));
        }
        Executed {
            header,
            state: state_digest(&header),
            outcomes: applied.receipts.iter().map(outcome).collect(),
            checkpoint: applied.closed.is_some(),
        }
    }
}

impl Application for Executor {
    fn build(
        &self,
        proposer: ReplicaId,
        requests: Vec<Submission>,
        time_ms: u64,
    ) -> Option<Proposal> {
        Self::build(proposer, requests, time_ms)
    }

    fn validate(&self, proposal: &Proposal, fresh: bool, now_ms: u64) -> Verdict {
        Self::validate(proposal, fresh, now_ms)
    }

    fn execute(&mut self, decision: &Decision, fresh: &[bool]) -> Executed {
        self.execute(decision, fresh)
    }
}

impl Gate for Admitted {
    fn is_admissible(&self, submission: &Submission) -> bool {
        Executor::is_admissible(submission)
    }

    fn is_member(&self, client: &ClientId) -> bool {
        self.contains(client)
    }
}

impl Context {
    /// Length of the encoded form.
    const BYTES: usize = 8;
}

/// The receipt as the protocol carries it. What a key that the ledger does not know could have sent is not
/// remembered: the table of clients grows with members, not with knocks.
///
/// So a request that was refused because its author was not registered yet can be sent again by whoever saw it, once
/// the author is. It is then executed for the first time: the refusal changed nothing, the author did sign it, and
/// an order or a reading names its slot, which will have passed. An author who does not want it any more sends
/// anything with a later timestamp, as for any request that is still on its way.
pub fn outcome(receipt: &Receipt) -> Outcome {
    let forgettable = matches!(
        receipt,
        Receipt::Refused(
            Refusal::Malformed | Refusal::Private(_) | Refusal::Role { is: Role::Stranger, .. }
        )
    );
    Outcome { result: wire::encode(receipt), retain: !forgettable }
}

/// The author that the ledger knows a client as.
fn author(client: &ClientId) -> Author {
    Author::new(*client.digest().bytes())
}

fn is_command(operation: &[u8]) -> bool {
    Command::decode(operation).is_ok()
}

fn authors(proposal: &Proposal) -> Vec<Author> {
    proposal.batch.requests.iter().map(|request| author(&request.client())).collect()
}

fn entries<'a>(proposal: &'a Proposal, authors: &'a [Author]) -> impl Iterator<Item = Entry<'a>> {
    let requests = proposal.batch.requests.iter().zip(&proposal.attachments);
    requests.zip(authors).map(|((request, part), author)| Entry {
        author: *author,
        command: &request.operation,
        private: &part.0,
    })
}

#[cfg(test)]
mod tests;
