//! Colours by name: one table for light pages, for dark pages and for files.
//!
//! In: a name. Out: two colours and a CSS variable. Refuses to know: what is drawn with it.
//!
//! The colours of series differ in lightness as well as in hue, so that they stay apart for readers
//! who do not tell red from green, and in print.

/// A colour by its role or name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pen {
    /// What everything else lies on.
    Paper,
    /// Text.
    Ink,
    /// Text of less weight, axes.
    Muted,
    /// Grid lines.
    Rule,
    /// First of the series.
    Blue,
    /// Second of the series.
    Orange,
    /// Third of the series.
    Green,
    /// Fourth of the series.
    Purple,
    /// Fifth of the series, and what is wrong.
    Red,
    /// Sixth of the series.
    Teal,
    /// Seventh of the series.
    Gold,
    /// Eighth of the series.
    Slate,
}

/// Name of the CSS variable, colour on light, colour on dark.
type Row = (Pen, &'static str, [u8; 3], [u8; 3]);

const TABLE: [Row; 12] = [
    (Pen::Paper, "paper", [0xff, 0xff, 0xff], [0x14, 0x18, 0x1f]),
    (Pen::Ink, "ink", [0x1a, 0x20, 0x2b], [0xe8, 0xeb, 0xef]),
    (Pen::Muted, "muted", [0x5a, 0x65, 0x74], [0xa3, 0xad, 0xba]),
    (Pen::Rule, "rule", [0xdc, 0xe1, 0xe7], [0x33, 0x3c, 0x48]),
    (Pen::Blue, "blue", [0x1f, 0x6f, 0xb8], [0x6c, 0xb2, 0xf2]),
    (Pen::Orange, "orange", [0xcf, 0x6a, 0x0c], [0xf5, 0xa5, 0x57]),
    (Pen::Green, "green", [0x0b, 0x7d, 0x5c], [0x4f, 0xcc, 0xa3]),
    (Pen::Purple, "purple", [0x7f, 0x45, 0x9c], [0xc9, 0x9c, 0xe3]),
    (Pen::Red, "red", [0xb3, 0x2d, 0x1c], [0xff, 0x8c, 0x78]),
    (Pen::Teal, "teal", [0x16, 0x85, 0x93], [0x5f, 0xc8, 0xd6]),
    (Pen::Gold, "gold", [0x94, 0x78, 0x02], [0xdd, 0xc4, 0x4f]),
    (Pen::Slate, "slate", [0x70, 0x7c, 0x8c], [0x8e, 0x9a, 0xaa]),
];

impl Pen {
    /// The colours of series, in the order in which they are given out.
    pub const SERIES: [Self; 8] = [
        Self::Blue,
        Self::Orange,
        Self::Green,
        Self::Purple,
        Self::Red,
        Self::Teal,
        Self::Gold,
        Self::Slate,
    ];

    /// The colour of series number `index`, from 0; they repeat after eight.
    pub const fn nth(index: usize) -> Self {
        Self::SERIES[index % Self::SERIES.len()]
    }

    /// The colour on light paper.
    pub fn light(self) -> [u8; 3] {
        self.row().2
    }

    /// The colour on a dark page.
    pub fn dark(self) -> [u8; 3] {
        self.row().3
    }

    /// The colour as CSS: a variable that [`palette`] defines.
    pub fn css(self) -> String {
        format!("var(--{})", self.row().1)
    }

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.0 == self).expect("every pen has a row, as a test checks")
    }

    /// The pen whose colour on light paper is this one.
    pub(super) fn of_light(colour: [u8; 3]) -> Option<Self> {
        TABLE.iter().find(|row| row.2 == colour).map(|row| row.0)
    }
}

/// The CSS that defines the variables of all pens, for light pages and for dark ones.
pub fn palette() -> String {
    let variables = |of: fn(&Row) -> [u8; 3]| -> String {
        TABLE.iter().map(|row| format!("--{}:{};", row.1, hex(of(row)))).collect()
    };
    format!(
        ":root{{{}}}@media (prefers-color-scheme: dark){{:root{{{}}}}}",
        variables(|row| row.2),
        variables(|row| row.3)
    )
}

/// `#rrggbb`.
pub(super) fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, WCAG 2.2.
    fn luminance(colour: [u8; 3]) -> f64 {
        let [red, green, blue] = colour.map(|byte| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    // WCAG 2.2 asks for 4.5:1 for text and 3:1 for graphics, on light and on dark pages.
    #[test]
    fn text_and_series_stand_out_from_the_page() {
        for pen in [Pen::Ink, Pen::Muted].into_iter().chain(Pen::SERIES) {
            let least = if pen <= Pen::Muted { 4.5 } else { 3.0 };
            assert!(contrast(pen.light(), Pen::Paper.light()) >= least, "{pen:?} on light");
            assert!(contrast(pen.dark(), Pen::Paper.dark()) >= least, "{pen:?} on dark");
        }
    }

    // A drawing is recoloured by looking its colours up, so no two pens may share one.
    #[test]
    fn every_pen_has_a_colour_of_its_own() {
        for row in &TABLE {
            assert_eq!(Pen::of_light(row.0.light()), Some(row.0));
            assert!(palette().contains(&format!("--{}:{}", row.1, hex(row.0.dark()))));
        }
        assert_eq!(Pen::of_light([1, 2, 3]), None);
        assert_eq!(Pen::nth(8), Pen::nth(0));
    }
}
