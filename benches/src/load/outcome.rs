//! What came of a load, in counts and quantiles.
//!
//! In: one latency per request that was answered, and the number of those that were not. Out: rates and quantiles over
//! all of them. Refuses to know: when anything was sent.

use std::time::Duration;

use hdrhistogram::Histogram;

/// What came of a load.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Requests that were answered within the measured time.
    pub done: u64,
    /// Requests that failed, had no answer in time or could not be sent.
    pub failed: u64,
    /// How long was measured.
    pub measured: Duration,
    /// The longest that a request of a closed loop waited, those included that came too late to count.
    pub slowest: Duration,
    /// Latencies in microseconds, of the requests that were answered.
    latencies: Histogram<u64>,
}

impl Outcome {
    /// Nothing yet, in `measured`.
    pub fn new(measured: Duration) -> Self {
        let latencies = Histogram::new_with_bounds(1, 120_000_000, 3);
        let latencies = latencies.expect("bounds and digits are within the histogram's own");
        Self { done: 0, failed: 0, measured, slowest: Duration::ZERO, latencies }
    }

    /// One more request was answered after so long.
    pub fn answered(&mut self, after: Duration) {
        self.done += 1;
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        self.latencies.saturating_record(micros);
    }

    /// Requests answered per second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.measured.as_secs_f64()
    }

    /// The latency in milliseconds that a fraction of *all* requests did not exceed: one that failed counts as slower
    /// than every one that was answered, and is infinitely slow itself. No number without requests.
    pub fn quantile_ms(&self, fraction: f64) -> f64 {
        let all = (self.done + self.failed) as f64;
        if all == 0.0 {
            return f64::NAN;
        }
        let rank = (fraction * all).ceil().max(1.0);
        if rank > self.done as f64 {
            return f64::INFINITY;
        }
        self.latencies.value_at_quantile(rank / self.done as f64) as f64 / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 to 90 ms once each and ten failures: half of the hundred took at most 50 ms, ninety at most 90, and the 91st
    /// has no end.
    #[test]
    fn a_failed_request_is_slower_than_all_others() {
        let mut outcome = Outcome::new(Duration::from_secs(3));
        assert!(outcome.quantile_ms(0.5).is_nan(), "nothing was sent");
        (1..=90).for_each(|ms| outcome.answered(Duration::from_millis(ms)));
        outcome.failed = 10;
        let near = |fraction, ms: f64| (outcome.quantile_ms(fraction) / ms - 1.0).abs() < 1e-3;
        assert!(near(0.5, 50.0) && near(0.9, 90.0), "{outcome:?}");
        assert!(outcome.quantile_ms(0.91).is_infinite());
        assert_eq!(outcome.rate().to_bits(), 30.0_f64.to_bits(), "only answers count");
    }
}
