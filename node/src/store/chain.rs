//! The chain of one replica: blocks with their seals, checkpoint certificates, and private parts beside them.
//!
//! In: executed decisions with the headers they led to. Out: decisions for replicas that fell behind, and files
//! that an auditor reads. Refuses to know: how a header came about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use consensus::certificate::{CheckpointCertificate, CommitCertificate, Decision};
use consensus::ids::SeqNum;
use consensus::request::{Attachment, Batch, EncodedBatch, Proposal};
use consensus::wire::{self, WireError};
use ledger::BlockHeader;
use serde::{Deserialize, Serialize};

use super::log::{Debt, Log, LogError, Place, read_all, read_whole};

/// One entry of `blocks.log`: a position with its seal. A null request has a seal and no block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The quorum of commits. Replicas may hold different, equally valid ones.
    pub seal: CommitCertificate,
    /// The block; none for a null request.
    pub block: Option<Block>,
}

/// A block: header and body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What the hash covers.
    pub header: BlockHeader,
    /// What was ordered.
    pub batch: EncodedBatch,
}

/// One entry of `private.log`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// The position of the block.
    pub seq: SeqNum,
    /// One private part per request of its batch.
    pub parts: Vec<Attachment>,
}

/// Why a chain cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// A file.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A whole frame that is not what it should be.
    #[error("{path}: entry {entry} does not decode: {source}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Number of the entry, from 0.
        entry: usize,
        /// Why.
        source: WireError,
    },
    /// Positions must follow each other without a gap.
    #[error("{path}: entry {entry} is position {got} where {expected} follows")]
    Gap {
        /// The file.
        path: PathBuf,
        /// Number of the entry, from 0.
        entry: usize,
        /// The position found.
        got: SeqNum,
        /// The position expected.
        expected: SeqNum,
    },
}

impl ChainError {
    /// What the operator of a replica can do about it; begins with a semicolon, empty for a machine's failure.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Log(LogError::Io { .. }) => "",
            _ => CHAIN_ADVICE,
        }
    }
}

/// What may be removed when a chain cannot be used, and what may not.
pub const CHAIN_ADVICE: &str = "; stop the replica, remove the folder `chain` and nothing else, and start it again: \
    it fetches the chain from the other replicas. Never remove records.log beside it: without its promises the \
    replica could contradict its own votes. Keep evidence.log: what it proves may be proved nowhere else";

/// The longest entry.
const ENTRY_MAX: usize = 32 << 20;

/// The open chain of a running replica.
#[derive(Debug)]
pub struct Chain {
    blocks: Log,
    private: Log,
    checkpoints: Log,
    /// Where each position lies in `blocks`, from position 1.
    places: Vec<Place>,
    /// Where the private parts of a position lie.
    parts: BTreeMap<SeqNum, Place>,
    /// Positions whose private parts are not here.
    missing: BTreeSet<SeqNum>,
    /// Headers by position, to compare with when decisions are executed again after a restart.
    headers: BTreeMap<SeqNum, BlockHeader>,
}

