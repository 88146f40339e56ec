//! Invariants I1, I3, I4, I5, I7, I8, I10, I11 and I12 of every clearing, on drawn books.

use std::collections::BTreeMap;

use market::{
    Clearing, Energy, Kappa, Order, Outcome, ParticipantId, Price, Rejection, Seed, Side, clear,
};
use proptest::prelude::*;

use super::{cleared, fills};
use crate::books::{SEED, books, seeds};

/// The sum of what one side traded.
fn traded(orders: &[Order], clearing: &Clearing, side: Side) -> i64 {
    let fills = fills(orders, clearing);
    orders.iter().filter(|order| order.side == side).map(|order| fills[&order.id]).sum()
}

/// The total of each participant on each side and price.
fn claims(orders: &[Order], clearing: &Clearing) -> BTreeMap<(ParticipantId, Side, Price), i64> {
    let fills = fills(orders, clearing);
    let mut claims = BTreeMap::new();
    for order in orders {
        *claims.entry((order.id.participant, order.side, order.price)).or_default() +=
            fills[&order.id];
    }
    claims
}

/// A book in two orders of arrival.
fn arrivals() -> impl Strategy<Value = (Vec<Order>, Vec<Order>)> {
    books(60).prop_flat_map(|orders| (Just(orders.clone()), Just(orders).prop_shuffle()))
}

