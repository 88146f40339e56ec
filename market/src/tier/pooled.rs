//! The pooled optimum: the most that any clearing of the whole tree could gain, as an oracle for
//! the climb. It restates the rules and shares no arithmetic with it.
//!
//! In: a market, orders. Out: the largest sum of gains, and what it trades. Refuses to know:
//! curves, ladders, price levels, seeds. Behind the feature `oracle`; tests compare with it, the
//! product never calls it.
//!
//! Energy flows from offers up the tree and down to bids, a min-cost flow (market.md 4.3 (b)). The
//! way up from a home to its feeder, from there to the aggregator and to the grid costs f_feeder,
//! f_aggregator - f_feeder and f_grid - f_aggregator, the way down nothing, so a path through tier
//! l costs f_l. Found by successive shortest paths, quadratic and more. Each result carries its
//! proof: the prices of all nodes bound every flow's gain from above (weak duality), and the bound
//! is the gain that was found. Prices of neighbouring zones differ by at most the fee between them,
//! unless a limit lies there.
//!
//! Limits are counted per direction here and net in the climb. That is the same optimum: of energy
//! in and energy out through one limit, the part that both have can stay inside, which costs no
//! more. With one exception, for which this is no bound: a utility whose retail price is above its
//! feed-in price by less than the fee on a feeder.

use std::collections::{BTreeMap, VecDeque};

use crate::energy::Energy;
use crate::grid::{Limit, Tier};
use crate::ids::ParticipantId;
use crate::order::{Order, Side};
use crate::tier::market::TierMarket;

/// The best there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optimum {
    /// The sum of gains: bids less offers less fees less what the utility gets, in
    /// nano-currency.
    pub welfare: i128,
    /// What reaches bids, in Wh. Pairs that gain nothing are not counted.
    pub bought: i64,
}

/// The pooled optimum of valid `orders`, whose participants all have a place in the grid.
///
/// # Panics
///
/// If an order's participant is on no feeder, or if the result is not the optimum.
pub fn optimum(market: &TierMarket, orders: &[Order]) -> Optimum {
    let mut network = Network::of(market, orders);
    let (welfare, bought) = network.solve();
    assert_eq!(network.bound(), welfare, "the prices of the nodes prove the optimum");
    Optimum { welfare, bought }
}

/// More than all orders of a book together.
const UNLIMITED: i64 = i64::MAX / 4;
/// Further from zero than any price and any sum of fees.
const FAR: i64 = i64::MAX / 4;
/// Where all energy comes from, and where it goes.
const SOURCE: usize = 0;
const SINK: usize = 1;

/// An arc, its reverse at the position with the last bit flipped.
struct Arc {
    from: usize,
    to: usize,
    /// What it still carries, in Wh.
    room: i64,
    /// Per kWh, in micro-currency.
    cost: i64,
}

struct Network {
    arcs: Vec<Arc>,
    /// The arcs that leave each node.
    leaving: Vec<Vec<usize>>,
}

/// The two nodes of a zone: energy on its way up, energy on its way down.
#[derive(Clone, Copy)]
struct Place {
    up: usize,
    down: usize,
}

impl Network {
    fn of(market: &TierMarket, orders: &[Order]) -> Self {
        let mut network = Self { arcs: Vec::new(), leaving: vec![Vec::new(), Vec::new()] };
        let grid = &market.grid;
        let rate = |tier| market.fees.rate(tier).micro_per_kwh();
        let [near, middle, far] = [Tier::Feeder, Tier::Aggregator, Tier::Grid].map(rate);
        let top = network.place();
        if let Some(tariff) = market.utility {
            network.arc(SOURCE, top.down, UNLIMITED, tariff.retail().micro_per_kwh());
            // What goes up has cost all fees; the utility's price is without them.
            network.arc(top.up, SINK, UNLIMITED, -tariff.feed_in().micro_per_kwh() - far);
        }
        let mut feeders = BTreeMap::new();
        for aggregator in grid.aggregators() {
            let above = network.place();
            network.hang(above, top, &aggregator.limit, far - middle);
            let own = grid.feeders().iter().filter(|feeder| feeder.aggregator == aggregator.id);
            for feeder in own {
                let place = network.place();
                network.hang(place, above, &feeder.limit, middle - near);
                feeders.insert(feeder.id, place);
            }
        }
        let mut homes: BTreeMap<ParticipantId, usize> = BTreeMap::new();
        for order in orders {
            let participant = order.id.participant;
            let feeder = grid.feeder_of(participant).expect("every participant has a place");
            let feeder = feeders[&feeder.id];
            let home = *homes.entry(participant).or_insert_with(|| {
                let home = network.node();
                network.arc(home, feeder.up, UNLIMITED, near);
                network.arc(feeder.down, home, UNLIMITED, 0);
                home
            });
            let (price, quantity) = (order.price.micro_per_kwh(), order.quantity.wh());
            match order.side {
                Side::Offer => network.arc(SOURCE, home, quantity, price),
                Side::Bid => network.arc(home, SINK, quantity, -price),
            }
        }
        network
    }

