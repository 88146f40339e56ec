//! The data behind every figure and table as CSV: one row per thing, units in the names of columns,
//! exact numbers.
//!
//! In: the data. Out: names and bytes; none for a part that is empty. Refuses to know: files.

use super::data::{MessageRow, Report};
use super::savings;
use super::timeline;

/// One CSV file.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Its name.
    pub(super) name: &'static str,
    /// What it holds, for people.
    pub(super) what: &'static str,
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The file's content.
    ///
    /// # Errors
    ///
    /// None that rows as long as their header can lead to.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.header)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
}

/// All tables that have rows, in the order of the page.
pub(super) fn tables(report: &Report) -> Vec<Table> {
    let all = [
        checks(report),
        homes(report),
        slots(report),
        predictions(report),
        latency(report),
        latency_histogram(report),
        views(report),
        decision(report),
        replicas(report),
        counters(report),
        liars(report),
        signs(report),
        evidence(report),
        processes(report),
        events(report),
    ];
    all.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

/// The cells of a row, each by its own way of being text.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { vec![$($cell.to_string()),*] };
}

fn checks(report: &Report) -> Table {
    Table {
        name: "checks.csv",
        what: "what was checked",
        header: &["claim", "found", "detail"],
        rows: report
            .checks
            .iter()
            .map(|check| row![check.claim, check.found.words(), check.detail])
            .collect(),
    }
}

fn homes(report: &Report) -> Table {
    let rows = report.homes.iter().map(|home| {
        row![
            home.home,
            home.pv_w,
            home.battery_wh,
            home.vehicle,
            home.import_wh,
            home.export_wh,
            home.bought_wh,
            home.sold_wh,
            home.local_solar_wh,
            home.bill_nano,
            home.grid_only_nano,
            savings::of(home),
            home.score_before,
            home.score_after,
            home.reasons.join(" | "),
        ]
    });
    Table {
        name: "homes.csv",
        what: "every home over the whole run",
        header: &[
            "home",
            "pv_w",
            "battery_wh",
            "vehicle",
            "import_wh",
            "export_wh",
            "bought_wh",
            "sold_wh",
            "local_solar_wh",
            "received_nano",
            "received_without_market_nano",
            "saved_nano",
            "score_before",
            "score_after",
            "reasons",
        ],
        rows: rows.collect(),
    }
}

fn slots(report: &Report) -> Table {
    let rows = report.slots.iter().map(|slot| {
        row![
            slot.slot,
            slot.slot / timeline::PER_DAY + 1,
            timeline::time_of_day(slot.slot),
            slot.price.map(|price| price.to_string()).unwrap_or_default(),
            slot.buy,
            slot.sell,
            slot.volume_wh,
            slot.production_wh,
            slot.consumption_wh,
            slot.local_wh,
            slot.grid_import_wh,
            slot.grid_export_wh,
            slot.short_wh,
            slot.long_wh,
            slot.substituted_wh,
            slot.operator_nano,
            slot.orders,
            slot.missing,
        ]
    });
    Table {
        name: "slots.csv",
        what: "every slot; no auction price where nothing was traded",
        header: &[
            "slot",
            "day",
            "begins_hh_mm",
            "auction_price_micro_per_kwh",
            "buy_price_micro_per_kwh",
            "sell_price_micro_per_kwh",
            "volume_wh",
            "production_wh",
            "consumption_wh",
            "local_wh",
            "grid_import_wh",
            "grid_export_wh",
            "short_wh",
            "long_wh",
            "substituted_wh",
            "operator_nano",
            "orders",
            "missing_readings",
        ],
        rows: rows.collect(),
    }
}

fn predictions(report: &Report) -> Table {
    let rows = report
        .predictions
        .iter()
        .map(|row| row![row.what, row.formula, row.predicted, row.measured, row.unit, row.exact]);
    Table {
        name: "predictions.csv",
        what: "prediction beside measurement",
        header: &["what", "formula", "predicted", "measured", "unit", "exact"],
        rows: rows.collect(),
    }
}

fn latency(report: &Report) -> Table {
    let rows = report.latencies.iter().map(|row| {
        row![row.kind, row.count, row.p50_us, row.p90_us, row.p99_us, row.p999_us, row.max_us]
    });
    Table {
        name: "latency.csv",
        what: "how long commands took, by kind",
        header: &["kind", "count", "p50_us", "p90_us", "p99_us", "p999_us", "max_us"],
        rows: rows.collect(),
    }
}

fn latency_histogram(report: &Report) -> Table {
    let bins = |row: &super::data::Latency| {
        let kind = row.kind.clone();
        row.bins.iter().map(move |(bound, count)| row![kind, bound, count]).collect::<Vec<_>>()
    };
    Table {
        name: "latency_histogram.csv",
        what: "the same as a histogram; the bound belongs to its bin",
        header: &["kind", "at_most_us", "count"],
        rows: report.latencies.iter().flat_map(bins).collect(),
    }
}

