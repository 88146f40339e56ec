//! A signature holds for exactly one author, scope, kind and statement.

use std::convert::Infallible;

use ed25519_zebra::{VerificationKeyBytes, batch};
use rand_chacha::rand_core::{TryCryptoRng, TryRng};

use super::*;
use crate::ids::Timestamp;
use crate::request::Request;

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
        let mut halves = good.signature.halves().map(|half| *half);
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

/// Checked together or one by one: the same answers, for batches with none, some and all signatures spoilt, and for
/// batches too small to be checked together.
#[test]
fn together_and_one_by_one_give_the_same_answers() {
    let (mut refused, mut accepted) = (0, 0);
    for (signers, ring) in schemes() {
        for (size, every) in [(1, 1), (2, 2), (3, 9), (8, 3), (40, 41), (40, 7), (40, 1)] {
            let note = |index: u16| {
                let from = ReplicaId::new(index % 4);
                let text = u64::from(index);
                let mut note = signers[usize::from(index % 4)].sign(Note { from, text });
                note.message.text += u64::from(index % every == every - 1);
                note
            };
            let notes: Vec<_> = (0..size).map(note).collect();
            let single = |note: &Signed<Note>| ring.verify(note.clone());
            let singles: Vec<_> = notes.iter().map(single).collect();
            let together = ring.verify_all(notes);
            assert!(together.iter().all(|(_, checks)| *checks == 1));
            let together: Vec<_> = together.into_iter().map(|(result, _)| result.is_ok()).collect();
            let singles: Vec<_> = singles.into_iter().map(|result| result.is_ok()).collect();
            assert_eq!(together, singles);
            refused += singles.iter().filter(|good| !**good).count();
            accepted += singles.iter().filter(|good| **good).count();
        }
    }
    assert!(refused > 50 && accepted > 50, "{refused} refused, {accepted} accepted");
}

/// Coefficients that are all equal.
struct Constant;

impl TryRng for Constant {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(1)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(1)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(1);
        Ok(())
    }
}

impl TryCryptoRng for Constant {}

/// Two signatures of one key, s + 1 in one and s - 1 in the other. The batch equation is the sum over i of
/// z_i (s_i B - R_i - k_i A), so with equal z the two errors cancel and forgeries pass: shown here with such
/// coefficients. With those of the shipped batch they do not.
#[test]
fn errors_that_cancel_do_not_pass_a_batch() {
    let signer = Signer::ed25519(scope(0), [7; 32]);
    let key = signer.public_key();
    let signed = |text: u64| {
        let Secret::Ed25519(secret) = &signer.secret else { panic!("an Ed25519 key") };
        let bytes = text.to_le_bytes();
        (bytes, secret.sign(&bytes).halves().map(|half| *half))
    };
    // Neither sum nor difference carries beyond the lowest byte.
    let mut pair = (0..).map(signed).filter(|(_, [_, s])| (1..255).contains(&s[0]));
    let mut pair = [pair.next().expect("most are"), pair.next().expect("most are")];
    let batches = |pair: &[([u8; 8], [[u8; 32]; 2])]| {
        let (mut equal, mut shipped) = (batch::Verifier::new(), ed25519::Batch::new());
        for (bytes, [r, s]) in pair {
            let signature = ed25519_zebra::Signature::from_components(*r, *s);
            equal.queue((VerificationKeyBytes::from(*key.bytes()), signature, bytes));
            shipped.add(&key, bytes, &Signature::new([*r, *s]));
        }
        (equal.verify(Constant).is_ok(), shipped.holds())
    };
    assert_eq!(batches(&pair), (true, true));
    pair[0].1[1][0] += 1;
    pair[1].1[1][0] -= 1;
    for (bytes, halves) in &pair {
        assert!(!ed25519::client(&key, bytes, &Signature::new(*halves)));
    }
    assert_eq!(batches(&pair), (true, false), "cancelled, refused");
}

/// Where clients do without signatures, requests and replies pass with anything in their place; votes do not.
#[test]
fn only_clients_can_do_without_signatures() {
    for (signers, ring) in schemes() {
        let ring = ring.with_clients(ClientAuthentication::None);
        let from = ReplicaId::new(1);
        let request = Request::new(signers[0].public_key(), Timestamp::ZERO, vec![1]);
        let unsigned = signers[0].sign_as(ClientAuthentication::None, request.clone());
        assert_ne!(unsigned, signers[0].sign(request));
        let mut checks = 0;
        assert!(ring.verify_counted(unsigned, &mut checks).is_ok());
        assert_eq!(checks, 0);
        let vote = signers[0].sign_as(ClientAuthentication::None, Vote { from, text: 1 });
        assert!(ring.verify(vote).is_err(), "signed by another replica");
        let vote = signers[1].sign_as(ClientAuthentication::None, Vote { from, text: 1 });
        assert!(ring.verify(vote).is_ok());
    }
}
