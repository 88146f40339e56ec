//! The climb of a slot's orders: home, feeder, aggregator, grid, utility.
//!
//! In: a market, orders, wishes, a seed. Out: what traded where, at which price. Refuses to know:
//! bills and accounts.
//!
//! Orders stay on their feeder. What goes up is a curve, what comes down is a quantity and a price.

use std::collections::BTreeMap;

use crate::energy::Energy;
use crate::error::MarketError;
use crate::grid::{Aggregator, Feeder, Limit, Tier, Zone};
use crate::ids::ParticipantId;
use crate::matching::Seed;
use crate::money::Price;
use crate::order::{Order, Outcome, Rejection, Side};
use crate::tier::clearing::{Congestion, Part, ZoneClearing};
use crate::tier::curve::{Crossing, Curve, Merged, net_of};
use crate::tier::gate::{Flow, Gate};
use crate::tier::ladder::Ladder;
use crate::tier::market::TierMarket;
use crate::tier::netting::net_homes;
use crate::tier::preference::{Quality, Wish, limit};

const SIDES: [Side; 2] = [Side::Bid, Side::Offer];

/// A climb, from the orders to everything that was decided about them.
pub(super) struct Climb<'a> {
    market: &'a TierMarket,
    orders: &'a [Order],
    /// One per order, or none at all.
    wishes: &'a [Wish],
    seed: &'a Seed,
    /// What is left of each order, in Wh.
    left: Vec<i64>,
    /// The position of each order's feeder.
    places: Vec<u32>,
    /// In the order of the grid.
    feeders: Vec<FeederNode>,
    aggregators: Vec<Branch>,
    top: Branch,
    /// What was decided so far.
    pub(super) parts: Vec<Part>,
    pub(super) zones: Vec<ZoneClearing>,
    pub(super) congestion: Vec<Congestion>,
}

/// A feeder during the climb.
struct FeederNode {
    zone: Zone,
    gate: Gate,
    /// The positions of its bids and of its offers.
    members: [Vec<u32>; 2],
    /// What is left of them.
    ladders: [Ladder; 2],
    /// The price of its own clearing.
    price: Option<Price>,
}

/// An aggregator, or the grid, during the climb.
struct Branch {
    zone: Zone,
    gate: Gate,
    /// The sums of the curves from below.
    sums: [Merged; 2],
    /// The price of its own clearing.
    price: Option<Price>,
}

impl Branch {
    fn new(zone: Zone, gate: Gate) -> Self {
        Self { zone, gate, sums: SIDES.map(|side| Merged::of(side, &[])), price: None }
    }

    /// Demand and supply from below.
    fn curves(&self) -> [&Curve; 2] {
        self.sums.each_ref().map(|sum| &sum.curve)
    }

    /// What it lets through of the curve of one side.
    fn outgoing(&self, side: Side) -> Curve {
        self.sums[side as usize].curve.clone().capped(self.gate.room(side))
    }
}

impl<'a> Climb<'a> {
    /// Puts every order on its feeder.
    ///
    /// # Errors
    ///
    /// [`MarketError::NoFeeder`]. `orders` were checked, `wishes` are as many or none.
    pub(super) fn try_new(
        market: &'a TierMarket,
        orders: &'a [Order],
        wishes: &'a [Wish],
        seed: &'a Seed,
    ) -> Result<Self, MarketError> {
        let grid = &market.grid;
        let feeder = |feeder: &Feeder| FeederNode {
            zone: Zone::Feeder(feeder.id),
            gate: Gate::new(feeder.limit),
            members: [Vec::new(), Vec::new()],
            ladders: SIDES.map(Ladder::empty),
            price: None,
        };
        let aggregator = |aggregator: &Aggregator| {
            Branch::new(Zone::Aggregator(aggregator.id), Gate::new(aggregator.limit))
        };
        let mut climb = Self {
            market,
            orders,
            wishes,
            seed,
            left: orders.iter().map(|order| order.quantity.wh()).collect(),
            places: Vec::with_capacity(orders.len()),
            feeders: grid.feeders().iter().map(feeder).collect(),
            aggregators: grid.aggregators().iter().map(aggregator).collect(),
            top: Branch::new(Zone::Grid, Gate::new(Limit::NONE)),
            parts: Vec::with_capacity(orders.len()),
            zones: Vec::new(),
            congestion: Vec::new(),
        };
        climb.place()?;
        Ok(climb)
    }

