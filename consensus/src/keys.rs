//! Who said it: signing, verifying, and the proof in the type that verification happened.
//!
//! In: keys and statements. Out: [`Signed`] values, and [`Verified`] ones that only a [`Keyring`] makes.
//! Refuses to know: what a statement means; whether a signer may act at all is decided elsewhere.
//!
//! What is signed is always the BLAKE3 digest of the canonical encoding of `(scope, kind, statement)`: a signature made
//! for one network, epoch, layer, group or kind of statement is worthless in any other.

mod material;
mod ed25519;
mod symbolic;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, Digest, Epoch, GroupId, Layer, NetworkId, ReplicaId};

pub use material::{BadKey, Forged, Kind, PublicKey, Signature};

/// Where a statement is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The deployment.
    pub network: NetworkId,
    /// The generation of its committee.
    pub epoch: Epoch,
    /// The layer within it.
    pub layer: Layer,
    /// The group within the layer.
    pub group: GroupId,
}

impl Scope {
    /// The scope of a single-layer deployment in its first epoch.
    pub const fn new(network: NetworkId) -> Self {
        Self { network, epoch: Epoch::ZERO, layer: Layer::ZERO, group: GroupId::ZERO }
    }
}

/// The one who signs a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A member of the committee, whose key the keyring knows.
    Replica(ReplicaId),
    /// A client, whose key the statement carries.
    Client(PublicKey),
}

/// A value that can be signed: it names its kind and its author.
pub trait Statement: Serialize {
    /// The domain of the signature.
    const KIND: Kind;

    /// Whose signature it needs.
    fn author(&self) -> Author;

    /// Has `check` look at the signatures inside the statement.
    ///
    /// # Errors
    ///
    /// The first that does not hold.
    fn nested(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        let _ = check; // most statements contain none
        Ok(())
    }
}

/// A statement with a signature that nobody has checked yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signed<M> {
    /// What is stated.
    pub message: M,
    /// The author's signature over it.
    pub signature: Signature,
}

impl<M> std::ops::Deref for Signed<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.message
    }
}

/// A value in which every signature, nested ones included, has been checked by a [`Keyring`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verified<M>(M);

impl<M> Verified<M> {
    /// Takes the proof apart. What comes out may be stored and compared, not handed to a handler.
    pub fn into_inner(self) -> M {
        self.0
    }

    /// The parts of a checked value, each of them checked.
    pub(crate) fn split<T, I: Iterator<Item = T>>(
        self,
        parts: impl FnOnce(M) -> I,
    ) -> impl Iterator<Item = Verified<T>> {
        parts(self.0).map(Verified)
    }
}

impl<M> std::ops::Deref for Verified<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.0
    }
}

/// A value that knows every signature inside it.
pub trait Signatures {
    /// Has `check` look at each signature, nested ones included, and at each payload bound by a digest.
    ///
    /// # Errors
    ///
    /// The first thing that does not hold.
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged>;
}

impl<M: Statement> Signatures for Signed<M> {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        check.signed(self)
    }
}

impl<T: Signatures> Signatures for Arc<T> {
    fn visit(&self, check: &mut Check<'_>) -> Result<(), Forged> {
        self.as_ref().visit(check)
    }
}

/// The keys of a committee, and the only maker of [`Verified`] values.
#[derive(Clone, Debug)]
pub struct Keyring {
    scope: Scope,
    scheme: Scheme,
    clients: ClientAuthentication,
}

/// Whether requests and replies carry signatures. Without them a request is as good as the connection it came on: for
/// measuring what signatures cost, and for machines that nobody else reaches. All of a deployment choose alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuthentication {
    /// Every request and every reply is signed and checked.
    #[default]
    Signature,
    /// None is.
    None,
}

impl ClientAuthentication {
    /// Whether statements of this kind go without a signature.
    fn waives(self, kind: Kind) -> bool {
        self == Self::None && matches!(kind, Kind::Request | Kind::Read | Kind::Reply)
    }
}

/// Fewer signatures than this are checked one by one: measured, a batch of two costs as much.
const BATCH_MIN: usize = 3;

