//! A sheet of paper: lines, areas and text at places in pixels, and the SVG that comes of it.
//!
//! In: shapes in named colours. Out: SVG text. Refuses to know: axes and series.
//!
//! plotters' SVG backend draws in whole pixels and fixed colours and opens a document of its own.
//! The sheet is therefore ten times as large as it is shown, and [`paint`] rewrites the text
//! afterwards: colours of pens become CSS variables, the font is left to the page, the head says
//! what the drawing shows.

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Polygon, RGBColor,
    SVGBackend, ShapeStyle, Text, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::pen::{Pen, hex};

/// Tenths: what a pixel is divided into.
const FINE: f64 = 10.0;
/// plotters writes font sizes divided by this.
const FONT_FACTOR: f64 = 1.24;
/// Why drawing cannot fail.
const IN_MEMORY: &str = "drawing into a string cannot fail";

/// Width, height and size of text in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
    /// Size of text.
    pub font: u32,
}

impl Size {
    /// For a column of a page on a screen.
    pub const WIDE: Self = Self { width: 1100, height: 340, font: 14 };
    /// For a phone.
    pub const NARROW: Self = Self { width: 360, height: 300, font: 12 };

    /// The same with this height.
    #[must_use]
    pub const fn tall(self, height: u32) -> Self {
        Self { height, ..self }
    }
}

/// Where a drawing is going to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    /// Inside a page that defines the variables of [`super::palette`].
    Page,
    /// In a file of its own, on white paper.
    File,
}

/// Which end of the text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// The text goes to the right of it.
    Start,
    /// The text is centred on it.
    Middle,
    /// The text ends there.
    End,
}

/// Which height of the text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// The text hangs below it.
    Below,
    /// The text is centred on it.
    Centre,
    /// The text stands on it.
    Above,
}

/// The sheet that is drawn on.
pub(super) struct Canvas<'a> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
    size: Size,
}

/// Draws on an empty sheet and returns it as SVG. `label` says in words what is seen.
pub(super) fn paint(
    size: Size,
    theme: Theme,
    label: &str,
    draw: impl FnOnce(&Canvas<'_>),
) -> String {
    let mut raw = String::new();
    let sheet = (fine(f64::from(size.width)), fine(f64::from(size.height)));
    let sheet = (sheet.0.unsigned_abs(), sheet.1.unsigned_abs());
    let root = SVGBackend::with_string(&mut raw, sheet).into_drawing_area();
    let canvas = Canvas { root, size };
    draw(&canvas);
    canvas.root.present().expect(IN_MEMORY);
    drop(canvas);
    dress(&raw, size, theme, label)
}

impl<'a> Canvas<'a> {
    /// Size of the sheet.
    pub(super) const fn size(&self) -> Size {
        self.size
    }

    /// Size of text in pixels.
    pub(super) fn font(&self) -> f64 {
        f64::from(self.size.font)
    }

    /// Room in pixels that `text` needs at most.
    pub(super) fn room(&self, text: &str) -> f64 {
        text.chars().map(advance).sum::<f64>() * self.font()
    }

    /// A line through `points`.
    pub(super) fn line(&self, points: &[(f64, f64)], pen: Pen, width: f64) {
        self.draw(&PathElement::new(places(points), stroke(pen, width)));
    }

    /// The area inside `points`.
    pub(super) fn area(&self, points: &[(f64, f64)], pen: Pen, opacity: f64) {
        self.draw(&Polygon::new(places(points), colour(pen).mix(opacity).filled()));
    }

    /// A dot.
    pub(super) fn dot(&self, at: (f64, f64), radius: f64, pen: Pen) {
        let radius = fine(radius);
        self.draw(&Circle::new(place(at), radius, colour(pen).filled()));
    }

    /// Words at a place.
    pub(super) fn text(&self, at: (f64, f64), align: Align, level: Level, pen: Pen, text: &str) {
        let horizontal = match align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        let vertical = match level {
            Level::Below => VPos::Top,
            Level::Centre => VPos::Center,
            Level::Above => VPos::Bottom,
        };
        let style = self.text_style(pen).pos(Pos::new(horizontal, vertical));
        self.draw(&Text::new(text.to_owned(), place(at), style));
    }

    /// plotters' drawing area, in tenths of a pixel.
    pub(super) const fn root(&self) -> &DrawingArea<SVGBackend<'a>, Shift> {
        &self.root
    }

    /// plotters' style for text.
    pub(super) fn text_style(&self, pen: Pen) -> TextStyle<'static> {
        ("sans-serif", self.font() * FINE * FONT_FACTOR).into_font().color(&colour(pen))
    }

    fn draw<'e, E>(&self, element: &'e E)
    where
        &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        E: plotters::element::Drawable<SVGBackend<'a>>,
    {
        self.root.draw(element).expect(IN_MEMORY);
    }
}

