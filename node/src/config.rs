//! The configuration of one replica: first as typed, then checked.
//!
//! In: a TOML file. Out: a [`Config`] whose parts fit together, or one line that names what does not. Refuses to
//! know: what is done with it. Nothing outside this file sees raw text.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use consensus::ids::ReplicaId;
use consensus::keys::{ClientAuthentication, Signer};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use toml::Spanned;

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
    /// When a promise counts as kept.
    #[serde(default)]
    pub durability: Durability,
    /// Whether requests and replies are signed. All replicas and clients of a deployment must choose alike, and nothing
    /// but people sees to it: this is no part of the genesis. To a replica that asks for signatures, the proposals of
    /// one that does not are forged: it refuses them, counts them as `refused_forged` and falls behind for good.
    #[serde(default)]
    pub client_authentication: ClientAuthentication,
    /// Where every replica listens and which certificate it shows, in order of replicas.
    pub replicas: Vec<PeerFile>,
}

/// When a promise counts as kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// Once it is on the disk: it survives the machine.
    #[default]
    Sync,
    /// Once the operating system has it: it survives the process, but not the machine. A machine that stops may make
    /// its replica contradict itself: it then counts as faulty.
    Async,
}

/// A setting that trades safety for speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Risk {
    /// Promises that are not durable.
    AsyncDurability,
    /// Requests that anybody could have sent.
    UnsignedClients,
}

impl Risk {
    /// The setting that takes it.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::AsyncDurability => "durability = \"async\"",
            Self::UnsignedClients => "client_authentication = \"none\"",
        }
    }

    /// The field of that setting.
    const fn field(self) -> &'static str {
        match self {
            Self::AsyncDurability => "durability",
            Self::UnsignedClients => "client_authentication",
        }
    }

    /// What it is called where it is allowed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsyncDurability => "async-durability",
            Self::UnsignedClients => "unsigned-clients",
        }
    }
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
    /// When a promise counts as kept.
    pub durability: Durability,
    /// Whether requests and replies are signed.
    pub client_authentication: ClientAuthentication,
    /// All replicas, this one included.
    pub replicas: Vec<Peer>,
    /// The file this was read from, and the line and field of every address in it.
    file: PathBuf,
    addresses: BTreeMap<SocketAddr, (usize, &'static str)>,
    /// The lines of the risks that are taken.
    risky: BTreeMap<Risk, usize>,
}

/// Where the fields stand, to be named when something is wrong with them.
#[derive(Debug, Deserialize)]
struct Places {
    id: Spanned<toml::Value>,
    signing_key: Spanned<toml::Value>,
    link_key: Spanned<toml::Value>,
    durability: Option<Spanned<Durability>>,
    client_authentication: Option<Spanned<ClientAuthentication>>,
    replicas: Vec<PeerPlaces>,
}

/// Where the fields of one replica stand.
#[derive(Debug, Deserialize)]
struct PeerPlaces {
    peers: Spanned<SocketAddr>,
    clients: Spanned<SocketAddr>,
    certificate: Spanned<toml::Value>,
}

