//! How the replicas served: latencies and views.
//!
//! In: latencies, views, events. Out: exhibits. Refuses to know: what was ordered.

use std::collections::BTreeMap;

use crate::report::data::{Latency, Report, ViewRow};
use crate::report::exhibit::{Exhibit, Frame};
use crate::report::figure::{Axis, Bar, Figure, Note, Pen, Point, Series, Shape, Tick, Ticks};
use crate::report::number;
use crate::report::timeline::Timeline;

/// Bins of a histogram have bounds this factor apart.
const BIN_FACTOR: f64 = 1.26;
/// Events up to which each is marked in the figure; more lines than this hide what they mark.
const EVENTS_MAX: usize = 30;

/// The latency of all commands, or of the kind that was measured most often.
pub(in crate::report) fn latency(latencies: &[Latency]) -> Option<Exhibit> {
    let shown = latencies
        .iter()
        .filter(|latency| latency.count > 0)
        .max_by_key(|latency| (latency.kind == "all", latency.count))?;
    let mut left = shown.bins.first().map_or(1.0, |bin| bin.0 as f64 / BIN_FACTOR);
    let mut bars = Vec::with_capacity(shown.bins.len());
    for (bound, count) in &shown.bins {
        bars.push(Bar { x: (left / 1e3, *bound as f64 / 1e3), y: (0.0, *count as f64) });
        left = *bound as f64;
    }
    let top = bars.iter().map(|bar| bar.y.1).fold(1.0, f64::max) * 1.3;
    let marks = [
        ("half within", shown.p50_us),
        ("90 % within", shown.p90_us),
        ("99 % within", shown.p99_us),
    ];
    // The words of a mark stand above all marks to its right.
    let height = |row: usize| top * (0.99 - 0.07 * row as f64);
    let lines = marks.iter().enumerate();
    let lines =
        lines.map(|(row, mark)| [(mark.1 as f64 / 1e3, 0.0), (mark.1 as f64 / 1e3, height(row))]);
    let series = vec![
        Series::new("", Pen::Blue, Shape::Bars(bars)),
        Series::new("", Pen::Ink, Shape::Segments(lines.collect())).wide(1.2),
    ];
    let y = Axis::linear("Commands").within(0.0, top);
    let mut figure =
        Figure::new("How long commands took", Axis::log("Latency (ms), logarithmic"), y, series);
    figure.notes = marks
        .iter()
        .enumerate()
        .map(|(row, (words, us))| Note {
            at: (*us as f64 / 1e3, height(row) - top * 0.065),
            below: false,
            text: format!("{words} {} ms", number::millis(*us)),
            pen: Pen::Ink,
        })
        .collect();
    let what = if shown.kind == "all" {
        "all kinds".to_owned()
    } else {
        format!("kind \"{}\"", shown.kind)
    };
    let sentence = format!(
        "How long {} commands of {what} took, from the moment they were meant to leave the client \
         until enough replicas had given the same answer.",
        number::grouped(u128::from(shown.count))
    );
    Some(Exhibit::new(
        Frame { heading: "Commit latency", sentence, data: "latency_histogram.csv" },
        &figure,
    ))
}

/// The view of every replica over time.
pub(in crate::report) fn views(report: &Report) -> Option<Exhibit> {
    if report.views.is_empty() {
        return None;
    }
    let timeline = Timeline::of(&report.slots);
    let mut by_replica = BTreeMap::<u16, Vec<&ViewRow>>::new();
    for row in &report.views {
        by_replica.entry(row.replica).or_default().push(row);
    }
    let highest = report.views.iter().map(|row| row.view).max().unwrap_or(0) as f64;
    let events = report.events.len() <= EVENTS_MAX;
    let marks = report.events.iter().filter(|_| events).map(|event| {
        let x = f64::from(event.slot).clamp(timeline.start(), timeline.end());
        [(x, -0.4), (x, highest + 0.4)]
    });
    let mut series = vec![Series::new("", Pen::Slate, Shape::Segments(marks.collect())).wide(1.0)];
    let count = by_replica.len();
    for (index, (replica, rows)) in by_replica.into_iter().enumerate() {
        // Replicas in the same view would hide each other: they are drawn side by side.
        let aside = (index as f64 - (count - 1) as f64 / 2.0) * 0.5 / count as f64;
        let points = standing(&rows, &timeline, aside);
        let name = if count <= 8 { format!("replica {replica}") } else { String::new() };
        series.push(Series::new(name, Pen::nth(index), Shape::Step(points)).wide(2.5));
    }
    let y =
        Axis::linear("View (number)").within(-0.5, highest + 0.5).with_ticks(whole_ticks(highest));
    let figure = Figure::new("The view of every replica", timeline.axis(), y, series);
    let marked = if events && !report.events.is_empty() {
        " Grey lines mark the events listed below."
    } else {
        ""
    };
    let sentence = format!(
        "In which view every replica stood at the end of each slot; a new view has a new primary. \
         Replicas in the same view are drawn side by side, one that did not answer has a \
         gap.{marked} {}",
        timeline.caption()
    );
    Some(Exhibit::new(Frame { heading: "Views over time", sentence, data: "views.csv" }, &figure))
}

