//! The ledger: applying ordered commands, with the state root after each batch; no signatures, no disk. Says how
//! many commands per second one replica can execute on one core.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

use benches::workload::{ledger, operator, orders};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ledger::{Command, Entry, Hash, Ledger, slot_market};
use market::Slot;

const MEMBERS: u32 = 1_000;

fn apply(ledger: &mut Ledger, commands: &[(ledger::Author, Vec<u8>)], batch: usize) {
    for (position, chunk) in (2..).zip(commands.chunks(batch)) {
        let entries: Vec<_> = chunk
            .iter()
            .map(|(author, command)| Entry { author: *author, command, private: &[] })
            .collect();
        ledger.apply(&entries);
        ledger.commit(position, Hash::ZERO);
    }
}

fn placing(c: &mut Criterion) {
    let (start, commands) = (ledger(MEMBERS), orders(MEMBERS, 3));
    let mut group = c.benchmark_group("ledger/apply/orders");
    group.throughput(Throughput::Elements(u64::from(MEMBERS)));
    for batch in [1, 64, 512] {
        group.bench_function(format!("members={MEMBERS} batch={batch}"), |b| {
            b.iter_batched(
                || start.clone(),
                |mut ledger| apply(&mut ledger, &commands, batch),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn closing(c: &mut Criterion) {
    let mut open = ledger(MEMBERS);
    apply(&mut open, &orders(MEMBERS, 3), 512);
    let slot = Slot::ZERO;
    let close =
        [slot_market::Command::CloseGate { slot }, slot_market::Command::CloseSlot { slot }]
            .map(|command| (operator(), Command::SlotMarket(command).encode()));
    c.bench_function(&format!("ledger/close/members={MEMBERS}"), |b| {
        b.iter_batched(
            || open.clone(),
            |mut ledger| {
                let entries: Vec<_> = close
                    .iter()
                    .map(|(author, command)| Entry { author: *author, command, private: &[] })
                    .collect();
                ledger.apply(&entries)
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, placing, closing);
criterion_main!(benches);
