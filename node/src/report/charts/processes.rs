//! What the replicas' processes held: memory and descriptors over time.
//!
//! In: looks at processes. Out: two low exhibits. Refuses to know: whether it is too much.

use std::collections::BTreeMap;

use crate::report::data::ProcessRow;
use crate::report::exhibit::{Exhibit, Frame};
use crate::report::figure::{Axis, Figure, Pen, Point, Series, Shape};

/// Replicas up to which each has its own line; more are not told apart.
const REPLICAS_MAX: usize = 16;
/// Points of a line at most, give or take one per process.
const POINTS_MAX: usize = 160;
/// Minutes from which time is told in minutes.
const MINUTES: f64 = 3.0;

/// Memory, then descriptors; none of what no machine told.
pub(in crate::report) fn exhibits(rows: &[ProcessRow]) -> Vec<Exhibit> {
    let memory = lines(rows, |row| Some(row.memory_kb? as f64 / 1024.0));
    let descriptors = lines(rows, |row| Some(row.descriptors? as f64));
    let sentence = "A line ends where its process was killed, and begins again with the next one.";
    let frame = |heading, what: &str| Frame {
        heading,
        sentence: format!("{what} {sentence}"),
        data: "processes.csv",
    };
    let memory = memory.map(|series| {
        let title = "Memory of each replica process";
        let frame = frame(title, "Resident memory of each replica's process over the run.");
        (frame, figure(title, "Resident memory (MiB)", rows, series))
    });
    let descriptors = descriptors.map(|series| {
        let title = "Descriptors of each replica process";
        let what = "Open files and sockets of each replica's process over the run.";
        (frame(title, what), figure(title, "Open descriptors (number)", rows, series))
    });
    let both = [memory, descriptors].into_iter().flatten();
    both.map(|(frame, figure)| Exhibit::low(frame, &figure)).collect()
}

/// Whether time is told in minutes, and what milliseconds are divided by.
fn unit(rows: &[ProcessRow]) -> (&'static str, f64) {
    let end = rows.last().map_or(0, |row| row.at_ms) as f64;
    if end >= MINUTES * 60_000.0 {
        ("Time since the start (min)", 60_000.0)
    } else {
        ("Time since the start (s)", 1_000.0)
    }
}

fn figure(title: &str, what: &str, rows: &[ProcessRow], series: Vec<Series>) -> Figure {
    let top = series.iter().flat_map(|series| match &series.shape {
        Shape::Line(points) => points.as_slice(),
        _ => &[],
    });
    let top = top.map(|point| point.1).filter(|y| y.is_finite()).fold(1.0, f64::max);
    let y = Axis::linear(what).within(0.0, top * 1.1);
    Figure::new(title, Axis::linear(unit(rows).0), y, series)
}

/// A line per replica, broken where a process ends; none without a value.
fn lines(rows: &[ProcessRow], of: fn(&ProcessRow) -> Option<f64>) -> Option<Vec<Series>> {
    let mut by_replica: BTreeMap<u16, Vec<&ProcessRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| of(row).is_some()) {
        by_replica.entry(row.replica).or_default().push(row);
    }
    let divisor = unit(rows).1;
    let count = by_replica.len();
    let shown = by_replica.into_iter().take(REPLICAS_MAX).enumerate();
    let series = shown.map(|(index, (replica, rows))| {
        let name = if count <= 8 { format!("replica {replica}") } else { String::new() };
        let points = points(&rows, of, divisor);
        Series::new(name, Pen::nth(index), Shape::Line(points)).wide(1.6)
    });
    let series: Vec<Series> = series.collect();
    (!series.is_empty()).then_some(series)
}

fn points(rows: &[&ProcessRow], of: fn(&ProcessRow) -> Option<f64>, divisor: f64) -> Vec<Point> {
    let every = rows.len().div_ceil(POINTS_MAX).max(1);
    let mut points = Vec::new();
    for life in rows.chunk_by(|one, other| one.start == other.start) {
        let last = life.len() - 1;
        let kept =
            life.iter().enumerate().filter(|(index, _)| index % every == 0 || *index == last);
        points.extend(kept.filter_map(|(_, row)| Some((row.at_ms as f64 / divisor, of(row)?))));
        points.extend(points.last().map(|end: &Point| (end.0, f64::NAN)));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    // Two looks, a kill, two more: two lines of two points each, the last of each followed by a gap.
    #[test]
    fn a_line_breaks_where_a_process_ends() {
        let row = |at_ms, start| ProcessRow { at_ms, start, ..ProcessRow::default() };
        let rows = [row(0, 1), row(1_000, 1), row(5_000, 2), row(6_000, 2)];
        let points = points(&rows.iter().collect::<Vec<_>>(), |_| Some(7.0), 1_000.0);
        let xs: Vec<f64> = points.iter().map(|point| point.0).collect();
        assert_eq!(xs, [0.0, 1.0, 1.0, 5.0, 6.0, 6.0]);
        let gaps: Vec<bool> = points.iter().map(|point| point.1.is_nan()).collect();
        assert_eq!(gaps, [false, false, true, false, false, true]);
    }

    // Where no machine tells, nothing is shown; what is known of two is shown of one.
    #[test]
    fn what_nobody_knows_is_not_shown() {
        assert!(exhibits(&[]).is_empty());
        let row = ProcessRow { memory_kb: Some(1_024), ..ProcessRow::default() };
        assert_eq!(exhibits(std::slice::from_ref(&row)).len(), 1);
        assert_eq!(exhibits(&[ProcessRow { descriptors: Some(9), ..row }]).len(), 2);
    }
}
