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
    #[error("{path}: {source}")]
    Form {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        source: serde_json::Error,
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
        let file = serde_json::from_slice(&bytes)
            .map_err(|source| FoundingError::Form { path: path.to_owned(), source })?;
        Self::try_new(file)
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

/// The digest that the protocol takes for the state whose newest block is `header`.
pub fn state_digest(header: &BlockHeader) -> Digest {
    Digest::new(*header.hash().bytes())
}
