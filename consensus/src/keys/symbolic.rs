//! Symbolic keys: a signature is a token that binds a name to bytes.
//!
//! For models and simulations, where the environment issues tokens only to their owners, so that a forgery
//! is a token nobody issued. In: a name and bytes. Out: a token. Refuses to know: secrets; it protects nothing.

use super::material::{PublicKey, Signature};

/// The key called `name`.
pub(super) fn key(name: u64) -> PublicKey {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&name.to_le_bytes());
    bytes[31] = 0x5b;
    PublicKey::new(bytes)
}

/// The token of `key` over `bytes`.
pub(super) fn sign(key: &PublicKey, bytes: &[u8]) -> Signature {
    let mut hasher = blake3::Hasher::new_keyed(key.bytes());
    hasher.update(bytes);
    Signature::new([*hasher.finalize().as_bytes(), [0; 32]])
}

/// Whether `signature` is the token of `key` over `bytes`.
pub(super) fn holds(key: &PublicKey, bytes: &[u8], signature: &Signature) -> bool {
    sign(key, bytes) == *signature
}
