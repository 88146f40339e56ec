//! What all replicas of a deployment share: the region's genesis, the committee's keys, the protocol's bounds.
//!
//! In: `genesis.json`. Out: the network's name, the committee, a keyring. Refuses to know: addresses and secrets.
//! An auditor needs this file and nothing else to check a chain.

use std::path::{Path, PathBuf};

use consensus::committee::{Committee, CommitteeError};
use consensus::ids::{Digest, NetworkId, ReplicaId};
use consensus::keys::{BadKey, Keyring, PublicKey, Scope};
use consensus::limits::{Limits, LimitsError, LimitsSpec};
use ledger::{BlockHeader, Genesis, Ledger};
use serde::{Deserialize, Serialize};

use crate::hex::Hex32;

/// The file as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundingFile {
    /// The region: operator, tariff, rules.
    pub region: Genesis,
    /// The replicas' public signing keys, in order of replicas.
    pub replicas: Vec<Hex32>,
    /// Bounds and time-outs.
    #[serde(default)]
    pub limits: LimitsSpec,
}

/// The checked founding of a deployment.
#[derive(Clone, Debug)]
pub struct Founding {
    region: Genesis,
    replicas: Vec<PublicKey>,
    committee: Committee,
    limits: Limits,
    network: NetworkId,
}

/// Why a founding file founds nothing.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The file is not of the expected form.
    #[error("{path}:{}: field {field}: {source}", source.line())]
    Form {
        /// The file.
        path: PathBuf,
        /// The field before or in which it stands.
        field: String,
        /// Line, column and what is wrong.
        source: serde_json::Error,
    },
    /// The file says something that founds nothing.
    #[error("{path}:{line}: field {field}: {source}")]
    Place {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The field.
        field: String,
        /// What is wrong with it.
        source: Box<FoundingError>,
    },
    /// Too few or too many replicas.
    #[error("replicas: {0}")]
    Committee(#[from] CommitteeError),
    /// Two replicas share a key: one machine could vote twice.
    #[error("replicas {first} and {second} have the same signing key {key}")]
    DuplicateKey {
        /// The lower number.
        first: ReplicaId,
        /// The higher number.
        second: ReplicaId,
        /// The key.
        key: Hex32,
    },
    /// A key that is none.
    #[error("replicas: {0}")]
    Key(#[from] BadKey),
    /// Bounds that contradict each other.
    #[error("limits: {0}")]
    Limits(#[from] LimitsError),
    /// The NEW-VIEW of this committee with this window could be longer than any message may be: the first change of
    /// view under load would never end.
    #[error(
        "limits: the NEW-VIEW of {replicas} replicas with window = {window} may have {bytes} bytes, a message has at \
         most {most}; expected a window of at most {widest}"
    )]
    NewView {
        /// Size of the committee.
        replicas: usize,
        /// The window.
        window: u64,
        /// Bytes of the longest NEW-VIEW.
        bytes: u64,
        /// Bytes of the longest message.
        most: u64,
        /// The widest window whose NEW-VIEW fits.
        widest: u64,
    },
    /// A part of the protocol that this node has no application for: with it, replicas would wait for what never comes.
    #[error(
        "limits: {field} = true, but this node neither answers reads nor exports snapshots; expected false"
    )]
    NotServed {
        /// The field.
        field: &'static str,
    },
}

/// A signed vote takes at most so many bytes: view, position (8 each), digest (32), voter (2), signature (64), and tags
/// and lengths.
const VOTE_BYTES: u64 = 120;
/// A signed CHECKPOINT: position (8), two digests (32 each), voter (2), signature (64), tags and lengths.
const CHECKPOINT_BYTES: u64 = 144;
/// Numbers, lengths, author and signature around the lists of a VIEW-CHANGE or a NEW-VIEW.
const FRAME_BYTES: u64 = 256;

/// Bytes of the longest NEW-VIEW of `committee`: a quorum of VIEW-CHANGEs, each with a checkpoint certificate and, for
/// every position of the window, a quorum of votes; and a proposal for every position.
fn new_view_bytes(committee: Committee, window: u64) -> u64 {
    let quorum = committee.quorum() as u64;
    let prepared = quorum.saturating_mul(VOTE_BYTES).saturating_add(FRAME_BYTES / 8);
    let view_change = window
        .saturating_mul(prepared)
        .saturating_add(quorum.saturating_mul(CHECKPOINT_BYTES))
        .saturating_add(FRAME_BYTES);
    quorum
        .saturating_mul(view_change)
        .saturating_add(window.saturating_mul(VOTE_BYTES))
        .saturating_add(FRAME_BYTES)
}

