//! What a report needs, gathered from facts as they happen.
//!
//! In: facts, from one ledger in memory or from the replay of a chain. Out: rows of a report. Refuses to know:
//! where the facts come from, and how rows look.

use std::collections::BTreeMap;

use community::{Bills, Dataset, Flows};
use ledger::{Fact, SlotSummary};
use market::{ParticipantId, Price, Tariff};

use crate::report::{HomeRow, SlotRow};

/// The harvest of a run.
#[derive(Clone, Debug, Default)]
pub struct Harvest {
    bills: Bills,
    slots: Vec<SlotRow>,
    /// Orders of the slot that is open.
    orders: u32,
    /// Energy beyond contracts in the slot that is being closed: drawn, fed in, and billed in place
    /// of missing readings.
    beyond: [i64; 3],
    scores: BTreeMap<ParticipantId, Scores>,
}

/// A member's scores over the run.
#[derive(Clone, Debug)]
struct Scores {
    before: u16,
    after: u16,
    reasons: Vec<String>,
}

impl Harvest {
    /// Takes in one fact.
    pub fn fold(&mut self, fact: &Fact) {
        self.bills.fold(fact);
        match fact {
            Fact::Ordered { .. } => self.orders += 1,
            Fact::Billed(bill) => {
                let (wh, missing) = (bill.line.deviation.wh(), bill.line.missing());
                self.beyond[0] += if missing { 0 } else { wh.max(0) };
                self.beyond[1] += (-wh).max(0);
                self.beyond[2] += if missing { wh } else { 0 };
            }
            Fact::Scored { participant, before, assessment, .. } => {
                let scores = self.scores.entry(*participant).or_insert_with(|| Scores {
                    before: before.get(),
                    after: 0,
                    reasons: Vec::new(),
                });
                scores.after = assessment.score.get();
                scores.reasons = assessment.reasons.iter().map(ToString::to_string).collect();
            }
            Fact::SlotClosed(summary) => self.close(summary),
            _ => {}
        }
    }

    fn close(&mut self, summary: &SlotSummary) {
        let [short_wh, long_wh, substituted_wh] = std::mem::take(&mut self.beyond);
        self.slots.push(SlotRow {
            slot: summary.slot.get(),
            price: summary.price.map(Price::micro_per_kwh),
            buy: summary.buy.micro_per_kwh(),
            sell: summary.sell.micro_per_kwh(),
            volume_wh: summary.volume.wh(),
            production_wh: summary.production.wh(),
            consumption_wh: summary.consumption.wh(),
            local_wh: summary.local.wh(),
            grid_import_wh: summary.grid_import.wh(),
            grid_export_wh: summary.grid_export.wh(),
            short_wh,
            long_wh,
            substituted_wh,
            operator_nano: summary.operator.nano(),
            orders: std::mem::take(&mut self.orders),
            missing: summary.missing,
        });
    }

    /// The slots that were closed, in order.
    pub fn slots(&self) -> &[SlotRow] {
        &self.slots
    }

    /// What all bills came to, by participant.
    pub fn bills(&self) -> &Bills {
        &self.bills
    }

    /// One row per home of `dataset`, whose meters counted `flows`.
    pub fn homes(&self, dataset: &Dataset, flows: &[Flows], tariff: &Tariff) -> Vec<HomeRow> {
        (0..).zip(flows).map(|(home, flows)| self.home(dataset, home, flows, tariff)).collect()
    }

    fn home(&self, dataset: &Dataset, home: u32, flows: &Flows, tariff: &Tariff) -> HomeRow {
        let participant = ParticipantId::new(home);
        let (bill, equipment) = (self.bills.of(participant), dataset.equipment(home));
        let scores = self.scores.get(&participant);
        HomeRow {
            home,
            pv_w: equipment.roof.map_or(0, |roof| u64::from(roof.peak_watts)),
            battery_wh: equipment
                .battery
                .map_or(0, |battery| u64::try_from(battery.capacity.rounded().wh()).unwrap_or(0)),
            vehicle: equipment.vehicle.is_some(),
            import_wh: flows.import.wh(),
            export_wh: flows.export.wh(),
            bought_wh: narrow(bill.bought_wh),
            sold_wh: narrow(bill.sold_wh),
            local_solar_wh: narrow(bill.local_solar_wh),
            bill_nano: narrow(bill.amount_nano),
            grid_only_nano: narrow(bill.grid_only_nano(tariff)),
            score_before: scores.map_or(0, |scores| scores.before),
            score_after: scores.map_or(0, |scores| scores.after),
            reasons: scores.map_or_else(Vec::new, |scores| scores.reasons.clone()),
        }
    }
}

/// Sums of a run in 64 bits; one that left them would be shown as the end of the range.
fn narrow(wide: i128) -> i64 {
    i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
}
