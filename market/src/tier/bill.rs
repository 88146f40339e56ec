//! Bills: what a participant traded, and what each kWh and each fee came to.
//!
//! In: the parts of a clearing, its orders, the fees. Out: one bill per participant, whose lines
//! add up to the nano. Refuses to know: accounts, meters, other slots.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::error::{MarketError, Quantity};
use crate::fee::Fees;
use crate::grid::Tier;
use crate::ids::ParticipantId;
use crate::money::{Money, Price};
use crate::order::{Order, Side};
use crate::tier::clearing::TierClearing;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Item {
    /// Energy that was bought.
    Bought,
    /// Energy that was sold.
    Sold,
    /// The fee at this position of the region's fees, on energy that was bought.
    Fee(u8),
}

/// One line of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BillLine {
    /// On which tier.
    pub tier: Tier,
    /// What for.
    pub item: Item,
    /// Per kWh.
    pub rate: Price,
    /// How much.
    pub energy: Energy,
    /// Rate times energy, as a change of the participant's account: positive is received.
    pub amount: Money,
}

/// What one participant traded in the auction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bill {
    /// Whose.
    pub participant: ParticipantId,
    /// Its lines: by tier, nearest first, then by item and rate.
    pub lines: Vec<BillLine>,
    /// Energy bought, less energy sold; what is used where it is produced adds nothing.
    pub energy: Energy,
    /// The sum of the lines.
    pub amount: Money,
}

impl TierClearing {
    /// The bills of everybody who traded, ascending by participant. `orders` and `fees` are those
    /// that were cleared with.
    ///
    /// # Errors
    ///
    /// [`MarketError::Overflow`] if one participant's energy or amount leaves 64 bits.
    pub fn bills(&self, orders: &[Order], fees: &Fees) -> Result<Vec<Bill>, MarketError> {
        let mut sums: BTreeMap<ParticipantId, BTreeMap<Key, i128>> = BTreeMap::new();
        for part in &self.parts {
            let order = &orders[part.order as usize];
            let lines = sums.entry(order.id.participant).or_default();
            let mut add = |item, rate| {
                let key = (part.tier, item, rate);
                *lines.entry(key).or_default() += i128::from(part.energy.wh());
            };
            add(item(order.side), part.price);
            let rates = fees.components().iter().map(|fee| fee.rates.at(part.tier));
            for (rate, at) in rates.zip(0..).filter(|_| order.side == Side::Bid) {
                if rate > Price::ZERO {
                    add(Item::Fee(at), rate);
                }
            }
        }
        sums.into_iter().map(|(participant, lines)| bill(participant, lines)).collect()
    }
}

/// Lines that differ in nothing but energy are one line.
type Key = (Tier, Item, Price);

const fn item(side: Side) -> Item {
    match side {
        Side::Bid => Item::Bought,
        Side::Offer => Item::Sold,
    }
}

fn bill(participant: ParticipantId, sums: BTreeMap<Key, i128>) -> Result<Bill, MarketError> {
    let (mut lines, mut energy, mut amount) = (Vec::with_capacity(sums.len()), 0, 0);
    for ((tier, item, rate), wh) in sums {
        let nano = i128::from(rate.micro_per_kwh()) * wh;
        let (bought, received) = match item {
            Item::Bought => (wh, -nano),
            Item::Sold => (-wh, nano),
            Item::Fee(_) => (0, -nano),
        };
        energy += bought;
        amount += received;
        let (energy, amount) = (energy_of(wh)?, money_of(received)?);
        lines.push(BillLine { tier, item, rate, energy, amount });
    }
    Ok(Bill { participant, lines, energy: energy_of(energy)?, amount: money_of(amount)? })
}

fn energy_of(wh: i128) -> Result<Energy, MarketError> {
    let overflow = MarketError::Overflow { what: Quantity::Contracted };
    i64::try_from(wh).map(Energy::from_wh).map_err(|_| overflow)
}

fn money_of(nano: i128) -> Result<Money, MarketError> {
    let overflow = MarketError::Overflow { what: Quantity::Amount };
    i64::try_from(nano).map(Money::from_nano).map_err(|_| overflow)
}
