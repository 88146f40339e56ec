//! Scores: folding a settled slot into a history, and assessing it with reasons. Says what a whole region's scores
//! cost at the close of a slot.
//!
//! Authenticated: nothing. Durable: nothing. Machine, commit and command stand in `benches/README.md`.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

use std::hint::black_box;

use credit::{Entry, History, Payment, ScoreRule};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use market::{Energy, Money, Slot};

fn entry(slot: u32) -> Entry {
    let wh = |value: u32| Energy::from_wh(i64::from(value));
    Entry {
        slot: Slot::new(slot),
        bill: Money::from_nano(-30_000_000),
        payment: Payment::OnTime,
        contracted: wh(400),
        deviation: wh(slot % 90),
        missing: false,
        import: wh(500),
        local_solar: wh(slot % 500),
    }
}

fn history() -> History {
    let mut history = History::default();
    for slot in 0..96 {
        history.fold(entry(slot)).expect("slots in order");
    }
    history
}

fn credit(c: &mut Criterion) {
    let history = history();
    c.bench_function("credit/fold", |b| {
        b.iter_batched_ref(
            || history.clone(),
            |history| history.fold(black_box(entry(96))),
            BatchSize::SmallInput,
        );
    });
    c.bench_function("credit/assess", |b| b.iter(|| ScoreRule::V1.assess(black_box(&history))));
}

criterion_group!(benches, credit);
criterion_main!(benches);
