//! What the bills of a run add up to, home by home.
//!
//! In: facts. Out: per participant the money and the energies of all its bills. Refuses to know:
//! where facts come from, how a report looks. Sums are 128 bits wide: no run reaches their end.

use std::collections::BTreeMap;

use ledger::{Bill, Fact};
use market::{ParticipantId, Tariff};

use crate::home::Flows;

/// The bills of one participant, added up exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tally {
    /// Slots that were billed.
    pub slots: u32,
    /// Slots among them that had no reading and were settled on a substitute.
    pub missing: u32,
    /// All bills together in nano-currency; positive is received.
    pub amount_nano: i128,
    /// Energy bought in auctions, Wh.
    pub bought_wh: i128,
    /// Energy sold in auctions, Wh.
    pub sold_wh: i128,
    /// Deviations from contracts without their signs, Wh.
    pub deviation_wh: i128,
    /// The part of the import that was produced in the region in the same slot, Wh.
    pub local_solar_wh: i128,
}

/// The bills of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bills {
    tallies: BTreeMap<ParticipantId, Tally>,
}

impl Bills {
    /// Adds a fact; all but bills are passed over.
    pub fn fold(&mut self, fact: &Fact) {
        if let Fact::Billed(Bill { line, .. }) = fact {
            let tally = self.tallies.entry(line.participant).or_default();
            let contracted = i128::from(line.contracted.wh());
            tally.slots += 1;
            tally.missing += u32::from(line.missing());
            tally.amount_nano += i128::from(line.amount().nano());
            tally.bought_wh += contracted.max(0);
            tally.sold_wh -= contracted.min(0);
            tally.deviation_wh += i128::from(line.deviation.wh()).abs();
            tally.local_solar_wh += i128::from(line.local_solar.wh());
        }
    }

    /// The bills of `participant`; all zero if it had none.
    pub fn of(&self, participant: ParticipantId) -> Tally {
        self.tallies.get(&participant).copied().unwrap_or_default()
    }

    /// Everybody who was billed, in order.
    pub fn iter(&self) -> impl Iterator<Item = (ParticipantId, &Tally)> {
        self.tallies.iter().map(|(participant, tally)| (*participant, tally))
    }
}

/// What the same readings would have come to without a local market, in nano-currency: import at
/// retail, export at feed-in. As for every bill, positive is received.
pub fn grid_only_nano(flows: &Flows, tariff: &Tariff) -> i128 {
    let paid = i128::from(tariff.retail().micro_per_kwh()) * i128::from(flows.import.wh());
    let earned = i128::from(tariff.feed_in().micro_per_kwh()) * i128::from(flows.export.wh());
    earned - paid
}

#[cfg(test)]
mod tests {
    use ledger::GateSummary;
    use market::{Energy, Line, Meter, Metered, Money, Price, Slot};

    use super::*;

    fn bill(participant: u32, contracted: i64, nano: i64, meter: Meter) -> Fact {
        let line = Line {
            participant: ParticipantId::new(participant),
            contracted: Energy::from_wh(contracted),
            meter,
            deviation: Energy::from_wh(-7),
            contract_amount: Money::from_nano(nano),
            deviation_amount: Money::from_nano(1),
            local_solar: Energy::from_wh(3),
        };
        let price = Price::ZERO;
        Fact::Billed(Bill { slot: Slot::ZERO, line, price: None, buy: price, sell: price })
    }

    // Two bills of one home, one of another, and a fact that is no bill: sums by hand.
    #[test]
    fn bills_add_up_by_participant() {
        let mut bills = Bills::default();
        bills.fold(&bill(1, 100, -30, Meter::Read(Metered::NOTHING)));
        bills.fold(&bill(1, -40, 20, Meter::Substituted(Energy::ZERO)));
        bills.fold(&bill(2, 0, 5, Meter::Read(Metered::NOTHING)));
        let (slot, volume) = (Slot::ZERO, Energy::ZERO);
        bills.fold(&Fact::GateClosed(GateSummary {
            slot,
            price: None,
            volume,
            bids: 1,
            offers: 1,
        }));
        let expected = Tally {
            slots: 2,
            missing: 1,
            amount_nano: -8,
            bought_wh: 100,
            sold_wh: 40,
            deviation_wh: 14,
            local_solar_wh: 6,
        };
        assert_eq!(bills.of(ParticipantId::new(1)), expected);
        assert_eq!(bills.of(ParticipantId::new(9)), Tally::default());
        assert_eq!(bills.iter().count(), 2);
    }

    // 10 kWh at 0.30 paid and 4 kWh at 0.08 earned: 0.32 - 3.00 = -2.68 currency.
    #[test]
    fn without_a_market_the_grid_is_paid() {
        let price = Price::from_micro_per_kwh;
        let tariff = Tariff::try_new(price(80_000), price(300_000)).expect("in order");
        let (import, export) = (Energy::from_wh(10_000), Energy::from_wh(4_000));
        let flows = Flows { import, export, ..Flows::default() };
        assert_eq!(grid_only_nano(&flows, &tariff), -2_680_000_000);
    }
}
