//! Secrets on disk, and fresh ones: signing keys as 64 hexadecimal digits, link keys and certificates as PEM.
//!
//! In: files. Out: keys. Refuses to know: what is signed. Files with secrets are readable by their owner alone.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::hex::Hex32;

/// A key file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the machine said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path}: expected {expected}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: &'static str,
    },
    /// The machine has no randomness to give.
    #[error("no randomness: {0}")]
    Randomness(String),
}

/// 32 fresh random bytes from the operating system.
///
/// # Errors
///
/// [`KeyError::Randomness`].
pub fn fresh_seed() -> Result<[u8; 32], KeyError> {
    let mut seed = [0; 32];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let filled = provider.secure_random.fill(&mut seed);
    filled.map_err(|_| KeyError::Randomness("the provider refused".to_owned()))?;
    Ok(seed)
}

/// Reads a signing key.
///
/// # Errors
///
/// [`KeyError`].
pub fn read_seed(path: &Path) -> Result<[u8; 32], KeyError> {
    let text = fs::read_to_string(path).map_err(|source| io_error(path, source))?;
    let seed = Hex32::parse(text.trim_end());
    seed.map(|seed| seed.0).ok_or_else(|| KeyError::Form {
        path: path.to_owned(),
        expected: "64 lower-case hexadecimal digits",
    })
}

/// Writes a signing key for its owner's eyes only.
///
/// # Errors
///
/// [`KeyError::Io`], also when the file exists.
pub fn write_seed(path: &Path, seed: [u8; 32]) -> Result<(), KeyError> {
    write_secret(path, &format!("{}\n", Hex32(seed)))
}

/// A fresh link key with a certificate that it signed itself. Nobody vouches for it: the others pin it.
///
/// # Errors
///
/// [`KeyError`]; the files are not there then, or not whole.
pub fn write_link_identity(certificate: &Path, key: &Path, name: &str) -> Result<(), KeyError> {
    let fresh = rcgen::generate_simple_self_signed(vec![name.to_owned()])
        .map_err(|error| KeyError::Randomness(error.to_string()))?;
    write_secret(key, &fresh.signing_key.serialize_pem())?;
    fs::write(certificate, fresh.cert.pem()).map_err(|source| io_error(certificate, source))
}

/// Reads a certificate.
///
/// # Errors
///
/// [`KeyError`].
pub fn read_certificate(path: &Path) -> Result<CertificateDer<'static>, KeyError> {
    let bytes = fs::read(path).map_err(|source| io_error(path, source))?;
    CertificateDer::from_pem_slice(&bytes)
        .map_err(|_| KeyError::Form { path: path.to_owned(), expected: "a PEM certificate" })
}

/// Reads a link key.
///
/// # Errors
///
/// [`KeyError`].
pub fn read_link_key(path: &Path) -> Result<PrivateKeyDer<'static>, KeyError> {
    let bytes = fs::read(path).map_err(|source| io_error(path, source))?;
    PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| KeyError::Form { path: path.to_owned(), expected: "a PEM private key" })
}

fn write_secret(path: &Path, text: &str) -> Result<(), KeyError> {
    let open = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: io::Error) -> KeyError {
    KeyError::Io { path: path.to_owned(), source }
}
