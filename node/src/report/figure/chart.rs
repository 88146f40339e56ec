//! A figure: two axes, series, words; and how it is drawn.
//!
//! In: a [`Figure`] and a size. Out: SVG. Refuses to know: what the numbers mean.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::prelude::{Cartesian2d, Circle, Color, PathElement, Polygon, Rectangle, SVGBackend};

use super::axis::{Axis, Tick};
use super::canvas::{Align, Canvas, Level, Size, Theme, colour, fine, paint, stroke};
use super::layout::{Layout, legend};
use super::pen::Pen;
use super::ruler::Ruler;
use super::series::{Bar, Note, Point, Series, Shape, steps, unbroken};

/// Why drawing cannot fail.
const IN_MEMORY: &str = "drawing into a string cannot fail";
/// Radius of dots in pixels, and of the hole in rings.
const DOT: f64 = 4.0;
const HOLE: f64 = 2.4;

/// A figure without a size.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What is seen, in words, for those who do not see it.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The series; later ones lie on top.
    pub series: Vec<Series>,
    /// Words in the plot.
    pub notes: Vec<Note>,
    /// Words beside the plot.
    pub margin: Option<Margin>,
}

/// Words along the right edge of the plot, for figures with a row per thing.
#[derive(Clone, Debug)]
pub struct Margin {
    /// Head of the column.
    pub title: String,
    /// The words, at places of the vertical axis.
    pub labels: Vec<Tick>,
}

type Plot<'c, 'a> = ChartContext<'c, SVGBackend<'a>, Cartesian2d<Ruler, Ruler>>;

impl Figure {
    /// A figure of these series.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis, series: Vec<Series>) -> Self {
        Self { title: title.into(), x, y, series, notes: Vec::new(), margin: None }
    }

    /// The figure for a page that defines the colours of [`super::palette`].
    pub fn inline(&self, size: Size) -> String {
        paint(size, Theme::Page, &self.title, |canvas| self.draw(canvas))
    }

    /// The figure as an SVG file.
    pub fn file(&self, size: Size) -> String {
        paint(size, Theme::File, &self.title, |canvas| self.draw(canvas))
    }

    fn draw(&self, canvas: &Canvas<'_>) {
        let mut layout = Layout::vertical(canvas, &self.series);
        let corners: Vec<Point> = self.series.iter().flat_map(Series::corners).collect();
        let y = self.vertical_ruler(canvas, &layout, &corners);
        layout.left = widest(canvas, y.ticks()) + canvas.font() * 0.8;
        layout.right = self
            .margin
            .as_ref()
            .map_or(canvas.font(), |margin| widest(canvas, &margin.labels) + canvas.font() * 0.8);
        let x = self.horizontal_ruler(canvas, &layout, &corners);
        // A label centred on the last tick must not leave the sheet.
        if let Some(last) = x.ticks().last() {
            layout.right = layout.right.max(canvas.room(&last.label) / 2.0 + 2.0);
        }
        legend(canvas, &self.series);
        self.titles(canvas, &layout);
        let mut plot = axes(canvas, &layout, x, y);
        for series in &self.series {
            draw_series(&mut plot, series);
        }
        self.words(canvas, &plot);
    }

    fn vertical_ruler(&self, canvas: &Canvas<'_>, layout: &Layout, corners: &[Point]) -> Ruler {
        let rows = ((layout.height(canvas) / (canvas.font() * 2.6)) as usize).clamp(2, 8);
        let extent = self.y.extent(reach(corners.iter().map(|corner| corner.1)), rows);
        let ticks = self.y.fitting(extent, rows + 2, |_| true);
        Ruler::new(self.y.scale, extent, ticks)
    }

    fn horizontal_ruler(&self, canvas: &Canvas<'_>, layout: &Layout, corners: &[Point]) -> Ruler {
        let em = canvas.font();
        let columns = ((layout.width(canvas) / (em * 3.5)) as usize).clamp(2, 12);
        let extent = self.x.extent(reach(corners.iter().map(|corner| corner.0)), columns);
        let bare = Ruler::new(self.x.scale, extent, Vec::new());
        let ticks = self.x.fitting(extent, columns + 2, |ticks| {
            ticks.windows(2).all(|pair| {
                let room = (canvas.room(&pair[0].label) + canvas.room(&pair[1].label)) / 2.0;
                let distance =
                    (bare.share(pair[1].at) - bare.share(pair[0].at)) * layout.width(canvas);
                distance >= room + em * 0.7
            })
        });
        Ruler::new(self.x.scale, extent, ticks)
    }

    fn titles(&self, canvas: &Canvas<'_>, layout: &Layout) {
        let Size { width, height, .. } = canvas.size();
        let (width, height) = (f64::from(width), f64::from(height));
        let y = layout.titles - canvas.font() * 0.3;
        canvas.text((2.0, y), Align::Start, Level::Above, Pen::Muted, &self.y.title);
        let end = (width - layout.right, height - canvas.font() * 0.4);
        canvas.text(end, Align::End, Level::Above, Pen::Muted, &self.x.title);
        if let Some(margin) = &self.margin {
            canvas.text((width - 2.0, y), Align::End, Level::Above, Pen::Muted, &margin.title);
        }
    }

    fn words(&self, canvas: &Canvas<'_>, plot: &Plot<'_, '_>) {
        let pixels = |at: Point| {
            let (x, y) = plot.backend_coord(&at);
            (f64::from(x) / 10.0, f64::from(y) / 10.0)
        };
        let edge = f64::from(canvas.size().width);
        for note in &self.notes {
            let (x, y) = pixels(note.at);
            // Beside a place near the right edge there is room on its left only.
            let beyond = x + canvas.room(&note.text) > edge;
            let (align, x) = if beyond { (Align::End, x - 3.0) } else { (Align::Start, x + 3.0) };
            let (level, y) =
                if note.below { (Level::Below, y + 3.0) } else { (Level::Above, y - 2.0) };
            canvas.text((x, y), align, level, note.pen, &note.text);
        }
        let across = plot.x_range().start;
        for label in self.margin.iter().flat_map(|margin| &margin.labels) {
            let y = pixels((across, label.at)).1;
            canvas.text((edge - 2.0, y), Align::End, Level::Centre, Pen::Ink, &label.label);
        }
    }
}

