//! What every report folder has to be, over invented runs of all shapes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::report::folder::invented;
use crate::report::{Check, Found, HomeRow, MessageRow, Prediction, SlotRow, ViewRow};

/// A folder of its own for each test, removed afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("report-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("the name is fresh");
        Self(path)
    }

    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(&self.0).expect("the folder exists");
        entries
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn html(report: &Report) -> String {
    page(report, &tables(report)).expect("every report has a page")
}

/// Runs of all shapes: short and long, small and large, with and without replicas, empty, extreme.
fn shapes() -> Vec<(&'static str, Report)> {
    let mut quiet = invented::run(1, 5, 4);
    for slot in &mut quiet.slots {
        (slot.price, slot.volume_wh, slot.production_wh, slot.local_wh) = (None, 0, 0, 0);
    }
    let one = |row: SlotRow| Report { slots: vec![row], ..Report::default() };
    let bill =
        |bill_nano, grid_only_nano| HomeRow { bill_nano, grid_only_nano, ..HomeRow::default() };
    let mut extreme = invented::run(1, 2, 1);
    extreme.homes = vec![bill(i64::MAX, i64::MIN), bill(i64::MIN, i64::MAX), bill(-1, -1)];
    extreme.slots[7].operator_nano = i64::MIN;
    extreme.slots[9].production_wh = i64::MAX;
    extreme.views = vec![ViewRow { slot: 3, replica: u16::MAX, view: u64::MAX }];
    extreme.predictions.push(Prediction {
        predicted: f64::NAN,
        measured: f64::INFINITY,
        ..Prediction::default()
    });
    vec![
        ("nothing", Report::default()),
        ("one slot", one(SlotRow::default())),
        (
            "one late slot",
            one(SlotRow { slot: u32::MAX, price: Some(-5), volume_wh: 1, ..SlotRow::default() }),
        ),
        ("two days", invented::run(2, 12, 4)),
        ("a simulated day", invented::run(1, 50, 0)),
        ("a week", invented::run(7, 61, 7)),
        ("45 days", invented::run(45, 300, 4)),
        ("sixteen replicas", invented::run(1, 8, 16)),
        ("more replicas than are drawn", invented::run(1, 3, 20)),
        ("nobody trades", quiet),
        ("a liar", invented::with_a_liar()),
        ("extremes", extreme),
    ]
}

/// The tags of `html` in order: name, attributes, and whether it opens, closes, or is complete.
fn tags(html: &str) -> Vec<(String, String, Kind)> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').expect("every tag ends");
        rest = after;
        if tag.starts_with('!') {
            continue;
        }
        let (tag, kind) = match tag.strip_prefix('/') {
            Some(tag) => (tag, Kind::Close),
            None => (tag, if tag.ends_with('/') { Kind::Whole } else { Kind::Open }),
        };
        let (name, attributes) = tag.split_once([' ', '/']).unwrap_or((tag, ""));
        let whole = matches!(name, "meta" | "br");
        if name == "style" && kind == Kind::Open {
            rest = &rest[rest.find("</style>").expect("styles end")..];
        }
        tags.push((name.to_owned(), attributes.to_owned(), if whole { Kind::Whole } else { kind }));
    }
    tags
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Whole,
}

/// The value of an attribute.
fn attribute<'t>(attributes: &'t str, name: &str) -> Option<&'t str> {
    let (_, after) = attributes.split_once(&format!("{name}=\""))?;
    after.split_once('"').map(|(value, _)| value)
}

// Every tag that opens is closed by its own kind, in order.
#[test]
fn pages_are_well_formed() {
    for (shape, report) in shapes() {
        let mut open = Vec::new();
        for (name, _, kind) in tags(&html(&report)) {
            match kind {
                Kind::Open => open.push(name),
                Kind::Close => assert_eq!(open.pop().as_ref(), Some(&name), "{shape}: </{name}>"),
                Kind::Whole => {}
            }
        }
        assert!(open.is_empty(), "{shape}: {open:?} stay open");
    }
}