    /// Puts every order on its feeder, less what its home nets.
    fn place(&mut self) -> Result<(), MarketError> {
        let grid = &self.market.grid;
        let mut stands = vec![[false; 2]; grid.homes().len()];
        let mut homes = Vec::with_capacity(self.orders.len());
        for (index, order) in (0_u32..).zip(self.orders) {
            let participant = order.id.participant;
            let home = grid.home_of(participant).ok_or(MarketError::NoFeeder(participant))?;
            stands[home][order.side as usize] = true;
            homes.push(home);
            let place = grid.place(home);
            self.feeders[place].members[order.side as usize].push(index);
            self.places.push(place as u32);
        }
        let on_both_sides = (0_u32..).zip(homes).filter(|(_, home)| stands[*home] == [true; 2]);
        let on_both_sides: Vec<u32> = on_both_sides.map(|(index, _)| index).collect();
        let (orders, wishes) = (self.orders, self.wishes);
        let price = |at: u32| limit(&orders[at as usize], wishes.get(at as usize), Quality::Plain);
        let kept = net_homes(&on_both_sides, orders, &mut self.left, price);
        let part = |(order, energy): (u32, i64)| Part {
            order,
            tier: Tier::Home,
            quality: Quality::Plain,
            energy: Energy::from_wh(energy),
            price: Price::ZERO,
            fee: Price::ZERO,
        };
        self.parts.extend(kept.into_iter().map(part));
        Ok(())
    }

    /// Clears every tier, nearest first.
    pub(super) fn run(&mut self) {
        for feeder in 0..self.feeders.len() {
            self.clear_feeder(feeder);
        }
        for aggregator in 0..self.aggregators.len() {
            self.gather(aggregator);
            self.clear_aggregator(aggregator);
        }
        self.gather_all();
        self.clear_grid();
        if let Some(tariff) = self.market.utility {
            for (side, price) in SIDES.into_iter().zip([tariff.retail(), tariff.feed_in()]) {
                self.gather_all();
                let energy = self.top.sums[side as usize].curve.reaching(price);
                self.deal_all(self.flow(Tier::Utility, side, energy, price));
            }
        }
    }

    /// Clears what the feeders below an aggregator sent up.
    fn clear_aggregator(&mut self, at: usize) {
        let branch = &self.aggregators[at];
        let Some((volume, price)) = self.cross(branch.curves(), Tier::Aggregator) else { return };
        self.zones.push(zone_clearing(branch.zone, volume, price));
        self.aggregators[at].price = Some(price);
        for side in SIDES {
            self.deal(at, self.flow(Tier::Aggregator, side, volume, price));
        }
    }

    /// Clears what the aggregators sent up.
    fn clear_grid(&mut self) {
        let Some((volume, price)) = self.cross(self.top.curves(), Tier::Grid) else { return };
        self.zones.push(zone_clearing(self.top.zone, volume, price));
        self.top.price = Some(price);
        for side in SIDES {
            self.deal_all(self.flow(Tier::Grid, side, volume, price));
        }
    }

    /// How much trades on a tier, in Wh, and at which price.
    fn cross(&self, [demand, supply]: [&Curve; 2], tier: Tier) -> Option<(i64, Price)> {
        let crossing = Crossing::of(demand, supply, self.market.fees.rate(tier))?;
        Some((crossing.volume, self.market.kappa.between(crossing.low, crossing.high)))
    }

    fn flow(&self, tier: Tier, side: Side, energy: i64, price: Price) -> Flow {
        Flow { tier, side, energy, price, fee: self.market.fees.rate(tier) }
    }

    /// Clears a feeder's qualities one after the other, and readies what is left for the way up.
    fn clear_feeder(&mut self, at: usize) {
        if !self.wishes.is_empty() {
            for pair in self.partners(at).into_values() {
                self.clear_quality(at, &pair, Quality::Partner);
            }
            let is_for_green = |index: &u32| {
                let index = *index as usize;
                self.wishes[index].is_for_green(&self.orders[index])
            };
            let members = &self.feeders[at].members;
            let green = members
                .each_ref()
                .map(|side| side.iter().copied().filter(is_for_green).collect::<Vec<u32>>());
            self.clear_quality(at, &green, Quality::Green);
        }
        let members = std::mem::take(&mut self.feeders[at].members);
        let (mut ladders, price) = self.clear_quality(at, &members, Quality::Plain);
        if !self.wishes.is_empty() {
            // Premiums end at the feeder.
            ladders = SIDES.map(|side| {
                let price = |index: u32| self.orders[index as usize].price;
                let members = &members[side as usize];
                Ladder::new(side, members, self.orders, &self.left, price)
            });
        }
        let node = &mut self.feeders[at];
        (node.members, node.ladders, node.price) = (members, ladders, price);
    }

