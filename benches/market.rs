//! One slot: clearing a book, pricing a region, settling its members. Says how much of a 900-second slot the market
//! needs.
//!
//! Authenticated: nothing. Durable: nothing. Machine, commit and command stand in `benches/README.md`.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

use std::collections::BTreeMap;
use std::hint::black_box;

use benches::workload::book;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use market::{
    Clearing, Energy, Kappa, Mechanism, Meter, Metered, Money, Order, ParticipantId, Position,
    RegionTotals, Seed, Terms, clear,
};

fn clearing(c: &mut Criterion) {
    let mut group = c.benchmark_group("market/clear/uniform");
    for orders in [100, 100_000, 1_000_000] {
        let (book, seed) = (book(orders, 1), Seed::new([1; 32]));
        group.throughput(Throughput::Elements(u64::from(orders)));
        if orders > 1_000 {
            group.sample_size(10);
        }
        group.bench_function(format!("orders={orders}"), |b| {
            b.iter(|| clear(black_box(&book), Kappa::HALF, &seed));
        });
    }
    group.finish();
}

/// Every other rule over a million orders, and the matched pairs of each.
fn rules(c: &mut Criterion) {
    const ORDERS: u32 = 1_000_000;
    let seed = Seed::new([1; 32]);
    let unlike = book(ORDERS, 1);
    let like: Vec<_> =
        unlike.iter().map(|order| Order { quantity: Energy::from_wh(1_000), ..*order }).collect();
    let rules = [
        ("uniform", Mechanism::Uniform { kappa: Kappa::HALF }, &unlike),
        ("mcafee", Mechanism::McAfee, &like),
        ("huang", Mechanism::Huang, &unlike),
        ("muda", Mechanism::Muda, &unlike),
        ("pay-as-bid", Mechanism::PayAsBid, &unlike),
    ];
    for (name, rule, orders) in rules {
        let clear = || rule.clear(black_box(orders), &seed).expect("a good book");
        let told = |clearing: Clearing| (clearing.trades(orders).len(), clearing);
        let mut group = c.benchmark_group(format!("market/clear/{name}"));
        group.throughput(Throughput::Elements(u64::from(ORDERS))).sample_size(10);
        if name != "uniform" {
            group.bench_function(format!("orders={ORDERS}"), |b| b.iter(clear));
        }
        group.bench_function(format!("orders={ORDERS} with pairs"), |b| b.iter(|| told(clear())));
        group.finish();
    }
}

fn pricing(c: &mut Criterion) {
    let rule = community::terms::rule();
    let tariff = community::terms::tariff();
    let (production, consumption) = (Energy::from_wh(12_345), Energy::from_wh(9_876));
    let totals = RegionTotals::try_new(production, consumption).expect("small sums");
    c.bench_function("market/price/nrgx-safe", |b| {
        b.iter(|| rule.prices(black_box(&totals), &tariff));
    });
}

fn settlement(c: &mut Criterion) {
    const HOMES: u32 = 10_000;
    let orders = book(HOMES, 2);
    let clearing = clear(&orders, Kappa::HALF, &Seed::new([1; 32])).expect("a good book");
    let contracts = clearing.contracts(&orders).expect("a good book");
    let contracts: BTreeMap<_, _> =
        contracts.iter().map(|contract| (contract.participant, contract)).collect();
    let position = |home: u32| {
        let wh = |factor: u32| Energy::from_wh(i64::from(home * factor % 700));
        let id = ParticipantId::new(home);
        let contract = contracts.get(&id);
        Position {
            participant: id,
            contracted: contract.map_or(Energy::ZERO, |contract| contract.energy),
            contract_amount: contract.map_or(Money::ZERO, |contract| contract.amount),
            meter: Meter::Read(Metered::try_new(wh(7), wh(3)).expect("not negative")),
        }
    };
    let positions: Vec<_> = (0..HOMES).map(position).collect();
    let tariff = community::terms::tariff();
    let totals = market::totals(&positions).expect("small sums");
    let region = community::terms::rule().prices(&totals, &tariff);
    let surplus = clearing.surplus().expect("a good book");
    let terms = Terms { surplus, region, tariff };
    let mut group = c.benchmark_group("market/settle");
    group.throughput(Throughput::Elements(u64::from(HOMES)));
    group.bench_function(format!("homes={HOMES}"), |b| {
        b.iter(|| market::settle(black_box(&positions), &terms));
    });
    group.finish();
}

criterion_group!(benches, clearing, rules, pricing, settlement);
criterion_main!(benches);