// The page must open offline, forever: no address leads out of its folder, no script runs, and
// every link leads to a file that is written or to a part of the page that is there.
#[test]
fn pages_lead_nowhere_else() {
    for (shape, report) in shapes() {
        let page = html(&report);
        for outside in ["http", "//", "<script", "<link", "@import", "url("] {
            assert!(!page.contains(outside), "{shape}: {outside}");
        }
        let tables = tables(&report);
        let tags = tags(&page);
        let ids: BTreeSet<&str> = tags
            .iter()
            .filter_map(|tag| attribute(&tag.1, " id").or(attribute(&tag.1, "id")))
            .collect();
        for target in tags.iter().filter_map(|tag| attribute(&tag.1, "href")) {
            let found = match target.split_at_checked(1) {
                Some(("#", id)) => ids.contains(id),
                _ => {
                    target == DATA
                        || tables.iter().any(|table| target == format!("csv/{}", table.name))
                }
            };
            assert!(found, "{shape}: {target}");
        }
    }
}

/// All drawings of a page: width, height, size of text, and what is inside.
fn drawings(page: &str) -> Vec<([f64; 3], &str)> {
    let parts =
        page.split("<svg ").skip(1).map(|part| part.split_once("</svg>").expect("drawings end").0);
    parts
        .map(|part| {
            let (head, body) = part.split_once('>').expect("heads end");
            let sheet: Vec<f64> =
                attribute(head, "viewBox").expect("a sheet").split(' ').map(number).collect();
            ([sheet[2], sheet[3], number(attribute(head, "font-size").expect("a size"))], body)
        })
        .collect()
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

// No word and no line leaves its sheet. Words are taken to be half an em per character wide, as
// most fonts have it.
#[test]
fn nothing_is_drawn_beyond_the_edge() {
    let mut words = 0;
    for (shape, report) in shapes() {
        let page = html(&report);
        for ([width, height, em], body) in drawings(&page) {
            let inside = |x: f64, y: f64| {
                (-1.0..=width + 1.0).contains(&x) && (-1.0..=height + 1.0).contains(&y)
            };
            for part in body.split('<').filter(|part| !part.is_empty()) {
                let (tag, text) = part.split_once('>').expect("tags end");
                if let Some(points) = attribute(tag, "points") {
                    for point in points.split_whitespace() {
                        let (x, y) = point.split_once(',').expect("two numbers");
                        assert!(inside(number(x), number(y)), "{shape}: {tag}");
                    }
                }
                if !tag.starts_with("text ") {
                    continue;
                }
                let x = number(attribute(tag, " x").expect("a place"));
                let y = number(attribute(tag, " y").expect("a place"));
                let room = text.chars().count() as f64 * em * 0.5;
                let (left, right) = match attribute(tag, "text-anchor") {
                    Some("end") => (x - room, x),
                    Some("middle") => (x - room / 2.0, x + room / 2.0),
                    _ => (x, x + room),
                };
                assert!(
                    inside(left, y) && inside(right, y),
                    "{shape}: {text} at {left} to {right}, {y} of {width}"
                );
                words += 1;
            }
        }
    }
    assert!(words > 1_000, "only {words} words were looked at");
}

// Every figure is there twice, and each has words for those who do not see it.
#[test]
fn every_figure_has_two_sizes_and_a_description() {
    let page = html(&invented::run(2, 12, 4));
    let figures = page.matches("<figure>").count();
    // Bills, price, energy, exchange, scores, decision, latency, views, memory, descriptors.
    assert_eq!(figures, 10);
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), 2 * figures);
    assert_eq!(page.matches("<figcaption>").count(), figures);
}

