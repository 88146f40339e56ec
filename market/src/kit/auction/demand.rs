//! What each invariant demands of an auction, restated over what the auction says that it did.
//!
//! In: a rule, a book, a number for further draws. Out: held, or the numbers that clash; nothing
//! where the invariant says nothing about this book. Refuses to know: which rules claim what.

use std::collections::BTreeMap;

use super::super::book::{Book, largest_gain};
use super::super::draw::Draw;
use super::rule::{Auction, Cleared};
use crate::energy::Energy;
use crate::ids::{OrderId, ParticipantId};
use crate::invariant::Invariant;
use crate::matching::Trade;
use crate::money::Price;
use crate::order::{Order, Outcome, Rejection, Side};
use crate::tariff::Tariff;

/// `Ok` if it held, `Err` with the numbers that clash.
type Checked = Result<(), String>;

/// Checks one invariant on one book. `stream` seeds what the check has to draw beside the book.
pub(super) fn check(
    rule: &impl Auction,
    invariant: Invariant,
    book: &Book,
    stream: u64,
) -> Option<Checked> {
    let trial = Trial { rule, book };
    let draw = &mut Draw::new(stream);
    let cleared = match rule.clear(&book.orders, &book.seed) {
        Ok(cleared) => cleared,
        Err(error) if invariant == Invariant::Robust => return Some(Err(error.to_string())),
        Err(_) => return None,
    };
    let said = Said { orders: &book.orders, cleared: &cleared };
    match invariant {
        Invariant::Energy => Some(said.energy()),
        Invariant::Money => Some(said.money()),
        Invariant::Rational => Some(said.rational()),
        Invariant::Bounded => Some(said.bounded()),
        Invariant::Stated => Some(said.stated()),
        Invariant::Budget => Some(said.budget()),
        Invariant::Optimal => Some(said.optimal()),
        Invariant::Replay => trial.replay(&cleared),
        Invariant::Timeless => trial.timeless(&cleared, draw),
        Invariant::Monotone => trial.monotone(draw),
        Invariant::Truthful => trial.truthful(draw),
        Invariant::Scaling => trial.scaling(draw),
        Invariant::Splitting => trial.splitting(&cleared, draw),
        Invariant::Robust => trial.robust(draw),
        Invariant::Income | Invariant::OwnUse => None,
    }
}

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn micro(price: Price) -> i128 {
    price.micro_per_kwh().into()
}

/// What a rule said about a book.
struct Said<'a> {
    orders: &'a [Order],
    cleared: &'a Cleared,
}

