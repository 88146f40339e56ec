//! What trades come to: per order, per participant, and for the operator.

use std::collections::BTreeMap;

use market::kit::auction::shipped;
use market::{
    Contract, Energy, Kappa, Mechanism, Money, Order, OrderId, ParticipantId, Price, Prices, Side,
};
use proptest::prelude::*;

use crate::books::{SEED, book, books, order, seeds};

/// Orders that every rule clears: those of one quantity for the rules of units.
fn fit(rule: Mechanism, orders: &[Order]) -> Vec<Order> {
    let unit = |order: &Order| Order { quantity: Energy::from_wh(700), ..*order };
    match rule {
        Mechanism::McAfee => orders.iter().map(unit).collect(),
        _ => orders.to_vec(),
    }
}

proptest! {
    /// Under every rule orders, trades and contracts tell one story of the money, restated in 128
    /// bits: the trades of an order add up to its amount, the amounts of a participant to its
    /// contract, and all of them with the surplus to nothing.
    #[test]
    fn amounts_add_up(orders in books(40), seed in seeds()) {
        for rule in shipped() {
            let orders = fit(rule, &orders);
            let clearing = rule.clear(&orders, &seed).expect("a valid book");
            let amounts = clearing.amounts(&orders).expect("one order fits 64 bits");
            let mut by_order: BTreeMap<OrderId, i128> = BTreeMap::new();
            for trade in clearing.trades(&orders) {
                let nano = |price: Price| {
                    i128::from(price.micro_per_kwh()) * i128::from(trade.quantity.wh())
                };
                *by_order.entry(trade.buyer).or_default() -= nano(trade.pays);
                *by_order.entry(trade.seller).or_default() += nano(trade.gets);
            }
            let mut by_participant: BTreeMap<ParticipantId, (i128, i128)> = BTreeMap::new();
            for ((order, outcome), amount) in orders.iter().zip(&clearing.outcomes).zip(&amounts) {
                let nano = i128::from(amount.nano());
                prop_assert_eq!(nano, by_order.get(&order.id).copied().unwrap_or(0));
                let sign = if order.side == Side::Bid { 1 } else { -1 };
                let filled = sign * i128::from(outcome.filled(order.quantity).wh());
                let sum = by_participant.entry(order.id.participant).or_default();
                *sum = (sum.0 + filled, sum.1 + nano);
            }
            // The largest books leave 64 bits, which is said and not wrapped.
            let sum: i128 = by_order.values().sum();
            match clearing.surplus() {
                Ok(surplus) => prop_assert_eq!(i128::from(surplus.nano()), -sum),
                Err(_) => prop_assert!(i64::try_from(-sum).is_err()),
            }
            by_participant.retain(|_, sum| *sum != (0, 0));
            let told = |contract: &Contract| {
                let (energy, amount) = (contract.energy.wh(), contract.amount.nano());
                (contract.participant, (i128::from(energy), i128::from(amount)))
            };
            match clearing.contracts(&orders) {
                Ok(contracts) => {
                    let got: Vec<_> = contracts.iter().map(told).collect();
                    prop_assert_eq!(got, by_participant.into_iter().collect::<Vec<_>>());
                }
                Err(_) => {
                    let leaves = |(_, nano): &(i128, i128)| i64::try_from(*nano).is_err();
                    prop_assert!(by_participant.values().any(leaves));
                }
            }
        }
    }
}

/// Who buys 5 Wh at 8 and sells 5 Wh at 5 has no energy to deliver, but 3 x 5 to pay: a contract
/// over nothing that is not nothing. (Offers 1, 4, 5, bids 10, 9, 8: K = 3, reduced.)
#[test]
fn a_contract_over_no_energy_may_cost() {
    let mut orders = book(&[(10, 5), (9, 5), (8, 5)], &[(1, 5), (4, 5), (5, 5)]);
    orders[3].id = OrderId { counter: 1, ..orders[0].id };
    let clearing = Mechanism::McAfee.clear(&orders, &SEED).expect("a valid book");
    let price = Price::from_micro_per_kwh;
    assert_eq!(clearing.prices, Prices::PerSide { buy: price(8), sell: price(5) });
    assert_eq!(clearing.surplus(), Ok(Money::from_nano(2 * 5 * 3)));
    let contracts = clearing.contracts(&orders).expect("small");
    let told = |c: &Contract| (c.participant.get(), c.energy.wh(), c.amount.nano());
    let contracts: Vec<_> = contracts.iter().map(told).collect();
    assert_eq!(contracts, [(1, 0, -15), (2, 5, -40), (1_002, -5, 25)]);
}

/// The rules say their names, with what there is to choose.
#[test]
fn rules_say_their_names() {
    let names: Vec<String> = shipped().iter().map(Mechanism::to_string).collect();
    let expected =
        ["uniform (kappa 1/2)", "k-double (kappa 1/2)", "pay-as-bid", "mcafee", "huang", "muda"];
    assert_eq!(names, expected);
}

/// The encoding of a mechanism is part of a region's founding: tags in the order of the list, kappa
/// in two numbers.
#[test]
fn mechanisms_have_stable_tags() {
    let bytes = |rule: &Mechanism| bcs::to_bytes(rule).expect("plain data");
    let kappa = Kappa::try_new(1, 3).expect("a quotient");
    let mut expected = vec![0, 1];
    expected.extend([0; 7]);
    expected.push(3);
    expected.extend([0; 7]);
    assert_eq!(bytes(&Mechanism::Uniform { kappa }), expected);
    let tags = shipped().map(|rule| bytes(&rule)[0]);
    assert_eq!(tags, [0, 1, 2, 3, 4, 5]);
    assert!(bcs::from_bytes::<Mechanism>(&[6]).is_err());
}

/// Every rule takes an empty book, one side alone, and the largest orders at the largest prices.
#[test]
fn odd_books_are_ordinary() {
    for rule in shipped() {
        let odd = [
            vec![],
            book(&[(9, 5), (8, 5)], &[]),
            book(&[], &[(9, 5), (8, 5)]),
            book(&[(7, 5)], &[(8, 5)]),
            book(&[(1_000_000_000, 1_000_000_000); 9], &[(-1_000_000_000, 1_000_000_000); 9]),
        ];
        for orders in odd {
            let clearing = rule.clear(&orders, &SEED).expect("an ordinary book");
            assert_eq!(clearing.outcomes.len(), orders.len());
        }
        let twice = [order(Side::Bid, 1, 0, 20, 5), order(Side::Bid, 1, 0, 20, 5)];
        assert!(rule.clear(&twice, &SEED).is_err(), "{rule} takes an order twice");
    }
}
