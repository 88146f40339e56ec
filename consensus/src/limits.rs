//! Bounds and time-outs of a deployment; contradictions do not construct.
//!
//! In: a [`LimitsSpec`] as an operator writes it. Out: [`Limits`] whose values fit together. Refuses to know:
//! the machine they are meant for. All replicas of a committee must use the same window, interval and batch
//! bounds: they decide which proposals are acceptable.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The bounds as written, not yet checked against each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSpec {
    /// Most requests in one batch.
    pub batch_requests: usize,
    /// Most bytes in one batch, private parts included.
    pub batch_bytes: usize,
    /// Most bytes in one operation.
    pub operation_bytes: usize,
    /// Most bytes in one private part.
    pub attachment_bytes: usize,
    /// Batches that a primary keeps in flight before it lets requests gather (TOCS '02, 6.3).
    pub pipeline: u64,
    /// Distance between the low and the high watermark, L.
    pub window: u64,
    /// Positions between two periodic checkpoints, K.
    pub checkpoint_interval: u64,
    /// Requests a replica keeps waiting; more are refused, which is back-pressure to the client.
    pub pending: usize,
    /// How long a request may wait before a backup asks for another primary, in milliseconds.
    pub view_timeout_ms: u64,
    /// How often a replica that waits for something tells the others where it stands, in milliseconds.
    pub status_interval_ms: u64,
    /// Most decisions in one answer to a replica that fell behind.
    pub fetch_decisions: usize,
    /// Whether replicas answer reads without ordering them. Clients then take every result from a quorum of equal
    /// replies instead of f+1, so all of a deployment must choose alike.
    pub reads: bool,
    /// Whether replicas export the state of each checkpoint, for others who cannot execute their way there.
    pub snapshots: bool,
}

impl Default for LimitsSpec {
    fn default() -> Self {
        Self {
            batch_requests: 512,
            batch_bytes: 1 << 20,
            operation_bytes: 16 << 10,
            attachment_bytes: 4 << 10,
            pipeline: 4,
            window: 256,
            checkpoint_interval: 64,
            pending: 16_384,
            view_timeout_ms: 2_000,
            status_interval_ms: 200,
            fetch_decisions: 64,
            reads: false,
            snapshots: false,
        }
    }
}

/// Checked bounds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    spec: LimitsSpec,
}

/// Two values that contradict each other, both named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// A bound of zero would stop the protocol.
    #[error("{field} must be at least 1")]
    Zero {
        /// The field.
        field: &'static str,
    },
    /// `low` must not exceed `high`.
    #[error("{low_field} = {low} must not exceed {high_field} = {high}")]
    Order {
        /// Field that must be the smaller one.
        low_field: &'static str,
        /// Its value.
        low: u64,
        /// Field that must be the larger one.
        high_field: &'static str,
        /// Its value.
        high: u64,
    },
}

impl Limits {
    /// No message on a replica link is longer than this; any batch stays below it. Whether the NEW-VIEW of a committee
    /// with a full window does depends on both: whoever founds a network checks it.
    pub const MESSAGE_BYTES: usize = 16 << 20;
    /// What a request adds to a batch beside operation and private part, rounded up: key and timestamp (40),
    /// signature (64), two lengths (at most 5 each).
    pub const REQUEST_BYTES: usize = 128;
    /// No chunk of an exported state is longer: a fraction of a message, so that votes pass between chunks.
    pub const CHUNK_BYTES: usize = 256 << 10;
    /// No exported state has more chunks, client table included: 1 GiB, and a manifest of 128 KiB.
    pub const CHUNKS_MAX: usize = 4_096;
    /// No result of an execution is longer than this; it is cached per client.
    pub const RESULT_BYTES: usize = 4 << 10;
    /// No application context of a batch (slot time and the like) is longer than this.
    pub const CONTEXT_BYTES: usize = 256;
    /// Time-outs double with each view change without progress, at most this many times.
    pub const BACK_OFF_MAX: u32 = 10;

