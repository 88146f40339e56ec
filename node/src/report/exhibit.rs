//! Exhibits: a figure in both of its sizes with its heading, one sentence that says what it shows,
//! and its data.
//!
//! In: a figure. Out: SVG for the page. Refuses to know: what is in the figure.

use askama::Template;

use super::figure::{Figure, Flow, Sequence, Size};

/// A figure as the page shows it: written out, it is HTML.
#[derive(Clone, Debug, Template)]
#[template(path = "figure.html")]
pub(super) struct Exhibit {
    /// What it is called.
    pub(super) heading: String,
    /// What it shows.
    pub(super) sentence: String,
    /// The file that holds its data.
    pub(super) data: &'static str,
    /// For screens.
    pub(super) wide: String,
    /// For phones.
    pub(super) narrow: String,
}

/// What stands around a figure.
pub(super) struct Frame {
    pub(super) heading: &'static str,
    pub(super) sentence: String,
    pub(super) data: &'static str,
}

impl Exhibit {
    /// A figure of the usual height.
    pub(super) fn new(frame: Frame, figure: &Figure) -> Self {
        Self::of(frame, figure.inline(Size::WIDE), figure.inline(Size::NARROW))
    }

    /// A figure of less height, for what is of less weight.
    pub(super) fn low(frame: Frame, figure: &Figure) -> Self {
        Self::of(frame, figure.inline(Size::WIDE.tall(230)), figure.inline(Size::NARROW.tall(230)))
    }

    /// A figure with a row for each of so many things.
    pub(super) fn rows(frame: Frame, figure: &Figure, rows: usize) -> Self {
        let rows = u32::try_from(rows).expect("rows were limited before");
        let wide = figure.inline(Size::WIDE.tall(110 + 18 * rows));
        let narrow = figure.inline(Size::NARROW.tall(120 + 17 * rows));
        Self::of(frame, wide, narrow)
    }

    /// A message diagram: time runs to the right on screens and down on phones.
    pub(super) fn messages(frame: Frame, sequence: &Sequence) -> Self {
        let lanes = u32::try_from(sequence.lanes.len()).expect("lanes were limited before");
        let wide = sequence.inline(Size::WIDE.tall(120 + 48 * lanes), Flow::Right);
        let narrow = sequence.inline(Size::NARROW.tall(560), Flow::Down);
        Self::of(frame, wide, narrow)
    }

    fn of(frame: Frame, wide: String, narrow: String) -> Self {
        let Frame { heading, sentence, data } = frame;
        Self {
            heading: heading.to_owned(),
            sentence: sentence.trim_end().to_owned(),
            data,
            wide,
            narrow,
        }
    }
}
