//! Ties are broken with the root at the close of the slot before: known when the orders are made,
//! but no order changes its author's lot.

use ledger::{Fact, Hash, Ledger, Receipt};
use market::{Kappa, Order, Outcome, Seed, Side};

use crate::region::{
    apply, close_gate, close_slot, ledger, open, order, reading, register, submit,
};

/// Seven bids for 1 Wh each and one offer of 3 Wh: three members win, by lot.
fn tied(slot: u32) -> Vec<crate::region::Sent> {
    let bids = (1..=7).map(|number| order(number, slot, Side::Bid, 200_000, 1));
    bids.chain([order(8, slot, Side::Offer, 100_000, 3)]).collect()
}

/// What the gate made of the orders, and what the auction makes of them with `seed`.
fn outcomes(ledger: &mut Ledger, slot: u32, seed: Hash) -> (Vec<Outcome>, Vec<Outcome>) {
    let ordered: Vec<(Order, Outcome)> = apply(ledger, &[close_gate(slot)])
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Ordered { order, outcome, .. } => Some((*order, *outcome)),
            _ => None,
        })
        .collect();
    let (orders, got): (Vec<Order>, Vec<Outcome>) = ordered.into_iter().unzip();
    let cleared = market::clear(&orders, Kappa::HALF, &Seed::new(*seed.bytes()));
    (got, cleared.expect("a small book").outcomes)
}

/// For slot 0 the seed is the root that the opening left; for later slots the one that the close
/// before left and its receipt names; commands in between do not change it. The lots differ
/// between slots.
#[test]
fn the_seed_is_the_root_at_the_close_before() {
    let mut ledger = ledger();
    let enrolment: Vec<_> = (1..=8).map(|number| register(number, 1_000)).collect();
    apply(&mut ledger, &enrolment);
    apply(&mut ledger, &[open()]);
    let mut seed = ledger.root();
    let mut drawn = Vec::new();
    for slot in 0..6 {
        // A registration and refused commands may come first, and in any batch.
        apply(&mut ledger, &[close_slot(slot), register(20 + slot, 0)]);
        apply(&mut ledger, &tied(slot));
        assert_ne!(ledger.root(), seed);
        let (got, expected) = outcomes(&mut ledger, slot, seed);
        assert_eq!(got, expected, "slot {slot}");
        assert_eq!(got.iter().filter(|it| matches!(it, Outcome::Filled)).count(), 4);
        drawn.push(got);
        apply(&mut ledger, &[reading(1, slot, 5, 0)]);
        let Receipt::SlotClosed(summary) = submit(&mut ledger, &close_slot(slot)) else {
            panic!("the slot closes");
        };
        assert_eq!(summary.root, ledger.root());
        seed = summary.root;
    }
    drawn.sort_by_key(|outcomes| format!("{outcomes:?}"));
    drawn.dedup();
    assert!(drawn.len() > 1, "six lotteries of 3 in 7 are not all alike");
}

/// A gate that closes at once after a close uses the same root, though nothing wrote it down yet.
#[test]
fn a_gate_that_closes_at_once_has_its_seed() {
    let mut ledger = ledger();
    apply(&mut ledger, &[register(1, 0), open()]);
    for slot in 0..3 {
        let receipts = apply(&mut ledger, &[close_gate(slot), close_slot(slot)]).receipts;
        assert!(receipts.iter().all(Receipt::is_accepted), "{receipts:?}");
    }
}
