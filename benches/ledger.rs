//! The ledger: applying ordered commands, with the state root after each batch. Says how many commands per second one
//! replica can execute on one core, and what a slot costs when its gate and the slot itself close.
//!
//! Authenticated: nothing, signatures are checked before a ledger sees a command; what is checked is that a reading is
//! the one its commitment covers. Durable: nothing. Closing includes the checks of all invariants, as a running ledger
//! makes them. Machine, commit and command stand in `benches/README.md`.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

use std::hint::black_box;

use benches::workload::{Sent, entries, ledger, measured, operates, orders, readings};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ledger::{Applied, Entry, Hash, Ledger, MeterId, Receipt, slot_market};
use market::Slot;

const MEMBERS: u32 = 1_000;

/// Applies `entries` in batches and makes a block of each.
fn blocks(ledger: &mut Ledger, entries: &[Entry<'_>], batch: usize) {
    for chunk in entries.chunks(batch) {
        ledger.apply(chunk);
        ledger.commit(ledger.head().position + 1, Hash::ZERO);
    }
}

/// Applies all as one batch; they must be accepted.
fn accepted(ledger: &mut Ledger, sent: &[Sent]) -> Applied {
    let applied = ledger.apply(&entries(sent));
    assert!(applied.receipts.iter().all(Receipt::is_accepted), "{:?}", applied.receipts);
    applied
}

/// A ledger with an order of every member.
fn ordered() -> Ledger {
    let mut ledger = ledger(MEMBERS);
    accepted(&mut ledger, &orders(MEMBERS, 3));
    ledger
}

/// A ledger whose gate is closed, with trades.
fn traded() -> Ledger {
    let mut ledger = ordered();
    let gate = accepted(&mut ledger, &[close_gate()]);
    let traded = |receipt: &Receipt| matches!(receipt, Receipt::GateClosed(gate) if gate.volume.is_positive());
    assert!(gate.receipts.iter().all(traded), "the book crosses");
    ledger
}

fn close_gate() -> Sent {
    operates(slot_market::Command::CloseGate { slot: Slot::ZERO })
}

/// Applies `sent` in batches of three sizes to clones of `start`.
fn in_batches(c: &mut Criterion, name: &str, start: &Ledger, sent: &[Sent]) {
    let entries = entries(sent);
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(u64::from(MEMBERS)));
    for batch in [1, 64, 512] {
        group.bench_function(format!("members={MEMBERS} batch={batch}"), |b| {
            b.iter_batched_ref(
                || start.clone(),
                |ledger| blocks(ledger, &entries, batch),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn placing(c: &mut Criterion) {
    in_batches(c, "ledger/apply/orders", &ledger(MEMBERS), &orders(MEMBERS, 3));
}

/// Readings with their private parts: each commitment is computed anew and its leaf is hashed.
fn reading(c: &mut Criterion) {
    in_batches(c, "ledger/apply/readings", &traded(), &readings(MEMBERS));
    let (meter, reading) = (MeterId::new(7), measured(7, Slot::ZERO));
    c.bench_function("ledger/reading/commitment", |b| {
        b.iter(|| black_box(&reading).commitment(meter, Slot::ZERO));
    });
}

/// The gate of a slot with an order of every member: invariants, the auction, an outcome per order, contracts.
fn closing_the_gate(c: &mut Criterion) {
    once(c, "gate", &ordered(), &close_gate());
}

/// A slot with contracts, a reading of every member and deviations from nearly all contracts: invariants, settlement,
/// a bill and a score per member, the root.
fn closing_the_slot(c: &mut Criterion) {
    let mut ledger = traded();
    accepted(&mut ledger, &readings(MEMBERS));
    once(c, "close", &ledger, &operates(slot_market::Command::CloseSlot { slot: Slot::ZERO }));
}

/// Applies one command to clones of `start`.
fn once(c: &mut Criterion, name: &str, start: &Ledger, sent: &Sent) {
    accepted(&mut start.clone(), std::slice::from_ref(sent));
    let entries = entries(std::slice::from_ref(sent));
    c.bench_function(&format!("ledger/{name}/members={MEMBERS}"), |b| {
        b.iter_batched_ref(
            || start.clone(),
            |ledger| ledger.apply(&entries),
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, placing, reading, closing_the_gate, closing_the_slot);
criterion_main!(benches);
