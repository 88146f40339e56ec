//! Pay-as-bid: orders meet as they arrive.

use market::{
    Clearing, Energy, Mechanism, Money, Order, Outcome, Price, Prices, Rejection, Side, Trade,
};
use proptest::prelude::*;

use super::fills;
use crate::books::{SEED, books, order};

fn cleared(orders: &[Order]) -> Clearing {
    Mechanism::PayAsBid.clear(orders, &SEED).expect("a valid book")
}

/// The trades as (buyer, seller, Wh, price).
fn told(clearing: &Clearing, orders: &[Order]) -> Vec<(u32, u32, i64, i64)> {
    let row = |trade: &Trade| {
        assert_eq!(trade.pays, trade.gets, "the operator keeps nothing");
        let (buyer, seller) = (trade.buyer.participant.get(), trade.seller.participant.get());
        (buyer, seller, trade.quantity.wh(), trade.pays.micro_per_kwh())
    };
    clearing.trades(orders).iter().map(row).collect()
}

/// By hand: offers 5 @ 10, 5 @ 11 and 5 @ 13 rest; a bid 8 @ 12 takes the first whole and 3 of the
/// second, each at its own price. An offer 4 @ 9 finds nobody left to meet and rests; a bid 10 @ 10
/// takes it whole and rests with 6. An offer 2 @ 8 meets that at 10.
#[test]
fn orders_meet_as_they_arrive() {
    let orders = [
        order(Side::Offer, 1, 0, 10, 5),
        order(Side::Offer, 2, 0, 11, 5),
        order(Side::Offer, 3, 0, 13, 5),
        order(Side::Bid, 4, 0, 12, 8),
        order(Side::Offer, 5, 0, 9, 4),
        order(Side::Bid, 6, 0, 10, 10),
        order(Side::Offer, 7, 0, 8, 2),
    ];
    let clearing = cleared(&orders);
    let expected = [(4, 1, 5, 10), (4, 2, 3, 11), (6, 5, 4, 9), (6, 7, 2, 10)];
    assert_eq!(told(&clearing, &orders), expected);
    assert_eq!((clearing.volume.wh(), clearing.surplus()), (14, Ok(Money::ZERO)));
    let part = |wh| Outcome::Part { filled: Energy::from_wh(wh) };
    let rejected = Outcome::Rejected { reason: Rejection::Rationed };
    let (filled, none) =
        (Outcome::Filled, Outcome::Rejected { reason: Rejection::PriceNotReached });
    assert_eq!(clearing.outcomes[..3], [filled, part(3), none]);
    assert_eq!(clearing.outcomes[3..], [filled, filled, part(6), filled]);
    let amounts = clearing.amounts(&orders).expect("small");
    let amounts: Vec<i64> = amounts.iter().map(|amount| amount.nano()).collect();
    assert_eq!(amounts, [50, 33, 0, -83, 36, -56, 20]);
    // Whoever could have traded with somebody, had nobody been faster, is told that nothing was
    // left.
    let late = [orders[0], order(Side::Bid, 8, 0, 12, 5), order(Side::Bid, 9, 0, 11, 1)];
    assert_eq!(cleared(&late).outcomes[2], rejected);
}

/// At one price the order that has rested longest is met first, whatever its number.
#[test]
fn who_rests_longest_is_met_first() {
    let orders = [
        order(Side::Bid, 9, 0, 10, 5),
        order(Side::Bid, 1, 0, 10, 5),
        order(Side::Offer, 5, 0, 10, 7),
    ];
    let clearing = cleared(&orders);
    assert_eq!(told(&clearing, &orders), [(9, 5, 5, 10), (1, 5, 2, 10)]);
}

/// Arrival decides how much and for whom: bid 10, offers 8 and 3, bid 5. As they come, 10 meets 8 and
/// 5 meets 3; the cheap offer first, 10 meets 3 and nobody the others.
#[test]
fn arrival_decides() {
    let [bid, dear, cheap, low] = [
        order(Side::Bid, 1, 0, 10, 1),
        order(Side::Offer, 2, 0, 8, 1),
        order(Side::Offer, 3, 0, 3, 1),
        order(Side::Bid, 4, 0, 5, 1),
    ];
    let (first, second) = ([bid, dear, cheap, low], [bid, cheap, dear, low]);
    assert_eq!(told(&cleared(&first), &first), [(1, 2, 1, 10), (4, 3, 1, 3)]);
    assert_eq!(told(&cleared(&second), &second), [(1, 3, 1, 10)]);
    assert_eq!(cleared(&second[2..]).prices, Prices::Nothing);
}

proptest! {
    /// The same trades as those of a floor on which every arrival looks through all that rest.
    #[test]
    fn agrees_with_a_walk_through_all(orders in books(60)) {
        let clearing = cleared(&orders);
        let mut left: Vec<i64> = orders.iter().map(|order| order.quantity.wh()).collect();
        let mut expected = Vec::new();
        for at in 0..orders.len() {
            loop {
                let met = (0..at).filter(|other| left[*other] > 0 && accept(&orders, at, *other));
                let sign = if orders[at].side == Side::Bid { 1 } else { -1 };
                let price = |other: usize| sign * orders[other].price.micro_per_kwh();
                let Some(met) = met.min_by_key(|other| (price(*other), *other)) else { break };
                let quantity = left[at].min(left[met]);
                if quantity == 0 {
                    break;
                }
                (left[at], left[met]) = (left[at] - quantity, left[met] - quantity);
                let (buyer, seller) =
                    if sign == 1 { (orders[at], orders[met]) } else { (orders[met], orders[at]) };
                let quantity = Energy::from_wh(quantity);
                let price: Price = orders[met].price;
                let (buyer, seller) = (buyer.id, seller.id);
                expected.push(Trade { buyer, seller, quantity, pays: price, gets: price });
            }
        }
        prop_assert_eq!(clearing.trades(&orders), expected);
        let fills = fills(&orders, &clearing);
        for (order, left) in orders.iter().zip(left) {
            prop_assert_eq!(fills[&order.id], order.quantity.wh() - left);
        }
    }
}

fn accept(orders: &[Order], one: usize, other: usize) -> bool {
    let [one, other] = [&orders[one], &orders[other]];
    match (one.side, other.side) {
        (Side::Bid, Side::Offer) => one.price >= other.price,
        (Side::Offer, Side::Bid) => one.price <= other.price,
        _ => false,
    }
}
