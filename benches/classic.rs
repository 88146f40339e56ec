//! The protocol alone: a cluster of shipped replicas in one thread, symbolic keys, no disk, no network. Says what
//! the state machine itself costs per decision, all replicas together.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

use std::time::Duration;

use consensus::classic::message::Message;
use consensus::classic::{Config, Replica};
use consensus::ids::{Digest, ReplicaId};
use consensus::keys::Signer;
use consensus::sim::Cluster;
use consensus::sim::journal::Journal;
use consensus::sim::setup::Setup;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn cluster(replicas: usize, clients: usize, requests: u32) -> Cluster<Replica, Journal> {
    let setup = Setup { clients, requests, ..Setup::calm(replicas) };
    let config = |setup: &Setup, id: ReplicaId, signer: Signer, genesis: Digest| Config {
        id,
        committee: setup.committee,
        limits: setup.limits.clone(),
        signer,
        genesis,
    };
    Cluster::new(setup, 1, Journal::default(), config, Message::name)
}

/// One client sends one request after the other: every decision holds one.
fn one_by_one(c: &mut Criterion) {
    const REQUESTS: u32 = 50;
    let mut group = c.benchmark_group("classic/commit");
    group.throughput(Throughput::Elements(u64::from(REQUESTS)));
    for replicas in [4, 7, 16] {
        group.bench_function(format!("n={replicas} batch=1"), |b| {
            b.iter_batched(
                || cluster(replicas, 1, REQUESTS),
                |mut cluster| assert!(cluster.run(Duration::from_secs(600))),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Many clients at once: requests gather into batches.
fn batched(c: &mut Criterion) {
    const CLIENTS: usize = 256;
    let mut group = c.benchmark_group("classic/commit");
    group.throughput(Throughput::Elements(CLIENTS as u64));
    group.bench_function(format!("n=4 clients={CLIENTS}"), |b| {
        b.iter_batched(
            || cluster(4, CLIENTS, 1),
            |mut cluster| assert!(cluster.run(Duration::from_secs(600))),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, one_by_one, batched);
criterion_main!(benches);
