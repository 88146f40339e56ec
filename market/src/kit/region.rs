//! Regions to try price rules on, drawn and extreme, and their settlement added up a second time.
//!
//! In: a stream of numbers; prices. Out: homes, a tariff, and what everybody pays and gets by
//! arithmetic that shares nothing with `settlement.rs`. Refuses to know: price rules.

use super::draw::Draw;
use crate::energy::Energy;
use crate::ids::ParticipantId;
use crate::meter::{Meter, Metered};
use crate::money::{Money, Price};
use crate::pricing::{RegionPrices, RegionTotals};
use crate::settlement::Position;
use crate::tariff::Tariff;

/// A home of a slot, in Wh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// What it withdrew, or what is settled in its place if it is silent.
    pub import: i64,
    /// What it injected; zero if it is silent.
    pub export: i64,
    /// What it bought in the auction, below zero if it sold.
    pub contracted: i64,
    /// Whether no reading came.
    pub silent: bool,
}

impl Home {
    /// A home without a contract whose meter was read.
    pub const fn read(import: i64, export: i64) -> Self {
        Self { import, export, contracted: 0, silent: false }
    }

    /// What it takes from the grid, less what it gives.
    pub fn net(&self) -> i64 {
        if self.silent { self.import.max(self.contracted) } else { self.import - self.export }
    }

    /// What it has to buy beside its contract, or, below zero, to sell.
    pub fn deviation(&self) -> i64 {
        self.net() - self.contracted
    }

    /// Change of its account in nano-currency; contracts are settled at `contract`.
    pub fn amount(&self, prices: &RegionPrices, tariff: &Tariff, contract: Price) -> i128 {
        let rate = match self.deviation() {
            _ if self.silent => tariff.retail(),
            deviation if deviation > 0 => prices.buy,
            _ => prices.sell,
        };
        -nano(rate, self.deviation()) - nano(contract, self.contracted)
    }
}

/// A region's slot before its prices are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The grid's prices.
    pub tariff: Tariff,
    /// Everybody, in order.
    pub homes: Vec<Home>,
}

/// The sums of a settled slot, in nano-currency and Wh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    /// Changes of the homes' accounts.
    pub homes: i128,
    /// Change of the grid's account.
    pub grid: i128,
    /// What is left for the operator.
    pub operator: i128,
    /// What substitutes pay beyond what a balanced rule charges for them: they pay retail where
    /// there is a surplus that feed-in would have paid.
    pub substitutes: i128,
    /// Energy that was bought and sold at the region's prices.
    pub open: i128,
}

impl Region {
    /// The next region of a stream: extreme ones and such with one special home often.
    pub fn draw(draw: &mut Draw) -> Self {
        let tariff = draw_tariff(draw);
        let pair = draw.between(1, 8_000);
        let most = Energy::MAX_PER_SLOT.wh();
        let mut homes = match draw.below(8) {
            0 => Vec::new(),
            1 => draw_homes(draw, 1, 0),
            2 => draw_homes(draw, 0, 1),
            3 => vec![Home::read(pair, 0), Home::read(0, pair)],
            4 => vec![Home::read(most, 0), Home::read(0, most)],
            _ => draw_homes(draw, 1, 1),
        };
        match draw.below(4) {
            // One home with both, among homes of one kind.
            0 => homes.insert(0, Home::read(draw.between(1, 40_000), draw.between(1, 40_000))),
            1 => contract(&mut homes, draw),
            2 => {
                if let Some(home) = homes.first_mut() {
                    *home = Home { export: 0, silent: true, ..*home };
                }
            }
            _ => {}
        }
        Self { tariff, homes }
    }

    /// What the region adds up to.
    ///
    /// # Panics
    ///
    /// If the energies of its homes leave the bounds of totals.
    pub fn totals(&self) -> RegionTotals {
        let read = || self.homes.iter().filter(|home| !home.silent);
        let sum = |of: fn(&Home) -> i64| Energy::from_wh(read().map(of).sum());
        let metered = RegionTotals::try_new(sum(|home| home.export), sum(|home| home.import));
        let (surplus, deficit) =
            (sum(|home| (-home.deviation()).max(0)), sum(|home| home.deviation().max(0)));
        let open = metered.and_then(|totals| totals.with_open(surplus, deficit));
        open.expect("a drawn region is far below the bounds")
    }

