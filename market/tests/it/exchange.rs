//! The coin exchange: books worked by hand, invariants on drawn ones, an oracle, refusals.

mod drawn;
mod naive;

use market::exchange::{
    CoinOrder, Exchange, ExchangeError, Fill, Leftover, Resting, State, Step, Ticket,
};
use market::{CoinPrice, Coins, Money, ParticipantId, Side};

/// An order of trader `who` over whole coins at a price in micro-currency per coin.
fn order(side: Side, who: u32, coins: i64, price: i64) -> CoinOrder {
    CoinOrder {
        trader: ParticipantId::new(who),
        side,
        price: CoinPrice::from_micro_per_coin(price),
        quantity: Coins::from_micro(1_000_000 * coins),
        fill: Fill::Partial,
        leftover: Leftover::Rests,
    }
}

fn buy(who: u32, coins: i64, price: i64) -> CoinOrder {
    order(Side::Bid, who, coins, price)
}

fn sell(who: u32, coins: i64, price: i64) -> CoinOrder {
    order(Side::Offer, who, coins, price)
}

fn whole(order: CoinOrder) -> CoinOrder {
    CoinOrder { fill: Fill::Whole, ..order }
}

fn discarded(order: CoinOrder) -> CoinOrder {
    CoinOrder { leftover: Leftover::Discarded, ..order }
}

/// A book after `orders`, and what the last of them set off.
fn after(orders: &[CoinOrder]) -> (Exchange, Step) {
    let mut exchange = Exchange::default();
    let steps: Vec<Step> =
        orders.iter().map(|order| exchange.place(*order).expect("a sound order")).collect();
    (exchange, steps.last().expect("at least one order").clone())
}

/// Trades as (bid, offer, whole coins).
fn trades(step: &Step) -> Vec<(u64, u64, i64)> {
    let row = |trade: &market::exchange::Trade| {
        (trade.bid.get(), trade.offer.get(), trade.quantity.micro() / 1_000_000)
    };
    step.trades.iter().map(row).collect()
}

/// What rests on a side, as (ticket, whole coins left).
fn rests(exchange: &Exchange, side: Side) -> Vec<(u64, i64)> {
    exchange.book(side).map(|row| (row.ticket.get(), row.left.micro() / 1_000_000)).collect()
}

/// Mihaylov et al. 2014, section 2, worked by hand: sells 5 at 10, 5 at 11, 5 at 13 meet a buy of 8
/// at 12. 5 go at 10 and 3 at 11; the buyer pays 8 x 12 = 96, the sellers get 50 and 33, the market
/// keeps 96 - 83 = 13; 2 at 11 and 5 at 13 rest.
#[test]
fn a_buy_meets_the_cheapest_sells() {
    let (exchange, step) = after(&[sell(1, 5, 10), sell(2, 5, 11), sell(3, 5, 13), buy(4, 8, 12)]);
    assert_eq!(trades(&step), [(3, 0, 5), (3, 1, 3)]);
    let micro = |money: Money| money.nano() / 1_000;
    let paid: i64 = step.trades.iter().map(|trade| micro(trade.paid())).sum();
    let received: Vec<i64> = step.trades.iter().map(|trade| micro(trade.received())).collect();
    let spread: i64 = step.trades.iter().map(|trade| micro(trade.spread())).sum();
    assert_eq!((paid, received, spread), (96, vec![50, 33], 13));
    assert_eq!(rests(&exchange, Side::Offer), [(1, 2), (2, 5)]);
    assert_eq!(rests(&exchange, Side::Bid), []);
    let states =
        [State::Filled, State::Resting { left: Coins::from_micro(2_000_000) }, State::Filled];
    let changed: Vec<(u64, State)> =
        step.changed.iter().map(|(ticket, state)| (ticket.get(), *state)).collect();
    assert_eq!(changed, [(0, states[0]), (1, states[1]), (3, states[2])]);
}

/// The mirror image: buys 5 at 13, 5 at 12, 5 at 10 meet a sell of 8 at 11. The buyers pay 65 and
/// 36, the seller gets 8 x 11 = 88, the market keeps 13.
#[test]
fn a_sell_meets_the_highest_buys() {
    let (exchange, step) = after(&[buy(1, 5, 10), buy(2, 5, 12), buy(3, 5, 13), sell(4, 8, 11)]);
    assert_eq!(trades(&step), [(2, 3, 5), (1, 3, 3)]);
    let micro = |money: Money| money.nano() / 1_000;
    let paid: Vec<i64> = step.trades.iter().map(|trade| micro(trade.paid())).collect();
    let received: i64 = step.trades.iter().map(|trade| micro(trade.received())).sum();
    let spread: i64 = step.trades.iter().map(|trade| micro(trade.spread())).sum();
    assert_eq!((paid, received, spread), (vec![65, 36], 88, 13));
    assert_eq!(rests(&exchange, Side::Bid), [(1, 2), (0, 5)]);
}