fn axes<'c, 'a>(canvas: &'c Canvas<'a>, layout: &Layout, x: Ruler, y: Ruler) -> Plot<'c, 'a> {
    let em = canvas.font();
    let ticks = (x.ticks().len(), y.ticks().len());
    let mut plot = ChartBuilder::on(canvas.root())
        .margin_top(fine(layout.top))
        .margin_right(fine(layout.right))
        .margin_bottom(fine(layout.bottom - em * 1.5))
        .x_label_area_size(fine(em * 1.5))
        .y_label_area_size(fine(layout.left))
        .build_cartesian_2d(x, y)
        .expect(IN_MEMORY);
    plot.configure_mesh()
        .bold_line_style(stroke(Pen::Rule, 0.8))
        .axis_style(stroke(Pen::Muted, 1.0))
        .set_all_tick_mark_size(fine(em * 0.3))
        .x_labels(ticks.0)
        .y_labels(ticks.1)
        .x_label_style(canvas.text_style(Pen::Muted))
        .y_label_style(canvas.text_style(Pen::Muted))
        .draw()
        .expect(IN_MEMORY);
    plot
}

fn draw_series(plot: &mut Plot<'_, '_>, series: &Series) {
    let pen = stroke(series.pen, series.width);
    let fill = colour(series.pen).mix(series.opacity).filled();
    let path = |points: &[Point]| PathElement::new(points.to_vec(), pen);
    match &series.shape {
        Shape::Line(points) => show(plot, unbroken(points).map(path)),
        Shape::Step(points) => show(plot, steps(points).iter().map(|outline| path(outline))),
        Shape::Segments(segments) => show(plot, segments.iter().map(|ends| path(ends))),
        Shape::Band(band) => {
            let areas = band_outlines(band).into_iter().map(|outline| Polygon::new(outline, fill));
            show(plot, areas);
        }
        Shape::Bars(bars) => {
            let corners = |bar: &Bar| [(bar.x.0, bar.y.0), (bar.x.1, bar.y.1)];
            show(plot, bars.iter().map(|bar| Rectangle::new(corners(bar), fill)));
        }
        Shape::Dots(points) => show(plot, discs(points, DOT, series.pen)),
        Shape::Rings(points) => {
            show(plot, discs(points, DOT, series.pen));
            show(plot, discs(points, HOLE, Pen::Paper));
        }
    }
}

