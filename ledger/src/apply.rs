//! The ledger: ordered entries in, receipts and facts out, a header per batch.
//!
//! In: entries in their agreed order. Out: one receipt per entry, the facts they caused, block
//! headers. Refuses to know: how the order was agreed on, where blocks are stored, who asks for
//! receipts.
//!
//! # Guarantees
//!
//! - The root after a slot's close depends on the set of commands that the slot accepted, not on
//!   their order (each author's own order and the phases kept), on batches, positions or time. Why:
//!   all state is in maps ordered by member; a command of one member reads nothing that another
//!   member's command of the same phase writes; what mixes members (auction, settlement, transfers)
//!   runs at the operator's commands in the order of members.
//! - A refused command changes nothing, so it may be repeated, reordered or dropped.

use market::Slot;

use crate::block::BlockHeader;
use crate::command::Entry;
use crate::commitment::Invalid;
use crate::contract::{Call, Command, Roots, State};
use crate::fact::Fact;
use crate::genesis::Genesis;
use crate::hash::Hash;
use crate::receipt::Receipt;
use crate::refusal::Refusal;
use crate::violation::Violation;

/// A replicated ledger: genesis, state, head of the chain.
#[derive(Clone, Debug)]
pub struct Ledger {
    genesis: Genesis,
    state: State,
    /// The sub-roots of `state` and the root over them, so that they can be asked for without
    /// changing anything.
    roots: Roots,
    root: Hash,
    head: BlockHeader,
}

/// What a run of entries led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// One receipt per entry, in their order.
    pub receipts: Vec<Receipt>,
    /// What happened, in the order in which it happened.
    pub facts: Vec<Fact>,
    /// The last slot that was closed, if one was: the moment for a checkpoint.
    pub closed: Option<Slot>,
}

/// An entry that may not be proposed, and where in the batch it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {index}: {reason}")]
pub struct InvalidEntry {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// What is wrong with it.
    pub reason: Invalid,
}

/// How often all invariants were checked while entries were applied, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checks {
    /// How often.
    pub(crate) times: u64,
    /// The first invariant that did not hold.
    pub(crate) violation: Option<Violation>,
}

impl Checks {
    fn look(&mut self, state: &State) {
        self.times += 1;
        self.violation = self.violation.or(state.check().err());
    }
}

impl Ledger {
    /// A ledger before the first command.
    pub fn new(genesis: Genesis) -> Self {
        let mut state = State::default();
        let head = BlockHeader::genesis(genesis.digest(), state.roots().root());
        Self::resume(genesis, state, head)
    }

    /// A ledger in this state, whose last block is `head`. Nothing is checked.
    pub(crate) fn resume(genesis: Genesis, mut state: State, head: BlockHeader) -> Self {
        let roots = state.roots();
        let root = roots.root();
        Self { genesis, state, roots, root, head }
    }

    /// Whether an honest primary may propose this entry. Reads no state.
    ///
    /// # Errors
    ///
    /// See [`Entry::admissible`].
    pub fn admissible(entry: &Entry<'_>) -> Result<(), Invalid> {
        entry.admissible()
    }

    /// Whether an honest backup may prepare these entries. Reads no state: honest replicas stand at
    /// different positions and must judge alike.
    ///
    /// # Errors
    ///
    /// The first [`InvalidEntry`].
    pub fn validate(entries: &[Entry<'_>]) -> Result<(), InvalidEntry> {
        entries.iter().enumerate().try_for_each(|(index, entry)| {
            entry.admissible().map_err(|reason| InvalidEntry { index, reason })
        })
    }

    /// Applies entries in order. Never fails: whatever an entry holds, it gets a receipt.
    ///
    /// # Panics
    ///
    /// If an invariant does not hold before the gate of a slot closes, before the slot closes, or
    /// after it. That is a fault of this program, and a ledger that went on would spread it.
    pub fn apply(&mut self, entries: &[Entry<'_>]) -> Applied {
        let (applied, checks) = self.apply_checked(entries);
        if let Some(violation) = checks.violation {
            panic!("an invariant does not hold: {violation}");
        }
        applied
    }

    /// Puts the entries applied since the last header into a block and returns its header.
    ///
    /// # Panics
    ///
    /// If `position` does not lie above the head's: the caller's order is broken.
    pub fn commit(&mut self, position: u64, batch: Hash) -> BlockHeader {
        assert!(
            position > self.head.position,
            "position {position} must lie above the head's, {}",
            self.head.position
        );
        self.head = BlockHeader { parent: self.head.hash(), position, batch, root: self.root };
        self.head
    }

    /// The founding document.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The header of the last block, or the genesis header.
    pub fn head(&self) -> &BlockHeader {
        &self.head
    }

    /// The state root after the entries applied so far.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The state, to be read.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The sub-roots behind [`root`](Self::root).
    pub(crate) fn roots(&self) -> &Roots {
        &self.roots
    }

    /// As [`apply`](Self::apply), but hands the first broken invariant to the caller.
    pub(crate) fn apply_checked(&mut self, entries: &[Entry<'_>]) -> (Applied, Checks) {
        let mut applied =
            Applied { receipts: Vec::with_capacity(entries.len()), ..Applied::default() };
        let mut checks = Checks::default();
        for entry in entries {
            let facts = &mut applied.facts;
            let receipt = self.one(entry, facts, &mut checks).unwrap_or_else(Receipt::Refused);
            applied.receipts.push(receipt);
            if let Receipt::SlotClosed(summary) = receipt {
                applied.closed = Some(summary.slot);
                checks.look(&self.state);
            }
        }
        self.roots = self.state.roots();
        self.root = self.roots.root();
        (applied, checks)
    }

    fn one(
        &mut self,
        entry: &Entry<'_>,
        facts: &mut Vec<Fact>,
        checks: &mut Checks,
    ) -> Result<Receipt, Refusal> {
        let command = Command::decode(entry.command)?;
        if self.state.is_turned_by(entry.author, self.genesis.charter().dso, command) {
            checks.look(&self.state);
        }
        let reading = command.open(entry.private).map_err(Refusal::Private)?;
        let call = Call { author: entry.author, charter: self.genesis.charter(), facts };
        self.state.execute(call, command, reading)
    }
}

#[cfg(test)]
mod tests;
