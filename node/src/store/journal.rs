//! The disk of one replica: what it promised, and after it the chain that rests on the promises.
//!
//! In: records, decisions, certificates. Out: word when they are durable. Refuses to know: messages, and who waits.
//!
//! # Order
//!
//! A decision may rest on a COMMIT of this replica that has not left yet. If its block outlived the record behind
//! that COMMIT, the replica would come back having executed what its next VIEW-CHANGE does not tell of. So no byte of
//! the chain reaches the operating system before every record that was appended earlier is durable.

use serde::Serialize;

use super::chain::Chain;
use super::log::LogError;
use super::records::Records;
use super::syncer::Syncer;
use crate::config::Durability;

/// Records, chain, and the thread that waits for both.
#[derive(Debug)]
pub struct Journal {
    records: Records,
    chain: Chain,
    syncer: Syncer,
    durability: Durability,
}

impl Journal {
    /// The disk behind these files.
    pub fn new(records: Records, chain: Chain, syncer: Syncer, durability: Durability) -> Self {
        Self { records, chain, syncer, durability }
    }

    /// The chain, to look at.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The chain, to append to.
    pub fn chain_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }

    /// Appends a promise.
    pub fn promise(&mut self, record: &impl Serialize) {
        self.records.append(record);
    }

    /// Whether anything waits for the disk.
    pub fn is_waited_for(&self) -> bool {
        self.durability == Durability::Sync
    }

    /// Makes everything durable, what an earlier process left to the operating system included; how many files had to
    /// be waited for. Nothing may be at work. Without waiting, the operating system has it afterwards.
    ///
    /// # Errors
    ///
    /// [`LogError`]; the process must stop then.
    pub fn settle(&mut self) -> Result<u64, LogError> {
        if !self.is_waited_for() {
            return self.flush().map(|()| 0);
        }
        let records = u64::from(self.records.sync()?);
        Ok(records + self.chain.sync()?)
    }

    /// Hands everything to the operating system: where nothing is waited for, or while no record is owed.
    ///
    /// # Errors
    ///
    /// As [`Journal::settle`].
    pub fn flush(&mut self) -> Result<(), LogError> {
        self.records.flush()?;
        self.chain.flush()
    }

    /// Gives the disk work: the records become durable, then the chain is written, and becomes durable if `chain`.
    pub fn begin(&mut self, chain: bool) {
        let mut debts = Vec::from_iter(self.records.debt());
        debts.extend(self.chain.debts(chain));
        self.syncer.begin(debts);
    }

    /// Waits until what [`Journal::begin`] asked for is done; how many files had to be waited for.
    ///
    /// # Errors
    ///
    /// As [`Journal::settle`].
    pub async fn end(&mut self) -> Result<u64, LogError> {
        let files = self.syncer.end().await?;
        self.records.paid();
        self.chain.paid();
        Ok(files)
    }

    /// Whether the records have grown enough to be rewritten.
    pub fn is_worth_compacting(&self) -> bool {
        self.records.is_worth_compacting()
    }

    /// Rewrites the records as these few, once the chain is durable without which they would not do. Waits for the
    /// disk, which must have nothing to do; rare. How many files had to be waited for.
    ///
    /// # Errors
    ///
    /// As [`Journal::settle`].
    pub fn compact<R: Serialize>(&mut self, records: &[R]) -> Result<u64, LogError> {
        let files = self.settle()?;
        self.records.compact(records)?;
        Ok(files + 1)
    }
}