impl Said<'_> {
    /// Each order with its fill in Wh and its amount.
    fn rows(&self) -> impl Iterator<Item = (&Order, i64, i128)> {
        let fills = self.orders.iter().zip(&self.cleared.outcomes);
        fills
            .zip(&self.cleared.amounts)
            .map(|((order, outcome), amount)| (order, outcome.filled(order.quantity).wh(), *amount))
    }

    fn energy(&self) -> Checked {
        let count = self.orders.len();
        let Cleared { outcomes, amounts, trades, .. } = self.cleared;
        demand(outcomes.len() == count && amounts.len() == count, || "not one per order".into())?;
        let (mut bought, mut sold) = (0, 0);
        let mut told: BTreeMap<(Side, OrderId), i64> = BTreeMap::new();
        for trade in trades {
            let wh = trade.quantity.wh();
            demand(wh > 0, || format!("a trade of {wh} Wh"))?;
            *told.entry((Side::Bid, trade.buyer)).or_default() += wh;
            *told.entry((Side::Offer, trade.seller)).or_default() += wh;
        }
        for (order, filled, _) in self.rows() {
            let asked = order.quantity.wh();
            demand((0..=asked).contains(&filled), || {
                format!("{} got {filled} of {asked} Wh", order.id)
            })?;
            let paired = told.remove(&(order.side, order.id)).unwrap_or(0);
            demand(paired == filled, || {
                format!("{} got {filled} Wh and traded {paired}", order.id)
            })?;
            match order.side {
                Side::Bid => bought += filled,
                Side::Offer => sold += filled,
            }
        }
        demand(told.is_empty(), || format!("trades of nobody: {told:?}"))?;
        demand(bought == sold, || format!("{bought} Wh bought, {sold} sold"))
    }

    fn money(&self) -> Checked {
        let sum: i128 = self.cleared.amounts.iter().sum();
        let surplus = self.cleared.surplus;
        demand(sum + surplus == 0, || format!("accounts change by {sum}, {surplus} is kept"))?;
        demand(surplus >= 0, || format!("the operator pays {surplus}"))?;
        let mut told: BTreeMap<OrderId, i128> = BTreeMap::new();
        for Trade { buyer, seller, quantity, pays, gets } in &self.cleared.trades {
            let wh = i128::from(quantity.wh());
            *told.entry(*buyer).or_default() -= micro(*pays) * wh;
            *told.entry(*seller).or_default() += micro(*gets) * wh;
        }
        for (order, _, amount) in self.rows() {
            let traded = told.get(&order.id).copied().unwrap_or(0);
            demand(amount == traded, || {
                format!("{} has {amount}, its trades come to {traded}", order.id)
            })?;
        }
        Ok(())
    }

    fn rational(&self) -> Checked {
        for (order, filled, amount) in self.rows() {
            let gain = gain(order, filled, amount);
            demand(gain >= 0, || format!("{} loses {} by its own price", order.id, -gain))?;
        }
        Ok(())
    }

    fn bounded(&self) -> Checked {
        let prices = || self.orders.iter().map(|order| order.price);
        let (Some(low), Some(high)) = (prices().min(), prices().max()) else { return Ok(()) };
        for Trade { buyer, seller, pays, gets, .. } in &self.cleared.trades {
            demand(low <= *gets && gets <= pays && *pays <= high, || {
                format!("{buyer} pays {pays}, {seller} gets {gets}, orders from {low} to {high}")
            })?;
        }
        Ok(())
    }

    fn stated(&self) -> Checked {
        for (order, outcome) in self.orders.iter().zip(&self.cleared.outcomes) {
            let is_true = match outcome {
                Outcome::Filled => true,
                Outcome::Part { filled } => filled.is_positive() && *filled < order.quantity,
                Outcome::Rejected { reason } => self.is_true(order, *reason),
            };
            demand(is_true, || format!("{} is told {outcome:?}", order.id))?;
        }
        let priced = |id: OrderId| {
            self.cleared.trades.iter().any(|trade| trade.buyer == id || trade.seller == id)
        };
        for (order, filled, _) in self.rows() {
            demand(filled == 0 || priced(order.id), || format!("{} has no price", order.id))?;
        }
        Ok(())
    }

    fn is_true(&self, order: &Order, reason: Rejection) -> bool {
        let mut others = self.orders.iter().filter(|other| other.side != order.side);
        let is_alone = others.clone().next().is_none();
        let crosses = others.any(|other| match order.side {
            Side::Bid => other.price <= order.price,
            Side::Offer => other.price >= order.price,
        });
        let too_dear = || {
            self.cleared.trades.iter().any(|trade| match order.side {
                Side::Bid => trade.pays > order.price,
                Side::Offer => trade.gets < order.price,
            })
        };
        match reason {
            Rejection::NoCounterparty => is_alone,
            Rejection::PriceNotReached => !is_alone && (!crosses || too_dear()),
            Rejection::Rationed | Rejection::Reduced => crosses,
            Rejection::LimitReached => false, // an auction knows no grid
        }
    }

    fn budget(&self) -> Checked {
        let surplus = self.cleared.surplus;
        demand(surplus == 0, || format!("the operator keeps {surplus}"))
    }

    fn optimal(&self) -> Checked {
        let got: i128 = self.rows().map(|(order, filled, _)| value(order, filled)).sum();
        let best = largest_gain(self.orders);
        demand(got == best, || format!("a gain of {got} where {best} was possible"))
    }

    /// What each participant got on each side, and for how much.
    fn totals(&self) -> BTreeMap<(ParticipantId, Side), (i64, i128)> {
        let mut totals: BTreeMap<_, (i64, i128)> = BTreeMap::new();
        for (order, filled, amount) in self.rows() {
            let total = totals.entry((order.id.participant, order.side)).or_default();
            *total = (total.0 + filled, total.1 + amount);
        }
        totals
    }

    fn of(&self, id: OrderId) -> (i64, i128) {
        let row = self.rows().find(|(order, ..)| order.id == id);
        row.map_or((0, 0), |(_, filled, amount)| (filled, amount))
    }
}

