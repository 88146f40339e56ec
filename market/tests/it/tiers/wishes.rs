//! Wishes worked by hand.

use market::tier::{Premium, Quality, Wish};
use market::{Order, Outcome, ParticipantId, Side, TierClearing, TierMarket};

use super::regions::{fees, market};
use super::{fills, price};
use crate::books::{SEED, order};

fn premium(permille: u16) -> Premium {
    Premium::try_new(permille).expect("at most 1,000")
}

fn cleared(market: &TierMarket, orders: &[Order], wishes: &[Wish]) -> TierClearing {
    market.clear_with_wishes(orders, wishes, &SEED).expect("a valid book")
}

/// Home 1 bids 0.20 and 20 % more for green energy, home 2 bids 0.22; home 3 offers green energy at
/// 0.23, home 4 any at 0.18. Green first: 0.24 against 0.23, in the middle 0.235; then 0.22 against
/// 0.18. Without the wish only home 2 trades.
#[test]
fn a_green_premium_pays_for_green_energy_alone() {
    let market = market(&[0, 0, 0, 0], &[0], fees(0, 0, 0));
    let orders = [
        order(Side::Bid, 1, 0, 200_000, 100),
        order(Side::Bid, 2, 0, 220_000, 100),
        order(Side::Offer, 3, 0, 230_000, 100),
        order(Side::Offer, 4, 0, 180_000, 100),
    ];
    let none = Wish::default();
    let wishes =
        [Wish { green: premium(200), ..none }, none, Wish { is_green: true, ..none }, none];
    let clearing = cleared(&market, &orders, &wishes);
    let parts: Vec<_> =
        clearing.parts.iter().map(|part| (part.order, part.quality, part.price)).collect();
    let (green, plain) = (Quality::Green, Quality::Plain);
    let expected = [
        (0, green, price(235_000)),
        (1, plain, price(200_000)),
        (2, green, price(235_000)),
        (3, plain, price(200_000)),
    ];
    assert_eq!(parts, expected);
    assert_eq!(fills(&orders, &cleared(&market, &orders, &[none; 4])), [0, 100, 0, 100]);
    // Nobody declares green energy: the premium has nothing to pay for.
    let undeclared = [wishes[0], none, none, none];
    assert_eq!(fills(&orders, &cleared(&market, &orders, &undeclared)), [0, 100, 0, 100]);
}

/// Home 1 bids 0.20 and 10 % more for energy from its feeder. Its neighbour asks 0.21 and sells at
/// the middle of 0.21 and 0.22; a home on another feeder that asks 0.21 does not.
#[test]
fn a_local_premium_ends_at_the_feeder() {
    let orders = [order(Side::Bid, 1, 0, 200_000, 100), order(Side::Offer, 2, 0, 210_000, 100)];
    let wishes = [Wish { local: premium(100), ..Wish::default() }, Wish::default()];
    let near = cleared(&market(&[0, 0], &[0], fees(0, 0, 0)), &orders, &wishes);
    assert_eq!(near.outcomes, [Outcome::Filled; 2]);
    assert_eq!(near.parts[0].price, price(215_000));
    let far = cleared(&market(&[0, 1], &[0, 0], fees(0, 0, 0)), &orders, &wishes);
    assert_eq!(far.parts, []);
}

/// Home 3 sells to home 1, its partner, at 0.15, half-way between their prices, although home 2
/// bids more. It does not if home 1 names nobody.
#[test]
fn partners_who_name_each_other_trade_first() {
    let market = market(&[0, 0, 0], &[0], fees(0, 0, 0));
    let orders = [
        order(Side::Bid, 1, 0, 200_000, 100),
        order(Side::Bid, 2, 0, 250_000, 100),
        order(Side::Offer, 3, 0, 100_000, 100),
    ];
    let none = Wish::default();
    let names = |who| Wish { partner: Some(ParticipantId::new(who)), ..none };
    let both = cleared(&market, &orders, &[names(3), none, names(1)]);
    assert_eq!(fills(&orders, &both), [100, 0, 100]);
    assert_eq!((both.parts[0].quality, both.parts[0].price), (Quality::Partner, price(150_000)));
    let one = cleared(&market, &orders, &[none, none, names(1)]);
    assert_eq!(fills(&orders, &one), [0, 100, 100]);
}
