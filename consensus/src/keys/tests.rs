//! A signature holds for exactly one author, scope, kind and statement.

use super::*;
use crate::ids::Timestamp;

/// A statement of a replica.
#[derive(Clone, Serialize)]
struct Note {
    from: ReplicaId,
    text: u64,
}

impl Statement for Note {
    const KIND: Kind = Kind::Status;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

/// The same bytes as a statement of another kind.
#[derive(Clone, Serialize)]
struct Vote {
    from: ReplicaId,
    text: u64,
}

impl Statement for Vote {
    const KIND: Kind = Kind::Commit;

    fn author(&self) -> Author {
        Author::Replica(self.from)
    }
}

fn scope(tag: u64) -> Scope {
    Scope::new(NetworkId::new(Digest::of("test", &tag)))
}

/// Both schemes, as (signers, keyring).
fn schemes() -> [(Vec<Signer>, Keyring); 2] {
    let real: Vec<_> = (0..4).map(|i| Signer::ed25519(scope(0), [i; 32])).collect();
    let symbolic: Vec<_> = (0..4).map(|i| Signer::symbolic(scope(0), i)).collect();
    let keys = |signers: &[Signer]| signers.iter().map(Signer::public_key).collect::<Vec<_>>();
    let ring = Keyring::try_ed25519(scope(0), &keys(&real)).expect("keys made from seeds");
    let tokens = Keyring::symbolic(scope(0), keys(&symbolic));
    [(real, ring), (symbolic, tokens)]
}

/// The owner's signature holds; another author, another text, another kind, a flipped bit do not.
#[test]
fn a_signature_holds_for_its_author_and_statement_only() {
    for (signers, ring) in schemes() {
        let from = ReplicaId::new(1);
        let good = signers[1].sign(Note { from, text: 7 });
        assert!(ring.verify(good.clone()).is_ok());

        let refused = Some(Forged::Signature { kind: Kind::Status });
        let other = Signed { message: Note { from: ReplicaId::new(2), text: 7 }, ..good.clone() };
        assert_eq!(ring.verify(other).err(), refused);
        let changed = Signed { message: Note { from, text: 8 }, ..good.clone() };
        assert_eq!(ring.verify(changed).err(), refused);
        let kind = Signed { message: Vote { from, text: 7 }, signature: good.signature };
        assert_eq!(ring.verify(kind).err(), Some(Forged::Signature { kind: Kind::Commit }));
        let mut halves = *good.signature.halves();
        halves[0][5] ^= 1;
        let flipped = Signed { message: good.message, signature: Signature::new(halves) };
        assert_eq!(ring.verify(flipped).err(), refused);
    }
}

/// Network, epoch, layer and group are all under the signature.
#[test]
fn a_signature_holds_in_its_scope_only() {
    let here = scope(0);
    let elsewhere = [
        scope(1),
        Scope { epoch: Epoch::new(1), ..here },
        Scope { layer: Layer::new(1), ..here },
        Scope { group: GroupId::new(1), ..here },
    ];
    for other in elsewhere {
        let signer = Signer::ed25519(other, [1; 32]);
        let keys = [signer.public_key()];
        let note = signer.sign(Note { from: ReplicaId::ZERO, text: 1 });
        let home = Keyring::try_ed25519(other, &keys).expect("a key made from a seed");
        assert!(home.verify(note.clone()).is_ok());
        let ring = Keyring::try_ed25519(here, &keys).expect("a key made from a seed");
        assert_eq!(ring.verify(note).err(), Some(Forged::Signature { kind: Kind::Status }));
    }
}

#[test]
fn a_stranger_is_named() {
    for (signers, ring) in schemes() {
        let from = ReplicaId::new(9);
        let note = signers[0].sign(Note { from, text: 0 });
        assert_eq!(ring.verify(note).err(), Some(Forged::Stranger(from)));
    }
}

#[test]
fn every_signature_is_counted() {
    let (signers, ring) = &schemes()[1];
    let mut checks = 0;
    for text in 0..5 {
        let note = signers[0].sign(Note { from: ReplicaId::ZERO, text });
        ring.verify_counted(note, &mut checks).expect("the owner signed it");
    }
    assert_eq!(checks, 5);
}

/// Two clients differ as soon as their keys differ, and a timestamp is no part of who they are.
#[test]
fn a_client_is_the_fingerprint_of_its_key() {
    let [a, b] = [1, 2].map(|name| Signer::symbolic(scope(0), name).public_key().client());
    assert_ne!(a, b);
    assert_eq!(a, Signer::symbolic(scope(9), 1).public_key().client());
    assert!(Timestamp::ZERO < Timestamp::ZERO.next());
}