impl Chain {
    /// Opens the chain in `folder`, creating it if need be.
    ///
    /// A block whose private parts are not there keeps its place: others may have been promised that this replica
    /// holds it. It cannot be executed again or handed out until [`Chain::append`] brings the parts back.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    pub fn open(folder: &Path) -> Result<Self, ChainError> {
        let (private, frames) = Log::open(&folder.join("private.log"))?;
        let mut parts = BTreeMap::new();
        for (entry, (place, payload)) in frames.into_iter().enumerate() {
            let found: Private = decode(&folder.join("private.log"), entry, &payload)?;
            parts.insert(found.seq, place);
        }
        let path = folder.join("blocks.log");
        let (blocks, frames) = Log::open(&path)?;
        let (mut places, mut headers, mut missing) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        for (entry, (place, payload)) in frames.into_iter().enumerate() {
            let sealed: Sealed = decode(&path, entry, &payload)?;
            let seq = follow(&path, entry, &sealed)?;
            let hides = |block: &Block| needs_parts(&block.batch) && !parts.contains_key(&seq);
            if sealed.block.as_ref().is_some_and(hides) {
                missing.insert(seq);
            }
            headers.extend(sealed.block.map(|block| (seq, block.header)));
            places.push(place);
        }
        let (checkpoints, _) = Log::open(&folder.join("checkpoints.log"))?;
        Ok(Self { blocks, private, checkpoints, places, parts, missing, headers })
    }

    /// The last position kept.
    pub fn last(&self) -> SeqNum {
        SeqNum::new(self.places.len() as u64)
    }

    /// The header kept for a position.
    pub fn header(&self, seq: SeqNum) -> Option<&BlockHeader> {
        self.headers.get(&seq)
    }

    /// Appends the next position. Of one that is kept already, only private parts that were missing are taken.
    ///
    /// # Panics
    ///
    /// If a position is left out: decisions are executed in order.
    pub fn append(&mut self, decision: &Decision, header: Option<BlockHeader>) {
        let seq = decision.seq();
        if seq <= self.last() {
            if self.missing.remove(&seq) {
                self.append_parts(decision);
            }
            return;
        }
        assert_eq!(seq, self.last().next(), "decisions are kept in order");
        self.append_parts(decision);
        let block = decision.proposal.as_ref().map(|proposal| Block {
            header: header.expect("an executed batch has a header"),
            batch: proposal.batch.clone(),
        });
        let sealed = Sealed { seal: decision.certificate.clone(), block };
        self.headers.extend(header.map(|header| (seq, header)));
        self.places.push(self.blocks.append_value(&sealed));
    }

    fn append_parts(&mut self, decision: &Decision) {
        if let Some(proposal) = &decision.proposal
            && proposal.attachments.iter().any(|part| !part.0.is_empty())
        {
            let parts = Private { seq: decision.seq(), parts: proposal.attachments.clone() };
            self.parts.insert(parts.seq, self.private.append_value(&parts));
        }
    }

    /// Appends the certificate of a stable checkpoint.
    pub fn append_checkpoint(&mut self, certificate: &CheckpointCertificate) {
        self.checkpoints.append_value(certificate);
    }

    /// Waits until everything appended is durable: private parts first, so that no block is without its own. Answers
    /// how many files had to be waited for.
    ///
    /// # Errors
    ///
    /// [`LogError`]; the process must stop then.
    pub fn sync(&mut self) -> Result<u64, LogError> {
        let synced = [self.private.sync()?, self.blocks.sync()?, self.checkpoints.sync()?];
        Ok(synced.into_iter().map(u64::from).sum())
    }

    /// As [`Log::debt`] for each file, in the order in which they must become durable: private parts first.
    pub fn debts(&mut self, durable: bool) -> Vec<Debt> {
        let logs = [&mut self.private, &mut self.blocks, &mut self.checkpoints];
        logs.into_iter().filter_map(|log| log.debt(durable)).collect()
    }

    /// As [`Log::paid`] for each file.
    pub fn paid(&mut self) {
        [&mut self.private, &mut self.blocks, &mut self.checkpoints]
            .into_iter()
            .for_each(Log::paid);
    }

    /// Whether something may not be durable yet.
    pub fn is_dirty(&self) -> bool {
        [&self.private, &self.blocks, &self.checkpoints].into_iter().any(Log::is_dirty)
    }

    /// Hands everything appended to the operating system, which survives this process but not the machine.
    ///
    /// # Errors
    ///
    /// [`LogError`]; the process must stop then.
    pub fn flush(&mut self) -> Result<(), LogError> {
        self.private.flush()?;
        self.blocks.flush()?;
        self.checkpoints.flush()
    }

    /// Reads decisions from `first` on, at most `most` of them and about `bytes` long together, up to the first
    /// whose private parts are missing or that is not in the file yet.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    pub fn recall(
        &self,
        first: SeqNum,
        most: usize,
        bytes: usize,
    ) -> Result<Vec<Decision>, ChainError> {
        let (mut decisions, mut total) = (Vec::new(), 0);
        let mut seq = first.max(SeqNum::new(1));
        let end = self.missing.range(seq..).next().copied().unwrap_or(self.last().next());
        while decisions.len() < most && total < bytes && seq < end {
            let index = usize::try_from(seq.get() - 1).expect("an index into a list in memory");
            let Some(payload) = self.blocks.read(self.places[index])? else { break };
            total += payload.len();
            let sealed: Sealed = decode(Path::new("blocks.log"), index, &payload)?;
            let mut parts = Vec::new();
            if let Some(place) = self.parts.get(&seq) {
                let Some(payload) = self.private.read(*place)? else { break };
                total += payload.len();
                let found: Private = decode(Path::new("private.log"), index, &payload)?;
                parts = found.parts;
            }
            decisions.push(sealed.into_decision(parts));
            seq = seq.next();
        }
        Ok(decisions)
    }
}