/// The ledger answers questions as of its last closed slot and keeps every block, so the node serves neither reads at
/// the newest position nor snapshots.
fn check_served(spec: &LimitsSpec) -> Result<(), FoundingError> {
    let asked = [("reads", spec.reads), ("snapshots", spec.snapshots)];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((field, _)) => Err(FoundingError::NotServed { field }),
        None => Ok(()),
    }
}

fn check_new_view(committee: Committee, window: u64) -> Result<(), FoundingError> {
    let most = Limits::MESSAGE_BYTES as u64;
    let bytes = new_view_bytes(committee, window);
    if bytes <= most {
        return Ok(());
    }
    let fits = |window: &u64| new_view_bytes(committee, *window) <= most;
    let widest = (1..window).rev().find(fits).unwrap_or(0);
    Err(FoundingError::NewView { replicas: committee.size(), window, bytes, most, widest })
}

/// The default bounds, with window and interval halved until a committee of this size can change its view.
pub fn fitting_limits(committee: Committee) -> LimitsSpec {
    let mut spec = LimitsSpec::default();
    while check_new_view(committee, spec.window).is_err() && spec.checkpoint_interval > 1 {
        spec.window /= 2;
        spec.checkpoint_interval /= 2;
        spec.pipeline = spec.pipeline.min(spec.window);
    }
    spec
}

impl Founding {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    ///
    /// [`FoundingError`].
    pub fn try_new(file: FoundingFile) -> Result<Self, FoundingError> {
        let committee = Committee::try_new(file.replicas.len())?;
        for (second, key) in committee.replicas().zip(&file.replicas) {
            let before = committee.replicas().zip(&file.replicas).take(usize::from(second.get()));
            if let Some((first, _)) = before.into_iter().find(|(_, other)| *other == key) {
                return Err(FoundingError::DuplicateKey { first, second, key: *key });
            }
        }
        let replicas: Vec<_> = file.replicas.iter().map(|key| PublicKey::new(key.0)).collect();
        let limits = Limits::try_new(file.limits)?;
        check_new_view(committee, limits.spec().window)?;
        check_served(limits.spec())?;
        let parts = (file.region.digest(), &replicas, limits.spec());
        let network = NetworkId::new(Digest::of("gridquorum network v1", &parts));
        let founding = Self { region: file.region, replicas, committee, limits, network };
        founding.try_keyring()?;
        Ok(founding)
    }

    /// Reads and checks `genesis.json`.
    ///
    /// # Errors
    ///
    /// [`FoundingError`].
    pub fn read(path: &Path) -> Result<Self, FoundingError> {
        let bytes = std::fs::read(path)
            .map_err(|source| FoundingError::Io { path: path.to_owned(), source })?;
        let file: FoundingFile = serde_json::from_slice(&bytes).map_err(|source| {
            let field = field_before(&bytes, offset(&bytes, source.line(), source.column()));
            FoundingError::Form { path: path.to_owned(), field, source }
        })?;
        Self::try_new(file).map_err(|error| place(path, &bytes, error))
    }

    /// The network's name: the digest of region, keys and bounds. Two deployments with the same are one.
    pub fn network(&self) -> NetworkId {
        self.network
    }

    /// The same in hexadecimal.
    pub fn network_name(&self) -> String {
        Hex32(*self.network.digest().bytes()).to_string()
    }

    /// The region.
    pub fn region(&self) -> &Genesis {
        &self.region
    }

    /// The committee.
    pub fn committee(&self) -> Committee {
        self.committee
    }

    /// Bounds and time-outs.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where signatures of this deployment are valid. The network's name covers region, keys and bounds, so
    /// that nothing signed in one deployment counts in another.
    pub fn scope(&self) -> Scope {
        Scope::new(self.network)
    }

    /// The public signing keys of the replicas.
    pub fn replicas(&self) -> &[PublicKey] {
        &self.replicas
    }

    /// The keys of the committee.
    pub fn keyring(&self) -> Keyring {
        self.try_keyring().expect("the keys were checked when this was built")
    }

    /// The header before the first block.
    pub fn genesis_header(&self) -> BlockHeader {
        *Ledger::new(self.region.clone()).head()
    }

    fn try_keyring(&self) -> Result<Keyring, BadKey> {
        Keyring::try_ed25519(self.scope(), &self.replicas)
    }
}