/// A text with what is known about its places.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn line<T>(&self, place: &Spanned<T>) -> usize {
        line_at(self.text, place.span().start)
    }

    fn key<T, P>(
        &self,
        place: &Spanned<P>,
        field: &'static str,
        read: Result<T, KeyError>,
    ) -> Result<T, ConfigError> {
        let (path, line) = (self.path, self.line(place));
        read.map_err(|source| ConfigError::Key { path: path.to_owned(), line, field, source })
    }
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
    #[error("{path}:{line}: field {field}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The field that names the key or certificate.
        field: &'static str,
        /// What is wrong with what it names.
        source: KeyError,
    },
    /// The list of replicas and the committee differ in size.
    #[error(
        "{path}:{line}: field replicas: got {got} entries, expected {expected} as in the genesis"
    )]
    Replicas {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Replicas in the configuration.
        got: usize,
        /// Replicas in the genesis.
        expected: usize,
    },
    /// This replica's number is not one of the committee.
    #[error("{path}:{line}: field id: id = {got}, the committee has replicas 0 to {last}")]
    Id {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The number.
        got: u16,
        /// The highest number.
        last: usize,
    },
    /// Two replicas listen at one address.
    #[error("{path}:{line}: field {field}: address {address} is used twice")]
    DuplicateAddress {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The field.
        field: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// Two replicas show one certificate: links could not tell them apart.
    #[error(
        "{path}:{line}: field certificate: replicas {first} and {second} show the same certificate"
    )]
    DuplicateCertificate {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The lower number.
        first: usize,
        /// The higher number.
        second: usize,
    },
    /// The signing key is not the one that the genesis names for this replica.
    #[error(
        "{path}:{line}: field signing_key: {got} is not the key {expected} that the genesis names for replica {id}"
    )]
    ForeignKey {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
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
        let source = Source { path, text: &text };
        let (file, places) = (parse(&source)?, parse(&source)?);
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::try_new(&source, folder, file, &places)
    }

    fn try_new(
        source: &Source<'_>,
        folder: &Path,
        file: ConfigFile,
        places: &Places,
    ) -> Result<Self, ConfigError> {
        let path = || source.path.to_owned();
        let genesis = folder.join(&file.genesis);
        let founding = Founding::read(&genesis)?;
        let (got, expected) = (file.replicas.len(), founding.committee().size());
        if got != expected {
            let line = places.replicas.last().map_or(1, |peer| source.line(&peer.peers));
            return Err(ConfigError::Replicas { path: path(), line, got, expected });
        }
        let id = ReplicaId::new(file.id);
        let Some(key) = founding.replicas().get(usize::from(file.id)).copied() else {
            let (line, got) = (source.line(&places.id), file.id);
            return Err(ConfigError::Id { path: path(), line, got, last: expected - 1 });
        };
        let addresses = check_addresses(source, places)?;
        let risky = risky(source, places);
        let replicas = read_peers(source, folder, &file, places)?;
        let seed = keys::read_seed(&folder.join(&file.signing_key));
        let seed = source.key(&places.signing_key, "signing_key", seed)?;
        let signer = Signer::ed25519(founding.scope(), seed);
        if signer.public_key() != key {
            let (got, expected) = (Hex32(*signer.public_key().bytes()), Hex32(*key.bytes()));
            let line = source.line(&places.signing_key);
            return Err(ConfigError::ForeignKey { path: path(), line, id, got, expected });
        }
        let link_key = keys::read_link_key(&folder.join(&file.link_key));
        let link_key = source.key(&places.link_key, "link_key", link_key)?;
        Ok(Self {
            id,
            founding,
            genesis,
            data: folder.join(&file.data),
            signer,
            link_key,
            durability: file.durability,
            client_authentication: file.client_authentication,
            replicas,
            file: path(),
            addresses,
            risky,
        })
    }

    /// The risks that this configuration takes where others can reach the replica: none if it listens on the loopback
    /// interface only.
    pub fn risks(&self) -> Vec<Risk> {
        let own = self.own();
        if own.peers.ip().is_loopback() && own.clients.ip().is_loopback() {
            return Vec::new();
        }
        self.risky.keys().copied().collect()
    }

    /// File, line and field of the setting that takes a risk, for a message about it.
    pub fn place_of_risk(&self, risk: Risk) -> String {
        let (file, field) = (self.file.display(), risk.field());
        let line = self.risky.get(&risk).map(|line| format!(":{line}")).unwrap_or_default();
        format!("{file}{line}: field {field}")
    }

    /// File, line and field of one of the addresses, for a message about it.
    pub fn place_of(&self, address: SocketAddr) -> String {
        let file = self.file.display();
        self.addresses.get(&address).map_or_else(
            || file.to_string(),
            |(line, field)| format!("{file}:{line}: field {field}"),
        )
    }

    /// This replica as the others know it.
    pub fn own(&self) -> &Peer {
        &self.replicas[usize::from(self.id.get())]
    }
}

/// The risks that are taken, whoever can reach the replica, and their lines.
fn risky(source: &Source<'_>, places: &Places) -> BTreeMap<Risk, usize> {
    let durability = places.durability.as_ref();
    let unsafe_durability = durability.filter(|place| *place.get_ref() == Durability::Async);
    let clients = places.client_authentication.as_ref();
    let unsigned = clients.filter(|place| *place.get_ref() == ClientAuthentication::None);
    let durability = unsafe_durability.map(|place| (Risk::AsyncDurability, source.line(place)));
    let clients = unsigned.map(|place| (Risk::UnsignedClients, source.line(place)));
    durability.into_iter().chain(clients).collect()
}

fn parse<T: serde::de::DeserializeOwned>(source: &Source<'_>) -> Result<T, ConfigError> {
    toml::from_str(source.text).map_err(|error: toml::de::Error| {
        let line = line_at(source.text, error.span().map_or(0, |span| span.start));
        // The first line says what is wrong; the rest repeats the text.
        let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
        ConfigError::Form { path: source.path.to_owned(), line, message }
    })
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = &text.as_bytes()[..offset.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The line and field of every address, each of which is used once.
fn check_addresses(
    source: &Source<'_>,
    places: &Places,
) -> Result<BTreeMap<SocketAddr, (usize, &'static str)>, ConfigError> {
    let mut addresses = BTreeMap::new();
    let all = places
        .replicas
        .iter()
        .flat_map(|peer| [(&peer.peers, "peers"), (&peer.clients, "clients")]);
    for (place, field) in all {
        let (address, line) = (*place.get_ref(), source.line(place));
        if addresses.insert(address, (line, field)).is_some() {
            let path = source.path.to_owned();
            return Err(ConfigError::DuplicateAddress { path, line, field, address });
        }
    }
    Ok(addresses)
}

/// Reads the certificates, of which each is shown by one replica.
fn read_peers(
    source: &Source<'_>,
    folder: &Path,
    file: &ConfigFile,
    places: &Places,
) -> Result<Vec<Peer>, ConfigError> {
    let mut replicas: Vec<Peer> = Vec::new();
    for (second, (peer, place)) in file.replicas.iter().zip(&places.replicas).enumerate() {
        let certificate = keys::read_certificate(&folder.join(&peer.certificate));
        let certificate = source.key(&place.certificate, "certificate", certificate)?;
        if let Some(first) = replicas.iter().position(|other| other.certificate == certificate) {
            let (path, line) = (source.path.to_owned(), source.line(&place.certificate));
            return Err(ConfigError::DuplicateCertificate { path, line, first, second });
        }
        replicas.push(Peer { peers: peer.peers, clients: peer.clients, certificate });
    }
    Ok(replicas)
}