impl Sealed {
    /// The decision that led to this entry. Without private parts each request gets an empty one.
    pub fn into_decision(self, mut parts: Vec<Attachment>) -> Decision {
        let proposal = self.block.map(|block| {
            parts.resize(block.batch.requests.len(), Attachment::default());
            Arc::new(Proposal { batch: block.batch, attachments: parts })
        });
        Decision { certificate: self.seal, proposal }
    }
}

/// A chain as an auditor reads it: whole, from files that nobody writes to.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// All positions in order.
    pub blocks: Vec<Sealed>,
    /// All checkpoint certificates in order.
    pub checkpoints: Vec<CheckpointCertificate>,
    /// Private parts by position; none where the file is missing.
    pub private: Option<BTreeMap<SeqNum, Vec<Attachment>>>,
}

impl Exported {
    /// Reads the files in `folder`.
    ///
    /// # Errors
    ///
    /// [`ChainError`] for a file that is not whole. A missing `private.log` is no error: private parts may lie
    /// elsewhere or have been erased.
    pub fn read(folder: &Path) -> Result<Self, ChainError> {
        let path = folder.join("blocks.log");
        let mut blocks = Vec::new();
        for (entry, payload) in read_all(&path)?.iter().enumerate() {
            let sealed: Sealed = decode(&path, entry, payload)?;
            follow(&path, entry, &sealed)?;
            blocks.push(sealed);
        }
        let path = folder.join("checkpoints.log");
        let all = read_all(&path)?;
        let checkpoint = |(entry, payload): (usize, &Vec<u8>)| decode(&path, entry, payload);
        let checkpoints = all.iter().enumerate().map(checkpoint).collect::<Result<_, _>>()?;
        let path = folder.join("private.log");
        let private = if path.exists() { Some(read_private(&path)?) } else { None };
        Ok(Self { blocks, checkpoints, private })
    }
}

impl Exported {
    /// The positions of the blocks that have private parts, in order, as far as `blocks.log` can be read; the
    /// entries of `private.log` belong to these.
    pub fn positions_with_parts(folder: &Path) -> Vec<u64> {
        let blocks = read_all(&folder.join("blocks.log")).unwrap_or_default();
        let sealed = blocks.iter().filter_map(|payload| wire::decode(payload, ENTRY_MAX).ok());
        let needy = sealed.filter(|sealed: &Sealed| {
            sealed.block.as_ref().is_some_and(|block| needs_parts(&block.batch))
        });
        needy.map(|sealed| sealed.seal.seq.get()).collect()
    }

    /// The position of the checkpoint before number `entry` of `checkpoints.log`.
    pub fn checkpoint_before(folder: &Path, entry: usize) -> Option<u64> {
        let path = folder.join("checkpoints.log");
        let found = read_whole(&path);
        let before = found.get(entry.checked_sub(1)?)?;
        let certificate: CheckpointCertificate = wire::decode(before, ENTRY_MAX).ok()?;
        Some(certificate.seq.get())
    }
}

fn read_private(path: &Path) -> Result<BTreeMap<SeqNum, Vec<Attachment>>, ChainError> {
    let mut private = BTreeMap::new();
    for (entry, payload) in read_all(path)?.iter().enumerate() {
        let found: Private = decode(path, entry, payload)?;
        private.insert(found.seq, found.parts);
    }
    Ok(private)
}

/// The position of an entry, which must be the one that follows.
fn follow(path: &Path, entry: usize, sealed: &Sealed) -> Result<SeqNum, ChainError> {
    let (got, expected) = (sealed.seal.seq, SeqNum::new(entry as u64 + 1));
    if got == expected {
        Ok(got)
    } else {
        Err(ChainError::Gap { path: path.to_owned(), entry, got, expected })
    }
}

/// Whether a batch holds a command with a private part.
pub fn needs_parts(batch: &Batch) -> bool {
    batch.requests.iter().any(|request| {
        let entry = ledger::Entry {
            author: ledger::Author::new([0; 32]),
            command: &request.operation,
            private: &[],
        };
        matches!(entry.admissible(), Err(ledger::Invalid::PrivatePartMissing { .. }))
    })
}

fn decode<T: serde::de::DeserializeOwned>(
    path: &Path,
    entry: usize,
    payload: &[u8],
) -> Result<T, ChainError> {
    wire::decode(payload, ENTRY_MAX).map_err(|source| ChainError::Foreign {
        path: path.to_owned(),
        entry,
        source,
    })
}
