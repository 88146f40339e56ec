//! What the bills of a run add up to, home by home.
//!
//! In: facts. Out: per participant the money and the energies of all its bills. Refuses to know:
//! where facts come from, how a report looks. Sums are 128 bits wide: no run reaches their end.

use std::collections::BTreeMap;

use ledger::{Bill, Fact};
use market::{ParticipantId, Tariff};

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
    /// Import that was billed, Wh: what the ledger was told, or settled in place of a reading.
    pub import_wh: i128,
    /// Export that was billed, Wh.
    pub export_wh: i128,
}

impl Tally {
    /// What the same slots would have come to without a local market, in nano-currency: import at
    /// retail, export at feed-in. As for every bill, positive is received. It counts the energies
    /// that the bills count and not those of the home's meters: a reading that never reached the
    /// ledger must not show as money saved.
    pub fn grid_only_nano(&self, tariff: &Tariff) -> i128 {
        let paid = i128::from(tariff.retail().micro_per_kwh()) * self.import_wh;
        let earned = i128::from(tariff.feed_in().micro_per_kwh()) * self.export_wh;
        earned - paid
    }
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
            tally.import_wh += i128::from(line.meter.import().wh());
            tally.export_wh += i128::from(line.meter.export().wh());
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

#[cfg(test)]
mod tests {
    use ledger::GateSummary;
    use market::{Energy, Line, Meter, Metered, Money, Position, Price, Promise, RegionPrices};
    use market::{Slot, Terms};

    use super::*;

    fn read(import: i64, export: i64) -> Meter {
        let (import, export) = (Energy::from_wh(import), Energy::from_wh(export));
        Meter::Read(Metered::try_new(import, export).expect("bounded"))
    }

    fn tariff() -> Tariff {
        let price = Price::from_micro_per_kwh;
        Tariff::try_new(price(80_000), price(300_000)).expect("in order")
    }

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
        bills.fold(&bill(1, 100, -30, read(90, 5)));
        bills.fold(&bill(1, -40, 20, Meter::Substituted(Energy::from_wh(12))));
        bills.fold(&bill(2, 0, 5, read(0, 0)));
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
            import_wh: 102,
            export_wh: 5,
        };
        assert_eq!(bills.of(ParticipantId::new(1)), expected);
        assert_eq!(bills.of(ParticipantId::new(9)), Tally::default());
        assert_eq!(bills.iter().count(), 2);
    }

    // 10 kWh at 0.30 paid and 4 kWh at 0.08 earned: 0.32 - 3.00 = -2.68 currency.
    #[test]
    fn without_a_market_the_grid_is_paid() {
        let tally = Tally { import_wh: 10_000, export_wh: 4_000, ..Tally::default() };
        assert_eq!(tally.grid_only_nano(&tariff()), -2_680_000_000);
    }

    // A home that used 400 Wh whose reading was lost is settled on the 700 Wh it once reported;
    // with and without a market it pays 700 x 300,000 = 210 m: nothing saved, nothing lost. What
    // its own meter counted would have been 120 m without a market. Had it sold 100 Wh at 0.18 it
    // would pay 800 x 300,000 - 18 m = 222 m: 12 m more than without.
    #[test]
    fn a_lost_reading_does_not_show_as_money_saved() {
        let price = Price::from_micro_per_kwh(180_000);
        let terms = Terms {
            surplus: Money::ZERO,
            region: RegionPrices {
                buy: tariff().retail(),
                sell: tariff().feed_in(),
                promise: Promise::Tariff,
            },
            tariff: tariff(),
        };
        for (sold, saved) in [(0, 0), (100, -12_000_000)] {
            let position = |who, wh, meter| Position {
                participant: ParticipantId::new(who),
                contracted: Energy::from_wh(wh),
                contract_amount: Money::from_nano(wh * -price.micro_per_kwh()),
                meter,
            };
            let lost = Meter::Substituted(Energy::from_wh(700));
            let slot = [position(1, -sold, lost), position(2, sold, read(sold, 0))];
            let line = market::settle(&slot, &terms).expect("a sound slot").lines[0];
            let (buy, sell) = (terms.region.buy, terms.region.sell);
            let mut bills = Bills::default();
            bills.fold(&Fact::Billed(Bill {
                slot: Slot::ZERO,
                line,
                price: Some(price),
                buy,
                sell,
            }));
            let tally = bills.of(ParticipantId::new(1));
            assert_eq!(tally.amount_nano - tally.grid_only_nano(&tariff()), saved);
        }
    }
}
