//! Ed25519 with the acceptance rule of ZIP-215: single and batch verification accept the same set, so
//! replicas that check in different ways still agree about every signature.
//!
//! In: 32-byte keys, bytes, signatures. Out: yes or no. Refuses to know: what the bytes say.

use ed25519_zebra::{SigningKey, VerificationKey, VerificationKeyBytes, batch};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::material::{BadKey, Forged, PublicKey, Signature};
use crate::ids::{ClientId, ReplicaId};

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

    pub(super) fn key(&self, id: ReplicaId) -> Result<PublicKey, Forged> {
        let key = self.0.get(usize::from(id.get())).ok_or(Forged::Stranger(id))?;
        Ok(PublicKey::new((*key).into()))
    }
}

/// Signatures that are checked together, for about half of what they cost one by one.
///
/// The coefficients of the batch equation have to be beyond the reach of whoever makes the signatures. They come from a
/// hash of everything that is checked, as in a Fiat-Shamir proof, so that no randomness is needed and the same batch
/// always gets the same answer.
pub(super) struct Batch {
    verifier: batch::Verifier,
    seed: blake3::Hasher,
    length: usize,
}

impl Batch {
    pub(super) fn new() -> Self {
        let seed = blake3::Hasher::new_derive_key("gridquorum 2026 signature batch coefficients");
        Self { verifier: batch::Verifier::new(), seed, length: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn add(&mut self, key: &PublicKey, bytes: &[u8], signature: &Signature) {
        let [r, s] = signature.halves();
        self.seed.update(key.bytes()).update(r).update(s);
        self.seed.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        let key = VerificationKeyBytes::from(*key.bytes());
        self.verifier.queue((key, ed25519_zebra::Signature::from_components(*r, *s), bytes));
        self.length += 1;
    }

    /// Whether all of them hold.
    pub(super) fn holds(self) -> bool {
        let coefficients = ChaCha8Rng::from_seed(*self.seed.finalize().as_bytes());
        self.verifier.verify(coefficients).is_ok()
    }
}

/// Checks a client's signature against the key that came with it.
pub(super) fn client(key: &PublicKey, bytes: &[u8], signature: &Signature) -> bool {
    VerificationKey::try_from(*key.bytes()).is_ok_and(|key| holds(&key, bytes, signature))
}

fn holds(key: &VerificationKey, bytes: &[u8], signature: &Signature) -> bool {
    let [r, s] = signature.halves();
    key.verify(&ed25519_zebra::Signature::from_components(*r, *s), bytes).is_ok()
}

/// A secret key. Prints and hashes as its public half.
#[derive(Clone, Copy)]
pub(super) struct Secret {
    key: SigningKey,
    public: PublicKey,
    client: ClientId,
}

impl Secret {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        let public = PublicKey::new(key.verification_key().into());
        Self { key, public, client: public.client() }
    }

    pub(super) fn public_key(&self) -> PublicKey {
        self.public
    }

    pub(super) fn client(&self) -> ClientId {
        self.client
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
