//! The page: everything a report shows, as one HTML file that needs nothing else.
//!
//! In: the data. Out: HTML. Refuses to know: files. Words and numbers are settled here, their
//! places in the templates; the page has no scripts, and no address that leads out of its folder.

use std::collections::BTreeSet;

use askama::Template;

use super::charts::{decision, homes, market, processes, service};
use super::data::{
    Check, EvidenceRow, Found, HomeRow, Latency, LiarRow, PRIVATE, Prediction, ReplicaRow, Report,
    RunInfo, SignRow,
};
use super::exhibit::Exhibit;
use super::figure::palette;
use super::number;
use super::savings::{Saving, Savings};
use super::tables::Table;
use super::timeline;
use super::worked::{Worked, worked};

/// Characters of a state root that the page shows: enough to compare by eye, the rest is in the
/// files.
const ROOT_SHOWN: usize = 16;
/// Events that the page lists; more are in the file.
const EVENTS_SHOWN: usize = 200;

/// The page as the template sees it.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    run: &'r RunInfo,
    title: String,
    palette: String,
    found: Found,
    bad: bool,
    verdict: String,
    checks: &'r [Check],
    headline: Option<Headline>,
    bills: Vec<Exhibit>,
    home_rows: Vec<HomeCells>,
    homes_note: String,
    market: Vec<Exhibit>,
    scores: Option<Exhibit>,
    predictions: Vec<PredictionCells>,
    latency: Option<Exhibit>,
    latencies: Vec<LatencyCells>,
    views: Option<Exhibit>,
    liars: &'r [LiarRow],
    signs: Vec<SignCells>,
    evidence: Vec<[String; 5]>,
    processes: Vec<Exhibit>,
    diagram: Option<Exhibit>,
    phases: Vec<[String; 4]>,
    replicas: Vec<ReplicaCells>,
    counters: Vec<CounterCells>,
    events: Vec<[String; 2]>,
    events_note: String,
    worked: Option<Worked>,
    tables: &'r [Table],
    chains: Vec<&'r str>,
    private: &'static str,
    root: &'r str,
    started: String,
    took: String,
}

/// Who saved how much, to be read in ten seconds.
struct Headline {
    tiles: Vec<Tile>,
    sentence: String,
}

/// One big number.
struct Tile {
    number: String,
    words: String,
    /// Whether it is bad news.
    bad: bool,
}

struct HomeCells {
    name: String,
    equipment: String,
    numbers: [String; 8],
    lost: bool,
    reason: String,
}

struct PredictionCells {
    what: String,
    formula: String,
    predicted: String,
    measured: String,
    unit: String,
    mark: Mark,
    words: String,
}

/// How a measurement relates to its prediction.
#[derive(PartialEq, Eq)]
enum Mark {
    Equal,
    Differs,
    Estimate,
}

struct LatencyCells {
    kind: String,
    numbers: [String; 6],
}

struct ReplicaCells {
    number: u16,
    up: bool,
    lies: Option<String>,
    root: String,
    same: bool,
    executed: String,
    view: u64,
    starts: u32,
    chain: String,
}

struct SignCells {
    name: String,
    /// One per replica: the number, and whether it makes suspect.
    values: Vec<(String, bool)>,
}

struct CounterCells {
    name: String,
    /// One per replica.
    values: Vec<String>,
}

/// The page of `report`, whose tables are `tables`.
///
/// # Errors
///
/// None that a template without fallible parts can lead to.
pub(super) fn page(report: &Report, tables: &[Table]) -> Result<String, askama::Error> {
    let savings = Savings::of(&report.homes);
    let page = Page {
        run: &report.run,
        title: title(report),
        palette: palette(),
        found: report.found(),
        // A run in which nothing was checked is no success.
        bad: report.found() == Found::Fails
            || report.checks.iter().all(|check| check.found != Found::Holds),
        verdict: verdict(&report.checks),
        checks: &report.checks,
        headline: headline(report, &savings),
        bills: homes::bills(&savings),
        home_rows: home_rows(&savings),
        homes_note: homes_note(&savings),
        market: market::exhibits(report),
        scores: homes::scores(&report.homes),
        predictions: report.predictions.iter().map(prediction).collect(),
        latency: service::latency(&report.latencies),
        latencies: report.latencies.iter().filter(|row| row.count > 0).map(latency).collect(),
        views: service::views(report),
        liars: &report.liars,
        signs: signs(report),
        evidence: report.evidence.iter().map(evidence).collect(),
        processes: processes::exhibits(&report.processes),
        diagram: decision::diagram(&report.diagram),
        phases: phases(report),
        replicas: report.replicas.iter().map(|row| replica(row, &report.run.root)).collect(),
        counters: counters(&report.replicas),
        events: events(report),
        events_note: events_note(report),
        worked: worked(&report.run, &report.slots),
        tables,
        chains: report
            .replicas
            .iter()
            .map(|row| row.chain.as_str())
            .filter(|chain| !chain.is_empty())
            .collect(),
        private: PRIVATE,
        root: &report.run.root,
        started: report.run.started.replace('T', " ").replace('Z', " UTC"),
        took: format!("{} s", number::decimal(i128::from(report.run.wall_us), 6, 1)),
    };
    page.render()
}