/// Width of a character in ems, as in the widest of the usual sans-serif fonts.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '\u{202f}' => 0.33,
        'f' | 'r' | 't' | '(' | ')' | '/' | '-' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '+' | '\u{2212}' => 0.98,
        'A'..='Z' => 0.74,
        _ => 0.64,
    }
}

/// A length in tenths of a pixel.
pub(super) fn fine(pixels: f64) -> i32 {
    (pixels * FINE).round() as i32
}

pub(super) fn colour(pen: Pen) -> RGBColor {
    let [red, green, blue] = pen.light();
    RGBColor(red, green, blue)
}

pub(super) fn stroke(pen: Pen, width: f64) -> ShapeStyle {
    colour(pen).stroke_width(fine(width).unsigned_abs())
}

fn place((x, y): (f64, f64)) -> (i32, i32) {
    (fine(x), fine(y))
}

fn places(points: &[(f64, f64)]) -> Vec<(i32, i32)> {
    points.iter().copied().map(place).collect()
}

/// Replaces the head of plotters' document and the colours in it.
fn dress(raw: &str, size: Size, theme: Theme, label: &str) -> String {
    let body = raw.split_once('>').map_or("", |(_, body)| body).replace('\n', "");
    let font = size.font * 10;
    let written = f64::from(font) * FONT_FACTOR / FONT_FACTOR; // as plotters writes it
    let body = body
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" font-family=\"sans-serif\"", "")
        .replace(&format!(" font-size=\"{written}\""), "");
    let (width, height) = (size.width * 10, size.height * 10);
    let label = escaped(label);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\" \
         font-size=\"{font}\" stroke-linejoin=\"round\""
    );
    match theme {
        Theme::Page => svg.push('>'),
        Theme::File => svg.push_str(&format!(
            " xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
             font-family=\"sans-serif\"><rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>",
            size.width,
            size.height,
            hex(Pen::Paper.light())
        )),
    }
    match theme {
        Theme::Page => recolour(&body, &mut svg),
        Theme::File => svg.push_str(&body),
    }
    svg
}

/// Copies `body`, every colour of a pen replaced by the pen's variable.
fn recolour(body: &str, svg: &mut String) {
    let mut rest = body;
    while let Some((before, after)) = rest.split_once("\"#") {
        let colour = after.get(..6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let pen = colour.and_then(|colour| {
            let [_, red, green, blue] = colour.to_be_bytes();
            Pen::of_light([red, green, blue])
        });
        svg.push_str(before);
        match pen {
            Some(pen) => {
                svg.push('"');
                svg.push_str(&pen.css());
                rest = &after[6..];
            }
            None => {
                svg.push_str("\"#");
                rest = after;
            }
        }
    }
    svg.push_str(rest);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing(theme: Theme) -> String {
        paint(Size::NARROW, theme, "a \"b\" < c & d", |canvas| {
            canvas.line(&[(1.05, 2.0), (3.0, 4.0)], Pen::Blue, 1.5);
            canvas.text((10.0, 20.0), Align::End, Level::Centre, Pen::Ink, "<5 & more>");
        })
    }

    // A page decides about colours and fonts, and no outside name stands in it.
    #[test]
    fn on_a_page_colours_are_variables() {
        let svg = drawing(Theme::Page);
        assert!(
            svg.contains("stroke=\"var(--blue)\"") && svg.contains("fill=\"var(--ink)\""),
            "{svg}"
        );
        assert!(
            !svg.contains("http") && !svg.contains('#') && !svg.contains("sans-serif"),
            "{svg}"
        );
        assert!(svg.contains("font-size=\"120\""), "{svg}");
        assert!(svg.contains("11,20 30,40"), "tenths of a pixel, 10.5 of them are 11: {svg}");
    }

    #[test]
    fn a_file_stands_on_its_own() {
        let svg = drawing(Theme::File);
        assert!(svg.contains("xmlns=") && svg.contains(&hex(Pen::Paper.light())), "{svg}");
        assert!(svg.to_lowercase().contains(&hex(Pen::Blue.light())), "{svg}");
    }

    #[test]
    fn words_are_escaped() {
        for svg in [drawing(Theme::Page), drawing(Theme::File)] {
            assert!(svg.contains("aria-label=\"a &quot;b&quot; &lt; c &amp; d\""), "{svg}");
            assert!(svg.contains(">&lt;5 &amp; more&gt;</text>"), "{svg}");
        }
    }
}
