//! Auctions with a defect that was found in published engines: each claims what its authors meant,
//! and the kit names the invariant that it breaks.

use std::cmp::Reverse;

use market::kit::auction::{Auction, Cleared, examine};
use market::kit::claim::Claim;
use market::matching::{huang, uniform};
use market::{
    Clearing, Energy, Invariant, Kappa, MarketError, Order, Outcome, Price, Prices, Rejection,
    Seed, Side, Trade,
};

use super::cases;

/// A rule with a defect.
struct Planted(fn(&[Order], &Seed) -> Cleared);

impl Auction for Planted {
    fn name(&self) -> String {
        "planted".to_owned()
    }

    fn claim(&self, _: Invariant) -> Claim {
        Claim::Keeps
    }

    fn clear(&self, orders: &[Order], seed: &Seed) -> Result<Cleared, MarketError> {
        Ok((self.0)(orders, seed))
    }
}

/// The kit finds `wrong` broken, with all of `right` kept.
fn caught(clear: fn(&[Order], &Seed) -> Cleared, wrong: Invariant, right: &[Invariant]) {
    let verdicts = examine(&Planted(clear), cases(), 1);
    assert!(verdicts[&wrong].broken.is_some(), "{wrong} was not found broken");
    for invariant in right {
        assert_eq!(verdicts[invariant].broken, None, "{invariant} is kept");
    }
}

/// What most of the defects leave alone.
const SOUND: [Invariant; 5] = [
    Invariant::Energy,
    Invariant::Money,
    Invariant::Rational,
    Invariant::Bounded,
    Invariant::Replay,
];

/// A result from trades: fills and amounts add up from them, whatever is not filled was rationed.
fn of_trades(orders: &[Order], trades: Vec<Trade>, surplus: i128) -> Cleared {
    let mine = |order: &Order, trade: &&Trade| match order.side {
        Side::Bid => trade.buyer == order.id,
        Side::Offer => trade.seller == order.id,
    };
    let filled = |order: &Order| -> i64 {
        trades.iter().filter(|trade| mine(order, trade)).map(|trade| trade.quantity.wh()).sum()
    };
    let outcome = |order: &Order| match filled(order) {
        0 => Outcome::Rejected { reason: Rejection::Rationed },
        filled if filled == order.quantity.wh() => Outcome::Filled,
        filled => Outcome::Part { filled: Energy::from_wh(filled) },
    };
    let amount = |order: &Order| -> i128 {
        let nano = |trade: &Trade| match order.side {
            Side::Bid => -money(trade.pays, trade.quantity),
            Side::Offer => money(trade.gets, trade.quantity),
        };
        trades.iter().filter(|trade| mine(order, trade)).map(nano).sum()
    };
    let outcomes = orders.iter().map(outcome).collect();
    let amounts = orders.iter().map(amount).collect();
    Cleared { outcomes, amounts, surplus, trades }
}

fn money(price: Price, quantity: Energy) -> i128 {
    i128::from(price.micro_per_kwh()) * i128::from(quantity.wh())
}

/// The orders of one side, the best first.
fn best_first(orders: &[Order], side: Side) -> Vec<Order> {
    let mut mine: Vec<Order> = orders.iter().filter(|order| order.side == side).copied().collect();
    match side {
        Side::Bid => mine.sort_by_key(|order| (Reverse(order.price), order.id)),
        Side::Offer => mine.sort_by_key(|order| (order.price, order.id)),
    }
    mine
}

/// Pairs every bid with every offer that it accepts, in the order given, at the bid's price.
fn every_pair(bids: &[Order], offers: &[Order]) -> Vec<Trade> {
    let mut trades = Vec::new();
    let mut wanted: Vec<i64> = bids.iter().map(|bid| bid.quantity.wh()).collect();
    for offer in offers {
        let mut given = offer.quantity.wh();
        for (bid, wanted) in bids.iter().zip(&mut wanted) {
            let quantity = given.min(*wanted);
            if quantity > 0 && bid.price >= offer.price {
                (given, *wanted) = (given - quantity, *wanted - quantity);
                trades.push(Trade {
                    buyer: bid.id,
                    seller: offer.id,
                    quantity: Energy::from_wh(quantity),
                    pays: bid.price,
                    gets: bid.price,
                });
            }
        }
    }
    trades
}

/// The dearest offer meets the dearest bid: much energy trades, for little gain (26 % of the
/// optimum at the median).
fn dearest_with_dearest(orders: &[Order], _: &Seed) -> Cleared {
    let mut offers = best_first(orders, Side::Offer);
    offers.reverse();
    of_trades(orders, every_pair(&best_first(orders, Side::Bid), &offers), 0)
}

#[test]
fn trading_too_much_is_caught_by_the_gain() {
    caught(dearest_with_dearest, Invariant::Optimal, &SOUND);
    caught(dearest_with_dearest, Invariant::Monotone, &SOUND);
}

/// Each step takes the smaller one of two whole orders instead of what is left of them: 17 Wh where
/// 12 were offered.
fn whole_orders(orders: &[Order], _: &Seed) -> Cleared {
    let (bids, offers) = (best_first(orders, Side::Bid), best_first(orders, Side::Offer));
    let (mut bid, mut offer, mut wanted, mut given) = (0, 0, 0, 0);
    let mut trades = Vec::new();
    while let (Some(buyer), Some(seller)) = (bids.get(bid), offers.get(offer)) {
        if buyer.price < seller.price {
            break;
        }
        trades.push(Trade {
            buyer: buyer.id,
            seller: seller.id,
            quantity: buyer.quantity.min(seller.quantity),
            pays: seller.price,
            gets: seller.price,
        });
        let (more, less) = (wanted + buyer.quantity.wh(), given + seller.quantity.wh());
        if more <= less {
            (bid, wanted) = (bid + 1, more);
        }
        if less <= more {
            (offer, given) = (offer + 1, less);
        }
    }
    of_trades(orders, trades, 0)
}

