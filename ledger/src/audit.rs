//! Audit: compute a chain again from its genesis and say where it is not what it claims to be.
//!
//! In: headers with the entries of their batches, in order. Out: typed findings and counts of what
//! was checked. Refuses to know: files, signatures, certificates, and whether a batch has the
//! digest its header names; those are checked by whoever reads the chain from disk.
//!
//! Without the private part of a reading its slot cannot be settled again. From the block of the
//! first missing one on, the audit checks the chain of headers and counts commands, and says that
//! it did no more.

use market::{Energy, ParticipantId, Price, Slot};
use serde::{Deserialize, Serialize};

use crate::apply::{Applied, Ledger};
use crate::block::BlockHeader;
use crate::command::Entry;
use crate::commitment::Invalid;
use crate::contract::INVARIANTS;
use crate::fact::{Bill, Fact};
use crate::genesis::Genesis;
use crate::hash::Hash;
use crate::receipt::Receipt;
use crate::violation::Violation;

/// Findings that are listed; of a chain that is wrong throughout, the first ones tell the story.
pub const MAX_FINDINGS: usize = 1000;

/// Something in the chain that is not what it claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A block does not continue the one before.
    #[error("block {position} names parent {got}, the block before is {expected}")]
    Parent {
        /// The block.
        position: u64,
        /// The parent it names.
        got: Hash,
        /// The hash of the block before.
        expected: Hash,
    },
    /// A block stands where it cannot.
    #[error("block {position} follows block {after}")]
    Position {
        /// The block.
        position: u64,
        /// The position before.
        after: u64,
    },
    /// The commands do not lead to the root that the header names.
    #[error("block {position} names root {got}, its commands lead to {expected}")]
    Root {
        /// The block.
        position: u64,
        /// The root in the header.
        got: Hash,
        /// The root that was computed.
        expected: Hash,
    },
    /// An entry that no honest replica prepares.
    #[error("block {position}, entry {index}: {reason}")]
    Entry {
        /// The block.
        position: u64,
        /// The entry's place in the batch, from 0.
        index: usize,
        /// What is wrong with it.
        reason: Invalid,
    },
    /// A bill that is not energy times price.
    #[error("block {position}: the bill of participant {participant} for slot {slot} is wrong")]
    Bill {
        /// The block that closed the slot.
        position: u64,
        /// The slot.
        slot: Slot,
        /// Whose bill.
        participant: ParticipantId,
    },
    /// The state contradicts itself, at one of the moments at which a ledger looks: before a gate
    /// closes, before a slot closes, after it, and at the end of the chain.
    #[error("in block {position}: {violation}")]
    Violation {
        /// The block with that moment.
        position: u64,
        /// What does not hold.
        violation: Violation,
    },
}

/// What an audit saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, at most [`MAX_FINDINGS`], in the order of the chain.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub unlisted: u64,
    /// The first block whose roots, bills and scores could not be computed again, because a private
    /// part is missing from there on.
    pub not_recomputed_from: Option<u64>,
    /// What was looked at.
    pub counts: Counts,
    /// The hash of the last header.
    pub head: Hash,
}

/// How much was looked at. From the first missing private part on, blocks and commands only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Blocks.
    pub blocks: u64,
    /// Commands, refused ones included.
    pub commands: u64,
    /// Commands that were refused.
    pub refused: u64,
    /// Orders that stood in a book.
    pub orders: u64,
    /// Readings whose value was checked against its commitment.
    pub readings: u64,
    /// Private parts that are missing.
    pub missing: u64,
    /// Roots computed again.
    pub roots: u64,
    /// Slots closed.
    pub slots: u64,
    /// Bills computed again.
    pub bills: u64,
    /// Transfers executed or bounced.
    pub transfers: u64,
    /// Scores computed again.
    pub scores: u64,
    /// Invariants checked: each before a gate closed, before and after a slot closed, and once at
    /// the end.
    pub invariants: u64,
}

/// An audit under way: feed it the chain from the first block on.
#[derive(Clone, Debug)]
pub struct Audit {
    ledger: Ledger,
    head: BlockHeader,
    report: Report,
}

impl Report {
    /// Whether everything was computed again and nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.not_recomputed_from.is_none()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.unlisted += 1;
        }
    }
}

impl Audit {
    /// An audit of a chain that starts with `genesis`.
    pub fn new(genesis: Genesis) -> Self {
        let ledger = Ledger::new(genesis);
        let head = *ledger.head();
        Self { ledger, head, report: Report::default() }
    }

