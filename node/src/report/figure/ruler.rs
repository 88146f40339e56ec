//! Rulers: an axis with its range and ticks settled, as plotters wants to see it.
//!
//! In: an axis, its range, its ticks. Out: places in pixels. Refuses to know: data.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use super::axis::{Scale, Tick};

/// One axis, ready to be drawn.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    scale: Scale,
    low: f64,
    high: f64,
    ticks: Vec<Tick>,
}

impl Ruler {
    /// A ruler from `low` to `high`, both in places of `scale` and not equal.
    pub(super) fn new(scale: Scale, (low, high): (f64, f64), ticks: Vec<Tick>) -> Self {
        assert!(low < high, "an axis has a length");
        Self { scale, low, high, ticks }
    }

    /// The ticks in order.
    pub(super) fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// How far along the ruler a value lies: 0 at its low end, 1 at its high end.
    pub(super) fn share(&self, value: f64) -> f64 {
        (self.scale.place(value) - self.low) / (self.high - self.low)
    }
}

impl Ranged for Ruler {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        // What lies outside a range that was given is drawn at its edge.
        let share = self.share(*value).clamp(0.0, 1.0);
        (f64::from(start) + share * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let light = hint.weight().allow_light_points();
        if light { Vec::new() } else { self.ticks.iter().map(|tick| tick.at).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.scale.value(self.low)..self.scale.value(self.high)
    }
}

impl ValueFormatter<f64> for Ruler {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|tick| tick.at == *value);
        tick.map(|tick| tick.label.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 0 to 10 on 100 pixels: 2.5 is at 25. 1 to 100 in logarithms, drawn upwards from 300 to 100:
    // 10 is half way.
    #[test]
    fn values_become_pixels() {
        let ruler = Ruler::new(Scale::Linear, (0.0, 10.0), vec![Tick::new(5.0, "five")]);
        assert_eq!(ruler.map(&2.5, (0, 100)), 25);
        assert_eq!((ruler.map(&-3.0, (0, 100)), ruler.map(&1e300, (0, 100))), (0, 100));
        assert_eq!(ruler.format_ext(&5.0), "five");
        let ruler = Ruler::new(Scale::Log, (0.0, 2.0), Vec::new());
        assert_eq!(ruler.map(&10.0, (300, 100)), 200);
        assert_eq!(ruler.range(), 1.0..100.0);
    }
}