    fn node(&mut self) -> usize {
        self.leaving.push(Vec::new());
        self.leaving.len() - 1
    }

    /// A zone, in which energy turns around.
    fn place(&mut self) -> Place {
        let place = Place { up: self.node(), down: self.node() };
        self.arc(place.up, place.down, UNLIMITED, 0);
        place
    }

    /// Hangs a zone below another one.
    fn hang(&mut self, zone: Place, above: Place, limit: &Limit, fee: i64) {
        let room =
            |limit: Option<Energy>| limit.map_or(UNLIMITED, |limit| limit.wh().min(UNLIMITED));
        self.arc(zone.up, above.up, room(limit.export), fee);
        self.arc(above.down, zone.down, room(limit.import), 0);
    }

    fn arc(&mut self, from: usize, to: usize, room: i64, cost: i64) {
        self.leaving[from].push(self.arcs.len());
        self.arcs.push(Arc { from, to, room, cost });
        self.leaving[to].push(self.arcs.len());
        self.arcs.push(Arc { from: to, to: from, room: 0, cost: -cost });
    }

    /// Sends energy along the cheapest path for as long as that gains something; the gain in
    /// nano-currency and the energy in Wh.
    fn solve(&mut self) -> (i128, i64) {
        let (mut welfare, mut bought) = (0, 0);
        loop {
            let (distance, by) = self.distances(&[SOURCE]);
            if distance[SINK] >= 0 {
                return (welfare, bought);
            }
            let (mut path, mut node) = (Vec::new(), SINK);
            while let Some(arc) = by[node] {
                path.push(arc);
                node = self.arcs[arc].from;
            }
            let energy = path.iter().map(|arc| self.arcs[*arc].room).min().unwrap_or(0);
            welfare -= i128::from(distance[SINK]) * i128::from(energy);
            bought += energy;
            for arc in path {
                self.arcs[arc].room -= energy;
                self.arcs[arc ^ 1].room += energy;
            }
        }
    }

    /// The cost of the cheapest way from any of `starts` to each node over arcs that have room, and
    /// the arc by which it comes. No cycle gains anything, or there would have been a cheaper path
    /// before.
    fn distances(&self, starts: &[usize]) -> (Vec<i64>, Vec<Option<usize>>) {
        let mut distance = vec![FAR; self.leaving.len()];
        let mut by = vec![None; self.leaving.len()];
        let mut is_waiting = vec![false; self.leaving.len()];
        let mut waiting: VecDeque<usize> = starts.iter().copied().collect();
        for start in starts {
            distance[*start] = 0;
        }
        while let Some(node) = waiting.pop_front() {
            is_waiting[node] = false;
            for arc in &self.leaving[node] {
                let Arc { to, room, cost, .. } = self.arcs[*arc];
                let length = distance[node] + cost;
                if room > 0 && length < distance[to] {
                    distance[to] = length;
                    by[to] = Some(*arc);
                    if !is_waiting[to] {
                        is_waiting[to] = true;
                        waiting.push_back(to);
                    }
                }
            }
        }
        (distance, by)
    }

    /// What no flow can gain more than, in nano-currency: at any prices of the nodes, those of
    /// source and sink zero, a flow gains at most what its arcs gain by buying at one end and
    /// selling at the other. The prices that make it smallest are the distances in what is left.
    fn bound(&self) -> i128 {
        let (price, _) = self.distances(&[SOURCE, SINK]);
        assert!(price[SOURCE] == 0 && price[SINK] == 0, "nothing is left to gain");
        let gain = |pair: &[Arc]| {
            let (there, back) = (&pair[0], &pair[1]);
            let margin = price[there.to] - price[there.from] - there.cost;
            i128::from(margin.max(0)) * i128::from(there.room + back.room)
        };
        self.arcs.chunks(2).map(gain).sum()
    }
}