/// How signatures are checked.
#[derive(Clone, Debug)]
enum Scheme {
    /// Ed25519 after ZIP-215.
    Ed25519(ed25519::Ring),
    /// Tokens for models and simulations.
    Symbolic(Vec<PublicKey>),
}

impl Keyring {
    /// A keyring for Ed25519 keys; `replicas[i]` belongs to replica `i`.
    ///
    /// # Errors
    ///
    /// [`BadKey`] for bytes that are not a point.
    pub fn try_ed25519(scope: Scope, replicas: &[PublicKey]) -> Result<Self, BadKey> {
        let scheme = Scheme::Ed25519(ed25519::Ring::try_new(replicas)?);
        Ok(Self { scope, scheme, clients: ClientAuthentication::default() })
    }

    /// A keyring for symbolic keys, as [`Signer::symbolic`] makes them.
    pub fn symbolic(scope: Scope, replicas: Vec<PublicKey>) -> Self {
        Self { scope, scheme: Scheme::Symbolic(replicas), clients: ClientAuthentication::default() }
    }

    /// The same keyring, which asks of clients what `clients` says.
    #[must_use]
    pub fn with_clients(self, clients: ClientAuthentication) -> Self {
        Self { clients, ..self }
    }

    /// Whether requests have to be signed.
    pub fn checks_clients(&self) -> bool {
        self.clients == ClientAuthentication::Signature
    }

    /// The scope in which this keyring accepts signatures.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Checks every signature in `value`.
    ///
    /// # Errors
    ///
    /// [`Forged`] for the first that does not hold; the value is gone then.
    pub fn verify<M: Signatures>(&self, value: M) -> Result<Verified<M>, Forged> {
        self.verify_counted(value, &mut 0)
    }

    /// Like [`Keyring::verify`], adding the number of signatures looked at to `checks`.
    ///
    /// # Errors
    ///
    /// As [`Keyring::verify`].
    pub fn verify_counted<M: Signatures>(
        &self,
        value: M,
        checks: &mut u64,
    ) -> Result<Verified<M>, Forged> {
        let mut check = Check { keyring: self, count: checks, batch: None };
        value.visit(&mut check)?;
        Ok(Verified(value))
    }

    /// Checks every signature in many values, together where that is cheaper: Ed25519 signatures in one batch, and one
    /// by one only if the batch does not hold. The results are those of [`Keyring::verify_counted`], in order, each
    /// with the number of signatures looked at.
    pub fn verify_all<M: Signatures>(
        &self,
        values: Vec<M>,
    ) -> Vec<(Result<Verified<M>, Forged>, u64)> {
        if let Scheme::Ed25519(_) = self.scheme
            && let Some(counts) = self.hold_together(&values)
        {
            let sound = values.into_iter().zip(counts);
            return sound.map(|(value, count)| (Ok(Verified(value)), count)).collect();
        }
        let verify = |value| {
            let mut checks = 0;
            (self.verify_counted(value, &mut checks), checks)
        };
        values.into_iter().map(verify).collect()
    }

    /// The number of signatures in each value, if there are enough for a batch and all of them hold.
    fn hold_together<M: Signatures>(&self, values: &[M]) -> Option<Vec<u64>> {
        let mut batch = ed25519::Batch::new();
        let mut counts = Vec::with_capacity(values.len());
        for value in values {
            let mut count = 0;
            let mut check = Check { keyring: self, count: &mut count, batch: Some(&mut batch) };
            value.visit(&mut check).ok()?;
            counts.push(count);
        }
        let worthwhile = batch.len() >= BATCH_MIN || batch.len() == 0;
        (worthwhile && (batch.len() == 0 || batch.holds())).then_some(counts)
    }
}

/// One pass over the signatures of a value.
pub struct Check<'a> {
    keyring: &'a Keyring,
    count: &'a mut u64,
    /// Where signatures are gathered, to be checked together; none if each is checked at once.
    batch: Option<&'a mut ed25519::Batch>,
}

