//! Proof that replicas contradict themselves, kept for good beside the chain.
//!
//! In: evidence from the replica. Out: who is accused of what, and the evidence for an auditor. Refuses to know: how
//! it came about, and whether it holds; an auditor checks that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use consensus::classic::evidence::{Evidence, Offence};
use consensus::ids::ReplicaId;
use consensus::wire::{self, WireError};

use super::log::{Log, LogError, read_all};

/// The longest piece: two NEW-VIEWs with a full window, as long as messages get.
const ENTRY_MAX: usize = 40 << 20;

/// Why evidence cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The file.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A whole frame that is no evidence: written by another version.
    #[error("{path}: entry {entry} does not decode: {source}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Number of the entry, from 0.
        entry: usize,
        /// Why.
        source: WireError,
    },
}

impl EvidenceError {
    /// What the operator of a replica can do about it; begins with a semicolon, empty for a machine's failure.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Log(LogError::Io { .. }) => "",
            _ => {
                "; move evidence.log away and start the replica again: it needs the file for nothing, but what it \
                 proves about other replicas is proved nowhere else"
            }
        }
    }
}

/// The evidence that one replica holds: at most one piece for each offence of each replica.
#[derive(Debug)]
pub struct EvidenceLog {
    log: Log,
    known: BTreeSet<(ReplicaId, Offence)>,
}

impl EvidenceLog {
    /// Opens the file `evidence.log` in `folder`, creating it if need be.
    ///
    /// # Errors
    ///
    /// [`EvidenceError`].
    pub fn open(folder: &Path) -> Result<Self, EvidenceError> {
        let path = folder.join("evidence.log");
        let (log, frames) = Log::open(&path)?;
        let payloads = frames.into_iter().map(|(_, payload)| payload);
        let known = decode_all(&path, payloads)?;
        Ok(Self { log, known: known.iter().map(|e| (e.accused(), e.offence())).collect() })
    }

    /// Keeps a piece of evidence, durably when this returns; false if one of the same offence is kept already, from
    /// an earlier life.
    ///
    /// # Errors
    ///
    /// [`LogError`]; the process must stop then.
    pub fn keep(&mut self, evidence: &Evidence) -> Result<bool, LogError> {
        let new = self.known.insert((evidence.accused(), evidence.offence()));
        if new {
            self.log.append(&wire::encode(evidence));
            self.log.sync()?;
        }
        Ok(new)
    }

    /// The names of what each accused replica did.
    pub fn accused(&self) -> BTreeMap<u16, Vec<String>> {
        let mut accused: BTreeMap<u16, Vec<String>> = BTreeMap::new();
        for (replica, offence) in &self.known {
            accused.entry(replica.get()).or_default().push(offence.name().to_owned());
        }
        accused
    }
}

/// Reads the evidence beside a chain that nobody writes to; none if there is no file.
///
/// # Errors
///
/// [`EvidenceError`].
pub fn read_evidence(folder: &Path) -> Result<Vec<Evidence>, EvidenceError> {
    let path = folder.join("evidence.log");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let payloads = read_all(&path)?;
    decode_all(&path, payloads.into_iter())
}

fn decode_all(
    path: &Path,
    payloads: impl Iterator<Item = Vec<u8>>,
) -> Result<Vec<Evidence>, EvidenceError> {
    let decode = |(entry, payload): (usize, Vec<u8>)| {
        wire::decode(&payload, ENTRY_MAX).map_err(|source| EvidenceError::Foreign {
            path: path.to_owned(),
            entry,
            source,
        })
    };
    payloads.enumerate().map(decode).collect()
}

#[cfg(test)]
mod tests {
    use consensus::certificate::Commit;
    use consensus::classic::evidence::Pair;
    use consensus::ids::{Digest, NetworkId, SeqNum, View};
    use consensus::keys::{Scope, Signer};

    use super::*;

    /// Two COMMITs of replica `from` at one position, for the batches `names`.
    fn contradiction(from: u16, names: [&str; 2]) -> Evidence {
        let scope = Scope::new(NetworkId::new(Digest::NULL));
        let [first, second] = names.map(|name| {
            let digest = Digest::of("batch", &name);
            let (view, seq, from) = (View::ZERO, SeqNum::new(1), ReplicaId::new(from));
            Signer::symbolic(scope, u64::from(from.get())).sign(Commit { view, seq, digest, from })
        });
        Evidence::Commits(Pair { first, second })
    }

    /// One piece for each offence of each replica is kept, the first; it is there after a restart and for an auditor.
    #[test]
    fn the_first_piece_is_kept_for_good() {
        let name = format!("gridquorum-evidence-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
        assert_eq!(read_evidence(&folder).expect("no file is no evidence"), []);
        let (one, other) = (contradiction(3, ["a", "b"]), contradiction(3, ["a", "c"]));
        let mut log = EvidenceLog::open(&folder).expect("a new file");
        assert!(log.keep(&one).expect("written"));
        assert!(!log.keep(&other).expect("nothing to write"));
        drop(log);
        let mut log = EvidenceLog::open(&folder).expect("a good file");
        assert!(!log.keep(&one).expect("nothing to write"), "it is known from an earlier life");
        assert!(log.keep(&contradiction(2, ["a", "b"])).expect("written"));
        let offences = vec!["two commits".to_owned()];
        assert_eq!(log.accused(), [(2, offences.clone()), (3, offences)].into());
        let read = read_evidence(&folder).expect("a good file");
        assert_eq!(read, [one, contradiction(2, ["a", "b"])]);
        std::fs::remove_dir_all(&folder).expect("the temporary folder is writable");
    }
}
