//! Figures: series over two axes with units, drawn as SVG in any size.
//!
//! In: numbers, names, units. Out: SVG text, for a page (colours are CSS variables) or for a file
//! of its own. Refuses to know: what the numbers mean, where they come from.
//!
//! plotters maps numbers to places and draws grid, axes and series. What it cannot do is done here:
//! choosing ticks by the room their labels need, legends that wrap, titles of vertical axes that
//! need no turned head, colours that follow the page into the dark. It works in whole pixels, so
//! figures are drawn ten times as large as they are shown.

mod pen;
mod axis;
mod series;
mod ruler;
mod canvas;
mod layout;
mod chart;
mod sequence;

pub use axis::{Axis, Scale, Tick, Ticks};
pub use canvas::Size;
pub use chart::{Figure, Margin};
pub use pen::{Pen, palette};
pub use sequence::{Flow, Lane, Message, Sequence};
pub use series::{Bar, Note, Point, Series, Shape};
