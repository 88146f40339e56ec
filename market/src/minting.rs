//! NRGcoin: coins that come into the world when green energy is injected.
//!
//! In: injected energy and what the region produced and consumed. Out: coins, minted or owed by the
//! energy provider, and the energy that earned none. Refuses to know: who holds coins and what they
//! are worth in money (the exchange), and the reward g and bill h, which are
//! [`NrgX`](crate::NrgX) with q and r in coins per kWh.
//!
//! # Two rules
//!
//! - *2014* (Mihaylov et al., SmartGreens 2014, section 2): on top of g every injected kWh mints b
//!   coins, `f(x) = b x`, whether anybody used the energy or not. The paper gives no number for b;
//!   "much smaller than g" is all it says. [`minted`] rounds down to a micro-coin; what is cut off
//!   is not minted.
//! - *2019* (Mihaylov et al., Renewable Energy 2019): one coin buys one kWh of green energy. In a
//!   slot with G produced and C consumed, min(C, G) is matched; for a matched kWh the prosumers get
//!   half a coin from the provider and half a coin is minted, for the rest nothing. [`matched`] is
//!   exact: half a coin per kWh is 500 micro-coins per Wh.
//!
//! How the matched energy is divided among prosumers the paper leaves open. Ours: pro rata to their
//! injection, each half rounded down to a micro-coin ([`Matched::reward`]). So rewards together are
//! never more than what is owed and minted, and less by under one micro-coin per half and prosumer;
//! that rest is neither owed nor minted. A prosumer that injects more never gets fewer coins.

use serde::{Deserialize, Serialize};

use crate::coin::Coins;
use crate::energy::Energy;
use crate::error::{Expected, MarketError, Parameter, Quantity};
use crate::fixed::Decimal;
use crate::pricing::RegionTotals;

/// Half a coin per kWh, in micro-coins per Wh.
const HALF: i64 = 500;

/// 2014: the coins that `own` injected energy mints at `b` coins/kWh, rounded down to a micro-coin.
///
/// # Errors
///
/// [`MarketError::Parameter`] for a negative energy or `b`, [`MarketError::Overflow`] beyond 64
/// bits of micro-coins.
pub fn minted(own: Energy, b: Decimal) -> Result<Coins, MarketError> {
    /// 1 Wh x 10^-18 coin/kWh is 10^-15 micro-coins.
    const SCALE: i128 = 1_000_000_000_000_000;
    let overflow = MarketError::Overflow { what: Quantity::Amount };
    let energy = Decimal::from_energy(own).ok_or(overflow.clone())?;
    for (parameter, got) in [(Parameter::Own, energy), (Parameter::B, b)] {
        if got < Decimal::ZERO {
            let expected = Expected::NotNegative;
            return Err(MarketError::Parameter { parameter, expected, got });
        }
    }
    let product = i128::from(own.wh()).checked_mul(b.units()).ok_or(overflow.clone())?;
    i64::try_from(product / SCALE).map(Coins::from_micro).map_err(|_| overflow)
}

/// What a region's slot earns under the rule of 2019.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Matched {
    /// Everything that was produced.
    pub production: Energy,
    /// The part of it that was consumed in the region in the same slot.
    pub matched: Energy,
    /// The rest, which earns nothing.
    pub unpaid: Energy,
    /// What the energy provider owes the prosumers.
    pub provider: Coins,
    /// What is newly minted for them.
    pub minted: Coins,
}

/// 2019: the coins of a slot in which the region produced and consumed `totals`.
pub fn matched(totals: &RegionTotals) -> Matched {
    let production = totals.production();
    let matched = production.min(totals.consumption());
    let unpaid = Energy::from_wh(production.wh() - matched.wh());
    // Totals are at most 10^15 Wh, so no half leaves 64 bits.
    let half = Coins::from_micro(HALF * matched.wh());
    Matched { production, matched, unpaid, provider: half, minted: half }
}

