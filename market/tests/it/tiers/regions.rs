//! Trees for the tests: small drawn ones that reach the interesting states, and random communities.

use market::tier::{Premium, Wish};
use market::{
    Aggregator, AggregatorId, Fee, Feeder, FeederId, Fees, Grid, Home, Kappa, Limit, Order,
    ParticipantId, Rates, Side, Tariff, TierMarket,
};
use proptest::prelude::*;

use super::{price, wh};
use crate::books::{books, order};

/// Fees of one component with these rates, in micro-currency per kWh.
pub(super) fn fees(feeder: i64, aggregator: i64, grid: i64) -> Fees {
    let rates = Rates { feeder: price(feeder), aggregator: price(aggregator), grid: price(grid) };
    Fees::try_new(vec![Fee { name: "network".to_owned(), rates }]).expect("rising fees")
}

/// A limit in Wh, `None` is no limit.
pub(super) fn limit(import: Option<i64>, export: Option<i64>) -> Limit {
    Limit { import: import.map(wh), export: export.map(wh) }
}

/// A market without limits: `homes[h]` is the feeder of home `h + 1`, `feeders[f]` the aggregator
/// of feeder `f`.
pub(super) fn market(homes: &[u32], feeders: &[u32], fees: Fees) -> TierMarket {
    let feeder = |(id, above): (u32, &u32)| Feeder {
        id: FeederId::new(id),
        aggregator: AggregatorId::new(*above),
        limit: Limit::NONE,
    };
    let home = |(id, feeder): (u32, &u32)| Home {
        participant: ParticipantId::new(id),
        feeder: FeederId::new(*feeder),
    };
    let aggregators = 0..feeders.iter().max().map_or(1, |last| last + 1);
    let aggregator = |id| Aggregator { id: AggregatorId::new(id), limit: Limit::NONE };
    let grid = Grid::try_new(
        aggregators.map(aggregator).collect(),
        (0..).zip(feeders).map(feeder).collect(),
        (1..).zip(homes).map(home).collect(),
    );
    TierMarket { grid: grid.expect("a tree"), fees, kappa: Kappa::HALF, utility: None }
}

/// The market with another limit on the feeder at a position.
pub(super) fn with_feeder_limit(market: &TierMarket, at: usize, limit: Limit) -> TierMarket {
    let grid = &market.grid;
    let mut feeders = grid.feeders().to_vec();
    feeders[at].limit = limit;
    let grid = Grid::try_new(grid.aggregators().to_vec(), feeders, grid.homes().to_vec());
    TierMarket { grid: grid.expect("the same tree"), ..market.clone() }
}

/// The market without any limit.
pub(super) fn without_limits(market: &TierMarket) -> TierMarket {
    let grid = &market.grid;
    let feeders = grid.feeders().iter().map(|one| Feeder { limit: Limit::NONE, ..*one });
    let aggregators = grid.aggregators().iter();
    let aggregators = aggregators.map(|one| Aggregator { limit: Limit::NONE, ..*one });
    let grid = Grid::try_new(aggregators.collect(), feeders.collect(), grid.homes().to_vec());
    TierMarket { grid: grid.expect("the same tree"), ..market.clone() }
}

fn limits() -> impl Strategy<Value = Limit> {
    let bound = || {
        let some = prop_oneof![Just(0), 1..500_i64, Just(3_000)];
        prop_oneof![Just(None), some.prop_map(Some)]
    };
    (bound(), bound()).prop_map(|(import, export)| limit(import, export))
}

/// Two fees whose sums rise.
fn drawn_fees() -> impl Strategy<Value = Fees> {
    let rate = || prop_oneof![Just(0_i64), Just(1_000), 1_000..30_000_i64, Just(400_000)];
    (rate(), rate(), rate()).prop_map(|(a, b, c)| {
        let mut sums = [a, b, c];
        sums.sort_unstable();
        let [feeder, aggregator, grid] = sums;
        let part = |name: &str, share: &dyn Fn(i64) -> i64| Fee {
            name: name.to_owned(),
            rates: Rates {
                feeder: price(share(feeder)),
                aggregator: price(share(aggregator)),
                grid: price(share(grid)),
            },
        };
        let (third, rest) = (|sum: i64| sum / 3, |sum: i64| sum - sum / 3);
        Fees::try_new(vec![part("market", &third), part("network", &rest)]).expect("rising")
    })
}