fn title(report: &Report) -> String {
    let days = report.run.slots.div_ceil(timeline::PER_DAY);
    let count = |count: u32, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{} {many}", number::grouped(u128::from(count))),
    };
    let what = match report.run.kind.as_str() {
        "trial" => "Trial",
        "simulate" => "Simulation",
        other => other,
    };
    let replicas = match report.replicas.len() {
        0 => "without replicas".to_owned(),
        count => format!("on {count} replicas"),
    };
    format!(
        "{what}: {}, {}, {replicas}",
        count(report.run.homes, "home", "homes"),
        count(days, "day", "days")
    )
}

fn verdict(checks: &[Check]) -> String {
    let count = |found| checks.iter().filter(|check| check.found == found).count();
    let (failed, open) = (count(Found::Fails), count(Found::NotChecked));
    match (checks.len(), failed, open) {
        (all, 0, open) if all == open => "Nothing was checked in this run".to_owned(),
        (1, 0, _) => "The run holds: its one check is fulfilled".to_owned(),
        (all, 0, 0) => format!("The run holds: all {all} checks are fulfilled"),
        (all, 0, open) => format!(
            "The run holds as far as it was checked: {} of {all} checks are fulfilled, {open} {} not \
             made",
            all - open,
            if open == 1 { "was" } else { "were" }
        ),
        (all, some, _) => format!("The run does not hold: {some} of {all} checks failed"),
    }
}

fn headline(report: &Report, savings: &Savings<'_>) -> Option<Headline> {
    let homes = savings.in_order().len();
    let (best, worst) = (savings.in_order().first()?, savings.in_order().last()?);
    let (winners, losers) = (savings.winners().len(), savings.losers().len());
    let tile = |number: String, words: &str, bad| Tile { number, words: words.to_owned(), bad };
    let share = match savings.paid_without() {
        without if without > 0 => format!(
            "saved by all homes together, {}\u{202f}% of what they would have paid",
            number::percent(savings.total(), without)
        ),
        _ => "saved by all homes together".to_owned(),
    };
    let tiles = vec![
        tile(format!("{winners} of {homes}"), "homes paid less than without a local market", false),
        tile(number::money_change(savings.total()), &share, savings.total() < 0),
        tile(
            number::money_change(savings.median()),
            "saved by the home in the middle",
            savings.median() < 0,
        ),
        tile(
            losers.to_string(),
            match losers {
                1 => "home paid more than without a local market",
                _ => "homes paid more than without a local market",
            },
            losers > 0,
        ),
    ];
    let worst = if losers > 0 {
        format!(", home {} lost most ({})", worst.home.home, number::money_change(worst.nano))
    } else {
        format!(", home {} saved least ({})", worst.home.home, number::money_change(worst.nano))
    };
    let operator: i128 = report.slots.iter().map(|slot| i128::from(slot.operator_nano)).sum();
    let sentence = format!(
        "Home {} saved most ({}){worst}. All homes together paid {} instead of {} to the grid \
         alone; the operator's account changed by {}. Amounts are in an abstract currency.",
        best.home.home,
        number::money_change(best.nano),
        number::money(savings.paid()),
        number::money(savings.paid_without()),
        number::money_change(operator)
    );
    Some(Headline { tiles, sentence })
}

fn home_rows(savings: &Savings<'_>) -> Vec<HomeCells> {
    if savings.in_order().len() <= homes::ROWS_MAX {
        return savings.in_order().iter().map(home_cells).collect();
    }
    homes::ends(savings).iter().map(home_cells).collect()
}

fn homes_note(savings: &Savings<'_>) -> String {
    let all = savings.in_order().len();
    if all <= homes::ROWS_MAX {
        return String::new();
    }
    format!(
        "Of {} homes the ends are listed; all are in csv/homes.csv.",
        number::grouped(all as u128)
    )
}

fn home_cells(saving: &Saving<'_>) -> HomeCells {
    let home = saving.home;
    HomeCells {
        name: format!("Home {}", home.home),
        equipment: equipment(home),
        numbers: [
            number::kwh(home.import_wh),
            number::kwh(home.export_wh),
            number::kwh(home.bought_wh),
            number::kwh(home.sold_wh),
            number::kwh(home.local_solar_wh),
            number::money(saving.paid_without()),
            number::money(saving.paid()),
            number::money_change(saving.nano),
        ],
        lost: saving.nano < 0,
        reason: match home.reasons.first() {
            None if home.score_after == 0 => "–".to_owned(),
            None => home.score_after.to_string(),
            Some(reason) => format!("{}: {reason}", home.score_after),
        },
    }
}