    /// Checks `spec`.
    ///
    /// # Errors
    ///
    /// [`LimitsError`] naming the first contradiction.
    pub fn try_new(spec: LimitsSpec) -> Result<Self, LimitsError> {
        let positive = [
            ("batch_requests", spec.batch_requests as u64),
            ("operation_bytes", spec.operation_bytes as u64),
            ("pipeline", spec.pipeline),
            ("checkpoint_interval", spec.checkpoint_interval),
            ("view_timeout_ms", spec.view_timeout_ms),
            ("status_interval_ms", spec.status_interval_ms),
            ("fetch_decisions", spec.fetch_decisions as u64),
        ];
        if let Some((field, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(LimitsError::Zero { field });
        }
        // A request that fits into no batch would stand before all others for ever.
        let request = spec.operation_bytes.saturating_add(spec.attachment_bytes);
        let request = request.saturating_add(Self::REQUEST_BYTES) as u64;
        let ordered = [
            ("batch_requests", spec.batch_requests as u64, "pending", spec.pending as u64),
            (
                "operation_bytes + attachment_bytes + 128",
                request,
                "batch_bytes",
                spec.batch_bytes as u64,
            ),
            (
                "batch_bytes",
                spec.batch_bytes as u64,
                "MESSAGE_BYTES / 4",
                (Self::MESSAGE_BYTES / 4) as u64,
            ),
            ("pipeline", spec.pipeline, "window", spec.window),
            // With a window of one interval the primary would stall at every checkpoint (TOCS '02: L = 2K).
            (
                "2 * checkpoint_interval",
                spec.checkpoint_interval.saturating_mul(2),
                "window",
                spec.window,
            ),
            ("window", spec.window, "65536", 65_536),
            (
                "status_interval_ms",
                spec.status_interval_ms,
                "view_timeout_ms",
                spec.view_timeout_ms,
            ),
        ];
        for (low_field, low, high_field, high) in ordered {
            if low > high {
                return Err(LimitsError::Order { low_field, low, high_field, high });
            }
        }
        Ok(Self { spec })
    }

    /// The values.
    pub fn spec(&self) -> &LimitsSpec {
        &self.spec
    }

    /// How long to wait for progress after `attempts` view changes in a row without any.
    pub fn view_timeout(&self, attempts: u32) -> Duration {
        let doublings = attempts.min(Self::BACK_OFF_MAX);
        Duration::from_millis(self.spec.view_timeout_ms.saturating_mul(1 << doublings))
    }

    /// How often to tell the others where we stand.
    pub fn status_interval(&self) -> Duration {
        Duration::from_millis(self.spec.status_interval_ms)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::try_new(LimitsSpec::default()).expect("the defaults are tested to fit together")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit_together() {
        assert!(Limits::try_new(LimitsSpec::default()).is_ok());
    }

    #[test]
    fn contradictions_name_both_values() {
        let spec = LimitsSpec { pipeline: 300, ..LimitsSpec::default() };
        let error = Limits::try_new(spec).expect_err("a pipeline longer than the window");
        assert_eq!(error.to_string(), "pipeline = 300 must not exceed window = 256");
        let spec = LimitsSpec { batch_bytes: 20 << 10, ..LimitsSpec::default() };
        let error = Limits::try_new(spec).expect_err("the largest request fits into no batch");
        let request = "operation_bytes + attachment_bytes + 128 = 20608";
        assert_eq!(error.to_string(), format!("{request} must not exceed batch_bytes = 20480"));
        let spec = LimitsSpec { checkpoint_interval: 0, ..LimitsSpec::default() };
        assert_eq!(Limits::try_new(spec), Err(LimitsError::Zero { field: "checkpoint_interval" }));
    }

    #[test]
    fn time_outs_double_and_stay_bounded() {
        let limits = Limits::default();
        assert_eq!(limits.view_timeout(3), 8 * limits.view_timeout(0));
        assert_eq!(limits.view_timeout(u32::MAX), 1_024 * limits.view_timeout(0));
    }
}
