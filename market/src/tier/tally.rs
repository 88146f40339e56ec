//! The sums of a climb, and the proof that nothing was lost.
//!
//! In: parts, prices, limits that bound. Out: what each account gets. Refuses to know: how the
//! parts were found, so that comparing the two means something.

use crate::energy::Energy;
use crate::error::{MarketError, Quantity};
use crate::fee::Fee;
use crate::grid::Tier;
use crate::money::{Money, Price};
use crate::order::{Order, Side};
use crate::tier::clearing::{Accounts, Congestion, Part, TierSum};
use crate::tier::market::TierMarket;
use crate::tier::preference::{Wish, limit};

/// Energy in Wh per tier, and the amount of all members in nano-currency. In 128 bits no sum of
/// 64-bit numbers overflows.
#[derive(Default)]
pub(super) struct Tally {
    bought: [i128; Tier::ALL.len()],
    sold: [i128; Tier::ALL.len()],
    members: i128,
}

impl Tally {
    /// Adds up all parts.
    pub(super) fn of(parts: &[Part], orders: &[Order], wishes: &[Wish]) -> Self {
        let mut tally = Self::default();
        for part in parts {
            let (order, wish) = (&orders[part.order as usize], wishes.get(part.order as usize));
            let near = wish.filter(|_| part.tier == Tier::Feeder);
            tally.add(part, order.side, limit(order, near, part.quality));
        }
        tally
    }

    fn add(&mut self, part: &Part, side: Side, limit: Price) {
        let energy = i128::from(part.energy.wh());
        let nano = i128::from(part.rate().micro_per_kwh()) * energy;
        let tier = part.tier as usize;
        match side {
            Side::Bid => {
                assert!(
                    part.tier == Tier::Home || part.rate() <= limit,
                    "no buyer pays above its bid, fees included"
                );
                self.bought[tier] += energy;
                self.members -= nano;
            }
            Side::Offer => {
                assert!(
                    part.tier == Tier::Home || part.rate() >= limit,
                    "no seller gets less than its offer"
                );
                self.sold[tier] += energy;
                self.members += nano;
            }
        }
    }

    /// What was traded on each tier.
    ///
    /// # Errors
    ///
    /// [`MarketError::Overflow`].
    pub(super) fn tiers(&self) -> Result<Vec<TierSum>, MarketError> {
        let sum = |tier: Tier| {
            let (bought, sold) = (self.bought[tier as usize], self.sold[tier as usize]);
            assert!(tier == Tier::Utility || bought == sold, "every Wh bought was sold");
            Ok(TierSum { tier, bought: energy(bought)?, sold: energy(sold)? })
        };
        Tier::ALL.into_iter().map(sum).collect()
    }

    /// What the accounts that are not members' get, from the sums of energy and the prices of the
    /// limits, not from the parts.
    ///
    /// # Errors
    ///
    /// [`MarketError::Overflow`] if one of them leaves 64 bits.
    pub(super) fn accounts(
        &self,
        market: &TierMarket,
        congestion: &[Congestion],
    ) -> Result<Accounts, MarketError> {
        let nano = |price: Price, energy: i128| i128::from(price.micro_per_kwh()) * energy;
        let fee = |fee: &Fee| -> i128 {
            let of = |tier: Tier| nano(fee.rates.at(tier), self.bought[tier as usize]);
            Tier::ALL.into_iter().map(of).sum()
        };
        let fees: Vec<i128> = market.fees.components().iter().map(fee).collect();
        let rents: i128 = congestion.iter().map(Congestion::rent).sum();
        let at = Tier::Utility as usize;
        let utility = market.utility.map_or(0, |tariff| {
            nano(tariff.retail(), self.bought[at]) - nano(tariff.feed_in(), self.sold[at])
        });
        assert!(
            self.members + fees.iter().sum::<i128>() + rents + utility == 0,
            "what buyers pay is what sellers, operator, limits and utility get"
        );
        Ok(Accounts {
            fees: fees
                .into_iter()
                .map(|fee| money(fee, Quantity::OperatorAmount))
                .collect::<Result<_, _>>()?,
            congestion: money(rents, Quantity::OperatorAmount)?,
            utility: money(utility, Quantity::GridAmount)?,
        })
    }
}

fn energy(wh: i128) -> Result<Energy, MarketError> {
    let overflow = MarketError::Overflow { what: Quantity::Contracted };
    i64::try_from(wh).map(Energy::from_wh).map_err(|_| overflow)
}

fn money(nano: i128, what: Quantity) -> Result<Money, MarketError> {
    i64::try_from(nano).map(Money::from_nano).map_err(|_| MarketError::Overflow { what })
}