    /// The orders of a feeder that name each other's participants, by buyer and seller.
    fn partners(&self, at: usize) -> BTreeMap<(ParticipantId, ParticipantId), [Vec<u32>; 2]> {
        let mut pairs: BTreeMap<_, [Vec<u32>; 2]> = BTreeMap::new();
        for side in SIDES {
            let named = self.feeders[at].members[side as usize].iter().filter_map(|index| {
                let partner = self.wishes.get(*index as usize)?.partner?;
                Some((*index, self.orders[*index as usize].id.participant, partner))
            });
            for (index, own, partner) in named {
                let pair = if side == Side::Bid { (own, partner) } else { (partner, own) };
                pairs.entry(pair).or_default()[side as usize].push(index);
            }
        }
        pairs.retain(|_, [bids, offers]| !bids.is_empty() && !offers.is_empty());
        pairs
    }

    /// Clears the bids and offers at these positions within a feeder; what is left of them, and
    /// the price.
    fn clear_quality(
        &mut self,
        at: usize,
        members: &[Vec<u32>; 2],
        quality: Quality,
    ) -> ([Ladder; 2], Option<Price>) {
        let (orders, wishes) = (self.orders, self.wishes);
        let price = |at: u32| limit(&orders[at as usize], wishes.get(at as usize), quality);
        let mut ladders =
            SIDES.map(|side| Ladder::new(side, &members[side as usize], orders, &self.left, price));
        let curves = ladders.each_ref().map(Ladder::curve);
        let crossed = self.cross(curves.each_ref(), Tier::Feeder);
        let Some((volume, price)) = crossed else { return (ladders, None) };
        let zone = self.feeders[at].zone;
        self.zones.push(ZoneClearing { quality, ..zone_clearing(zone, volume, price) });
        for side in SIDES {
            let flow = self.flow(Tier::Feeder, side, volume, price);
            self.fill(&mut ladders[side as usize], &flow, quality);
        }
        (ladders, Some(price))
    }

    /// Takes a flow from the orders of a ladder.
    fn fill(&mut self, ladder: &mut Ladder, flow: &Flow, quality: Quality) {
        let taken = ladder.take(flow.energy, self.orders, &mut self.left, self.seed);
        let fee = if flow.side == Side::Bid { flow.fee } else { Price::ZERO };
        let part = |(order, energy): (u32, i64)| Part {
            order,
            tier: flow.tier,
            quality,
            energy: Energy::from_wh(energy),
            price: flow.price,
            fee,
        };
        self.parts.extend(taken.into_iter().map(part));
    }

    /// Sums up what the feeders below an aggregator send up.
    fn gather(&mut self, aggregator: usize) {
        let below = &self.feeders[self.market.grid.below(aggregator)];
        let sums = SIDES.map(|side| {
            let outgoing = |node: &FeederNode| {
                node.ladders[side as usize].curve().capped(node.gate.room(side))
            };
            Merged::of(side, &below.iter().map(outgoing).collect::<Vec<_>>())
        });
        self.aggregators[aggregator].sums = sums;
    }

    /// Sums up what everybody sends up.
    fn gather_all(&mut self) {
        for aggregator in 0..self.aggregators.len() {
            self.gather(aggregator);
        }
        self.top.sums = SIDES.map(|side| {
            let curves = self.aggregators.iter().map(|branch| branch.outgoing(side));
            Merged::of(side, &curves.collect::<Vec<_>>())
        });
    }

    /// Deals a flow out to the aggregators.
    fn deal_all(&mut self, flow: Flow) {
        let lot = |at: usize| zone_lot(self.seed, self.aggregators[at].zone);
        let shares = self.top.sums[flow.side as usize].split(flow.energy, lot);
        for (at, energy) in (0..).zip(shares).filter(|(_, energy)| *energy > 0) {
            let flow = Flow { energy, ..flow };
            let Branch { zone, gate, sums, .. } = &mut self.aggregators[at];
            let edge = || sums[flow.side as usize].curve.edge(energy);
            let (zone, price) = (*zone, gate.pass(&flow, edge, self.market.kappa));
            self.note(zone, &flow, price);
            self.deal(at, Flow { price, ..flow });
        }
    }

