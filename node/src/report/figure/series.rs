//! Series: the numbers of a figure and how they are drawn.
//!
//! In: numbers. Out: the same, and how far they reach. Refuses to know: axes and pixels.

use super::pen::Pen;

/// A place in the units of the two axes. Where a series has no value, `y` is NaN, and a line has a
/// gap.
pub type Point = (f64, f64);

/// A rectangle in the units of the two axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Left and right.
    pub x: (f64, f64),
    /// Bottom and top.
    pub y: (f64, f64),
}

/// What is drawn.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Points in the order of x, joined by straight lines.
    Line(Vec<Point>),
    /// Values that hold from their x to the x of the next point; the last point only ends the one
    /// before.
    Step(Vec<Point>),
    /// What lies between two values that hold as in [`Shape::Step`]: x, lower, upper.
    Band(Vec<(f64, f64, f64)>),
    /// Rectangles.
    Bars(Vec<Bar>),
    /// A dot at each point.
    Dots(Vec<Point>),
    /// A ring at each point.
    Rings(Vec<Point>),
    /// Straight lines.
    Segments(Vec<[Point; 2]>),
}

/// One series of a figure.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name in the legend; an empty one leaves it out.
    pub name: String,
    /// Its colour.
    pub pen: Pen,
    /// Width of lines in pixels; areas and bars take no notice.
    pub width: f64,
    /// How much of the paper areas and bars cover, 0 to 1; lines take no notice.
    pub opacity: f64,
    /// The numbers.
    pub shape: Shape,
}

impl Series {
    /// A series with lines two pixels wide and areas without holes.
    pub fn new(name: impl Into<String>, pen: Pen, shape: Shape) -> Self {
        Self { name: name.into(), pen, width: 2.0, opacity: 1.0, shape }
    }

    /// The same with lines of this width.
    #[must_use]
    pub fn wide(self, width: f64) -> Self {
        Self { width, ..self }
    }

    /// The same with areas that let what lies below shine through.
    #[must_use]
    pub fn faint(self) -> Self {
        Self { opacity: 0.22, ..self }
    }

    /// All finite corners of the series.
    pub(super) fn corners(&self) -> Vec<Point> {
        let points: Vec<Point> = match &self.shape {
            Shape::Line(points)
            | Shape::Step(points)
            | Shape::Dots(points)
            | Shape::Rings(points) => points.clone(),
            Shape::Band(band) => {
                band.iter().flat_map(|(x, low, high)| [(*x, *low), (*x, *high)]).collect()
            }
            Shape::Bars(bars) => {
                bars.iter().flat_map(|bar| [(bar.x.0, bar.y.0), (bar.x.1, bar.y.1)]).collect()
            }
            Shape::Segments(segments) => segments.iter().flatten().copied().collect(),
        };
        points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
    }
}

/// A few words at a place in the figure.
#[derive(Clone, Debug)]
pub struct Note {
    /// Where.
    pub at: Point,
    /// Whether they hang just below this place instead of standing on it.
    pub below: bool,
    /// The words.
    pub text: String,
    /// Their colour.
    pub pen: Pen,
}

/// The parts of `points` without gaps, each of at least one point.
pub(super) fn unbroken(points: &[Point]) -> impl Iterator<Item = &[Point]> {
    points.split(|(x, y)| !x.is_finite() || !y.is_finite()).filter(|part| !part.is_empty())
}

/// The outlines of values that hold until the next x: one per run without a gap.
pub(super) fn steps(points: &[Point]) -> Vec<Vec<Point>> {
    let mut outlines: Vec<Vec<Point>> = Vec::new();
    let mut broken = true;
    for pair in points.windows(2) {
        let ((x, y), (end, _)) = (pair[0], pair[1]);
        if !(x.is_finite() && y.is_finite() && end.is_finite()) {
            broken = true;
            continue;
        }
        match outlines.last_mut().filter(|_| !broken) {
            Some(outline) if outline.last().is_some_and(|last| last.1 == y) => {
                outline.pop(); // the value goes on: one long line instead of many short ones
                outline.push((end, y));
            }
            Some(outline) => outline.extend([(x, y), (end, y)]),
            None => outlines.push(vec![(x, y), (end, y)]),
        }
        broken = false;
    }
    outlines
}

#[cfg(test)]
mod tests {
    use super::*;

    // 1 from 0 to 2 (two equal values make one line), 3 from 2 to 3, nothing from 3 to 4, 5 from 4
    // to 5.
    #[test]
    fn a_step_holds_until_the_next_x() {
        let gap = f64::NAN;
        let points = [(0.0, 1.0), (1.0, 1.0), (2.0, 3.0), (3.0, gap), (4.0, 5.0), (5.0, gap)];
        let first = vec![(0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (3.0, 3.0)];
        assert_eq!(steps(&points), [first, vec![(4.0, 5.0), (5.0, 5.0)]]);
        assert!(steps(&points[..1]).is_empty());
    }

    #[test]
    fn a_missing_value_breaks_a_line() {
        let points = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0), (3.0, 4.0), (4.0, f64::NAN)];
        let parts: Vec<_> = unbroken(&points).collect();
        assert_eq!(parts, [&points[0..1], &points[2..4]]);
    }

    #[test]
    fn corners_leave_out_what_is_missing() {
        let step = Series::new("price", Pen::Blue, Shape::Step(vec![(0.0, 1.0), (1.0, f64::NAN)]));
        assert_eq!(step.corners(), [(0.0, 1.0)]);
        let bars = Shape::Bars(vec![Bar { x: (0.0, 1.0), y: (2.0, 3.0) }]);
        assert_eq!(Series::new("", Pen::Red, bars).corners(), [(0.0, 2.0), (1.0, 3.0)]);
    }
}
