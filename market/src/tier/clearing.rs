//! What a market of tiers decided: for every order, every zone, every account.
//!
//! In: facts written down during the clearing. Out: the same facts, and the sums that show that
//! nothing was lost. Refuses to know: how they were found.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::grid::{Tier, Zone};
use crate::money::{Money, Price};
use crate::order::{Order, Outcome, Side};
use crate::tier::preference::Quality;

/// What one order traded on one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Part {
    /// The position of the order in the list that was cleared.
    pub order: u32,
    /// Where.
    pub tier: Tier,
    /// With which quality.
    pub quality: Quality,
    /// How much, above zero.
    pub energy: Energy,
    /// What a seller gets and a buyer pays before fees; nothing within a home.
    pub price: Price,
    /// The sum of fees that a buyer pays on top; nothing for a seller.
    pub fee: Price,
}

impl Part {
    /// What a buyer pays or a seller gets per kWh, fees included.
    pub const fn rate(&self) -> Price {
        Price::from_micro_per_kwh(self.price.micro_per_kwh() + self.fee.micro_per_kwh())
    }
}

/// What was cleared within one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ZoneClearing {
    /// Where.
    pub zone: Zone,
    /// Which quality.
    pub quality: Quality,
    /// What sellers get; buyers pay the tier's fees on top. Behind a limit that binds the price is
    /// another one, see [`Congestion`].
    pub price: Price,
    /// What traded.
    pub volume: Energy,
}

/// A limit that bound: the zone behind it has its own price, and the difference is the rent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Congestion {
    /// Behind whose limit.
    pub zone: Zone,
    /// In which tier's clearing.
    pub tier: Tier,
    /// Whose orders: bids behind a full import, offers behind a full export.
    pub side: Side,
    /// The price in front of the limit.
    pub outside: Price,
    /// The price behind it.
    pub inside: Price,
    /// What flowed through it in this clearing.
    pub energy: Energy,
}

impl Congestion {
    /// The difference of the prices times the energy, in nano-currency, never below zero.
    pub fn rent(&self) -> i128 {
        let (outside, inside) = (self.outside.micro_per_kwh(), self.inside.micro_per_kwh());
        (i128::from(outside) - i128::from(inside)).abs() * i128::from(self.energy.wh())
    }
}

/// What was bought and sold on one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TierSum {
    /// Which tier.
    pub tier: Tier,
    /// By members.
    pub bought: Energy,
    /// By members; the same, but for the tier of the utility (I1).
    pub sold: Energy,
}

/// Changes of the accounts that are not members'; with the members' they are exactly zero (I2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Accounts {
    /// The operator's account: what each fee came to, in the order of the fees.
    pub fees: Vec<Money>,
    /// The account of congestion rents.
    pub congestion: Money,
    /// The utility's account.
    pub utility: Money,
}

/// What a market of tiers decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TierClearing {
    /// What became of each order, in the order in which they were given.
    pub outcomes: Vec<Outcome>,
    /// What each order traded on which tier, ascending by order, then nearest tier first.
    pub parts: Vec<Part>,
    /// Every clearing in which something traded: feeders, then aggregators, then the grid.
    pub zones: Vec<ZoneClearing>,
    /// Every limit that bound.
    pub congestion: Vec<Congestion>,
    /// What was traded on each tier, nearest first.
    pub tiers: Vec<TierSum>,
    /// The accounts that are not members'.
    pub accounts: Accounts,
}

impl TierClearing {
    /// The parts of the order at a position.
    pub fn parts_of(&self, order: u32) -> &[Part] {
        let start = self.parts.partition_point(|part| part.order < order);
        let own = self.parts[start..].iter().take_while(|part| part.order == order).count();
        &self.parts[start..start + own]
    }

    /// What all trades together are worth: the prices of the bids, less those of the offers, less
    /// fees and what the utility got, in nano-currency. `orders` are those that were cleared, in
    /// the same order. A premium is not counted.
    pub fn welfare(&self, orders: &[Order]) -> i128 {
        let worth = |part: &Part| {
            let order = &orders[part.order as usize];
            let nano = i128::from(order.price.micro_per_kwh()) * i128::from(part.energy.wh());
            match order.side {
                Side::Bid => nano,
                Side::Offer => -nano,
            }
        };
        let fees: i128 = self.accounts.fees.iter().map(|fee| i128::from(fee.nano())).sum();
        self.parts.iter().map(worth).sum::<i128>() - fees - i128::from(self.accounts.utility.nano())
    }
}