fn equipment(home: &HomeRow) -> String {
    let mut parts = Vec::new();
    if home.pv_w > 0 {
        parts.push(format!("panels {} kW", number::decimal(i128::from(home.pv_w), 3, 1)));
    }
    if home.battery_wh > 0 {
        parts.push(format!("battery {} kWh", number::decimal(i128::from(home.battery_wh), 3, 1)));
    }
    if home.vehicle {
        parts.push("car".to_owned());
    }
    if parts.is_empty() { "–".to_owned() } else { parts.join(", ") }
}

fn prediction(row: &Prediction) -> PredictionCells {
    let (mark, words) = if !row.exact {
        let ratio = row.measured / row.predicted;
        let words = if ratio.is_finite() {
            format!("{} ×", number::plain(ratio, 2))
        } else {
            "–".to_owned()
        };
        (Mark::Estimate, words)
    } else if row.predicted == row.measured {
        (Mark::Equal, "equal".to_owned())
    } else {
        (Mark::Differs, "differs".to_owned())
    };
    PredictionCells {
        what: row.what.clone(),
        formula: row.formula.clone(),
        predicted: number::measured(row.predicted),
        measured: number::measured(row.measured),
        unit: row.unit.clone(),
        mark,
        words,
    }
}

fn latency(row: &Latency) -> LatencyCells {
    let numbers = [
        number::grouped(u128::from(row.count)),
        number::millis(row.p50_us),
        number::millis(row.p90_us),
        number::millis(row.p99_us),
        number::millis(row.p999_us),
        number::millis(row.max_us),
    ];
    LatencyCells { kind: row.kind.clone(), numbers }
}

fn phases(report: &Report) -> Vec<[String; 4]> {
    let cells = |phase: decision::Phase| {
        let (first, last) = (number::millis(phase.first_us), number::millis(phase.last_us));
        [phase.kind, phase.messages.to_string(), first, last]
    };
    decision::phases(&report.diagram).into_iter().map(cells).collect()
}

fn replica(row: &ReplicaRow, root: &str) -> ReplicaCells {
    ReplicaCells {
        number: row.replica,
        up: row.up,
        lies: row.lies.clone(),
        root: row.root.chars().take(ROOT_SHOWN).collect(),
        same: row.root == root,
        executed: number::grouped(u128::from(row.executed)),
        view: row.view,
        starts: row.starts,
        chain: row.chain.clone(),
    }
}

/// What makes replicas suspect, a row per sign.
fn signs(report: &Report) -> Vec<SignCells> {
    let same = |one: &SignRow, other: &SignRow| one.sign == other.sign;
    let cell = |row: &SignRow| (number::grouped(u128::from(row.value)), row.suspect);
    let cells = |rows: &[SignRow]| SignCells {
        name: rows[0].sign.clone(),
        values: rows.iter().map(cell).collect(),
    };
    report.signs.chunk_by(same).map(cells).collect()
}

fn evidence(row: &EvidenceRow) -> [String; 5] {
    let place = |number: u64| match number {
        0 => "–".to_owned(),
        number => number::grouped(u128::from(number)),
    };
    let holders: Vec<String> = row.held_by.iter().map(u16::to_string).collect();
    let (view, position) = (number::grouped(u128::from(row.view)), place(row.position));
    [row.accused.to_string(), row.offence.clone(), view, position, holders.join(", ")]
}

/// What replicas counted, a row per name.
fn counters(replicas: &[ReplicaRow]) -> Vec<CounterCells> {
    let names: BTreeSet<&String> = replicas.iter().flat_map(|row| row.counters.keys()).collect();
    let value = |row: &ReplicaRow, name: &String| {
        row.counters
            .get(name)
            .map_or_else(|| "–".to_owned(), |value| number::grouped(u128::from(*value)))
    };
    let cells = |name: &String| CounterCells {
        name: name.clone(),
        values: replicas.iter().map(|row| value(row, name)).collect(),
    };
    names.into_iter().map(cells).collect()
}

fn events(report: &Report) -> Vec<[String; 2]> {
    let shown = report.events.iter().take(EVENTS_SHOWN);
    shown.map(|event| [timeline::in_words(event.slot), event.what.clone()]).collect()
}

fn events_note(report: &Report) -> String {
    match report.events.len() {
        count if count > EVENTS_SHOWN => {
            format!("The first {EVENTS_SHOWN} of {count}; all are in csv/events.csv.")
        }
        _ => String::new(),
    }
}
