//! Where the parts of a figure go: legend on top, title of the vertical axis below it, the plot,
//! labels around it.
//!
//! In: the words of a figure and the size of the sheet. Out: distances in pixels. Refuses to know:
//! numbers.

use super::canvas::{Align, Canvas, Level};
use super::pen::Pen;
use super::series::{Series, Shape};

/// Height of a line of text in ems.
const LINE: f64 = 1.5;
/// Room for the sign in the legend and between its entries, in ems.
const SIGN: f64 = 1.9;
const GAP: f64 = 1.2;

/// Distances of the plot from the edges of the sheet, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// Bottom of the line that holds the titles above the plot.
    pub(super) titles: f64,
}

/// An entry of the legend and where it begins.
struct Entry<'f> {
    series: &'f Series,
    x: f64,
    row: usize,
}

impl Layout {
    /// Heights of what stands above and below the plot; left and right are not known yet.
    pub(super) fn vertical(canvas: &Canvas<'_>, series: &[Series]) -> Self {
        let line = canvas.font() * LINE;
        let rows = legend_rows(canvas, series);
        let titles = rows as f64 * line + line;
        Self { left: 0.0, right: 0.0, top: titles + line * 0.4, bottom: line * 2.3, titles }
    }

    /// Height of the plot.
    pub(super) fn height(&self, canvas: &Canvas<'_>) -> f64 {
        (f64::from(canvas.size().height) - self.top - self.bottom).max(1.0)
    }

    /// Width of the plot.
    pub(super) fn width(&self, canvas: &Canvas<'_>) -> f64 {
        (f64::from(canvas.size().width) - self.left - self.right).max(1.0)
    }
}

fn legend_rows(canvas: &Canvas<'_>, series: &[Series]) -> usize {
    entries(canvas, series).last().map_or(0, |last| last.row + 1)
}

/// Draws the names of `series` from the top left corner and returns the height that they take.
pub(super) fn legend(canvas: &Canvas<'_>, series: &[Series]) -> f64 {
    let em = canvas.font();
    for Entry { series, x, row } in entries(canvas, series) {
        let y = (row as f64 + 0.5) * em * LINE;
        sign(canvas, series, x, y);
        canvas.text((x + SIGN * em, y), Align::Start, Level::Centre, Pen::Ink, &series.name);
    }
    legend_rows(canvas, series) as f64 * em * LINE
}

fn sign(canvas: &Canvas<'_>, series: &Series, x: f64, y: f64) {
    let em = canvas.font();
    let end = x + 1.4 * em;
    match series.shape {
        Shape::Line(_) | Shape::Step(_) | Shape::Segments(_) => {
            canvas.line(&[(x, y), (end, y)], series.pen, series.width.max(1.5));
        }
        Shape::Bars(_) | Shape::Band(_) => {
            let half = 0.4 * em;
            let corners = [(x, y - half), (end, y - half), (end, y + half), (x, y + half)];
            canvas.area(&corners, series.pen, series.opacity);
        }
        Shape::Dots(_) => canvas.dot((x + 0.7 * em, y), 0.33 * em, series.pen),
        Shape::Rings(_) => {
            canvas.dot((x + 0.7 * em, y), 0.33 * em, series.pen);
            canvas.dot((x + 0.7 * em, y), 0.33 * em - 1.6, Pen::Paper);
        }
    }
}

fn entries<'f>(canvas: &Canvas<'_>, series: &'f [Series]) -> Vec<Entry<'f>> {
    let em = canvas.font();
    let edge = f64::from(canvas.size().width);
    let (mut x, mut row) = (2.0, 0);
    let mut entries = Vec::new();
    for series in series.iter().filter(|series| !series.name.is_empty()) {
        let room = SIGN * em + canvas.room(&series.name);
        if x > 2.0 && x + room > edge {
            (x, row) = (2.0, row + 1);
        }
        entries.push(Entry { series, x, row });
        x += room + GAP * em;
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figure::canvas::{Size, Theme, paint};

    fn height(size: Size, names: &[&str]) -> f64 {
        let series = |name: &&str| Series::new(*name, Pen::Blue, Shape::Line(Vec::new()));
        let series: Vec<Series> = names.iter().map(series).collect();
        let mut height = 0.0;
        paint(size, Theme::Page, "", |canvas| height = legend(canvas, &series));
        height
    }

    // Three names of 20 characters fit side by side on a screen, two on a phone; series without
    // names take no room.
    #[test]
    fn legends_wrap() {
        let names = ["bought beyond orders"; 3];
        assert_eq!(height(Size::WIDE, &names), 14.0 * LINE);
        assert_eq!(height(Size::NARROW, &names), 2.0 * 12.0 * LINE);
        assert_eq!(height(Size::NARROW, &["", ""]), 0.0);
    }
}