/// One replica's view, the highest of each group of slots, moved up by `aside`.
fn standing(rows: &[&ViewRow], timeline: &Timeline, aside: f64) -> Vec<Point> {
    let width = timeline.per_point();
    let mut points: Vec<Point> = Vec::new();
    for group in rows.chunk_by(|one, other| one.slot / width == other.slot / width) {
        let begin = f64::from(group[0].slot / width * width).max(timeline.start());
        let view = group.iter().map(|row| row.view).max().unwrap_or(0) as f64;
        if points.last().is_some_and(|end| end.0 >= begin) {
            points.pop(); // the group before ends where this one begins
        }
        points.push((begin, view + aside));
        points.push(((begin + f64::from(width)).min(timeline.end()), f64::NAN));
    }
    points
}

/// Ticks at whole numbers from 0, at most about seven.
fn whole_ticks(highest: f64) -> Ticks {
    let steps = (0..).flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(power)));
    let step = steps.take(60).find(|step| highest / step <= 6.0).unwrap_or(highest);
    let ticks = (0..=6).map(|index| f64::from(index) * step).filter(|at| *at <= highest);
    Ticks::Choices(vec![ticks.map(|at| Tick::new(at, number::plain(at, 0))).collect()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::data::SlotRow;

    fn row(slot: u32, view: u64) -> ViewRow {
        ViewRow { slot, replica: 0, view }
    }

    // Slots 0, 1 and 4 of 6: the replica answered in two of them, was away for two, came back for
    // one, left again.
    #[test]
    fn a_replica_that_did_not_answer_has_a_gap() {
        let slots: Vec<SlotRow> =
            (0..6).map(|slot| SlotRow { slot, ..SlotRow::default() }).collect();
        let rows = [row(0, 0), row(1, 0), row(4, 1)];
        let points = standing(&rows.iter().collect::<Vec<_>>(), &Timeline::of(&slots), 0.0);
        let xs: Vec<f64> = points.iter().map(|point| point.0).collect();
        assert_eq!(xs, [0.0, 1.0, 2.0, 4.0, 5.0]);
        let gaps: Vec<bool> = points.iter().map(|point| point.1.is_nan()).collect();
        assert_eq!(gaps, [false, false, true, false, true]);
    }

    #[test]
    fn views_have_whole_ticks() {
        let labels = |highest| -> Vec<String> {
            let Ticks::Choices(choices) = whole_ticks(highest) else { panic!("fixed ticks") };
            choices[0].iter().map(|tick| tick.label.clone()).collect()
        };
        assert_eq!(labels(0.0), ["0"]);
        assert_eq!(labels(3.0), ["0", "1", "2", "3"]);
        assert_eq!(labels(12.0), ["0", "2", "4", "6", "8", "10", "12"]);
        assert!(labels(1e19).len() <= 7);
    }

    // Nothing measured, nothing shown; else the row "all", however few it has.
    #[test]
    fn all_commands_go_before_single_kinds() {
        assert!(latency(&[]).is_none());
        assert!(latency(&[Latency { kind: "order".into(), ..Latency::default() }]).is_none());
        let of = |kind: &str, count| Latency {
            kind: kind.into(),
            count,
            bins: vec![(1_000, count)],
            ..Latency::default()
        };
        let sentence = latency(&[of("order", 9), of("all", 5)]).map(|exhibit| exhibit.sentence);
        assert!(sentence.is_some_and(|words| words.contains("5 commands of all kinds")));
    }
}