/// The outlines of the areas between the lower and the upper values of a band.
fn band_outlines(band: &[(f64, f64, f64)]) -> Vec<Vec<Point>> {
    let gapless = |(x, low, high): &(f64, f64, f64)| {
        if low.is_finite() && high.is_finite() {
            (*x, *low, *high)
        } else {
            (*x, f64::NAN, f64::NAN)
        }
    };
    let band: Vec<_> = band.iter().map(gapless).collect();
    let lower = steps(&band.iter().map(|point| (point.0, point.1)).collect::<Vec<_>>());
    let upper = steps(&band.iter().map(|point| (point.0, point.2)).collect::<Vec<_>>());
    let pairs = lower.into_iter().zip(upper);
    pairs.map(|(lower, upper)| lower.into_iter().chain(upper.into_iter().rev()).collect()).collect()
}

fn show<'a, E>(plot: &mut Plot<'_, 'a>, elements: impl Iterator<Item = E>)
where
    for<'e> &'e E: plotters::element::PointCollection<'e, Point>,
    E: plotters::element::Drawable<SVGBackend<'a>>,
{
    plot.draw_series(elements).expect(IN_MEMORY);
}

fn discs(points: &[Point], radius: f64, pen: Pen) -> impl Iterator<Item = Circle<Point, i32>> {
    let finite = points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
    finite.map(move |point| Circle::new(point, fine(radius), colour(pen).filled()))
}

/// The least and the greatest of finite values.
fn reach(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |reach, value| match reach {
        Some((low, high)) => Some((value.min(low), value.max(high))),
        None => Some((value, value)),
    })
}

fn widest(canvas: &Canvas<'_>, ticks: &[Tick]) -> f64 {
    ticks.iter().map(|tick| canvas.room(&tick.label)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of an attribute, in order.
    fn numbers(svg: &str, tag: &str, attribute: &str) -> Vec<f64> {
        let tags = svg.split('<').filter(|part| part.starts_with(&format!("{tag} ")));
        let value = |part: &str| {
            let (_, after) = part.split_once(&format!(" {attribute}=\""))?;
            after.split_once('"')?.0.parse().ok()
        };
        tags.filter_map(value).collect()
    }

    fn bars(heights: &[f64]) -> Shape {
        let bars = (0..).zip(heights).map(|(index, height)| {
            let left = f64::from(index);
            Bar { x: (left, left + 1.0), y: (0.0, *height) }
        });
        Shape::Bars(bars.collect())
    }

    // Bars of 1, 2 and 4 are as high as 1, 2 and 4, to a tenth of a pixel, and equally wide.
    #[test]
    fn lengths_are_in_proportion() {
        let series = vec![Series::new("bars", Pen::Blue, bars(&[1.0, 2.0, 4.0]))];
        let (x, y) = (Axis::linear("n").within(0.0, 3.0), Axis::linear("h").within(0.0, 5.0));
        let svg = Figure::new("bars", x, y, series).inline(Size::WIDE);
        let heights = numbers(&svg, "rect", "height");
        assert_eq!(heights.len(), 3, "{svg}");
        assert!((heights[1] - 2.0 * heights[0]).abs() <= 2.0, "{heights:?}");
        assert!((heights[2] - 4.0 * heights[0]).abs() <= 4.0, "{heights:?}");
        let widths = numbers(&svg, "rect", "width");
        assert!(widths.iter().all(|width| (width - widths[0]).abs() <= 1.0), "{widths:?}");
    }

    // Dots grow upwards: the greater value has the smaller distance from the top.
    #[test]
    fn greater_is_higher() {
        let dots = Shape::Dots(vec![(0.0, 1.0), (1.0, 3.0), (2.0, f64::NAN)]);
        let figure = Figure::new(
            "dots",
            Axis::linear("n"),
            Axis::linear("h"),
            vec![Series::new("", Pen::Red, dots)],
        );
        let tops = numbers(&figure.inline(Size::NARROW), "circle", "cy");
        assert_eq!(tops.len(), 2, "what is missing is not drawn");
        assert!(tops[1] < tops[0], "{tops:?}");
    }

    // A band with a gap is two areas, and an edge that is missing makes a gap of both.
    #[test]
    fn a_band_has_gaps() {
        let band = [(0.0, 1.0, 2.0), (1.0, f64::NAN, 2.0), (2.0, 1.0, 3.0), (3.0, 0.0, 0.0)];
        let outlines = band_outlines(&band);
        assert_eq!(outlines[0], [(0.0, 1.0), (1.0, 1.0), (1.0, 2.0), (0.0, 2.0)]);
        assert_eq!(outlines.len(), 2);
    }

    #[test]
    fn a_figure_without_data_is_drawn() {
        let svg =
            Figure::new("empty", Axis::log("n"), Axis::linear("h"), Vec::new()).file(Size::WIDE);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    }
}
