//! Proof that replicas contradict themselves, kept for good.
//!
//! In: evidence from the replica. Out: who is accused of what, and the evidence for an auditor. Refuses to know: how
//! it came about, and whether it holds; an auditor checks that.
//!
//! A replica needs the file for nothing, so it starts without a damaged one. What the file proves may be proved nowhere
//! else, so it lies outside of the folder `chain`, which may be removed, and a damaged one is set aside, never
//! overwritten. In a report it lies among the files of the chain.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use consensus::classic::evidence::{Evidence, Offence};
use consensus::ids::ReplicaId;
use consensus::wire::{self, WireError};

use super::log::{Log, LogError, read_all};

/// The longest piece: two NEW-VIEWs with a full window, as long as messages get.
const ENTRY_MAX: usize = 40 << 20;

/// The name of the file.
const FILE: &str = "evidence.log";
/// Damaged files that are set aside; a disk that spoils so many should be looked at before the replica starts again.
const ASIDE_MAX: u32 = 100;

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
        let path = folder.join(FILE);
        let (log, frames) = Log::open(&path)?;
        let payloads = frames.into_iter().map(|(_, payload)| payload);
        let known = decode_all(&path, payloads)?;
        Ok(Self { log, known: known.iter().map(|e| (e.accused(), e.offence())).collect() })
    }

    /// As [`EvidenceLog::open`]; a file that is damaged is renamed, said in a warning, and a new one begun.
    ///
    /// # Errors
    ///
    /// [`EvidenceError::Log`] with the machine's failure; nothing is lost then.
    pub fn open_or_set_aside(folder: &Path) -> Result<Self, EvidenceError> {
        let damage = match Self::open(folder) {
            Err(EvidenceError::Log(error @ LogError::Io { .. })) => return Err(error.into()),
            Err(damage) => damage,
            Ok(log) => return Ok(log),
        };
        let path = folder.join(FILE);
        let aside = set_aside(&path).map_err(|source| LogError::Io { path, source })?;
        tracing::warn!(
            "{damage}; the file is now {}: keep it, what it proves about other replicas may be proved nowhere else",
            aside.display()
        );
        Self::open(folder)
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

/// Renames a file to the first name that is free.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 0..ASIDE_MAX {
        let aside = path.with_extension(format!("log.damaged-{number}"));
        // A rename takes the place of whatever is there, so the name is first taken by an empty file.
        match File::create_new(&aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(_) => return std::fs::rename(path, &aside).map(|()| aside),
        }
    }
    let many = format!("damaged, and {ASIDE_MAX} such files lie beside it already");
    Err(io::Error::new(io::ErrorKind::AlreadyExists, many))
}

/// Reads the evidence that goes with a chain that nobody writes to, `chain` being the folder of its blocks: a file
/// among them, as in a report, or beside a folder called `chain`, as in a replica's data. None if there is no file.
///
/// # Errors
///
/// [`EvidenceError`].
pub fn read_evidence(chain: &Path) -> Result<Vec<Evidence>, EvidenceError> {
    let mut path = chain.join(FILE);
    let absolute = std::fs::canonicalize(chain).unwrap_or_else(|_| chain.to_owned());
    if !path.exists() && absolute.file_name().is_some_and(|name| name == "chain") {
        path = absolute.with_file_name(FILE);
    }
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

    /// A damaged file, or one of another program, is renamed as it is, and what is kept afterwards goes into a new one;
    /// so again the next time, without touching what was set aside before.
    #[test]
    fn a_damaged_file_is_set_aside_and_never_overwritten() {
        let folder = std::env::temp_dir().join(format!("gridquorum-aside-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
        let path = folder.join(FILE);
        let one = contradiction(3, ["a", "b"]);
        let mut spoilt = Vec::new();
        for round in 0..2_usize {
            let mut log = EvidenceLog::open_or_set_aside(&folder).expect("whatever was there");
            assert!(log.accused().is_empty(), "nothing is known from a damaged file");
            assert!(log.keep(&one).expect("written"));
            drop(log);
            if round == 0 {
                let mut bytes = std::fs::read(&path).expect("just written");
                bytes[30] ^= 1;
                std::fs::write(&path, &bytes).expect("writable");
            } else {
                let (mut log, _) = Log::open(&path).expect("a good file");
                log.append(b"no evidence");
                log.sync().expect("the disk works");
            }
            spoilt.push(std::fs::read(&path).expect("there"));
            assert!(EvidenceLog::open(&folder).is_err(), "an auditor is told");
            assert!(read_evidence(&folder).is_err(), "an auditor is told");
        }
        let log = EvidenceLog::open_or_set_aside(&folder).expect("set aside again");
        assert!(log.accused().is_empty());
        for (number, bytes) in spoilt.iter().enumerate() {
            let aside = folder.join(format!("evidence.log.damaged-{number}"));
            assert_eq!(&std::fs::read(aside).expect("set aside"), bytes, "as it was");
        }
        std::fs::remove_dir_all(&folder).expect("the temporary folder is writable");
    }

    /// A replica's evidence lies beside its folder `chain`, whichever of the two folders an auditor names.
    #[test]
    fn evidence_beside_the_folder_of_the_chain_is_found() {
        let data = std::env::temp_dir().join(format!("gridquorum-beside-{}", std::process::id()));
        let (chain, other) = (data.join("chain"), data.join("other"));
        for folder in [&chain, &other] {
            std::fs::create_dir_all(folder).expect("the temporary folder is writable");
        }
        let one = contradiction(3, ["a", "b"]);
        EvidenceLog::open(&data).expect("a new file").keep(&one).expect("written");
        assert_eq!(read_evidence(&chain).expect("a good file"), [one]);
        assert_eq!(read_evidence(&other).expect("no file"), [], "another chain's neighbour");
        std::fs::remove_dir_all(&data).expect("the temporary folder is writable");
    }
}