// A page must stay small enough to be sent by mail: the longest run we know of is a year.
#[test]
fn pages_stay_small() {
    for (days, homes, replicas, kilobytes) in
        [(2, 12, 4, 300), (45, 300, 4, 300), (365, 120, 4, 500)]
    {
        let size = html(&invented::run(days, homes, replicas)).len() / 1_000;
        assert!(size <= kilobytes, "{days} days, {homes} homes: {size} kB");
    }
}

// One row per thing that the run has, below one header.
#[test]
fn every_part_has_its_table() {
    let report = invented::run(2, 12, 4);
    let scratch = Scratch::new();
    write(&report, &scratch.0).expect("the folder is fresh");
    assert_eq!(scratch.names(), ["csv", "report.html", "run.json"].map(str::to_owned).into());
    let bins: usize = report.latencies.iter().map(|latency| latency.bins.len()).sum();
    let counters: usize = report.replicas.iter().map(|replica| replica.counters.len()).sum();
    let expected = [
        ("checks.csv", report.checks.len()),
        ("homes.csv", 12),
        ("slots.csv", 192),
        ("predictions.csv", report.predictions.len()),
        ("latency.csv", 4),
        ("latency_histogram.csv", bins),
        // Replica 0 did not answer in 22 slots.
        ("views.csv", 4 * 192 - 22),
        // 1 request, 3 pre-prepares, 9 prepares, 12 commits, 4 replies.
        ("decision.csv", 29),
        ("replicas.csv", 4),
        ("counters.csv", counters),
        // 100 looks; replica 0 was away for 22 of them.
        ("processes.csv", 4 * 100 - 22),
        ("events.csv", 3),
    ];
    for (name, rows) in expected {
        let text = fs::read_to_string(scratch.0.join("csv").join(name)).expect(name);
        assert_eq!(text.lines().count(), rows + 1, "{name}");
    }
    assert_eq!(fs::read_dir(scratch.0.join("csv")).expect("a folder").count(), expected.len());
    let json = fs::read_to_string(scratch.0.join(DATA)).expect("written");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["slots"].as_array().map(Vec::len), Some(192));
    assert_eq!(json["homes"][3]["bill_nano"], report.homes[3].bill_nano);
}