impl Matched {
    /// The part of one prosumer that injected `own` of the production: what the provider owes it,
    /// and as much again is minted for it.
    ///
    /// # Errors
    ///
    /// [`MarketError::Parameter`] if `own` is below zero or more than the whole production.
    pub fn reward(&self, own: Energy) -> Result<Coins, MarketError> {
        if own < Energy::ZERO || self.production < own {
            let kwh = |energy| Decimal::from_energy(energy).unwrap_or(Decimal::MAX);
            let expected = Expected::Within(Decimal::ZERO, kwh(self.production));
            return Err(MarketError::Parameter {
                parameter: Parameter::Own,
                expected,
                got: kwh(own),
            });
        }
        let whole = i128::from(self.production.wh()).max(1);
        let micro = i128::from(self.provider.micro()) * i128::from(own.wh()) / whole;
        // At most the provider's whole half, because own is at most the production.
        Ok(Coins::from_micro(micro as i64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wh(wh: i64) -> Energy {
        Energy::from_wh(wh)
    }

    fn micro(micro: i64) -> Coins {
        Coins::from_micro(micro)
    }

    fn slot(production: i64, consumption: i64) -> Matched {
        matched(&RegionTotals::try_new(wh(production), wh(consumption)).expect("bounded"))
    }

    /// The published example: 10 kWh produced, 6 consumed. 6 are matched; 3 coins come from the
    /// provider, 3 are minted, 4 kWh stay unpaid. And the other way round 6 of 6 are matched.
    #[test]
    fn only_matched_energy_earns_half_and_half() {
        let ten = slot(10_000, 6_000);
        assert_eq!((ten.matched, ten.unpaid), (wh(6_000), wh(4_000)));
        assert_eq!((ten.provider, ten.minted), (micro(3_000_000), micro(3_000_000)));
        assert_eq!(ten.minted.to_string(), "3.000000 coins");
        let scarce = slot(6_000, 10_000);
        assert_eq!((scarce.matched, scarce.unpaid), (wh(6_000), wh(0)));
        assert_eq!(slot(0, 5_000).provider, Coins::ZERO);
    }

    /// Three prosumers with 1 Wh each and 1 Wh consumed: 500 micro-coins in thirds are 166 each, and
    /// 2 are neither owed nor minted.
    #[test]
    fn a_reward_is_rounded_down() {
        let thirds = slot(3, 1);
        assert_eq!(thirds.reward(wh(1)), Ok(micro(166)));
        assert_eq!(thirds.reward(wh(3)), Ok(micro(500)));
        assert_eq!(slot(0, 0).reward(wh(0)), Ok(Coins::ZERO));
        for wrong in [-1, 4] {
            assert!(matches!(thirds.reward(wh(wrong)), Err(MarketError::Parameter { .. })));
        }
    }

    /// f(x) = b x: 2.5 kWh at 0.1 coins/kWh are a quarter coin; 3 Wh at 0.0005 are 1.5 micro-coins,
    /// of which one is minted.
    #[test]
    fn minted_coins_are_proportional() {
        let b = |text| Decimal::parse(text).expect("a decimal");
        assert_eq!(minted(wh(2_500), b("0.1")), Ok(micro(250_000)));
        assert_eq!(minted(wh(3), b("0.0005")), Ok(micro(1)));
        assert!(matches!(
            minted(wh(-1), b("0.1")),
            Err(MarketError::Parameter { parameter: Parameter::Own, .. })
        ));
        assert!(matches!(
            minted(wh(1), b("-0.1")),
            Err(MarketError::Parameter { parameter: Parameter::B, .. })
        ));
        let overflow = Err(MarketError::Overflow { what: Quantity::Amount });
        assert_eq!(minted(wh(1_000_000_000_000_000), Decimal::MAX), overflow);
    }

    proptest! {
        /// Rewards together stay within what is owed, below it by less than a micro-coin each; and
        /// nobody gets fewer coins for having injected more.
        #[test]
        fn rewards_add_up(
            injected in prop::collection::vec(0..100_000_i64, 1..40),
            consumption in 0..2_000_000_i64,
            more in 0..100_000_i64,
        ) {
            let production: i64 = injected.iter().sum();
            let before = slot(production, consumption);
            let reward = |slot: &Matched, own| slot.reward(wh(own)).expect("part of it").micro();
            let sum: i64 = injected.iter().map(|own| reward(&before, *own)).sum();
            let owed = before.provider.micro();
            prop_assert!(sum <= owed && owed < sum + injected.len() as i64);
            let after = slot(production + more, consumption);
            prop_assert!(reward(&before, injected[0]) <= reward(&after, injected[0] + more));
        }
    }
}