impl std::fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Check<'_> {
    /// Checks one signature, and those inside the statement.
    ///
    /// # Errors
    ///
    /// [`Forged::Stranger`] or [`Forged::Signature`].
    pub fn signed<M: Statement>(&mut self, signed: &Signed<M>) -> Result<(), Forged> {
        if self.keyring.clients.waives(M::KIND) {
            return signed.message.nested(self);
        }
        *self.count += 1;
        let bytes = signing_bytes(&self.keyring.scope, &signed.message);
        let author = signed.message.author();
        if let (Scheme::Ed25519(ring), Some(batch)) = (&self.keyring.scheme, &mut self.batch) {
            let key = match author {
                Author::Replica(id) => ring.key(id)?,
                Author::Client(key) => key,
            };
            batch.add(&key, &bytes, &signed.signature);
            return signed.message.nested(self);
        }
        let holds = match (&self.keyring.scheme, author) {
            (Scheme::Ed25519(ring), Author::Replica(id)) => {
                ring.replica(id, &bytes, &signed.signature)?
            }
            (Scheme::Ed25519(_), Author::Client(key)) => {
                ed25519::client(&key, &bytes, &signed.signature)
            }
            (Scheme::Symbolic(keys), Author::Replica(id)) => {
                let key = keys.get(usize::from(id.get())).ok_or(Forged::Stranger(id))?;
                symbolic::holds(key, &bytes, &signed.signature)
            }
            (Scheme::Symbolic(_), Author::Client(key)) => {
                symbolic::holds(&key, &bytes, &signed.signature)
            }
        };
        if holds { signed.message.nested(self) } else { Err(Forged::Signature { kind: M::KIND }) }
    }

    /// Checks that a payload hashes to the digest a signed statement names.
    ///
    /// # Errors
    ///
    /// [`Forged::Payload`].
    pub fn payload(&mut self, stated: Digest, got: Digest) -> Result<(), Forged> {
        if stated == got { Ok(()) } else { Err(Forged::Payload { stated, got }) }
    }
}

/// A key that signs in one scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signer {
    scope: Scope,
    secret: Secret,
}

/// The secret half of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Secret {
    /// Ed25519.
    Ed25519(Arc<ed25519::Secret>),
    /// A symbolic key is its own secret: a forgery is a token that nobody issued.
    Symbolic(PublicKey),
}

impl Signer {
    /// An Ed25519 key from its 32 secret bytes.
    pub fn ed25519(scope: Scope, seed: [u8; 32]) -> Self {
        Self { scope, secret: Secret::Ed25519(Arc::new(ed25519::Secret::new(seed))) }
    }

    /// The symbolic key with this name. For models, simulations and tests: it protects nothing.
    pub fn symbolic(scope: Scope, name: u64) -> Self {
        Self { scope, secret: Secret::Symbolic(symbolic::key(name)) }
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        match &self.secret {
            Secret::Ed25519(secret) => secret.public_key(),
            Secret::Symbolic(key) => *key,
        }
    }

    /// Who this is as a client: the fingerprint of the public half.
    pub fn client(&self) -> ClientId {
        match &self.secret {
            Secret::Ed25519(secret) => secret.client(),
            Secret::Symbolic(key) => key.client(),
        }
    }

    /// Signs a request or a reply, unless clients and replicas do without.
    pub fn sign_as<M: Statement>(&self, clients: ClientAuthentication, message: M) -> Signed<M> {
        if clients.waives(M::KIND) {
            return Signed { message, signature: Signature::NONE };
        }
        self.sign(message)
    }

    /// Signs `message`. The same message always gets the same signature.
    pub fn sign<M: Statement>(&self, message: M) -> Signed<M> {
        let bytes = signing_bytes(&self.scope, &message);
        let signature = match &self.secret {
            Secret::Ed25519(secret) => secret.sign(&bytes),
            Secret::Symbolic(key) => symbolic::sign(key, &bytes),
        };
        Signed { message, signature }
    }
}

/// The bytes under a signature: a digest, since Ed25519 reads what it signs twice and with a slower hash.
fn signing_bytes<M: Statement>(scope: &Scope, message: &M) -> [u8; 32] {
    *Digest::of("gridquorum signature", &(scope, M::KIND as u8, message)).bytes()
}

#[cfg(test)]
mod tests;