// A simulation has no replicas: nothing on its page or in its folder speaks of any.
#[test]
fn what_was_not_measured_is_left_out() {
    let report = invented::run(1, 50, 0);
    let page = html(&report);
    for part in ["id=\"agreement\"", "id=\"replicas\"", "history.jsonl", "gridquorum audit"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(
        page.contains("id=\"homes\"")
            && page.contains("id=\"slot\"")
            && page.contains("without replicas")
    );
    let names: Vec<&str> = tables(&report).iter().map(|table| table.name).collect();
    assert_eq!(names, ["checks.csv", "homes.csv", "slots.csv"]);
}

// The verdict is in words as well as in colour, and one failed check is enough.
#[test]
fn a_failed_check_is_the_verdict() {
    let mut report = invented::run(1, 4, 4);
    assert!(html(&report).contains("The run holds: all 4 checks are fulfilled"));
    assert!(!html(&report).contains("does not hold"));
    report.checks[2].found = Found::Fails;
    report.predictions[0].measured += 1.0;
    let page = html(&report);
    assert!(page.contains("The run does not hold: 1 of 4 checks failed"));
    for words in ["✗ does not hold", "✗ differs", "✓ equal", "class=\"verdict bad\""] {
        assert!(page.contains(words), "{words}");
    }
    report.checks[2].found = Found::NotChecked;
    let page = html(&report);
    assert!(
        page.contains("holds as far as it was checked: 3 of 4 checks are fulfilled, 1 was not")
    );
    assert!(page.contains("– not checked") && !page.contains("class=\"verdict bad\""));
    report.checks.clear();
    let page = html(&report);
    assert!(page.contains("Nothing was checked in this run"));
    assert!(page.contains("class=\"verdict bad\""), "which is no success");
}

// A replica that came to another root is seen at once, and one that was down is not said to have any.
#[test]
fn a_replica_with_another_root_is_marked() {
    let mut report = invented::run(1, 4, 4);
    assert_eq!(html(&report).matches("✓ same").count(), 4);
    report.replicas[1].root = "0".repeat(64);
    report.replicas[2].up = false;
    let page = html(&report);
    assert_eq!((page.matches("✓ same").count(), page.matches("✗ differs").count()), (2, 1));
    assert!(page.contains(">down<"));
}

// Who lied, what was found, and where the proof is; nothing is claimed about a liar's state. Without liars there is no
// such part.
#[test]
fn liars_have_a_section_of_their_own() {
    let report = invented::with_a_liar();
    let page = html(&report);
    for words in [
        "href=\"#liars\"",
        "<b>convicted</b>",
        "two commits (first in view 0 at position 7; proof with replicas 1, 3)",
        "lies (equivocator)",
        "! 1\u{202f}234",
        "csv/evidence.csv",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(page.matches("✓ same").count(), 3);
    let names: Vec<&str> = tables(&report).iter().map(|table| table.name).collect();
    assert!(["liars.csv", "signs.csv", "evidence.csv"].iter().all(|name| names.contains(name)));
    assert!(!html(&invented::run(1, 4, 4)).contains("Who lied"));
}

// Ten seconds: who saved, how much, and who lost. By hand: 0.50 + 0.25 - 0.10 = 0.65 of 6.00, in
// the middle 0.25.
#[test]
fn the_headline_says_who_saved_how_much() {
    let home = |home, paid: i64, without: i64| HomeRow {
        home,
        bill_nano: -paid * 10_000_000,
        grid_only_nano: -without * 10_000_000,
        ..HomeRow::default()
    };
    let homes = vec![home(0, 150, 200), home(1, 175, 200), home(2, 210, 200)];
    let page = html(&Report { homes, ..Report::default() });
    for words in [
        "<b>2 of 3</b>",
        "<li class=\"bad\"><b>1</b><span>home paid more",
        "+0.65",
        "10.8\u{202f}% of what",
        "+0.25",
        "Home 0 saved most (+0.50), home 2 lost most (−0.10)",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

// What comes from outside is text, whatever it contains.
#[test]
fn names_are_not_markup() {
    let nasty = "<b onload=\"x\">&\"'";
    let mut report = invented::run(1, 3, 4);
    report.run.command = nasty.to_owned();
    report.checks.push(Check {
        claim: nasty.to_owned(),
        found: Found::Holds,
        detail: nasty.to_owned(),
    });
    report.events[0].what = nasty.to_owned();
    report.homes[0].reasons = vec![nasty.to_owned()];
    report.diagram.push(MessageRow { kind: nasty.to_owned(), ..MessageRow::default() });
    let page = html(&report);
    assert!(!page.contains("<b onload"));
    assert!(page.matches("onload").count() >= 5, "it is shown all the same");
}

// Nothing is overwritten, and nothing is left behind by a report that was not written.
#[test]
fn a_refused_report_changes_nothing() {
    let report = invented::run(1, 3, 0);
    let scratch = Scratch::new();
    fs::write(scratch.0.join(DATA), "mine").expect("written");
    fs::write(scratch.0.join("history.jsonl"), "somebody else's").expect("written");
    assert!(
        matches!(write(&report, &scratch.0), Err(WriteError::Taken(path)) if path.ends_with(DATA))
    );
    assert_eq!(fs::read_to_string(scratch.0.join(DATA)).expect("still there"), "mine");
    assert_eq!(scratch.names().len(), 2);

    fs::remove_file(scratch.0.join(DATA)).expect("it is there");
    write(&report, &scratch.0).expect("other files do not matter");
    assert_eq!(scratch.names().len(), 4);
    assert!(matches!(write(&report, &scratch.0), Err(WriteError::Taken(_))));

    let file = scratch.0.join("history.jsonl");
    assert!(matches!(write(&report, &file), Err(WriteError::File { .. })));
}