#[test]
fn selling_more_than_was_offered_is_caught_by_the_energy() {
    caught(whole_orders, Invariant::Energy, &[Invariant::Money, Invariant::Bounded]);
}

/// A buyer served by several sellers pays the last one's price for all: a gap in every book.
fn last_price_for_all(orders: &[Order], _: &Seed) -> Cleared {
    let mut trades = every_pair(&best_first(orders, Side::Bid), &best_first(orders, Side::Offer));
    trades.iter_mut().for_each(|trade| {
        let seller = orders.iter().find(|order| order.id == trade.seller);
        trade.gets = seller.expect("it trades").price;
    });
    for at in 0..trades.len() {
        let last = trades.iter().rev().find(|trade| trade.buyer == trades[at].buyer);
        trades[at].pays = last.expect("it is there").gets;
    }
    of_trades(orders, trades, 0)
}

#[test]
fn one_price_for_all_sellers_of_a_buyer_is_caught_by_the_money() {
    let right = [Invariant::Energy, Invariant::Rational, Invariant::Bounded];
    caught(last_price_for_all, Invariant::Money, &right);
}

/// Of several orders of one participant at one price only the last counts: 1,200 Wh submitted, 700
/// cleared.
fn last_of_each_claim(orders: &[Order], seed: &Seed) -> Cleared {
    let claim = |order: &Order| (order.id.participant, order.side, order.price);
    let counts =
        |at: usize| orders[at + 1..].iter().all(|later| claim(later) != claim(&orders[at]));
    let counted: Vec<Order> =
        (0..orders.len()).filter(|at| counts(*at)).map(|at| orders[at]).collect();
    let clearing = uniform::clear(&counted, Kappa::HALF, seed).expect("a book");
    of_trades(orders, clearing.trades(&counted), 0)
}

#[test]
fn two_orders_of_one_participant_at_one_price_are_caught_by_splitting() {
    caught(last_of_each_claim, Invariant::Splitting, &SOUND);
    caught(last_of_each_claim, Invariant::Optimal, &SOUND);
}

/// A tie at the crossing clears nothing at all.
fn no_trade_on_a_tie(orders: &[Order], seed: &Seed) -> Cleared {
    let clearing = huang::clear(orders, seed).expect("a book");
    let sides = clearing.prices.sides();
    let clearing = match sides {
        Some((buy, sell)) if buy == sell => Clearing {
            prices: Prices::Nothing,
            volume: Energy::ZERO,
            outcomes: vec![Outcome::Rejected { reason: Rejection::Reduced }; orders.len()],
        },
        _ => clearing,
    };
    of_trades(orders, clearing.trades(orders), 0)
}

#[test]
fn a_tie_that_clears_nothing_is_caught_by_the_odd_books() {
    let mut draw = market::kit::draw::Draw::new(7);
    let many = market::kit::book::Book::many_at_one_price(&mut draw);
    assert!(no_trade_on_a_tie(&many.orders, &many.seed).trades.is_empty(), "the defect is there");
    caught(no_trade_on_a_tie, Invariant::Robust, &[Invariant::Energy, Invariant::Rational]);
}

/// One price on the bid curve below the crossing, where more is wanted than offered at it: volume
/// is lost.
fn price_below_the_crossing(orders: &[Order], seed: &Seed) -> Cleared {
    let (bids, offers) = (best_first(orders, Side::Bid), best_first(orders, Side::Offer));
    let sum = |side: &[Order], accepts: &dyn Fn(Price) -> bool| -> i64 {
        let mine = side.iter().filter(|order| accepts(order.price));
        mine.map(|order| order.quantity.wh()).sum()
    };
    let covered = bids
        .iter()
        .map(|bid| bid.price)
        .find(|price| sum(&bids, &|bid| bid >= *price) >= sum(&offers, &|offer| offer <= *price));
    let Some(price) = covered else { return of_trades(orders, Vec::new(), 0) };
    let accepted: Vec<Order> = orders
        .iter()
        .filter(|order| match order.side {
            Side::Bid => order.price >= price,
            Side::Offer => order.price <= price,
        })
        .copied()
        .collect();
    let clearing = uniform::clear(&accepted, Kappa::HALF, seed).expect("a book");
    let mut trades = clearing.trades(&accepted);
    trades.iter_mut().for_each(|trade| (trade.pays, trade.gets) = (price, price));
    of_trades(orders, trades, 0)
}

#[test]
fn a_price_below_the_crossing_is_caught_by_the_gain() {
    caught(price_below_the_crossing, Invariant::Optimal, &SOUND);
}

/// "McAfee" in several public codes: K units at the mean of the K-th pair.
fn mean_of_the_last_pair(orders: &[Order], seed: &Seed) -> Cleared {
    let clearing = uniform::clear_k_double(orders, Kappa::HALF, seed).expect("a book");
    of_trades(orders, clearing.trades(orders), 0)
}

#[test]
fn the_mean_of_the_last_pair_is_caught_as_not_truthful() {
    caught(mean_of_the_last_pair, Invariant::Truthful, &SOUND);
}
