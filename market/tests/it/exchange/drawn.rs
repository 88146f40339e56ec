//! Drawn runs of the coin exchange: the oracle, conservation, quiet books, states, encodings.

use std::collections::BTreeMap;

use market::exchange::{CoinOrder, Exchange, Fill, Leftover, State, Step, Ticket, Trade};
use market::{CoinPrice, Coins, ParticipantId, Side};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::naive::Naive;

/// What a trader does next.
#[derive(Clone, Copy, Debug)]
enum Act {
    Place(CoinOrder),
    /// Cancels one of the orders placed so far, if it rests.
    Cancel(prop::sample::Index),
}

/// Few prices and small quantities, so that prices tie and quantities match; sometimes anything.
fn orders() -> impl Strategy<Value = CoinOrder> {
    let price = prop_oneof![8 => 8..14_i64, 1 => 0..=CoinOrder::MAX_PRICE.micro_per_coin()];
    let quantity = prop_oneof![8 => 1..9_i64, 1 => 1..=1_000_000_000_i64];
    let fill = prop_oneof![3 => Just(Fill::Partial), 2 => Just(Fill::Whole)];
    let leftover = prop_oneof![4 => Just(Leftover::Rests), 1 => Just(Leftover::Discarded)];
    let side = prop_oneof![Just(Side::Bid), Just(Side::Offer)];
    let row = (0..6_u32, side, price, quantity, fill, leftover);
    row.prop_map(|(who, side, price, quantity, fill, leftover)| CoinOrder {
        trader: ParticipantId::new(who),
        side,
        price: CoinPrice::from_micro_per_coin(price),
        quantity: Coins::from_micro(1_000 * quantity),
        fill,
        leftover,
    })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => orders().prop_map(Act::Place),
        1 => any::<prop::sample::Index>().prop_map(Act::Cancel),
    ];
    prop::collection::vec(act, 1..40)
}

/// Does one thing on the exchange; `None` where there is nothing to cancel.
fn act(exchange: &mut Exchange, act: Act) -> Option<Step> {
    match act {
        Act::Place(order) => Some(exchange.place(order).expect("a sound order")),
        Act::Cancel(pick) => {
            let placed = usize::try_from(exchange.next().get()).expect("few orders");
            let ticket = Ticket::new(pick.index(placed.max(1)) as u64);
            let trader = exchange.resting(ticket)?.order.trader;
            Some(exchange.cancel(ticket, trader).expect("it rests"))
        }
    }
}

fn number(ticket: Ticket) -> usize {
    usize::try_from(ticket.get()).expect("few orders")
}