/// Markets of 12 homes, number 0 to 11, on up to five feeders below up to three aggregators, with
/// or without limits and a utility.
pub(super) fn markets() -> impl Strategy<Value = TierMarket> {
    let homes = prop::collection::vec(0..5_u32, 12);
    let feeders = prop::collection::vec((0..3_u32, limits()), 5);
    let aggregators = prop::collection::vec(limits(), 3);
    let is_limited = any::<bool>();
    let utility = any::<bool>();
    let drawn = (homes, feeders, aggregators, drawn_fees(), 0..=4_u64, is_limited, utility);
    drawn.prop_map(|(homes, feeders, aggregators, fees, kappa, is_limited, utility)| {
        let limit = |limit| if is_limited { limit } else { Limit::NONE };
        let aggregator =
            |(id, drawn)| Aggregator { id: AggregatorId::new(id), limit: limit(drawn) };
        let feeder = |(id, (above, drawn))| Feeder {
            id: FeederId::new(id),
            aggregator: AggregatorId::new(above),
            limit: limit(drawn),
        };
        let home = |(id, feeder)| Home {
            participant: ParticipantId::new(id),
            feeder: FeederId::new(feeder),
        };
        let grid = Grid::try_new(
            (0..).zip(aggregators).map(aggregator).collect(),
            (0..).zip(feeders).map(feeder).collect(),
            (0..).zip(homes).map(home).collect(),
        );
        let tariff = Tariff::try_new(price(100_000), price(250_000)).expect("in order");
        TierMarket {
            grid: grid.expect("a tree"),
            fees,
            kappa: Kappa::try_new(kappa, 4).expect("in [0, 1]"),
            utility: utility.then_some(tariff),
        }
    })
}

/// A market and a book for it.
pub(super) fn slots() -> impl Strategy<Value = (TierMarket, Vec<Order>)> {
    (markets(), books(40))
}

/// One wish per order of a book with up to 40 orders, some of them for partners that exist.
pub(super) fn drawn_wishes() -> impl Strategy<Value = Vec<Wish>> {
    let premium = || {
        let permille = prop_oneof![2 => Just(0_u16), 1 => 1..=1_000_u16];
        permille.prop_map(|permille| Premium::try_new(permille).expect("at most 1,000"))
    };
    let partner = prop::option::of((0..12_u32).prop_map(ParticipantId::new));
    let wish = (premium(), premium(), partner, any::<bool>())
        .prop_map(|(local, green, partner, is_green)| Wish { local, green, partner, is_green });
    prop::collection::vec(wish, 40)
}

/// Numbers that look random and are the same everywhere.
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One in `0 .. below` (SplitMix64).
    pub(super) fn below(&mut self, below: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % below.unsigned_abs()) as i64
    }
}

/// A market of `homes` homes, `per_feeder` to a feeder, half of the feeders below each of two
/// aggregators, with fees of 0.005, 0.015 and 0.03 currency/kWh.
fn community(homes: u32, per_feeder: u32) -> TierMarket {
    let feeders = homes / per_feeder;
    let above: Vec<u32> = (0..feeders).map(|feeder| feeder * 2 / feeders).collect();
    let places: Vec<u32> = (0..homes).map(|home| home / per_feeder).collect();
    market(&places, &above, fees(5_000, 15_000, 30_000))
}

/// The standard random community in one slot: the random book of market.md 1.4 (200 orders, bids
/// and offers alike, 0.08 to 0.30 currency/kWh in ticks of a ten-thousandth, 50 to 2,000 Wh), one
/// order to a home, 20 homes to a feeder.
pub(super) fn standard(seed: u64) -> (TierMarket, Vec<Order>) {
    let mut numbers = Numbers::new(seed);
    let mut order = |home| {
        let side = if numbers.below(2) == 0 { Side::Bid } else { Side::Offer };
        order(side, home, 0, 80_000 + 100 * numbers.below(2_201), 50 + numbers.below(1_951))
    };
    (community(200, 20), (1..=200).map(&mut order).collect())
}

/// A community under changing clouds, a harder one: every home uses 50 to 1,049 Wh, every second
/// one has panels of up to 2,000 Wh at full sun, and the sun of the slot is drawn too. What a home
/// lacks it bids for and what it has left it offers, at any price in the tariff.
pub(super) fn cloudy(seed: u64, homes: u32, per_feeder: u32) -> (TierMarket, Vec<Order>) {
    let mut numbers = Numbers::new(seed);
    let sun = numbers.below(1_001);
    let order = |home| {
        let used = 50 + numbers.below(1_000);
        let produced = numbers.below(2) * numbers.below(2_000) * sun / 1_000;
        let side = if used > produced { Side::Bid } else { Side::Offer };
        let limit = 80_000 + numbers.below(220_001);
        (used != produced).then(|| order(side, home, 0, limit, (used - produced).abs()))
    };
    (community(homes, per_feeder), (1..=homes).filter_map(order).collect())
}
