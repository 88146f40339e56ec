//! Invariants I1, I2, I3, I7, I8, I11, limits and completeness of every climb, on drawn trees and
//! books, with and without wishes. Everything is added up again from the parts.

use std::collections::BTreeMap;

use market::tier::{Congestion, Part, Premium, Quality, Wish};
use market::{
    Grid, Kappa, Limit, Order, OrderId, Outcome, ParticipantId, Rejection, Side, Tier,
    TierClearing, TierMarket, Zone, clear,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::regions::{drawn_wishes, fees, slots, without_limits};
use super::{cleared, fills, price, received, wh};
use crate::books::{SEED, books, seeds};

/// Wh that every zone took in on tiers above its own, less what it gave.
fn net_flows(
    market: &TierMarket,
    orders: &[Order],
    clearing: &TierClearing,
) -> BTreeMap<Zone, i64> {
    let mut flows = BTreeMap::new();
    for part in &clearing.parts {
        let order = &orders[part.order as usize];
        let feeder = market.grid.feeder_of(order.id.participant).expect("a place");
        let energy = if order.side == Side::Bid { part.energy.wh() } else { -part.energy.wh() };
        if part.tier > Tier::Feeder {
            *flows.entry(Zone::Feeder(feeder.id)).or_default() += energy;
        }
        if part.tier > Tier::Aggregator {
            *flows.entry(Zone::Aggregator(feeder.aggregator)).or_default() += energy;
        }
    }
    flows
}

fn limit_of(market: &TierMarket, zone: Zone) -> Limit {
    let grid = &market.grid;
    let found = match zone {
        Zone::Feeder(id) => grid.feeders().iter().find(|one| one.id == id).map(|one| one.limit),
        Zone::Aggregator(id) => {
            grid.aggregators().iter().find(|one| one.id == id).map(|one| one.limit)
        }
        Zone::Grid => None,
    };
    found.unwrap_or(Limit::NONE)
}

/// The nearest tier on which two homes can trade.
fn between(market: &TierMarket, a: &Order, b: &Order) -> Tier {
    let feeder = |order: &Order| market.grid.feeder_of(order.id.participant).expect("a place");
    if a.id.participant == b.id.participant {
        Tier::Home
    } else if feeder(a).id == feeder(b).id {
        Tier::Feeder
    } else if feeder(a).aggregator == feeder(b).aggregator {
        Tier::Aggregator
    } else {
        Tier::Grid
    }
}

/// Everything that holds for every climb.
fn holds(
    market: &TierMarket,
    orders: &[Order],
    wishes: &[Wish],
    clearing: &TierClearing,
) -> Result<(), TestCaseError> {
    outcomes_are_parts(orders, clearing)?;
    for part in &clearing.parts {
        let at = part.order as usize;
        is_fair(market, part, &orders[at], wishes.get(at).copied().unwrap_or_default())?;
    }
    everything_adds_up(market, orders, clearing)?;
    for (zone, flow) in net_flows(market, orders, clearing) {
        let limit = limit_of(market, zone);
        prop_assert!(limit.import.is_none_or(|most| flow <= most.wh()), "{zone}: {flow}");
        prop_assert!(limit.export.is_none_or(|most| -flow <= most.wh()), "{zone}: {flow}");
    }
    prop_assert!(clearing.congestion.iter().all(|one| one.rent() > 0));
    Ok(())
}

/// I8: every order has one outcome, which is the sum of its parts.
fn outcomes_are_parts(orders: &[Order], clearing: &TierClearing) -> Result<(), TestCaseError> {
    prop_assert_eq!(clearing.outcomes.len(), orders.len());
    let filled = fills(orders, clearing);
    for (at, order) in (0_u32..).zip(orders) {
        let (whole, outcome) = (order.quantity.wh(), clearing.outcomes[at as usize]);
        let sum: i64 = clearing.parts_of(at).iter().map(|part| part.energy.wh()).sum();
        prop_assert_eq!(sum, filled[at as usize]);
        prop_assert!((0..=whole).contains(&sum));
        prop_assert_eq!(sum == whole, outcome == Outcome::Filled);
    }
    Ok(())
}

/// I3, with the premiums restated: they count on the feeder alone.
fn is_fair(
    market: &TierMarket,
    part: &Part,
    order: &Order,
    wish: Wish,
) -> Result<(), TestCaseError> {
    prop_assert!(part.energy.is_positive());
    if part.tier == Tier::Home {
        prop_assert_eq!((part.price, part.fee), (price(0), price(0)));
        return Ok(());
    }
    let permille = match (part.tier, part.quality) {
        (Tier::Feeder, Quality::Green) => wish.local.max(wish.green).permille(),
        (Tier::Feeder, _) => wish.local.permille(),
        _ => 0,
    };
    let own = order.price.micro_per_kwh();
    match order.side {
        Side::Bid => {
            let worth = own + (own * i64::from(permille) / 1_000).max(0);
            prop_assert!(part.rate().micro_per_kwh() <= worth);
            prop_assert_eq!(part.fee, market.fees.rate(part.tier));
            prop_assert!(part.quality != Quality::Green || wish.green > Premium::NONE);
        }
        Side::Offer => {
            prop_assert!(part.price.micro_per_kwh() >= own);
            prop_assert_eq!(part.fee, price(0));
            prop_assert!(part.quality != Quality::Green || wish.is_green);
        }
    }
    Ok(())
}

/// I1 and I2: on every tier what is bought is sold, and all accounts together do not change; the
/// bills say the same as the parts.
fn everything_adds_up(
    market: &TierMarket,
    orders: &[Order],
    clearing: &TierClearing,
) -> Result<(), TestCaseError> {
    let (mut net, mut money) = (BTreeMap::<Tier, i64>::new(), 0);
    for part in &clearing.parts {
        let order = &orders[part.order as usize];
        let sign = if order.side == Side::Bid { 1 } else { -1 };
        *net.entry(part.tier).or_default() += sign * part.energy.wh();
        money += received(part, order.side);
    }
    prop_assert!(net.iter().all(|(tier, sum)| *tier == Tier::Utility || *sum == 0), "{net:?}");
    let accounts = &clearing.accounts;
    let others = [accounts.congestion, accounts.utility];
    let others = accounts.fees.iter().chain(&others).map(|amount| i128::from(amount.nano()));
    prop_assert_eq!(money + others.sum::<i128>(), 0);
    let bills = clearing.bills(orders, &market.fees).expect("small");
    let billed: i128 = bills.iter().map(|bill| i128::from(bill.amount.nano())).sum();
    prop_assert_eq!(billed, money);
    for bill in &bills {
        let sum: i64 = bill.lines.iter().map(|line| line.amount.nano()).sum();
        prop_assert_eq!(sum, bill.amount.nano());
        for line in &bill.lines {
            let exact = line.rate.micro_per_kwh() * line.energy.wh();
            prop_assert_eq!(line.amount.nano().abs(), exact.abs());
        }
    }
    Ok(())
}

/// Whether a zone bought and sold in one clearing of a tier above its own.
fn faces_both_ways(market: &TierMarket, orders: &[Order], clearing: &TierClearing) -> bool {
    let mut sides = BTreeMap::<_, Side>::new();
    clearing.parts.iter().any(|part| {
        let order = &orders[part.order as usize];
        let feeder = market.grid.feeder_of(order.id.participant).expect("a place").id;
        let is_between = [Tier::Aggregator, Tier::Grid].contains(&part.tier);
        is_between && *sides.entry((feeder, part.tier)).or_insert(order.side) != order.side
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    /// I1, I2, I3, I8 and limits, and no feeder buys and sells in one clearing.
    #[test]
    fn every_climb_adds_up((market, orders) in slots(), seed in seeds()) {
        let clearing = market.clear(&orders, &seed).expect("a valid book");
        holds(&market, &orders, &[], &clearing)?;
        prop_assert!(!faces_both_ways(&market, &orders, &clearing));
    }

    /// The same with wishes.
    #[test]
    fn every_climb_with_wishes_adds_up((market, orders) in slots(), wishes in drawn_wishes()) {
        let wishes = &wishes[..orders.len()];
        let clearing = market.clear_with_wishes(&orders, wishes, &SEED).expect("a valid book");
        holds(&market, &orders, wishes, &clearing)?;
        prop_assert!(!faces_both_ways(&market, &orders, &clearing));
    }

    /// Nobody is left who could still trade: without limits, no bid and no offer that are left are
    /// worth more to each other than the fee between them, and none would trade with the utility.
    #[test]
    fn nothing_that_could_trade_is_left((market, orders) in slots()) {
        let market = without_limits(&market);
        let clearing = cleared(&market, &orders);
        let filled = fills(&orders, &clearing);
        let has_left = |(order, filled): &(&Order, &i64)| order.quantity.wh() > **filled;
        let left = orders.iter().zip(&filled).filter(has_left).map(|(order, _)| order);
        let left: Vec<&Order> = left.collect();
        let on = |side| left.iter().filter(move |order| order.side == side);
        for bid in on(Side::Bid) {
            for offer in on(Side::Offer) {
                let fee = market.fees.rate(between(&market, bid, offer)).micro_per_kwh();
                prop_assert!(bid.price.micro_per_kwh() - fee < offer.price.micro_per_kwh());
            }
        }
        if let Some(tariff) = market.utility {
            prop_assert!(on(Side::Bid).all(|bid| bid.price < tariff.retail()));
            prop_assert!(on(Side::Offer).all(|offer| offer.price > tariff.feed_in()));
        }
    }

    /// I7: the same orders in another order give the same parts to each.
    #[test]
    fn arrival_does_not_matter(
        (market, orders, shuffled) in slots().prop_flat_map(|(market, orders)| {
            (Just(market), Just(orders.clone()), Just(orders).prop_shuffle())
        }),
        seed in seeds(),
    ) {
        let named = |orders: &[Order]| {
            let clearing = market.clear(orders, &seed).expect("a valid book");
            let mut parts: Vec<_> = clearing
                .parts
                .iter()
                .map(|part| (orders[part.order as usize].id, part.tier, part.energy, part.rate()))
                .collect();
            parts.sort_unstable();
            let outcomes: BTreeMap<OrderId, Outcome> =
                orders.iter().map(|order| order.id).zip(clearing.outcomes).collect();
            (parts, outcomes, clearing.zones, clearing.accounts)
        };
        prop_assert_eq!(named(&orders), named(&shuffled));
    }

    /// On a single feeder whose homes stand on one side each, the climb is the uniform auction of
    /// the bids less the fee: price, volume, and every fill.
    #[test]
    fn a_single_feeder_is_the_uniform_auction(
        orders in books(40),
        seed in seeds(),
        kappa in 0..=4_u64,
        fee in prop_oneof![Just(0), 1_000..50_000_i64],
    ) {
        let kappa = Kappa::try_new(kappa, 4).expect("in [0, 1]");
        let mut orders = orders;
        for order in orders.iter_mut().filter(|order| order.side == Side::Offer) {
            order.id.participant = ParticipantId::new(order.id.participant.get() + 100);
        }
        let mut net = orders.clone();
        for order in net.iter_mut().filter(|order| order.side == Side::Bid) {
            order.price = price(order.price.micro_per_kwh() - fee);
        }
        prop_assume!(net.iter().all(|order| order.check_range().is_ok()));
        let grid = Grid::single_feeder((0..112).map(ParticipantId::new)).expect("a tree");
        let single = TierMarket { grid, fees: fees(fee, fee, fee), kappa, utility: None };
        let tiers = single.clear(&orders, &seed).expect("a valid book");
        let uniform = clear(&net, kappa, &seed).expect("a valid book");
        let zones: Vec<_> = tiers.zones.iter().map(|zone| (zone.price, zone.volume)).collect();
        let expected: Vec<_> =
            uniform.price().into_iter().map(|price| (price, uniform.volume)).collect();
        prop_assert_eq!(zones, expected);
        let expected: Vec<i64> = net
            .iter()
            .zip(&uniform.outcomes)
            .map(|(order, outcome)| outcome.filled(order.quantity).wh())
            .collect();
        prop_assert_eq!(fills(&orders, &tiers), expected);
        let rejected = |outcomes: &[Outcome]| -> Vec<bool> {
            outcomes.iter().map(|outcome| matches!(outcome, Outcome::Rejected { .. })).collect()
        };
        prop_assert_eq!(rejected(&tiers.outcomes), rejected(&uniform.outcomes));
        if fee == 0 {
            prop_assert_eq!(tiers.outcomes, uniform.outcomes);
        }
    }

    /// I11: an order cut in two at one price gets what the whole order got.
    #[test]
    fn splitting_an_order_gains_nothing(
        (market, orders) in slots(),
        which in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!orders.is_empty());
        let at = which.index(orders.len());
        let whole = orders[at];
        prop_assume!(whole.quantity > wh(1));
        let half = wh(whole.quantity.wh() / 2);
        let mut split = orders.clone();
        split[at].quantity = half;
        let rest = wh(whole.quantity.wh() - half.wh());
        let id = OrderId { counter: 1_000, ..whole.id };
        split.push(Order { id, quantity: rest, ..whole });
        let total = |orders: &[Order]| -> i64 {
            let fills = fills(orders, &cleared(&market, orders));
            let own = |order: &Order| {
                (order.id.participant, order.side, order.price)
                    == (whole.id.participant, whole.side, whole.price)
            };
            orders.iter().zip(fills).filter(|(order, _)| own(order)).map(|(_, fill)| fill).sum()
        };
        prop_assert_eq!(total(&orders), total(&split));
    }
}

/// What drawn slots show of the rules.
#[derive(Debug, Default)]
struct Reached {
    tiers: [u32; 5],
    full_feeder: u32,
    full_aggregator: u32,
    full_import: u32,
    full_export: u32,
    several_tiers_for_one_order: u32,
    limit_reached: u32,
    rationed: u32,
    part: u32,
    green: u32,
    partner: u32,
}

impl Reached {
    fn count(&mut self, clearing: &TierClearing) {
        for tier in Tier::ALL {
            let is_there = clearing.parts.iter().any(|part| part.tier == tier);
            self.tiers[tier as usize] += u32::from(is_there);
        }
        let congested =
            |test: &dyn Fn(&Congestion) -> bool| u32::from(clearing.congestion.iter().any(test));
        self.full_feeder += congested(&|one| matches!(one.zone, Zone::Feeder(_)));
        self.full_aggregator += congested(&|one| matches!(one.zone, Zone::Aggregator(_)));
        self.full_import += congested(&|one| one.side == Side::Bid);
        self.full_export += congested(&|one| one.side == Side::Offer);
        let pair = |pair: &[Part]| pair[0].order == pair[1].order;
        self.several_tiers_for_one_order += u32::from(clearing.parts.windows(2).any(pair));
        let rejected = |wanted| {
            let rejected = |outcome: &Outcome| matches!(outcome, Outcome::Rejected { reason } if *reason == wanted);
            u32::from(clearing.outcomes.iter().any(rejected))
        };
        self.limit_reached += rejected(Rejection::LimitReached);
        self.rationed += rejected(Rejection::Rationed);
        let part = |outcome: &Outcome| matches!(outcome, Outcome::Part { .. });
        self.part += u32::from(clearing.outcomes.iter().any(part));
        let met = |quality| u32::from(clearing.parts.iter().any(|part| part.quality == quality));
        self.green += met(Quality::Green);
        self.partner += met(Quality::Partner);
    }
}

/// Among 4,000 drawn slots every interesting state occurs at least ten times.
#[test]
fn drawn_slots_reach_every_interesting_state() {
    let mut runner = TestRunner::deterministic();
    let mut reached = Reached::default();
    for _ in 0..4_000 {
        let (market, orders) = slots().new_tree(&mut runner).expect("a slot").current();
        let wishes = drawn_wishes().new_tree(&mut runner).expect("wishes").current();
        let wishes = &wishes[..orders.len()];
        let clearing = market.clear_with_wishes(&orders, wishes, &SEED).expect("a valid book");
        reached.count(&clearing);
    }
    let Reached { tiers, full_feeder, full_aggregator, full_import, full_export, .. } = reached;
    let limits = [full_feeder, full_aggregator, full_import, full_export];
    let Reached {
        several_tiers_for_one_order, limit_reached, rationed, part, green, partner, ..
    } = reached;
    let orders = [several_tiers_for_one_order, limit_reached, rationed, part, green, partner];
    let all = tiers.iter().chain(&limits).chain(&orders);
    assert!(all.into_iter().all(|count| *count >= 10), "{reached:?}");
}
