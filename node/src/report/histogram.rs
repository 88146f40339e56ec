//! Latencies: from single measurements to percentiles and a histogram.
//!
//! In: microseconds, one per command, counted from when it was meant to leave. Out: [`Latency`].
//! Refuses to know: what a command was, and the clock.
//!
//! Percentiles come from an HDR histogram of three significant digits: they are at most 0.1 % above
//! the measurement that they name. Number, maximum and bins are exact.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::data::Latency;

/// The longest latency that is told apart, one hour in microseconds: longer ones count as one hour
/// in percentiles. No client waits that long.
pub const LONGEST_US: u64 = 3_600_000_000;

/// Ten bins per decade: the upper bounds of bins are these hundredths times powers of ten, each
/// 10^(1/10) above the one before, to two decimals.
const MANTISSAS: [u64; 10] = [100, 126, 158, 200, 251, 316, 398, 501, 631, 794];

/// Measurements of one kind under way.
#[derive(Clone, Debug)]
pub struct Samples {
    histogram: Histogram<u64>,
    bins: BTreeMap<u64, u64>,
    count: u64,
    max_us: u64,
}

impl Default for Samples {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3);
        Self {
            histogram: histogram.expect("1 <= 2 x 1 <= one hour, three digits are allowed"),
            bins: BTreeMap::new(),
            count: 0,
            max_us: 0,
        }
    }
}

impl Samples {
    /// No measurements yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one measurement.
    pub fn record(&mut self, us: u64) {
        self.histogram.saturating_record(us.min(LONGEST_US));
        *self.bins.entry(upper_bound(us)).or_default() += 1;
        self.count += 1;
        self.max_us = self.max_us.max(us);
    }

    /// Adds all measurements of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("both have the same bounds");
        for (bound, count) in &other.bins {
            *self.bins.entry(*bound).or_default() += count;
        }
        self.count += other.count;
        self.max_us = self.max_us.max(other.max_us);
    }

    /// Number of measurements.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The measurements as a row of a report. Between the first and the last bin that holds
    /// something, empty bins are present with a zero.
    pub fn latency(&self, kind: impl Into<String>) -> Latency {
        let at = |quantile| self.histogram.value_at_quantile(quantile).min(self.max_us);
        Latency {
            kind: kind.into(),
            count: self.count,
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: self.max_us,
            bins: self.filled_bins(),
        }
    }

    fn filled_bins(&self) -> Vec<(u64, u64)> {
        let (Some((first, _)), Some((last, _))) =
            (self.bins.first_key_value(), self.bins.last_key_value())
        else {
            return Vec::new();
        };
        let mut bins = Vec::new();
        let mut bound = *first;
        while bound < *last {
            bins.push((bound, self.bins.get(&bound).copied().unwrap_or(0)));
            bound = upper_bound(bound + 1);
        }
        bins.push((*last, self.bins[last]));
        bins
    }
}

/// The upper bound, inclusive, of the bin that `us` falls into.
pub fn upper_bound(us: u64) -> u64 {
    let mut decade = 1_u64;
    loop {
        for mantissa in MANTISSAS {
            // Whole microseconds: below 10 several bounds coincide, and only the different ones
            // remain.
            let bound = u64::try_from(u128::from(mantissa) * u128::from(decade) / 100);
            match bound {
                Ok(bound) if us <= bound => return bound,
                Ok(_) => {}
                Err(_) => return u64::MAX,
            }
        }
        decade = match decade.checked_mul(10) {
            Some(decade) => decade,
            None => return u64::MAX,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(samples: impl IntoIterator<Item = u64>) -> Latency {
        let mut all = Samples::new();
        samples.into_iter().for_each(|us| all.record(us));
        all.latency("all")
    }

    // 1 to 1,000 us once each: by definition half are at most 500, 900 at most 900, and so on;
    // below 2,000 us the histogram tells single microseconds apart, so these are exact.
    #[test]
    fn percentiles_of_a_ramp_are_its_ranks() {
        let latency = of(1..=1_000);
        assert_eq!((latency.p50_us, latency.p90_us), (500, 900));
        assert_eq!((latency.p99_us, latency.p999_us, latency.max_us), (990, 999, 1_000));
        assert_eq!(latency.count, 1_000);
    }

    // One slow command among a thousand moves the maximum and nothing else.
    #[test]
    fn one_outlier_is_the_maximum_only() {
        let latency = of(std::iter::repeat_n(100, 1_000).chain([5_000_000]));
        assert_eq!((latency.p50_us, latency.p999_us, latency.max_us), (100, 100, 5_000_000));
    }

    #[test]
    fn nothing_measured_is_all_zero() {
        let latency = of([]);
        assert_eq!((latency.count, latency.p50_us, latency.max_us), (0, 0, 0));
        assert!(latency.bins.is_empty());
    }

    // 95 lies in (79, 100], 150 in (126, 158]; (100, 126] between them is empty and present.
    #[test]
    fn bins_between_the_first_and_the_last_are_present() {
        assert_eq!(of([95, 100, 150]).bins, [(100, 2), (126, 0), (158, 1)]);
    }

    #[test]
    fn longer_than_an_hour_is_still_counted() {
        let latency = of([2 * LONGEST_US, u64::MAX, 0]);
        assert_eq!((latency.count, latency.max_us), (3, u64::MAX));
        assert_eq!(latency.bins.iter().map(|bin| bin.1).sum::<u64>(), 3);
    }

    proptest! {
        // Every measurement is in exactly one bin whose bounds hold it, bounds ascend, percentiles
        // are in order and within 0.1 % above a rank, and it does not matter how the measurements
        // were split.
        #[test]
        fn a_histogram_keeps_what_it_was_told(
            samples in prop::collection::vec(0_u64..50_000_000, 1..300),
            cut in 0_usize..300,
        ) {
            let (left, right) = samples.split_at(cut.min(samples.len()));
            let mut merged = Samples::new();
            left.iter().for_each(|us| merged.record(*us));
            let mut other = Samples::new();
            right.iter().for_each(|us| other.record(*us));
            merged.merge(&other);
            let latency = merged.latency("all");
            let whole = of(samples.iter().copied());
            prop_assert_eq!(&latency.bins, &whole.bins);
            prop_assert_eq!(latency.p99_us, whole.p99_us);

            let mut below = 0;
            for (bound, count) in &latency.bins {
                let inside = |us: &&u64| **us <= *bound && (below == 0 || **us > below);
                prop_assert_eq!(samples.iter().filter(inside).count() as u64, *count);
                prop_assert!(below < *bound || *bound == 1);
                below = *bound;
            }
            let mut sorted = samples;
            sorted.sort_unstable();
            let median = sorted[(sorted.len() - 1) / 2];
            prop_assert!(latency.p50_us >= median && latency.p50_us <= median + median / 1_000 + 1);
            prop_assert!(latency.p50_us <= latency.p90_us && latency.p90_us <= latency.p99_us);
            prop_assert!(latency.p999_us <= latency.max_us);
        }
    }
}