fn views(report: &Report) -> Table {
    Table {
        name: "views.csv",
        what: "every replica's view at the end of every slot",
        header: &["slot", "replica", "view"],
        rows: report.views.iter().map(|row| row![row.slot, row.replica, row.view]).collect(),
    }
}

fn decision(report: &Report) -> Table {
    let who = |replica: Option<u16>| {
        replica.map_or_else(|| "client".to_owned(), |replica| replica.to_string())
    };
    let message =
        |row: &MessageRow| row![row.kind, who(row.from), who(row.to), row.sent_us, row.received_us];
    Table {
        name: "decision.csv",
        what: "one decision, message by message, since the request left",
        header: &["kind", "from", "to", "sent_us", "received_us"],
        rows: report.diagram.iter().map(message).collect(),
    }
}

fn replicas(report: &Report) -> Table {
    let rows = report.replicas.iter().map(|row| {
        let lies = row.lies.as_deref().unwrap_or_default();
        row![row.replica, row.up, lies, row.root, row.executed, row.view, row.starts, row.chain]
    });
    Table {
        name: "replicas.csv",
        what: "every replica at the end of the run",
        header: &["replica", "up", "lies", "root", "executed", "view", "starts", "chain"],
        rows: rows.collect(),
    }
}

fn counters(report: &Report) -> Table {
    let rows = report.replicas.iter().flat_map(|replica| {
        replica.counters.iter().map(|(name, value)| row![replica.replica, name, value])
    });
    Table {
        name: "counters.csv",
        what: "what every replica counted since its last start",
        header: &["replica", "counter", "value"],
        rows: rows.collect(),
    }
}

/// Numbers of replicas in one cell.
fn numbers(replicas: &[u16]) -> String {
    replicas.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}

fn liars(report: &Report) -> Table {
    let rows = report.liars.iter().map(|row| {
        row![row.replica, row.adversary, row.verdict, row.words, numbers(&row.accused_by)]
    });
    Table {
        name: "liars.csv",
        what: "who lied, and what the honest replicas found out",
        header: &["replica", "adversary", "verdict", "because", "accused_by"],
        rows: rows.collect(),
    }
}

fn signs(report: &Report) -> Table {
    let rows = report.signs.iter();
    let rows = rows.map(|row| row![row.replica, row.sign, row.value, row.others, row.suspect]);
    Table {
        name: "signs.csv",
        what: "what makes each replica suspect, beside the median of the others",
        header: &["replica", "sign", "value", "median_of_others", "suspect"],
        rows: rows.collect(),
    }
}

fn evidence(report: &Report) -> Table {
    let rows = report
        .evidence
        .iter()
        .map(|row| row![row.accused, row.offence, row.view, row.position, numbers(&row.held_by)]);
    Table {
        name: "evidence.csv",
        what: "contradictory statements that honest replicas hold, signed by the accused",
        header: &["accused", "offence", "view", "position", "held_by"],
        rows: rows.collect(),
    }
}

fn processes(report: &Report) -> Table {
    let known = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let rows = report.processes.iter().map(|row| {
        row![row.at_ms, row.replica, row.start, known(row.memory_kb), known(row.descriptors)]
    });
    Table {
        name: "processes.csv",
        what: "memory and open descriptors of every replica's process over time",
        header: &["at_ms", "replica", "start", "resident_kb", "descriptors"],
        rows: rows.collect(),
    }
}

fn events(report: &Report) -> Table {
    Table {
        name: "events.csv",
        what: "faults, view changes, returns",
        header: &["slot", "what"],
        rows: report.events.iter().map(|row| row![row.slot, row.what]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::data::{HomeRow, SlotRow};

    fn text(report: &Report, name: &str) -> String {
        let tables = tables(report);
        let table = tables.iter().find(|table| table.name == name).expect("the table has rows");
        String::from_utf8(table.bytes().expect("rows as long as the header")).expect("text")
    }

    // Exact values, an empty cell for no price, quotes where words need them.
    #[test]
    fn rows_are_exact_and_quoted() {
        let slot = SlotRow { slot: 97, buy: 250_000, operator_nano: -1, ..SlotRow::default() };
        let reasons = vec!["late-payment, 3".to_owned(), "say \"no\"".to_owned()];
        let home = HomeRow {
            bill_nano: i64::MAX,
            grid_only_nano: i64::MIN,
            reasons,
            ..HomeRow::default()
        };
        let report = Report { slots: vec![slot], homes: vec![home], ..Report::default() };
        let slots = text(&report, "slots.csv");
        assert_eq!(slots.lines().nth(1), Some("97,2,00:15,,250000,0,0,0,0,0,0,0,0,0,0,-1,0,0"));
        let homes = text(&report, "homes.csv");
        assert!(
            homes.contains(",18446744073709551615,0,0,\"late-payment, 3 | say \"\"no\"\"\""),
            "{homes}"
        );
    }

    #[test]
    fn an_empty_part_has_no_table() {
        assert!(tables(&Report::default()).is_empty());
    }
}