    /// Deals a flow out to the feeders below an aggregator.
    fn deal(&mut self, aggregator: usize, flow: Flow) {
        let below = self.market.grid.below(aggregator);
        let lot = |at: usize| zone_lot(self.seed, self.feeders[below.start + at].zone);
        let shares = self.aggregators[aggregator].sums[flow.side as usize].split(flow.energy, lot);
        for (at, energy) in below.clone().zip(shares).filter(|(_, energy)| *energy > 0) {
            let flow = Flow { energy, ..flow };
            let side = flow.side as usize;
            let FeederNode { zone, gate, ladders, .. } = &mut self.feeders[at];
            let edge = || ladders[side].curve().edge(energy);
            let (zone, price) = (*zone, gate.pass(&flow, edge, self.market.kappa));
            let mut ladder = std::mem::replace(&mut ladders[side], Ladder::empty(flow.side));
            self.note(zone, &flow, price);
            self.fill(&mut ladder, &Flow { price, ..flow }, Quality::Plain);
            self.feeders[at].ladders[side] = ladder;
        }
    }

    /// Writes down a limit that bound.
    fn note(&mut self, zone: Zone, flow: &Flow, inside: Price) {
        let Flow { tier, side, price: outside, .. } = *flow;
        if inside != outside {
            let energy = Energy::from_wh(flow.energy);
            self.congestion.push(Congestion { zone, tier, side, outside, inside, energy });
        }
    }

    /// What became of each order.
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let mut is_there = [self.market.utility.is_some(); 2];
        for order in self.orders {
            is_there[order.side as usize] = true;
        }
        let outcome = |index: usize| {
            let (order, left) = (&self.orders[index], self.left[index]);
            let filled = order.quantity.wh() - left;
            if left == 0 {
                Outcome::Filled
            } else if filled > 0 {
                Outcome::Part { filled: Energy::from_wh(filled) }
            } else if is_there[1 - order.side as usize] {
                Outcome::Rejected { reason: self.reason(index) }
            } else {
                Outcome::Rejected { reason: Rejection::NoCounterparty }
            }
        };
        (0..self.orders.len()).map(outcome).collect()
    }

    /// Why an order did not trade, although somebody stood on the other side.
    fn reason(&self, index: usize) -> Rejection {
        let (order, place) = (&self.orders[index], self.places[index] as usize);
        let (side, grid) = (order.side, &self.market.grid);
        let (feeder, aggregator) = (&self.feeders[place], &self.aggregators[grid.above(place)]);
        let reaches = |limit: Price, tier: Tier, price: Option<Price>| {
            let fee = self.market.fees.rate(tier);
            price.is_some_and(|price| match side {
                Side::Bid => net_of(limit, fee) >= price,
                Side::Offer => limit <= price,
            })
        };
        let utility = self.market.utility.map(|tariff| match side {
            Side::Bid => tariff.retail(),
            Side::Offer => tariff.feed_in(),
        });
        let (below, above) = (feeder.gate.is_full(side), aggregator.gate.is_full(side));
        let near = limit(order, self.wishes.get(index), Quality::Plain);
        if reaches(near, Tier::Feeder, feeder.price) {
            Rejection::Rationed
        } else if reaches(order.price, Tier::Aggregator, aggregator.price) {
            if below { Rejection::LimitReached } else { Rejection::Rationed }
        } else if reaches(order.price, Tier::Grid, self.top.price)
            || reaches(order.price, Tier::Utility, utility)
        {
            if below || above { Rejection::LimitReached } else { Rejection::Rationed }
        } else {
            Rejection::PriceNotReached
        }
    }
}

const fn zone_clearing(zone: Zone, volume: i64, price: Price) -> ZoneClearing {
    ZoneClearing { zone, quality: Quality::Plain, price, volume: Energy::from_wh(volume) }
}

/// The lot of a feeder or an aggregator where a price level is shared out among them: BLAKE3 keyed
/// with the seed over its kind and its number in 4 bytes, least significant first.
fn zone_lot(seed: &Seed, zone: Zone) -> [u8; 32] {
    let (kind, number) = match zone {
        Zone::Feeder(id) => ("feeder", id.get()),
        Zone::Aggregator(id) => ("aggregator", id.get()),
        Zone::Grid => ("grid", 0),
    };
    let mut hasher = blake3::Hasher::new_keyed(&seed.get());
    hasher.update(kind.as_bytes()).update(&number.to_le_bytes());
    *hasher.finalize().as_bytes()
}
