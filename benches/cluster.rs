//! A whole cluster: four replicas and a client in this process, TLS on loopback. Says how long one client waits for
//! one command, end to end.
//!
//! Authenticated: every request, vote and reply, with Ed25519, by every receiver; links by TLS. Durable: every promise,
//! synced to the disk behind the temporary folder. Machine, commit and command stand in `benches/README.md`.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

use benches::deployment::Deployment;
use criterion::{Criterion, criterion_group, criterion_main};

fn commit(c: &mut Criterion) {
    let mut deployment = Deployment::start(4).expect("this machine can run four replicas");
    deployment.register().expect("the cluster answers");
    let mut group = c.benchmark_group("cluster/commit");
    group.sample_size(20);
    group.bench_function("n=4 batch=1 signed=yes durable=yes", |b| {
        b.iter(|| deployment.register().expect("the cluster answers"));
    });
    group.finish();
}

criterion_group!(benches, commit);
criterion_main!(benches);