    /// The price of its contracts: half way through the tariff.
    pub fn contract(&self) -> Price {
        let (low, high) = (self.tariff.feed_in(), self.tariff.retail());
        Price::from_micro_per_kwh((low.micro_per_kwh() + high.micro_per_kwh()) / 2)
    }

    fn contract_amount(&self, home: &Home) -> Money {
        let nano = -nano(self.contract(), home.contracted);
        Money::from_nano(i64::try_from(nano).expect("a bounded price times a bounded energy"))
    }

    /// The region as settlement takes it.
    pub fn positions(&self) -> Vec<Position> {
        let wh = Energy::from_wh;
        let position = |(who, home): (u32, &Home)| Position {
            participant: ParticipantId::new(who),
            contracted: wh(home.contracted),
            contract_amount: self.contract_amount(home),
            meter: match Metered::try_new(wh(home.import), wh(home.export)) {
                Ok(metered) if !home.silent => Meter::Read(metered),
                _ => Meter::Substituted(wh(home.import)),
            },
        };
        (0..).zip(&self.homes).map(position).collect()
    }

    /// The slot settled at `prices`, by sums over the homes.
    pub fn books(&self, prices: &RegionPrices) -> Books {
        let (low, high) = (self.tariff.feed_in(), self.tariff.retail());
        let contract = self.contract();
        let homes: i128 =
            self.homes.iter().map(|home| home.amount(prices, &self.tariff, contract)).sum();
        let net: i64 = self.homes.iter().map(Home::net).sum();
        let grid = nano(if net > 0 { high } else { low }, net);
        let totals = self.totals();
        let (surplus, deficit) = (totals.surplus().wh(), totals.deficit().wh());
        let silent = self.homes.iter().filter(|home| home.silent);
        let stood_in: i64 = silent.map(Home::deviation).sum();
        let left = stood_in.min((surplus - deficit).max(0));
        let substitutes = nano(high, left) - nano(low, left);
        let open = i128::from(surplus) + i128::from(deficit);
        Books { homes, grid, operator: -homes - grid, substitutes, open }
    }

    /// The region with one home more.
    #[must_use]
    pub fn with(&self, home: Home) -> Self {
        let mut more = self.clone();
        more.homes.push(home);
        more
    }
}

/// Usual tariffs, and often one without feed-in, without a gap, without any price or at its bound.
fn draw_tariff(draw: &mut Draw) -> Tariff {
    let price = Price::from_micro_per_kwh;
    let (one, other) = (draw.between(1, 200_000), draw.between(1, 400_000));
    let (low, high) = (one.min(other), one.max(other));
    let (feed_in, retail) = match draw.below(12) {
        0 | 1 => (0, high),
        2 => (low, low),
        3 => (0, 0),
        4 => (1, 2),
        5 => (low, Tariff::MAX_PRICE.micro_per_kwh()),
        _ => (low, high),
    };
    Tariff::try_new(price(feed_in), price(retail)).expect("in order")
}

/// Up to twelve homes with a reading each.
fn draw_homes(draw: &mut Draw, imports: i64, exports: i64) -> Vec<Home> {
    let home = |draw: &mut Draw| {
        let (import, export) = (draw.between(0, 8_000), draw.between(0, 8_000));
        Home::read(imports * import, exports * export)
    };
    (0..draw.between(1, 12)).map(|_| home(draw)).collect()
}

/// Contracts between the first home and the last one, above, at or below what was metered.
fn contract(homes: &mut [Home], draw: &mut Draw) {
    if let [first, .., last] = homes {
        let energy = draw.between(-9_000, 9_000);
        first.contracted = energy;
        last.contracted = -energy;
    }
}

fn nano(price: Price, energy: i64) -> i128 {
    i128::from(price.micro_per_kwh()) * i128::from(energy)
}
