//! The promises of the protocol, durable before anything that depends on them leaves.
//!
//! In: records in the order they were made. Out: the same after a restart. Refuses to know: the protocol behind
//! them; it needs to be able to write and read them, no more.

use std::path::Path;

use consensus::wire::{self, WireError};
use serde::{Serialize, de::DeserializeOwned};

use super::log::{Debt, Log, LogError};

/// The record log of one replica.
#[derive(Debug)]
pub struct Records {
    log: Log,
    /// Length after the last compaction.
    compact: u64,
}

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The file.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A whole frame that is no record: written by another version.
    #[error("record {entry} does not decode: {source}; it was written by another version")]
    Foreign {
        /// Number of the record, from 0.
        entry: usize,
        /// Why.
        source: WireError,
    },
}

impl RecordsError {
    /// What the operator of a replica can do about it; begins with a semicolon, empty for a machine's failure.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Log(LogError::Io { .. }) => "",
            _ => {
                "; never remove records.log: it holds what this replica promised, and without it, or with an older \
                 copy, the replica could contradict its own votes. Leave it stopped: the others go on without it"
            }
        }
    }
}

impl Records {
    /// The longest record: a new-view message with a full window.
    const RECORD_MAX: usize = 32 << 20;
    /// The log is compacted when it has grown by this much, and to five times its compact size: rewriting it then
    /// costs a quarter of what was written since, at most.
    const GROWTH: u64 = 32 << 20;

    /// Opens the log and returns all records in it.
    ///
    /// # Errors
    ///
    /// [`RecordsError`].
    pub fn open<R: DeserializeOwned>(path: &Path) -> Result<(Self, Vec<R>), RecordsError> {
        let (log, frames) = Log::open(path)?;
        let decode = |(entry, (_, payload)): (usize, (_, Vec<u8>))| {
            wire::decode(&payload, Self::RECORD_MAX)
                .map_err(|source| RecordsError::Foreign { entry, source })
        };
        let records = frames.into_iter().enumerate().map(decode).collect::<Result<_, _>>()?;
        Ok((Self { log, compact: 0 }, records))
    }

    /// Appends a record; it is durable after the next [`Records::sync`].
    pub fn append<R: Serialize>(&mut self, record: &R) {
        self.log.append_value(record);
    }

    /// Waits until everything appended is durable; answers whether there was anything to wait for.
    ///
    /// # Errors
    ///
    /// [`LogError`]; the process must stop then.
    pub fn sync(&mut self) -> Result<bool, LogError> {
        self.log.sync()
    }

    /// As [`Log::debt`], to become durable.
    pub fn debt(&mut self) -> Option<Debt> {
        self.log.debt(true)
    }

    /// As [`Log::paid`].
    pub fn paid(&mut self) {
        self.log.paid();
    }

    /// Hands everything appended to the operating system.
    ///
    /// # Errors
    ///
    /// As [`Log::flush`].
    pub fn flush(&mut self) -> Result<(), LogError> {
        self.log.flush()
    }

    /// Whether the log has grown enough to be worth compacting.
    pub fn is_worth_compacting(&self) -> bool {
        self.log.len() > 5 * self.compact + Self::GROWTH
    }

    /// Replaces all records by these.
    ///
    /// # Errors
    ///
    /// [`LogError`]; the old records are still there then.
    pub fn compact<R: Serialize>(&mut self, records: &[R]) -> Result<(), LogError> {
        self.log.replace(|fresh| {
            for record in records {
                fresh.append_value(record);
            }
        })?;
        self.compact = self.log.len();
        Ok(())
    }
}
