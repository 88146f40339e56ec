//! Bad input: an ordinary result or a typed refusal.

use market::{
    Aggregator, AggregatorId, Fee, Feeder, FeederId, Fees, Grid, Home, Limit, MarketError, Order,
    Outcome, ParticipantId, Rates, Rejection, Side, Tariff,
};

use super::regions::{fees, limit, market};
use super::{cleared, price, wh};
use crate::books::{SEED, order};

fn aggregator(id: u32) -> Aggregator {
    Aggregator { id: AggregatorId::new(id), limit: Limit::NONE }
}

fn feeder(id: u32, above: u32) -> Feeder {
    let (id, aggregator) = (FeederId::new(id), AggregatorId::new(above));
    Feeder { id, aggregator, limit: Limit::NONE }
}

fn home(id: u32, feeder: u32) -> Home {
    Home { participant: ParticipantId::new(id), feeder: FeederId::new(feeder) }
}

/// Parts that do not fit together are no tree, and the refusal names them.
#[test]
fn trees_that_do_not_hold_together_are_refused() {
    let refused = |aggregators: &[Aggregator], feeders: &[Feeder], homes: &[Home]| {
        Grid::try_new(aggregators.to_vec(), feeders.to_vec(), homes.to_vec()).expect_err("no tree")
    };
    let (one, two) = (aggregator(1), aggregator(2));
    let duplicate = MarketError::DuplicateAggregator(AggregatorId::new(1));
    assert_eq!(refused(&[one, two, one], &[], &[]), duplicate);
    let duplicate = MarketError::DuplicateFeeder(FeederId::new(7));
    assert_eq!(refused(&[one, two], &[feeder(7, 1), feeder(7, 2)], &[]), duplicate);
    let unknown = MarketError::UnknownAggregator {
        feeder: FeederId::new(7),
        aggregator: AggregatorId::new(3),
    };
    assert_eq!(refused(&[one, two], &[feeder(7, 3), feeder(8, 1)], &[]), unknown);
    let unknown =
        MarketError::UnknownFeeder { participant: ParticipantId::new(4), feeder: FeederId::new(9) };
    assert_eq!(refused(&[one], &[feeder(7, 1)], &[home(3, 7), home(4, 9)]), unknown);
    let duplicate = MarketError::DuplicateParticipant(ParticipantId::new(4));
    assert_eq!(refused(&[one], &[feeder(7, 1)], &[home(4, 7), home(4, 7)]), duplicate);
    let below_zero = Feeder { limit: limit(None, Some(-1)), ..feeder(7, 1) };
    assert_eq!(refused(&[one], &[below_zero], &[]), MarketError::FlowLimit(wh(-1)));
}

/// A tree is checked again when it arrives from elsewhere, and is the same after the journey.
#[test]
fn trees_and_fees_are_checked_when_read() {
    let grid = Grid::try_new(vec![aggregator(1)], vec![feeder(7, 1)], vec![home(4, 7)]);
    let grid = grid.expect("a tree");
    let bytes = bcs::to_bytes(&grid).expect("encodes");
    assert_eq!(bcs::from_bytes::<Grid>(&bytes), Ok(grid));
    let loose = bcs::to_bytes(&(Vec::<Aggregator>::new(), vec![feeder(7, 1)], Vec::<Home>::new()));
    assert!(bcs::from_bytes::<Grid>(&loose.expect("encodes")).is_err());

    let rising = fees(1, 2, 3);
    let bytes = bcs::to_bytes(&rising).expect("encodes");
    assert_eq!(bcs::from_bytes::<Fees>(&bytes), Ok(rising));
    let falling = vec![fee("network", 3, 2, 1)];
    let bytes = bcs::to_bytes(&falling).expect("encodes");
    assert!(bcs::from_bytes::<Fees>(&bytes).is_err());
}

fn fee(name: &str, feeder: i64, aggregator: i64, grid: i64) -> Fee {
    let rates = Rates { feeder: price(feeder), aggregator: price(aggregator), grid: price(grid) };
    Fee { name: name.to_owned(), rates }
}