/// What a fill is worth to the author of the order if its price is the true one, in nano-currency:
/// below zero for who gives the energy away.
fn value(order: &Order, filled: i64) -> i128 {
    let nano = micro(order.price) * i128::from(filled);
    if order.side == Side::Bid { nano } else { -nano }
}

/// What an order gains if its price is the true one.
fn gain(order: &Order, filled: i64, amount: i128) -> i128 {
    value(order, filled) + amount
}

/// One rule and one book, to be cleared again in other forms.
struct Trial<'a, R> {
    rule: &'a R,
    book: &'a Book,
}

impl<R: Auction> Trial<'_, R> {
    /// Clears other orders with the seed of the book; nothing is demanded of what is no book.
    fn cleared(&self, orders: &[Order]) -> Option<Cleared> {
        self.rule.clear(orders, &self.book.seed).ok()
    }

    fn replay(&self, before: &Cleared) -> Option<Checked> {
        let again = self.cleared(&self.book.orders)?;
        Some(demand(again == *before, || format!("{before:?}, then {again:?}")))
    }

    fn timeless(&self, before: &Cleared, draw: &mut Draw) -> Option<Checked> {
        let orders = self.book.shuffled(draw);
        let after = self.cleared(&orders)?;
        let by_id = |orders: &[Order], cleared: &Cleared| -> BTreeMap<OrderId, (Outcome, i128)> {
            let rows = cleared.outcomes.iter().copied().zip(cleared.amounts.iter().copied());
            orders.iter().map(|order| order.id).zip(rows).collect()
        };
        let same = by_id(&self.book.orders, before) == by_id(&orders, &after)
            && (before.surplus, &before.trades) == (after.surplus, &after.trades);
        Some(demand(same, || format!("{before:?}, as {orders:?} {after:?}")))
    }

    /// One order more never moves prices against its own side; a better price never gets less.
    fn monotone(&self, draw: &mut Draw) -> Option<Checked> {
        let orders = self.book.alone();
        let (last, rest) = orders.split_last()?;
        let (before, after) = (self.cleared(rest)?, self.cleared(&orders)?);
        let most = |cleared: &Cleared| {
            let prices = || cleared.trades.iter().map(|trade| (trade.pays, trade.gets));
            Some(match last.side {
                Side::Offer => [prices().map(|it| it.0).max()?, prices().map(|it| it.1).max()?],
                Side::Bid => [prices().map(|it| it.0).min()?, prices().map(|it| it.1).min()?],
            })
        };
        if let (Some(old), Some(new)) = (most(&before), most(&after)) {
            let holds = match last.side {
                Side::Offer => new[0] <= old[0] && new[1] <= old[1],
                Side::Bid => new[0] >= old[0] && new[1] >= old[1],
            };
            let said = || format!("with one {:?} more {old:?} became {new:?}", last.side);
            if let Err(why) = demand(holds, said) {
                return Some(Err(why));
            }
        }
        let better = better(last, draw);
        let with = [rest, &[better]].concat();
        let got = Said { orders: &with, cleared: &self.cleared(&with)? }.of(last.id).0;
        let had = Said { orders: &orders, cleared: &after }.of(last.id).0;
        Some(demand(got >= had, || {
            format!("{last:?} got {had} Wh, at {} it gets {got}", better.price)
        }))
    }

    fn truthful(&self, draw: &mut Draw) -> Option<Checked> {
        let orders = self.book.alone();
        if orders.is_empty() {
            return None;
        }
        let honest = Said { orders: &orders, cleared: &self.cleared(&orders)? };
        let at = draw.below(orders.len() as u64) as usize;
        let truth = orders[at];
        let (filled, amount) = honest.of(truth.id);
        let had = gain(&truth, filled, amount);
        for _ in 0..6 {
            let other = orders[draw.below(orders.len() as u64) as usize].price;
            let price = within(other.micro_per_kwh() + draw.between(-1, 1));
            let mut lying = orders.clone();
            lying[at].price = price;
            let told = Said { orders: &lying, cleared: &self.cleared(&lying)? };
            let (filled, amount) = told.of(truth.id);
            let got = gain(&truth, filled, amount);
            let said = || format!("{truth:?} gains {had}, by asking {price} {got}");
            if let Err(why) = demand(got <= had, said) {
                return Some(Err(why));
            }
        }
        Some(Ok(()))
    }

    fn scaling(&self, draw: &mut Draw) -> Option<Checked> {
        let factor = draw.between(2, 50);
        let with = |factor: i64| -> Vec<Order> {
            let quantity = |order: &Order| (order.quantity.wh() - 1) % 5_000 + 1;
            let scaled = |order: &Order| Order {
                quantity: Energy::from_wh(quantity(order) * factor),
                ..*order
            };
            self.book.orders.iter().map(scaled).collect()
        };
        let (small, large) = (with(1), with(factor));
        let (before, after) = (self.cleared(&small)?, self.cleared(&large)?);
        let before = Said { orders: &small, cleared: &before };
        let after = Said { orders: &large, cleared: &after };
        for ((order, small, _), (_, large, _)) in before.rows().zip(after.rows()) {
            let off = (large - small * factor).abs();
            if off > factor {
                let id = order.id;
                return Some(Err(format!("{id} got {small} Wh, {factor} times as much: {large}")));
            }
        }
        Some(Ok(()))
    }

    fn splitting(&self, before: &Cleared, draw: &mut Draw) -> Option<Checked> {
        let orders = &self.book.orders;
        let at = draw.below(orders.len() as u64) as usize;
        let whole = orders.get(at).filter(|order| order.quantity.wh() > 1)?;
        let part = draw.between(1, whole.quantity.wh() - 1);
        let mut split = orders.clone();
        split[at].quantity = Energy::from_wh(whole.quantity.wh() - part);
        let id = OrderId { counter: u32::MAX, ..whole.id };
        split.insert(at + 1, Order { id, quantity: Energy::from_wh(part), ..*whole });
        let after = self.cleared(&split)?;
        let before = Said { orders, cleared: before }.totals();
        let after = Said { orders: &split, cleared: &after }.totals();
        Some(demand(before == after, || {
            format!("{part} Wh of {} apart: {before:?} became {after:?}", whole.id)
        }))
    }

    /// One price for many trades at it; the odd books among the drawn ones did not end in an error.
    fn robust(&self, draw: &mut Draw) -> Option<Checked> {
        if !draw.once_in(8) {
            return Some(Ok(()));
        }
        let book = Book::many_at_one_price(draw);
        let cleared = match self.rule.clear(&book.orders, &book.seed) {
            Ok(cleared) => cleared,
            Err(error) => return Some(Err(error.to_string())),
        };
        let (trades, price) = (&cleared.trades, book.orders[0].price);
        let at_it = trades.iter().all(|trade| trade.pays == price && trade.gets == price);
        Some(demand(at_it && !trades.is_empty(), || format!("many at {price} trade {trades:?}")))
    }
}

/// The same order at a price that others like better.
fn better(order: &Order, draw: &mut Draw) -> Order {
    let step = draw.between(1, 50_000) / draw.between(1, 50_000).max(1) + 1;
    let sign = if order.side == Side::Bid { 1 } else { -1 };
    Order { price: within(order.price.micro_per_kwh() + sign * step), ..*order }
}

fn within(micro: i64) -> Price {
    let most = Tariff::MAX_PRICE.micro_per_kwh();
    Price::from_micro_per_kwh(micro.clamp(-most, most))
}