/// What an order is in after a run: its last state.
fn states(steps: &[Step]) -> BTreeMap<Ticket, State> {
    steps.iter().flat_map(|step| &step.changed).map(|(ticket, state)| (*ticket, *state)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    /// Trades, their order, and every order's state are those of the linear scans.
    #[test]
    fn agrees_with_linear_scans(acts in acts()) {
        let (mut exchange, mut naive) = (Exchange::default(), Naive::default());
        let mut last = BTreeMap::new();
        for next in acts {
            let already = naive.trades.len();
            let Some(step) = act(&mut exchange, next) else { continue };
            match next {
                Act::Place(order) => naive.place(order),
                Act::Cancel(_) => naive.cancel(number(step.ticket)),
            }
            let got: Vec<(usize, usize, i64)> = step
                .trades
                .iter()
                .map(|trade| (number(trade.bid), number(trade.offer), trade.quantity.micro()))
                .collect();
            prop_assert_eq!(&got[..], &naive.trades[already..]);
            last.extend(step.changed);
            for (ticket, state) in &last {
                prop_assert_eq!(*state, naive.state(number(*ticket)));
            }
            prop_assert_eq!(last.len(), naive.rows.len());
        }
    }
}

proptest! {
    /// Coins and money are conserved, restated per trader in 128 bits; nobody trades at a price
    /// that is not its own, and the spread is never below zero.
    #[test]
    fn coins_and_money_are_conserved(acts in acts()) {
        let mut exchange = Exchange::default();
        let mut orders = Vec::new();
        let (mut coins, mut money, mut spread) = (BTreeMap::new(), BTreeMap::new(), 0_i128);
        for next in acts {
            if let Act::Place(order) = next {
                orders.push(order);
            }
            for trade in act(&mut exchange, next).map(|step| step.trades).unwrap_or_default() {
                let (bid, offer) = (orders[number(trade.bid)], orders[number(trade.offer)]);
                prop_assert_eq!((bid.trader, offer.trader), (trade.buyer, trade.seller));
                let quantity = i128::from(trade.quantity.micro());
                let at = |price: CoinPrice| i128::from(price.micro_per_coin()) * quantity / 1_000;
                prop_assert_eq!(i128::from(trade.paid().nano()), at(bid.price));
                prop_assert_eq!(i128::from(trade.received().nano()), at(offer.price));
                prop_assert!(trade.quantity > Coins::ZERO && trade.spread().nano() >= 0);
                *coins.entry(trade.buyer).or_insert(0) += quantity;
                *coins.entry(trade.seller).or_insert(0) -= quantity;
                *money.entry(trade.buyer).or_insert(0) -= at(bid.price);
                *money.entry(trade.seller).or_insert(0) += at(offer.price);
                spread += i128::from(trade.spread().nano());
            }
        }
        prop_assert_eq!(coins.values().sum::<i128>(), 0);
        prop_assert_eq!(money.values().sum::<i128>() + spread, 0);
    }

    /// The book is never crossed after a step, and no order of it would trade if it arrived anew:
    /// asked of the scans, which know nothing of how the book is kept.
    #[test]
    fn the_book_is_quiet_after_every_step(acts in acts()) {
        let (mut exchange, mut naive) = (Exchange::default(), Naive::default());
        for next in acts {
            let Some(step) = act(&mut exchange, next) else { continue };
            match next {
                Act::Place(order) => naive.place(order),
                Act::Cancel(_) => naive.cancel(number(step.ticket)),
            }
            prop_assert!(exchange.is_quiet());
            for row in exchange.book(Side::Bid).chain(exchange.book(Side::Offer)) {
                prop_assert!(naive.would_meet(number(row.ticket)).is_empty());
            }
            let best = |side| {
                let mut rows = exchange.book(side).filter(|row| row.order.fill == Fill::Partial);
                rows.next().map(|row| row.order.price)
            };
            if let (Some(bid), Some(offer)) = (best(Side::Bid), best(Side::Offer)) {
                prop_assert!(bid < offer, "bid {bid}, offer {offer}");
            }
        }
    }

    /// What an order traded in all is what its state says, whatever happened in between; one that
    /// wants all trades in one step, all of it.
    #[test]
    fn every_order_has_one_true_state(acts in acts()) {
        let mut exchange = Exchange::default();
        let (mut orders, mut steps) = (Vec::new(), Vec::new());
        for next in acts {
            if let Act::Place(order) = next {
                orders.push(order);
            }
            steps.extend(act(&mut exchange, next));
        }
        let states = states(&steps);
        prop_assert_eq!(states.len(), orders.len());
        for (ticket, state) in states {
            let order = orders[number(ticket)];
            let parts = |trade: &Trade| {
                let mine = trade.bid == ticket || trade.offer == ticket;
                if mine { trade.quantity.micro() } else { 0 }
            };
            let by_step: Vec<i64> =
                steps.iter().map(|step| step.trades.iter().map(parts).sum()).collect();
            let traded: i64 = by_step.iter().sum();
            prop_assert_eq!(traded + state.left().micro(), order.quantity.micro());
            prop_assert_eq!(matches!(state, State::Filled), state.left() == Coins::ZERO);
            let rests = exchange.resting(ticket).map(|row| State::Resting { left: row.left });
            prop_assert_eq!(rests.is_some(), rests == Some(state));
            if order.fill == Fill::Whole {
                let whole = order.quantity.micro();
                prop_assert!(by_step.iter().all(|part| *part == 0 || *part == whole));
            }
            if order.leftover == Leftover::Discarded {
                prop_assert!(rests.is_none());
            }
        }
    }

    /// A book that travels is the same book, and goes on the same way.
    #[test]
    fn a_book_survives_its_encoding(first in acts(), second in acts()) {
        let mut exchange = Exchange::default();
        for next in first {
            act(&mut exchange, next);
        }
        let bytes = bcs::to_bytes(&exchange).expect("plain data");
        let mut read: Exchange = bcs::from_bytes(&bytes).expect("a sound book");
        prop_assert_eq!(&read, &exchange);
        for next in second {
            prop_assert_eq!(act(&mut read, next), act(&mut exchange, next));
        }
    }
}

/// Among 2,000 drawn runs every interesting thing happens at least twenty times.
#[test]
fn drawn_runs_reach_every_interesting_state() {
    let mut runner = TestRunner::deterministic();
    let names = ["filled", "part rests", "dropped", "cancelled", "whole filled", "woken", "spread"];
    let mut counts = BTreeMap::from(names.map(|name| (name, 0_u32)));
    for _ in 0..2_000 {
        let mut exchange = Exchange::default();
        let mut orders = Vec::new();
        for next in acts().new_tree(&mut runner).expect("a run").current() {
            if let Act::Place(order) = next {
                orders.push(order);
            }
            let Some(step) = act(&mut exchange, next) else { continue };
            let mut seen = |name: &'static str, is: bool| {
                *counts.entry(name).or_default() += u32::from(is);
            };
            for (ticket, state) in &step.changed {
                let order = orders[number(*ticket)];
                seen("filled", *state == State::Filled);
                seen("dropped", matches!(state, State::Discarded { .. }));
                seen("cancelled", matches!(state, State::Cancelled { .. }));
                let part = |left: &Coins| *left < order.quantity;
                seen("part rests", matches!(state, State::Resting { left } if part(left)));
                let is_whole = order.fill == Fill::Whole;
                seen("whole filled", is_whole && *state == State::Filled);
            }
            let woken = |trade: &Trade| trade.bid != step.ticket && trade.offer != step.ticket;
            seen("woken", step.trades.iter().any(woken));
            seen("spread", step.trades.iter().any(|trade| trade.spread().nano() > 0));
        }
    }
    assert_eq!(counts.len(), names.len());
    assert!(counts.values().all(|count| *count >= 20), "{counts:?}");
}
