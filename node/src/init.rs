//! A new deployment on disk: keys, certificates, the founding document, one configuration per replica.
//!
//! In: how many replicas, where they listen, who operates the region. Out: a folder. Refuses to know: the machines
//! it is copied to. Secrets of different replicas lie in different folders.
//!
//! ```text
//! OUT/genesis.json                what all replicas share
//! OUT/certificates/replica-I.pem  what each shows on its links
//! OUT/replica-I/config.toml       one configuration per replica
//! OUT/replica-I/signing.key       its votes
//! OUT/replica-I/link.key          its links
//! OUT/replica-0/operator.key      the operator's: replica 0 stands in the substation
//! ```

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use consensus::ids::{Digest, NetworkId};
use consensus::keys::{Scope, Signer};
use consensus::limits::LimitsSpec;
use ledger::{Charter, Genesis, GenesisError};

use crate::config::{ConfigFile, PeerFile};
use crate::founding::{Founding, FoundingError, FoundingFile};
use crate::hex::Hex32;
use crate::keys::{self, KeyError};
use crate::people::author_of;

/// What to make.
#[derive(Clone, Debug)]
pub struct Plan<C = fn(ledger::Author) -> Charter> {
    /// Where each replica listens: for replicas, for clients.
    pub addresses: Vec<(SocketAddr, SocketAddr)>,
    /// The operator's secret key; a fresh one if none is given.
    pub operator: Option<[u8; 32]>,
    /// The terms of the region, given its operator.
    pub charter: C,
    /// Bounds and time-outs.
    pub limits: LimitsSpec,
}

/// Why nothing was made, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The folder is there already.
    #[error("{0}: exists already; name a folder that does not")]
    Exists(PathBuf),
    /// The machine.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the machine said.
        source: io::Error,
    },
    /// Keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The terms.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The committee or the bounds.
    #[error(transparent)]
    Founding(#[from] FoundingError),
}

/// What was made.
#[derive(Debug)]
pub struct Deployment {
    /// The founding.
    pub founding: Founding,
    /// The configuration of each replica.
    pub configs: Vec<PathBuf>,
    /// The operator's key.
    pub operator_key: PathBuf,
}

/// Makes a deployment in `out`, which must not exist. What was made is removed again if something fails.
///
/// # Errors
///
/// [`InitError`].
pub fn init<C: Fn(ledger::Author) -> Charter>(
    out: &Path,
    plan: &Plan<C>,
) -> Result<Deployment, InitError> {
    if out.exists() {
        return Err(InitError::Exists(out.to_owned()));
    }
    let secrets = plan.addresses.iter().map(|_| keys::fresh_seed());
    let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
    let operator = plan.operator.map_or_else(keys::fresh_seed, Ok)?;
    let file = FoundingFile {
        region: Genesis::try_new((plan.charter)(author_of(operator)))?,
        replicas: secrets.iter().map(|secret| public_half(*secret)).collect(),
        limits: plan.limits.clone(),
    };
    let founding = Founding::try_new(file.clone())?;
    let made = write(out, &plan.addresses, &file, &secrets, operator);
    if made.is_err() {
        // What is half made is worse than nothing; if even this fails the error above says enough.
        let _ = fs::remove_dir_all(out);
    }
    let (configs, operator_key) = made?;
    Ok(Deployment { founding, configs, operator_key })
}

fn write(
    out: &Path,
    addresses: &[(SocketAddr, SocketAddr)],
    file: &FoundingFile,
    secrets: &[[u8; 32]],
    operator: [u8; 32],
) -> Result<(Vec<PathBuf>, PathBuf), InitError> {
    let certificates = out.join("certificates");
    make_folder(&certificates)?;
    let json = serde_json::to_string_pretty(file).expect("plain data has a JSON form");
    write_file(&out.join("genesis.json"), &json)?;
    let peers: Vec<PeerFile> = (0..).zip(addresses).map(|(id, at)| peer(id, *at)).collect();
    let mut configs = Vec::new();
    for (id, secret) in (0_u16..).zip(secrets) {
        let folder = out.join(format!("replica-{id}"));
        make_folder(&folder)?;
        keys::write_seed(&folder.join("signing.key"), *secret)?;
        let certificate = certificates.join(format!("replica-{id}.pem"));
        keys::write_link_identity(&certificate, &folder.join("link.key"), "replica")?;
        let config = ConfigFile {
            id,
            genesis: "../genesis.json".into(),
            data: "data".into(),
            signing_key: "signing.key".into(),
            link_key: "link.key".into(),
            durability: Default::default(),
            client_authentication: Default::default(),
            replicas: peers.clone(),
        };
        let text = toml::to_string_pretty(&config).expect("plain data has a TOML form");
        let path = folder.join("config.toml");
        write_file(&path, &text)?;
        configs.push(path);
    }
    let operator_key = out.join("replica-0").join("operator.key");
    keys::write_seed(&operator_key, operator)?;
    Ok((configs, operator_key))
}

fn peer(id: u16, (peers, clients): (SocketAddr, SocketAddr)) -> PeerFile {
    PeerFile { peers, clients, certificate: format!("../certificates/replica-{id}.pem").into() }
}

fn public_half(secret: [u8; 32]) -> Hex32 {
    let anywhere = Scope::new(NetworkId::new(Digest::NULL));
    Hex32(*Signer::ed25519(anywhere, secret).public_key().bytes())
}

fn make_folder(path: &Path) -> Result<(), InitError> {
    fs::create_dir_all(path).map_err(|source| InitError::Io { path: path.to_owned(), source })
}

fn write_file(path: &Path, text: &str) -> Result<(), InitError> {
    fs::write(path, text).map_err(|source| InitError::Io { path: path.to_owned(), source })
}
