//! Axes: what is measured, in which unit, over which range, and where the ticks stand.
//!
//! In: a title with its unit, perhaps a range and ticks. Out: a range that holds all data and ticks
//! whose labels do not touch. Refuses to know: pixels; room is given as a number of labels or as a
//! test whether labels fit.

use crate::report::number;

/// No axis reaches farther than this; 64-bit counts of micro-units do not either.
const FAR: f64 = 1e18;

/// One axis of a figure.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What is measured, and its unit: `Price (currency/kWh)`.
    pub title: String,
    /// How values become distances.
    pub scale: Scale,
    /// From where to where; `None` is what the data needs, out to whole ticks.
    pub range: Option<(f64, f64)>,
    /// Where the ticks stand.
    pub ticks: Ticks,
}

/// How values become distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equal distances.
    Linear,
    /// Equal ratios are equal distances; values from 1e-18 up.
    Log,
}

/// Where the ticks of an axis stand.
#[derive(Clone, Debug)]
pub enum Ticks {
    /// At multiples of 1, 2 or 5 times a power of ten.
    Auto,
    /// Ready-made choices, the densest first; the first whose labels fit is taken, else the last.
    Choices(Vec<Vec<Tick>>),
}

/// A tick and its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it stands.
    pub at: f64,
    /// What is written there; may be empty.
    pub label: String,
}

impl Tick {
    /// A tick with this label.
    pub fn new(at: f64, label: impl Into<String>) -> Self {
        Self { at, label: label.into() }
    }
}

impl Scale {
    /// Where a value lies: the value, or its decimal logarithm. Differences of places are finite.
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value.clamp(-FAR, FAR),
            Self::Log => value.clamp(1.0 / FAR, FAR).log10(),
        }
    }

    /// The value that lies there.
    pub(super) fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => 10_f64.powf(place),
        }
    }
}

impl Axis {
    /// A linear axis that fits itself to the data.
    pub fn linear(title: impl Into<String>) -> Self {
        Self { title: title.into(), scale: Scale::Linear, range: None, ticks: Ticks::Auto }
    }

    /// A logarithmic axis that fits itself to the data.
    pub fn log(title: impl Into<String>) -> Self {
        Self { scale: Scale::Log, ..Self::linear(title) }
    }

    /// The same axis over this range.
    #[must_use]
    pub fn within(self, low: f64, high: f64) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    /// The same axis with these ticks.
    #[must_use]
    pub fn with_ticks(self, ticks: Ticks) -> Self {
        Self { ticks, ..self }
    }

    /// The range to draw for data between `low` and `high`, in places, never empty. `room` is the
    /// number of steps to be cut into; growing to whole steps adds up to two.
    pub(super) fn extent(&self, data: Option<(f64, f64)>, room: usize) -> (f64, f64) {
        let (low, high) = self.range.or(data).unwrap_or((0.0, 1.0));
        let (low, high) = (self.scale.place(low.min(high)), self.scale.place(low.max(high)));
        let (low, high) = if high - low > 1e-9 * high.abs().max(1e-9) {
            (low, high)
        } else {
            let half = if self.scale == Scale::Log { 0.5 } else { (high.abs() * 0.1).max(0.5) };
            (low - half, high + half)
        };
        if self.range.is_some()
            || self.scale == Scale::Log
            || matches!(self.ticks, Ticks::Choices(_))
        {
            return (low, high);
        }
        let step = step(low, high, room);
        ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step)
    }

    /// Ticks within `extent` (in places): the densest whose labels `fit`, at most `most` of them.
    pub(super) fn fitting(
        &self,
        extent: (f64, f64),
        most: usize,
        fit: impl Fn(&[Tick]) -> bool,
    ) -> Vec<Tick> {
        let choices = match &self.ticks {
            Ticks::Choices(choices) => choices.clone(),
            Ticks::Auto if self.scale == Scale::Log => log_ticks(extent),
            Ticks::Auto => {
                (2..=most.max(2)).rev().map(|count| linear_ticks(extent, count)).collect()
            }
        };
        let slack = (extent.1 - extent.0) * 1e-9;
        let within = |ticks: Vec<Tick>| -> Vec<Tick> {
            let inside = |tick: &Tick| {
                let at = self.scale.place(tick.at);
                at >= extent.0 - slack && at <= extent.1 + slack
            };
            ticks.into_iter().filter(inside).collect()
        };
        let mut choices =
            choices.into_iter().map(within).filter(|ticks| !ticks.is_empty()).peekable();
        while let Some(ticks) = choices.next() {
            if fit(&ticks) || choices.peek().is_none() {
                return ticks;
            }
        }
        Vec::new()
    }
}