/// Of equal prices the one that came first is served first; equal prices on both sides trade.
#[test]
fn equal_prices_are_served_by_age() {
    let (exchange, step) = after(&[sell(1, 3, 10), sell(2, 3, 10), buy(3, 4, 10)]);
    assert_eq!(trades(&step), [(2, 0, 3), (2, 1, 1)]);
    assert_eq!(step.trades[0].spread(), Money::ZERO);
    assert_eq!(rests(&exchange, Side::Offer), [(1, 2)]);
}

/// What finds nobody is dropped if its trader said so, in part or as a whole.
#[test]
fn a_leftover_is_dropped_on_demand() {
    let (exchange, step) = after(&[sell(1, 3, 10), discarded(buy(2, 5, 10))]);
    assert_eq!(trades(&step), [(1, 0, 3)]);
    let left = |coins: i64| State::Discarded { left: Coins::from_micro(1_000_000 * coins) };
    assert_eq!(step.changed[&Ticket::new(1)], left(2));
    assert_eq!((rests(&exchange, Side::Bid), rests(&exchange, Side::Offer)), (vec![], vec![]));
    let (exchange, step) = after(&[sell(1, 3, 10), discarded(whole(buy(2, 5, 10)))]);
    assert_eq!((trades(&step), step.changed[&Ticket::new(1)]), (vec![], left(5)));
    assert_eq!(rests(&exchange, Side::Offer), [(0, 3)]);
}

/// All or nothing on its way: 5 are wanted, 3 are there, nothing trades; with 2 more it is filled
/// from both, in that very step.
#[test]
fn all_or_nothing_waits_until_it_can_be_filled() {
    let before = [sell(1, 3, 10), whole(buy(2, 5, 12))];
    let (exchange, step) = after(&before);
    assert_eq!(trades(&step), []);
    assert_eq!(
        (rests(&exchange, Side::Bid), rests(&exchange, Side::Offer)),
        (vec![(1, 5)], vec![(0, 3)])
    );
    let (exchange, step) = after(&[before[0], before[1], sell(3, 4, 11)]);
    assert_eq!(trades(&step), [(1, 0, 3), (1, 2, 2)]);
    assert_eq!(rests(&exchange, Side::Offer), [(2, 2)]);
}

/// An order passes by those that want all and are too large for what is left of it.
#[test]
fn all_or_nothing_is_passed_by_if_too_large() {
    let (exchange, step) = after(&[whole(sell(1, 5, 10)), sell(2, 3, 11), buy(3, 4, 12)]);
    assert_eq!(trades(&step), [(2, 1, 3)]);
    assert_eq!(rests(&exchange, Side::Bid), [(2, 1)]);
    assert_eq!(rests(&exchange, Side::Offer), [(0, 5)]);
}

/// A cancellation can let others trade: the buy of 10 that wants all meets 5 at 8, has to pass by
/// the whole 8 at 9, and 2 at 10 are too few. Without the first it gets 8 and 2.
#[test]
fn a_cancellation_can_let_others_trade() {
    let (mut exchange, step) =
        after(&[sell(1, 5, 8), whole(sell(2, 8, 9)), sell(3, 2, 10), whole(buy(4, 10, 10))]);
    assert_eq!(trades(&step), []);
    let step = exchange.cancel(Ticket::new(0), ParticipantId::new(1)).expect("its own");
    assert_eq!(trades(&step), [(3, 1, 8), (3, 2, 2)]);
    assert_eq!(
        step.changed[&Ticket::new(0)],
        State::Cancelled { left: Coins::from_micro(5_000_000) }
    );
    assert_eq!((rests(&exchange, Side::Bid), rests(&exchange, Side::Offer)), (vec![], vec![]));
}

