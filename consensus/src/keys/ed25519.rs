//! Ed25519 with the acceptance rule of ZIP-215: single and batch verification accept the same set, so
//! replicas that check in different ways still agree about every signature.
//!
//! In: 32-byte keys, bytes, signatures. Out: yes or no. Refuses to know: what the bytes say.

use ed25519_zebra::{SigningKey, VerificationKey};

use super::material::{BadKey, Forged, PublicKey, Signature};
use crate::ids::ReplicaId;

/// The committee's keys, unpacked once.
#[derive(Clone, Debug)]
pub(super) struct Ring(Vec<VerificationKey>);

impl Ring {
    pub(super) fn try_new(replicas: &[PublicKey]) -> Result<Self, BadKey> {
        let unpack = |(index, key): (usize, &PublicKey)| {
            let replica = ReplicaId::new(u16::try_from(index).unwrap_or(u16::MAX));
            VerificationKey::try_from(*key.bytes()).map_err(|_| BadKey { replica })
        };
        replicas.iter().enumerate().map(unpack).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn replica(
        &self,
        id: ReplicaId,
        bytes: &[u8],
        signature: &Signature,
    ) -> Result<bool, Forged> {
        let key = self.0.get(usize::from(id.get())).ok_or(Forged::Stranger(id))?;
        Ok(holds(key, bytes, signature))
    }
}

/// Checks a client's signature against the key that came with it.
pub(super) fn client(key: &PublicKey, bytes: &[u8], signature: &Signature) -> bool {
    VerificationKey::try_from(*key.bytes()).is_ok_and(|key| holds(&key, bytes, signature))
}

fn holds(key: &VerificationKey, bytes: &[u8], signature: &Signature) -> bool {
    let [r, s] = *signature.halves();
    key.verify(&ed25519_zebra::Signature::from_components(r, s), bytes).is_ok()
}

/// A secret key. Prints and hashes as its public half.
#[derive(Clone, Copy)]
pub(super) struct Secret {
    key: SigningKey,
    public: PublicKey,
}

impl Secret {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        Self { key, public: PublicKey::new(key.verification_key().into()) }
    }

    pub(super) fn public_key(&self) -> PublicKey {
        self.public
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Signature {
        let signature = self.key.sign(bytes);
        Signature::new([*signature.r_bytes(), *signature.s_bytes()])
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret(of {:?})", self.public)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.public == other.public
    }
}

impl Eq for Secret {}

impl std::hash::Hash for Secret {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.public.hash(state);
    }
}