proptest! {
    /// I1: bought equals sold equals the volume, and no fill exceeds its order.
    #[test]
    fn energy_is_conserved(orders in books(60)) {
        let clearing = cleared(&orders);
        prop_assert_eq!(traded(&orders, &clearing, Side::Bid), clearing.volume.wh());
        prop_assert_eq!(traded(&orders, &clearing, Side::Offer), clearing.volume.wh());
        let fills = fills(&orders, &clearing);
        for order in &orders {
            prop_assert!((0..=order.quantity.wh()).contains(&fills[&order.id]));
        }
        let net: i64 =
            clearing.contracts(&orders).expect("small").iter().map(|c| c.energy.wh()).sum();
        prop_assert_eq!(net, 0);
    }

    /// I3 and I4: who trades never does so at a worse price than its own, so the price lies between
    /// the prices of the orders.
    #[test]
    fn nobody_trades_at_a_worse_price(orders in books(60), kappa in 0..=7_u64) {
        let kappa = Kappa::try_new(kappa, 7).expect("a quotient in [0, 1]");
        let clearing = clear(&orders, kappa, &SEED).expect("a valid book");
        let fills = fills(&orders, &clearing);
        for order in orders.iter().filter(|order| fills[&order.id] > 0) {
            let price = clearing.price().expect("something traded");
            match order.side {
                Side::Bid => prop_assert!(price <= order.price),
                Side::Offer => prop_assert!(price >= order.price),
            }
        }
    }

    /// I5: one more offer never raises the price, one more bid never lowers it.
    #[test]
    fn more_supply_never_raises_the_price(orders in books(30), kappa in 0..=4_u64) {
        prop_assume!(!orders.is_empty());
        let kappa = Kappa::try_new(kappa, 4).expect("a quotient in [0, 1]");
        let price = |orders: &[Order]| clear(orders, kappa, &SEED).expect("a valid book").price();
        let (last, rest) = orders.split_last().expect("not empty");
        if let (Some(before), Some(after)) = (price(rest), price(&orders)) {
            match last.side {
                Side::Offer => prop_assert!(after <= before),
                Side::Bid => prop_assert!(after >= before),
            }
        }
    }

    /// I5: improving an order's price never reduces its fill. Its participant has no other order:
    /// within a participant's quantity on one level the first orders are served first.
    #[test]
    fn a_better_price_never_gets_less(orders in books(30), better in 1..50_000_i64) {
        prop_assume!(!orders.is_empty());
        let last = *orders.last().expect("not empty");
        let mut orders = orders;
        orders.retain(|o| o.id == last.id || o.id.participant != last.id.participant);
        let before = fills(&orders, &cleared(&orders))[&last.id];
        let sign = if last.side == Side::Bid { 1 } else { -1 };
        let price = last.price.micro_per_kwh() + sign * better;
        let price = Price::from_micro_per_kwh(price.clamp(-1_000_000_000, 1_000_000_000));
        orders.pop();
        orders.push(Order { price, ..last });
        let after = fills(&orders, &cleared(&orders))[&last.id];
        prop_assert!(after >= before, "{after} after {before}");
    }

    /// I7: the same orders in another order of arrival give the same price, volume, outcomes and
    /// trades.
    #[test]
    fn arrival_order_changes_nothing(
        (orders, shuffled) in arrivals(),
        seed in seeds(),
    ) {
        let run = |orders: &[Order]| clear(orders, Kappa::HALF, &seed).expect("a valid book");
        let (first, second) = (run(&orders), run(&shuffled));
        prop_assert_eq!((first.price(), first.volume), (second.price(), second.volume));
        let outcomes = |orders: &[Order], clearing: &Clearing| -> BTreeMap<_, _> {
            orders.iter().map(|order| order.id).zip(clearing.outcomes.clone()).collect()
        };
        prop_assert_eq!(outcomes(&orders, &first), outcomes(&shuffled, &second));
        prop_assert_eq!(first.trades(&orders), second.trades(&shuffled));
        prop_assert_eq!(first.contracts(&orders), second.contracts(&shuffled));
    }

    /// I8: one outcome per order; a part is neither nothing nor all; the reason of a rejection is
    /// true.
    #[test]
    fn every_order_ends_in_one_true_outcome(orders in books(60)) {
        let clearing = cleared(&orders);
        prop_assert_eq!(clearing.outcomes.len(), orders.len());
        prop_assert_eq!(clearing.price().is_some(), clearing.volume > Energy::ZERO);
        let other = |side| orders.iter().any(|order| order.side != side);
        for (order, outcome) in orders.iter().zip(&clearing.outcomes) {
            let reached = clearing.price().is_some_and(|price| match order.side {
                Side::Bid => order.price >= price,
                Side::Offer => order.price <= price,
            });
            match outcome {
                Outcome::Filled => prop_assert!(reached),
                Outcome::Part { filled } => {
                    prop_assert!(reached && Energy::ZERO < *filled && *filled < order.quantity);
                }
                Outcome::Rejected { reason: Rejection::NoCounterparty } => {
                    prop_assert!(!other(order.side));
                }
                Outcome::Rejected { reason: Rejection::PriceNotReached } => {
                    prop_assert!(!reached && other(order.side));
                }
                Outcome::Rejected { reason: Rejection::Rationed } => prop_assert!(reached),
                Outcome::Rejected { reason: Rejection::Reduced } => {
                    prop_assert!(false, "one price gives up no trade");
                }
                Outcome::Rejected { reason: Rejection::LimitReached } => {
                    prop_assert!(false, "an auction has no limits");
                }
            }
        }
    }

    /// Pro rata: on the marginal level no participant is more than 1 Wh away from its exact share.
    #[test]
    fn rationing_is_pro_rata_to_one_watt_hour(orders in books(60), seed in seeds()) {
        let clearing = clear(&orders, Kappa::HALF, &seed).expect("a valid book");
        let totals = claims(&orders, &clearing);
        let asked = |(who, side, price): (ParticipantId, Side, Price)| -> i64 {
            let own = orders
                .iter()
                .filter(|o| o.id.participant == who && o.side == side && o.price == price);
            own.map(|order| order.quantity.wh()).sum()
        };
        for (key, got) in &totals {
            let level: Vec<_> =
                totals.iter().filter(|(k, _)| (k.1, k.2) == (key.1, key.2)).collect();
            let all_asked: i64 = level.iter().map(|(k, _)| asked(**k)).sum();
            let all_got: i64 = level.iter().map(|(_, got)| **got).sum();
            let exact = i128::from(asked(*key)) * i128::from(all_got);
            let difference = (i128::from(*got) * i128::from(all_asked) - exact).abs();
            prop_assert!(difference < i128::from(all_asked), "{key:?} got {got}");
        }
    }

    /// I10: c times the quantities give c times the fills, up to the rounding of one unit per
    /// order, and one price.
    #[test]
    fn fills_scale_with_quantities(orders in books(60), factor in 2..50_i64) {
        let small: Vec<Order> = orders
            .iter()
            .map(|o| Order { quantity: Energy::from_wh(o.quantity.wh() % 5_000 + 1), ..*o })
            .collect();
        let large: Vec<Order> = small
            .iter()
            .map(|o| Order { quantity: Energy::from_wh(o.quantity.wh() * factor), ..*o })
            .collect();
        let (before, after) = (cleared(&small), cleared(&large));
        prop_assert_eq!(before.price(), after.price());
        prop_assert_eq!(before.volume.wh() * factor, after.volume.wh());
        let (before, after) = (fills(&small, &before), fills(&large, &after));
        for (id, fill) in before {
            prop_assert!(
                (after[&id] - fill * factor).abs() <= factor,
                "{id}: {fill} and {}",
                after[&id]
            );
        }
    }

    /// I11: splitting an order into two at the same price changes nobody's total.
    #[test]
    fn splitting_an_order_gains_nothing(
        orders in books(60),
        pick in any::<prop::sample::Index>(),
        cut in 1..2_000_i64,
        seed in seeds(),
    ) {
        prop_assume!(!orders.is_empty());
        let mut split = orders.clone();
        let order = &mut split[pick.index(orders.len())];
        prop_assume!(order.quantity.wh() > cut);
        order.quantity = Energy::from_wh(order.quantity.wh() - cut);
        let mut second = *order;
        second.quantity = Energy::from_wh(cut);
        second.id.counter = 1_000;
        split.push(second);
        let run = |orders: &[Order]| {
            claims(orders, &clear(orders, Kappa::HALF, &seed).expect("a valid book"))
        };
        prop_assert_eq!(run(&orders), run(&split));
    }

    /// The list of trades is the clearing told pair by pair: it adds up to every fill, and pairs
    /// are made from the best prices down.
    #[test]
    fn trades_tell_the_same_clearing(orders in books(60)) {
        let clearing = cleared(&orders);
        let trades = clearing.trades(&orders);
        let mut told: BTreeMap<_, i64> = orders.iter().map(|order| (order.id, 0)).collect();
        let price: BTreeMap<_, i64> =
            orders.iter().map(|o| (o.id, o.price.micro_per_kwh())).collect();
        for trade in &trades {
            prop_assert!(trade.quantity > Energy::ZERO);
            *told.entry(trade.buyer).or_default() += trade.quantity.wh();
            *told.entry(trade.seller).or_default() += trade.quantity.wh();
        }
        prop_assert_eq!(told, fills(&orders, &clearing));
        for pair in trades.windows(2) {
            prop_assert!(price[&pair[0].buyer] >= price[&pair[1].buyer]);
            prop_assert!(price[&pair[0].seller] <= price[&pair[1].seller]);
        }
    }

    /// I12: the same inputs give the same bytes; another seed moves at most 1 Wh per participant
    /// and level.
    #[test]
    fn the_seed_decides_single_watt_hours_only(
        orders in books(60),
        one in seeds(),
        other in seeds(),
    ) {
        let run = |seed: &Seed| clear(&orders, Kappa::HALF, seed).expect("a valid book");
        let (first, again, second) = (run(&one), run(&one), run(&other));
        let bytes = |clearing: &Clearing| bcs::to_bytes(clearing).expect("plain data");
        prop_assert_eq!(bytes(&first), bytes(&again));
        prop_assert_eq!((first.price(), first.volume), (second.price(), second.volume));
        let (left, right) = (claims(&orders, &first), claims(&orders, &second));
        for (claim, got) in left {
            prop_assert!((right[&claim] - got).abs() <= 1);
        }
    }
}