/// The least of 1, 2, 5 times a power of ten that divides the range into at most `count` steps.
fn step(low: f64, high: f64, count: usize) -> f64 {
    let raw = (high - low) / count.max(1) as f64;
    let power = 10_f64.powi(raw.log10().floor() as i32);
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= raw * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

fn linear_ticks((low, high): (f64, f64), count: usize) -> Vec<Tick> {
    let step = step(low, high, count);
    let places = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    let first = (low / step - 1e-9).ceil();
    let ticks = (0..=count + 1).map(|index| (first + index as f64) * step);
    let inside = ticks.take_while(|at| *at <= high + step * 1e-9);
    inside.map(|at| Tick::new(at, number::plain(at, places))).collect()
}

/// Choices for a logarithmic axis: 1-2-5 in every decade, decades, every second decade.
fn log_ticks((low, high): (f64, f64)) -> Vec<Vec<Tick>> {
    let decades = low.floor() as i32..=high.ceil() as i32;
    let of = |every: i32, factors: &[f64]| -> Vec<Tick> {
        let chosen = decades.clone().filter(|decade| decade.rem_euclid(every) == 0);
        let ticks = chosen.flat_map(|decade| {
            let places = usize::try_from(-decade).unwrap_or(0);
            let tick = move |factor: &f64| {
                let at = factor * 10_f64.powi(decade);
                Tick::new(at, number::plain(at, places))
            };
            factors.iter().map(tick).collect::<Vec<_>>()
        });
        ticks.collect()
    };
    vec![of(1, &[1.0, 2.0, 5.0]), of(1, &[1.0]), of(2, &[1.0]), of(4, &[1.0])]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    // 0.08 to 0.30 in at most 6 steps: 0.05 is the least step (5 of them), so the range becomes
    // 0.05 to 0.30.
    #[test]
    fn a_range_grows_to_whole_ticks() {
        let axis = Axis::linear("Price (currency/kWh)");
        let extent = axis.extent(Some((0.08, 0.30)), 6);
        let ticks = axis.fitting(extent, 6, |_| true);
        assert_eq!(labels(&ticks), ["0.05", "0.10", "0.15", "0.20", "0.25", "0.30"]);
    }

    #[test]
    fn ticks_thin_out_until_they_fit() {
        let axis = Axis::linear("n").within(0.0, 10.0);
        let ticks = axis.fitting((0.0, 10.0), 10, |ticks| ticks.len() <= 3);
        assert_eq!(labels(&ticks), ["0", "5", "10"]);
        let hours = |every: usize| {
            (0..=24).step_by(every).map(|hour| Tick::new(hour as f64, hour.to_string()))
        };
        let choices = Ticks::Choices(vec![hours(3).collect(), hours(12).collect()]);
        let axis = Axis::linear("h").within(0.0, 24.0).with_ticks(choices);
        assert_eq!(
            labels(&axis.fitting((0.0, 24.0), 9, |ticks| ticks.len() <= 5)),
            ["0", "12", "24"]
        );
        assert_eq!(
            axis.fitting((0.0, 24.0), 9, |_| false).len(),
            3,
            "the last choice is taken anyway"
        );
    }

    // From 0.1 to 20 there are two whole decades: 0.1, 0.2, 0.5, 1, 2, 5, 10, 20.
    #[test]
    fn a_logarithmic_axis_has_its_own_ticks() {
        let axis = Axis::log("Latency (ms)");
        let extent = axis.extent(Some((0.1, 20.0)), 5);
        let ticks = axis.fitting(extent, 20, |_| true);
        assert_eq!(labels(&ticks), ["0.1", "0.2", "0.5", "1", "2", "5", "10", "20"]);
        assert_eq!(labels(&axis.fitting(extent, 20, |ticks| ticks.len() < 5)), ["0.1", "1", "10"]);
    }

    #[test]
    fn no_data_is_still_an_axis() {
        let axis = Axis::linear("n");
        assert_eq!(axis.extent(None, 5), (0.0, 1.0));
        let (low, high) = axis.extent(Some((7.0, 7.0)), 5);
        assert!(low < 7.0 && 7.0 < high);
    }

    // The ends of the floats do not break an axis.
    #[test]
    fn an_axis_ends_somewhere() {
        for axis in [Axis::linear("n"), Axis::log("n")] {
            let (low, high) = axis.extent(Some((f64::MIN, f64::MAX)), 5);
            assert!(low < high && (high - low).is_finite(), "{low} to {high}");
            assert!(!axis.fitting((low, high), 7, |_| true).is_empty());
        }
    }

    proptest! {
        // Whatever the data: the range holds it, there are two ticks or more, in order, inside,
        // with labels that differ.
        #[test]
        fn ticks_stand_inside_a_range_that_holds_the_data(
            low in -1e9_f64..1e9,
            width in 1e-4_f64..1e9,
            room in 2_usize..12,
        ) {
            let axis = Axis::linear("n");
            let extent = axis.extent(Some((low, low + width)), room);
            let slack = (extent.1 - extent.0) * 1e-6;
            prop_assert!(extent.0 <= low + slack && low + width <= extent.1 + slack);
            let ticks = axis.fitting(extent, room + 2, |_| true);
            prop_assert!(ticks.len() >= 2 && ticks.len() <= room + 3, "{} ticks", ticks.len());
            let apart = |pair: &[Tick]| pair[0].at < pair[1].at && pair[0].label != pair[1].label;
            prop_assert!(ticks.windows(2).all(apart));
        }
    }
}