/// Names the line and the field of `bytes`, the content of `path`, that `error` is about.
fn place(path: &Path, bytes: &[u8], error: FoundingError) -> FoundingError {
    let needle = match &error {
        FoundingError::DuplicateKey { key, .. } => last(bytes, &format!("\"{key}\"")),
        FoundingError::Limits(LimitsError::Zero { field }) => last(bytes, &format!("\"{field}\"")),
        FoundingError::Limits(LimitsError::Order { low_field, high_field, .. }) => {
            let mut names = low_field.split(' ').chain(high_field.split(' '));
            names.find_map(|name| last(bytes, &format!("\"{name}\"")))
        }
        FoundingError::NewView { .. } => last(bytes, "\"window\""),
        FoundingError::NotServed { field } => last(bytes, &format!("\"{field}\"")),
        _ => None,
    };
    // Bounds that the file leaves to their defaults stand nowhere in it; the list of replicas always does.
    let at = needle.or_else(|| last(bytes, "\"replicas\"")).unwrap_or(0);
    let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |n| at + n);
    let field = match &error {
        FoundingError::DuplicateKey { .. } => "replicas".to_owned(),
        _ => field_before(&bytes[..end], end),
    };
    FoundingError::Place { path: path.to_owned(), line, field, source: Box::new(error) }
}

/// Where `needle` stands last.
fn last(bytes: &[u8], needle: &str) -> Option<usize> {
    bytes.windows(needle.len()).rposition(|window| window == needle.as_bytes())
}

/// Where a line and a column, both from 1, lie.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let before = bytes.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1));
    (before.map(<[u8]>::len).sum::<usize>() + column).min(bytes.len())
}

/// The name that stands last before `at` with a colon behind it; the whole file if none does.
fn field_before(bytes: &[u8], at: usize) -> String {
    let text = String::from_utf8_lossy(&bytes[..at]);
    let mut parts: Vec<&str> = text.split('"').collect();
    while parts.len() > 2 {
        let after = parts.pop().unwrap_or_default();
        if after.trim_start().starts_with(':') {
            return parts.pop().unwrap_or_default().to_owned();
        }
    }
    "of the file".to_owned()
}

/// The digest that the protocol takes for the state whose newest block is `header`.
pub fn state_digest(header: &BlockHeader) -> Digest {
    Digest::new(*header.hash().bytes())
}

#[cfg(test)]
mod tests {
    use consensus::certificate::{Checkpoint, Commit};
    use consensus::ids::{SeqNum, View};
    use consensus::keys::{Signer, Statement};
    use consensus::wire;

    use super::*;

    fn committee(replicas: usize) -> Committee {
        Committee::try_new(replicas).expect("4 to 1000")
    }

    /// The bounds on votes are bounds: the longest of each kind, every number at its end, encoded.
    #[test]
    fn votes_are_no_longer_than_their_bounds() {
        let scope = Scope::new(NetworkId::new(Digest::NULL));
        let bytes = |statement| wire::encode(&statement).len() as u64;
        fn signed<M: Statement>(scope: Scope, vote: M) -> consensus::keys::Signed<M> {
            Signer::ed25519(scope, [7; 32]).sign(vote)
        }
        let (view, seq, from) = (View::new(u64::MAX), SeqNum::new(u64::MAX), ReplicaId::new(999));
        let digest = Digest::new([255; 32]);
        assert!(bytes(signed(scope, Commit { view, seq, digest, from })) <= VOTE_BYTES);
        let vote = Checkpoint { seq, state: digest, clients: digest, from };
        assert!(wire::encode(&signed(scope, vote)).len() as u64 <= CHECKPOINT_BYTES);
    }

    /// By hand for 40 replicas: f = 13, a quorum is 27; 27 x 256 x 27 votes of at least 114 bytes are 21 million bytes,
    /// a message has 16 MiB. For 4 (a quorum of 3) they are 0.3 million.
    #[test]
    fn a_committee_that_could_not_change_its_view_is_refused_with_both_sizes() {
        assert!(check_new_view(committee(4), 256).is_ok());
        let error = check_new_view(committee(40), 256).expect_err("too long").to_string();
        assert!(error.contains("NEW-VIEW of 40 replicas with window = 256"), "{error}");
        assert!(error.contains("at most 16777216"), "{error}");
    }

    /// Every committee has bounds that fit, up to those whose votes on two positions are too long already.
    #[test]
    fn bounds_are_found_for_every_committee_of_a_trial() {
        for replicas in 4..=200 {
            let spec = fitting_limits(committee(replicas));
            assert!(check_new_view(committee(replicas), spec.window).is_ok(), "{replicas}");
            assert!(Limits::try_new(spec).is_ok(), "{replicas}");
        }
        assert_eq!(fitting_limits(committee(7)), LimitsSpec::default());
    }

    #[test]
    fn fields_are_found_in_their_lines() {
        let text = b"{\n  \"region\": {\"a\": 1},\n  \"limits\": {\"window\": 5}\n}";
        assert_eq!(field_before(text, offset(text, 2, 18)), "a");
        assert_eq!(field_before(text, offset(text, 3, 25)), "window");
        assert_eq!(field_before(text, 1), "of the file");
    }
}