/// Fees that fall from tier to tier, lie below zero, exceed every price, or cannot be told apart.
#[test]
fn fees_that_make_no_sense_are_refused() {
    let refused = |list: &[Fee]| Fees::try_new(list.to_vec()).expect_err("no fees");
    let max = Tariff::MAX_PRICE;
    // One falls, the other one does not make up for it.
    let sums = MarketError::Fees { feeder: price(5), aggregator: price(4), grid: price(9), max };
    assert_eq!(refused(&[fee("a", 5, 2, 2), fee("b", 0, 2, 7)]), sums);
    let below_zero = MarketError::Fee { got: price(-1), max };
    assert_eq!(refused(&[fee("a", -1, 0, 0)]), below_zero);
    let top = max.micro_per_kwh();
    let (feeder, aggregator, grid) = (price(0), price(0), price(top + 1));
    let beyond = MarketError::Fees { feeder, aggregator, grid, max };
    assert_eq!(refused(&[fee("a", 0, 0, top), fee("b", 0, 0, 1)]), beyond);
    let name = |got: &str| MarketError::FeeName { got: got.to_owned(), max: Fees::MAX_NAME };
    assert_eq!(refused(&[fee("a", 0, 0, 0), fee("a", 0, 0, 0)]), name("a"));
    assert_eq!(refused(&[fee("", 0, 0, 0)]), name(""));
    let many: Vec<Fee> = (0..17).map(|at| fee(&at.to_string(), 0, 0, 0)).collect();
    assert_eq!(refused(&many), MarketError::TooManyFees { got: 17, max: 16 });
}

/// Who has no place in the tree does not trade, and two orders with one name are refused.
#[test]
fn orders_that_fit_no_book_are_refused() {
    let market = market(&[0], &[0], fees(0, 0, 0));
    let refused = |orders: &[Order]| market.clear(orders, &SEED).expect_err("a bad book");
    let stranger = order(Side::Bid, 9, 0, 1, 1);
    assert_eq!(refused(&[stranger]), MarketError::NoFeeder(ParticipantId::new(9)));
    let own = order(Side::Bid, 1, 0, 1, 1);
    assert_eq!(refused(&[own, own]), MarketError::DuplicateOrder(own.id));
    let wishes = market.clear_with_wishes(&[own], &[], &SEED);
    assert_eq!(wishes, Err(MarketError::Wishes { orders: 1, wishes: 0 }));
}

/// Empty, one-sided and non-crossing books, and fees larger than the spread, are ordinary results.
#[test]
fn books_that_do_not_trade_are_ordinary() {
    let cheap = market(&[0, 1], &[0, 1], fees(0, 0, 0));
    let empty = cleared(&cheap, &[]);
    assert_eq!((empty.outcomes.len(), empty.parts.len(), empty.zones.len()), (0, 0, 0));
    let (bid, offer) = (order(Side::Bid, 1, 0, 200, 10), order(Side::Offer, 2, 0, 150, 10));
    let rejected = |reason| vec![Outcome::Rejected { reason }];
    assert_eq!(cleared(&cheap, &[bid]).outcomes, rejected(Rejection::NoCounterparty));
    assert_eq!(cleared(&cheap, &[bid, offer]).outcomes, [Outcome::Filled; 2]);
    let dear = market(&[0, 1], &[0, 1], fees(0, 0, 51));
    let not_reached = rejected(Rejection::PriceNotReached);
    assert_eq!(cleared(&dear, &[bid, offer]).outcomes, [not_reached.clone(), not_reached].concat());
    // The largest fee and the lowest bid there are.
    let top = Tariff::MAX_PRICE.micro_per_kwh();
    let extreme = market(&[0, 1], &[0, 1], fees(top, top, top));
    let (bid, offer) = (order(Side::Bid, 1, 0, -top, 10), order(Side::Offer, 2, 0, top, 10));
    assert_eq!(cleared(&extreme, &[bid, offer]).parts, []);
}
