//! Auctions: the uniform one against an oracle, its invariants on drawn books, and books worked by hand
//! for every rule.

mod by_hand;
mod invariants;
mod truthful;
mod continuous;
mod amounts;

use std::collections::BTreeMap;

use market::matching::naive;
use market::{Clearing, Kappa, Order, OrderId, Outcome, Price, Rejection, clear};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::books::{SEED, books, seeds};

/// Fill of every order in Wh.
fn fills(orders: &[Order], clearing: &Clearing) -> BTreeMap<OrderId, i64> {
    let rows = orders.iter().zip(&clearing.outcomes);
    rows.map(|(order, outcome)| (order.id, outcome.filled(order.quantity).wh())).collect()
}

/// Clears a valid book in the default way.
fn cleared(orders: &[Order]) -> Clearing {
    clear(orders, Kappa::HALF, &SEED).expect("a valid book")
}

fn agrees(orders: &[Order], kappa: u64, seed: &market::Seed) -> Result<(), TestCaseError> {
    let kappa = Kappa::try_new(kappa, 4).expect("a quotient in [0, 1]");
    let clearing = clear(orders, kappa, seed).expect("a valid book");
    let expected = naive::uniform(orders, kappa, seed);
    prop_assert_eq!(clearing.price().map(Price::micro_per_kwh), expected.price);
    prop_assert_eq!(clearing.volume.wh(), expected.volume);
    let mut got = fills(orders, &clearing);
    got.retain(|_, fill| *fill > 0);
    prop_assert_eq!(got, expected.fills);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    /// Price, volume and every single fill are those of the brute-force auction.
    #[test]
    fn agrees_with_brute_force(orders in books(40), seed in seeds(), kappa in 0..=4_u64) {
        agrees(&orders, kappa, &seed)?;
    }
}

proptest! {
    /// The same for books that need more buckets than the smallest histogram has.
    #[test]
    fn agrees_with_brute_force_on_larger_books(orders in books(300), seed in seeds()) {
        agrees(&orders, 2, &seed)?;
    }
}

/// What a drawn book shows of the rules; the properties above mean little for books that never get
/// there.
#[derive(Debug, Default)]
struct Reached {
    empty: u32,
    one_sided: u32,
    not_crossing: u32,
    traded: u32,
    price_below_zero: u32,
    rationed_to_a_part: u32,
    rationed_to_nothing: u32,
    good_price_but_excluded: u32,
    several_orders_of_one_claim: u32,
    rounded_price: u32,
}

impl Reached {
    fn count(&mut self, orders: &[Order], clearing: &Clearing) {
        let reasons = |wanted| {
            let rejected = Outcome::Rejected { reason: wanted };
            clearing.outcomes.contains(&rejected)
        };
        let traded = clearing.price().is_some();
        self.empty += u32::from(orders.is_empty());
        self.one_sided += u32::from(reasons(Rejection::NoCounterparty));
        self.not_crossing += u32::from(!traded && reasons(Rejection::PriceNotReached));
        self.traded += u32::from(traded);
        self.price_below_zero += u32::from(clearing.price() < Some(Price::ZERO) && traded);
        let part = |outcome: &Outcome| matches!(outcome, Outcome::Part { .. });
        self.rationed_to_a_part += u32::from(clearing.outcomes.iter().any(part));
        self.rationed_to_nothing += u32::from(reasons(Rejection::Rationed));
        let rows = || orders.iter().zip(&clearing.outcomes);
        let marginal = rows().find(|(_, outcome)| part(outcome)).map(|(order, _)| *order);
        let same = |order: &Order, marginal: &Order| {
            order.side == marginal.side && order.price == marginal.price
        };
        let served = |level: &Order| {
            let mut rows = rows().filter(|(order, _)| same(order, level));
            rows.any(|(order, outcome)| outcome.filled(order.quantity).is_positive())
        };
        let rationed = Outcome::Rejected { reason: Rejection::Rationed };
        let excluded =
            |(order, outcome): (&Order, &Outcome)| *outcome == rationed && !served(order);
        self.good_price_but_excluded += u32::from(rows().any(excluded));
        let joint = |order: &Order, marginal: &Order| {
            same(order, marginal)
                && order.id.participant == marginal.id.participant
                && order.id != marginal.id
        };
        let several = marginal.is_some_and(|first| orders.iter().any(|order| joint(order, &first)));
        self.several_orders_of_one_claim += u32::from(several);
        let on_level = |price| orders.iter().any(|order| Some(order.price) == price);
        self.rounded_price += u32::from(traded && !on_level(clearing.price()));
    }

    fn all(&self) -> [u32; 10] {
        [
            self.empty,
            self.one_sided,
            self.not_crossing,
            self.traded,
            self.price_below_zero,
            self.rationed_to_a_part,
            self.rationed_to_nothing,
            self.good_price_but_excluded,
            self.several_orders_of_one_claim,
            self.rounded_price,
        ]
    }
}

/// Among 4,000 drawn books every interesting state occurs at least ten times.
#[test]
fn drawn_books_reach_every_interesting_state() {
    let mut runner = TestRunner::deterministic();
    let mut reached = Reached::default();
    for _ in 0..4_000 {
        let orders = books(40).new_tree(&mut runner).expect("a book").current();
        let kappa = Kappa::try_new(u64::from(reached.traded % 5), 4).expect("in [0, 1]");
        reached.count(&orders, &clear(&orders, kappa, &SEED).expect("a valid book"));
    }
    assert!(reached.all().iter().all(|count| *count >= 10), "{reached:?}");
}