    /// Takes the next block; answers what its entries led to, unless that cannot be computed any
    /// more.
    pub fn block(&mut self, header: &BlockHeader, entries: &[Entry<'_>]) -> Option<Applied> {
        self.link(header);
        self.report.counts.blocks += 1;
        self.report.counts.commands += entries.len() as u64;
        self.admit(header.position, entries);
        let computable = self.report.not_recomputed_from.is_none();
        computable.then(|| self.recompute(header, entries))
    }

    /// The ledger as far as it was computed again.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What was found, once the last block is in.
    pub fn finish(mut self) -> Report {
        self.invariants(self.head.position);
        self.report.head = self.head.hash();
        self.report
    }

    /// Checks that the header continues the chain.
    fn link(&mut self, header: &BlockHeader) {
        let (position, expected) = (header.position, self.head.hash());
        if header.parent != expected {
            self.report.add(Finding::Parent { position, got: header.parent, expected });
        }
        if position <= self.head.position {
            self.report.add(Finding::Position { position, after: self.head.position });
        }
        self.head = *header;
    }

    /// Checks that every entry could be proposed; a reading without its value ends the
    /// recomputation.
    fn admit(&mut self, position: u64, entries: &[Entry<'_>]) {
        for (index, entry) in entries.iter().enumerate() {
            match entry.admissible() {
                Ok(()) => self.report.counts.readings += u64::from(!entry.private.is_empty()),
                Err(Invalid::PrivatePartMissing { .. }) => {
                    self.report.counts.missing += 1;
                    self.report.not_recomputed_from.get_or_insert(position);
                }
                Err(reason) => self.report.add(Finding::Entry { position, index, reason }),
            }
        }
    }

    /// Applies the entries again and compares.
    fn recompute(&mut self, header: &BlockHeader, entries: &[Entry<'_>]) -> Applied {
        let position = header.position;
        let (applied, checks) = self.ledger.apply_checked(entries);
        self.report.counts.invariants += checks.times * INVARIANTS.len() as u64;
        if let Some(violation) = checks.violation {
            self.report.add(Finding::Violation { position, violation });
        }
        let (got, expected) = (header.root, self.ledger.root());
        if got != expected {
            self.report.add(Finding::Root { position, got, expected });
        }
        self.report.counts.roots += 1;
        self.count(position, &applied);
        applied
    }

    fn count(&mut self, position: u64, applied: &Applied) {
        for receipt in &applied.receipts {
            match receipt {
                Receipt::Refused(_) => self.report.counts.refused += 1,
                Receipt::OrderPlaced { .. } => self.report.counts.orders += 1,
                Receipt::SlotClosed(_) => self.report.counts.slots += 1,
                _ => {}
            }
        }
        for fact in &applied.facts {
            match fact {
                Fact::Billed(bill) => {
                    self.report.counts.bills += 1;
                    if !is_right(bill, self.ledger.genesis().charter().tariff.retail()) {
                        let (slot, participant) = (bill.slot, bill.line.participant);
                        self.report.add(Finding::Bill { position, slot, participant });
                    }
                }
                Fact::Transferred { .. } | Fact::Bounced { .. } => {
                    self.report.counts.transfers += 1;
                }
                Fact::Scored { .. } => self.report.counts.scores += 1,
                _ => {}
            }
        }
    }

    fn invariants(&mut self, position: u64) {
        for invariant in &INVARIANTS {
            self.report.counts.invariants += 1;
            if let Err(violation) = (invariant.check)(self.ledger.state()) {
                self.report.add(Finding::Violation { position, violation });
            }
        }
    }
}

/// Whether a bill is energy times price on both of its parts, in arithmetic of its own; without a
/// reading, whether at least the contract is billed, and what exceeds it at retail.
fn is_right(bill: &Bill, retail: Price) -> bool {
    let line = &bill.line;
    let substitute = !line.missing() || line.deviation >= Energy::ZERO && bill.buy == retail;
    let due =
        |price: Price, energy: Energy| -i128::from(price.micro_per_kwh()) * i128::from(energy.wh());
    let rate = if line.deviation.is_positive() { bill.buy } else { bill.sell };
    i128::from(line.contract_amount.nano()) == due(bill.price.unwrap_or_default(), line.contracted)
        && i128::from(line.deviation_amount.nano()) == due(rate, line.deviation)
        && line.deviation.wh() == line.meter.net().wh() - line.contracted.wh()
        && substitute
}
