//! Auctions under test: what a rule says of itself, and whether it is so.
//!
//! In: a rule behind [`Auction`]. Out: for each invariant how often it was checked and the first
//! book that breaks it, made short. Refuses to know: how a rule computes. Energy, money, gain and
//! totals are added up again here from what the rule says it did.

mod rule;
mod demand;
mod shipped;

use std::collections::BTreeMap;

use super::book::Book;
use super::claim::{Column, Verdict, table};
use super::draw::Draw;
use crate::invariant::Invariant;
use crate::matching::Mechanism;
use crate::order::Order;

pub use rule::{Auction, Cleared};
pub use shipped::shipped;

/// Runs `rule` over `cases` books that `seed` draws.
pub fn examine(rule: &impl Auction, cases: u32, seed: u64) -> BTreeMap<Invariant, Verdict> {
    let mut draw = Draw::new(seed);
    let mut verdicts: BTreeMap<Invariant, Verdict> = BTreeMap::new();
    for _ in 0..cases {
        let book = Book::draw(&mut draw, rule.wants_one_quantity());
        for invariant in Invariant::ALL {
            let verdict = verdicts.entry(invariant).or_default();
            let stream = draw.bits();
            let Some(checked) = demand::check(rule, invariant, &book, stream) else { continue };
            verdict.checked += 1;
            if checked.is_err() && verdict.broken.is_none() {
                verdict.broken = Some(shortened(rule, invariant, &book, stream));
            }
        }
    }
    verdicts
}

/// The case made short: orders are left out for as long as the invariant stays broken.
fn shortened(rule: &impl Auction, invariant: Invariant, book: &Book, stream: u64) -> String {
    let why = |book: &Book| demand::check(rule, invariant, book, stream).and_then(Result::err);
    let mut short = book.clone();
    let mut at = 0;
    while at < short.orders.len() {
        let mut fewer = short.clone();
        fewer.orders.remove(at);
        if why(&fewer).is_some() {
            short = fewer;
        } else {
            at += 1;
        }
    }
    let row = |order: &Order| {
        let (price, quantity) = (order.price.micro_per_kwh(), order.quantity.wh());
        format!("{} {:?} {quantity} Wh @ {price}", order.id, order.side)
    };
    let rows: Vec<String> = short.orders.iter().map(row).collect();
    let why = why(&short).unwrap_or_default();
    format!("{why}; orders {}; seed {:?}", rows.join(", "), short.seed.get())
}

/// The table of [`shipped`] auctions.
pub fn shipped_table() -> String {
    let column = |rule: &Mechanism| Column::new(rule.name(), |invariant| rule.claim(invariant));
    table(&shipped().iter().map(column).collect::<Vec<_>>())
}
