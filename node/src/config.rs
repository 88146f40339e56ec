//! The configuration of one replica: first as typed, then checked.
//!
//! In: a TOML file. Out: a [`Config`] whose parts fit together, or one line that names what does not. Refuses to
//! know: what is done with it. Nothing outside this file sees raw text.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use consensus::ids::ReplicaId;
use consensus::keys::{PublicKey, Signer};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};

use crate::founding::{Founding, FoundingError};
use crate::hex::Hex32;
use crate::keys::{self, KeyError};

/// The file as it is written. Paths are relative to the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Number of this replica.
    pub id: u16,
    /// `genesis.json` of the deployment.
    pub genesis: PathBuf,
    /// Folder for records and chain.
    pub data: PathBuf,
    /// This replica's signing key.
    pub signing_key: PathBuf,
    /// This replica's link key.
    pub link_key: PathBuf,
    /// Where every replica listens and which certificate it shows, in order of replicas.
    pub replicas: Vec<PeerFile>,
}

/// One replica as the others know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerFile {
    /// Where it listens for replicas.
    pub peers: SocketAddr,
    /// Where it listens for clients.
    pub clients: SocketAddr,
    /// Its certificate, PEM; pinned.
    pub certificate: PathBuf,
}

/// Where a replica is and which certificate it shows.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it listens for replicas.
    pub peers: SocketAddr,
    /// Where it listens for clients.
    pub clients: SocketAddr,
    /// Its certificate.
    pub certificate: CertificateDer<'static>,
}

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Number of this replica.
    pub id: ReplicaId,
    /// What all replicas share.
    pub founding: Founding,
    /// The file that says so, to be kept with the chain.
    pub genesis: PathBuf,
    /// Folder for records and chain.
    pub data: PathBuf,
    /// The signing key.
    pub signer: Signer,
    /// The link key.
    pub link_key: PrivateKeyDer<'static>,
    /// All replicas, this one included.
    pub replicas: Vec<Peer>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the machine said.
        source: std::io::Error,
    },
    /// The file is not of the expected form.
    #[error("{path}:{line}: {message}")]
    Form {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The founding file.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// A key or certificate.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The list of replicas and the committee differ in size.
    #[error("{path}: replicas lists {got}, the genesis names {expected}")]
    Replicas {
        /// The file.
        path: PathBuf,
        /// Replicas in the configuration.
        got: usize,
        /// Replicas in the genesis.
        expected: usize,
    },
    /// This replica's number is not one of the committee.
    #[error("{path}: id = {got}, the committee has replicas 0 to {last}")]
    Id {
        /// The file.
        path: PathBuf,
        /// The number.
        got: u16,
        /// The highest number.
        last: usize,
    },
    /// Two replicas listen at one address.
    #[error("{path}: address {address} is used twice")]
    DuplicateAddress {
        /// The file.
        path: PathBuf,
        /// The address.
        address: SocketAddr,
    },
    /// Two replicas show one certificate: links could not tell them apart.
    #[error("{path}: replicas {first} and {second} show the same certificate")]
    DuplicateCertificate {
        /// The file.
        path: PathBuf,
        /// The lower number.
        first: usize,
        /// The higher number.
        second: usize,
    },
    /// The signing key is not the one that the genesis names for this replica.
    #[error(
        "{path}: signing key {got} is not the key {expected} that the genesis names for replica {id}"
    )]
    ForeignKey {
        /// The file.
        path: PathBuf,
        /// This replica.
        id: ReplicaId,
        /// The public half of the key given.
        got: Hex32,
        /// The public half expected.
        expected: Hex32,
    },
}

impl Config {
    /// Reads and checks a configuration with everything it refers to.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        let file = parse(path, &text)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::try_new(path, folder, file)
    }

    fn try_new(path: &Path, folder: &Path, file: ConfigFile) -> Result<Self, ConfigError> {
        let path = || path.to_owned();
        let genesis = folder.join(&file.genesis);
        let founding = Founding::read(&genesis)?;
        let (got, expected) = (file.replicas.len(), founding.committee().size());
        if got != expected {
            return Err(ConfigError::Replicas { path: path(), got, expected });
        }
        let id = ReplicaId::new(file.id);
        let Some(key) = founding.replicas().get(usize::from(file.id)).copied() else {
            return Err(ConfigError::Id { path: path(), got: file.id, last: expected - 1 });
        };
        let mut addresses = BTreeSet::new();
        let all = file.replicas.iter().flat_map(|peer| [peer.peers, peer.clients]);
        for address in all {
            if !addresses.insert(address) {
                return Err(ConfigError::DuplicateAddress { path: path(), address });
            }
        }
        let replicas = file.replicas.iter().map(|peer| read_peer(folder, peer));
        let replicas = replicas.collect::<Result<Vec<_>, KeyError>>()?;
        for (second, peer) in replicas.iter().enumerate() {
            let same = |other: &Peer| other.certificate == peer.certificate;
            if let Some(first) = replicas[..second].iter().position(same) {
                return Err(ConfigError::DuplicateCertificate { path: path(), first, second });
            }
        }
        let signer =
            Signer::ed25519(founding.scope(), keys::read_seed(&folder.join(&file.signing_key))?);
        check_key(path(), id, signer.public_key(), key)?;
        let link_key = keys::read_link_key(&folder.join(&file.link_key))?;
        let data = folder.join(&file.data);
        Ok(Self { id, founding, genesis, data, signer, link_key, replicas })
    }

    /// This replica as the others know it.
    pub fn own(&self) -> &Peer {
        &self.replicas[usize::from(self.id.get())]
    }
}

fn parse(path: &Path, text: &str) -> Result<ConfigFile, ConfigError> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().map_or(0, |span| span.start).min(text.len());
        let line = 1 + text.as_bytes()[..before].iter().filter(|byte| **byte == b'\n').count();
        // The first line says what is wrong; the rest repeats the text.
        let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
        ConfigError::Form { path: path.to_owned(), line, message }
    })
}

fn read_peer(folder: &Path, file: &PeerFile) -> Result<Peer, KeyError> {
    let certificate = keys::read_certificate(&folder.join(&file.certificate))?;
    Ok(Peer { peers: file.peers, clients: file.clients, certificate })
}

fn check_key(
    path: PathBuf,
    id: ReplicaId,
    got: PublicKey,
    expected: PublicKey,
) -> Result<(), ConfigError> {
    if got == expected {
        return Ok(());
    }
    let (got, expected) = (Hex32(*got.bytes()), Hex32(*expected.bytes()));
    Err(ConfigError::ForeignKey { path, id, got, expected })
}