/// Every refusal names what clashes and changes nothing.
#[test]
fn refusals_change_nothing() {
    let (mut exchange, _) = after(&[sell(1, 3, 10)]);
    let before = exchange.clone();
    let (lot, max) = (CoinOrder::LOT, CoinOrder::MAX_QUANTITY);
    for micro in [-1_000, 0, 999, 1_001, max.micro() + 1_000, i64::MAX, i64::MIN] {
        let got = Coins::from_micro(micro);
        let refused = exchange.place(CoinOrder { quantity: got, ..buy(2, 1, 10) });
        assert_eq!(refused, Err(ExchangeError::Quantity { got, lot, max }));
    }
    for price in [-1, CoinOrder::MAX_PRICE.micro_per_coin() + 1, i64::MAX, i64::MIN] {
        let (got, max) = (CoinPrice::from_micro_per_coin(price), CoinOrder::MAX_PRICE);
        let refused = exchange.place(buy(2, 1, price));
        assert_eq!(refused, Err(ExchangeError::Price { got, max }));
    }
    let (first, second) = (Ticket::new(0), Ticket::new(1));
    let (owner, got) = (ParticipantId::new(1), ParticipantId::new(2));
    let not_yours = ExchangeError::NotYours { ticket: first, owner, got };
    assert_eq!(exchange.cancel(first, got), Err(not_yours));
    assert_eq!(exchange.cancel(second, owner), Err(ExchangeError::NotResting(second)));
    assert_eq!(exchange, before);
    // What is gone cannot be cancelled again.
    exchange.cancel(first, owner).expect("its own");
    assert_eq!(exchange.cancel(first, owner), Err(ExchangeError::NotResting(first)));
}

/// The largest amounts there are: 10^9 micro-currency/coin x 10^9 lots = 10^18 nano-currency fit.
#[test]
fn the_largest_trade_fits() {
    let (price, quantity) = (CoinOrder::MAX_PRICE, CoinOrder::MAX_QUANTITY);
    let free = CoinOrder { quantity, ..sell(1, 1, 0) };
    let (_, step) = after(&[free, CoinOrder { price, quantity, ..buy(2, 1, 0) }]);
    assert_eq!(step.trades[0].paid(), Money::from_nano(1_000_000_000_000_000_000));
    assert_eq!(step.trades[0].received(), Money::ZERO);
    assert_eq!(step.trades[0].spread(), step.trades[0].paid());
}

/// Orders that may have to rest are refused when the book is full; others still trade.
#[test]
fn the_book_is_bounded() {
    let mut exchange = Exchange::default();
    for _ in 0..Exchange::MAX_WHOLE {
        exchange.place(whole(sell(1, 9, 10))).expect("room");
    }
    let too_many = ExchangeError::TooManyWhole { max: Exchange::MAX_WHOLE };
    assert_eq!(exchange.place(whole(buy(2, 1, 9))), Err(too_many));
    for _ in Exchange::MAX_WHOLE..Exchange::MAX_RESTING {
        exchange.place(sell(1, 1, 11)).expect("room");
    }
    let full = ExchangeError::Full { max: Exchange::MAX_RESTING };
    assert_eq!(exchange.place(sell(2, 1, 12)), Err(full));
    let step = exchange.place(discarded(buy(2, 2, 11))).expect("it will not rest");
    assert_eq!(step.trades.len(), 2);
    exchange.place(sell(2, 1, 12)).expect("room again");
}

/// What cannot have been a book is not read as one.
#[test]
fn impossible_books_are_refused() {
    let row = |ticket, order: CoinOrder| Resting {
        ticket: Ticket::new(ticket),
        order,
        left: order.quantity,
    };
    let read = |next, rows: &[Resting]| Exchange::try_new(Ticket::new(next), rows).map(|_| ());
    let impossible = |ticket| Err(ExchangeError::Impossible(Ticket::new(ticket)));
    let sound = [row(3, sell(1, 3, 10)), row(5, buy(2, 3, 9))];
    assert_eq!(read(6, &sound), Ok(()));
    assert_eq!(read(5, &sound), impossible(5));
    assert_eq!(read(6, &[sound[1], sound[0]]), impossible(3));
    assert_eq!(read(6, &[sound[0], sound[0]]), impossible(3));
    assert_eq!(read(6, &[row(0, discarded(buy(2, 3, 9)))]), impossible(0));
    for left in [0, -1_000, 1_500, 3_001_000] {
        let left = Coins::from_micro(left);
        assert_eq!(read(6, &[Resting { left, ..sound[0] }]), impossible(3));
    }
    let part = Resting { left: Coins::from_micro(1_000), ..row(0, whole(buy(2, 3, 9))) };
    assert_eq!(read(6, &[part]), impossible(0));
    assert_eq!(read(6, &[sound[0], row(5, buy(2, 3, 10))]), Err(ExchangeError::Crossed));
    assert_eq!(read(6, &[sound[0], row(5, whole(buy(2, 3, 10)))]), Err(ExchangeError::Crossed));
    assert_eq!(read(6, &[sound[0], row(5, whole(buy(2, 4, 10)))]), Ok(()));
}
