//! The wire format: what encoding, decoding and hashing a message costs. Says what a faster codec could gain at
//! most.
//!
//! Authenticated: nothing, but for `codec/verify` and `codec/sign`, which are one Ed25519 check and one Ed25519
//! signature. Durable: nothing. Machine, commit and command stand in `benches/README.md`.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

use std::hint::black_box;
use std::sync::Arc;

use benches::workload::{proposal, scope, submissions};
use consensus::certificate::Commit;
use consensus::classic::message::{Message, Propose};
use consensus::classic::prepared::PrePrepare;
use consensus::ids::{Digest, ReplicaId, SeqNum, View};
use consensus::keys::{Keyring, Signer};
use consensus::limits::Limits;
use consensus::request::{Batch, EncodedBatch};
use consensus::wire::{decode, encode};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn commit() -> Message {
    let (view, seq, digest) = (View::ZERO, SeqNum::new(7), Digest::of("bench", &7));
    let vote = Commit { view, seq, digest, from: ReplicaId::ZERO };
    Message::Commit(Signer::ed25519(scope(), [1; 32]).sign(vote))
}

fn propose(requests: u16) -> Message {
    let proposal = proposal(requests, 64);
    let digest = proposal.batch.digest();
    let (view, seq, from) = (View::ZERO, SeqNum::new(7), ReplicaId::ZERO);
    let pre_prepare =
        Signer::ed25519(scope(), [1; 32]).sign(PrePrepare { view, seq, digest, from });
    Message::Propose(Propose { pre_prepare, proposal: Arc::new(proposal) })
}

fn codec(c: &mut Criterion) {
    for (name, message) in [("commit", commit()), ("pre-prepare batch=256", propose(256))] {
        let bytes = encode(&message);
        c.bench_function(&format!("codec/encode/{name}"), |b| {
            b.iter(|| encode(black_box(&message)))
        });
        c.bench_function(&format!("codec/decode/{name}"), |b| {
            b.iter(|| decode::<Message>(black_box(&bytes), Limits::MESSAGE_BYTES));
        });
    }
    let batch: Batch = (*proposal(256, 64).batch).clone();
    c.bench_function("codec/digest/batch=256", |b| {
        let make = |batch| EncodedBatch::from(batch).digest();
        b.iter_batched(|| batch.clone(), make, BatchSize::SmallInput);
    });
}

fn signatures(c: &mut Criterion) {
    let signer = Signer::ed25519(scope(), [1; 32]);
    let ring = Keyring::try_ed25519(scope(), &[signer.public_key()]).expect("a key from a seed");
    let message = commit();
    c.bench_function("codec/verify/commit", |b| {
        b.iter_batched(|| message.clone(), |message| ring.verify(message), BatchSize::SmallInput);
    });
    let submission = submissions(1, 64).remove(0);
    c.bench_function("codec/sign/request", |b| {
        b.iter(|| signer.sign(black_box(submission.request.message.clone())));
    });
}

criterion_group!(benches, codec, signatures);
criterion_main!(benches);
