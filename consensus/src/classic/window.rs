//! The watermarks: which positions a replica is willing to hear about.
//!
//! In: the stable checkpoint. Out: yes or no for a position. Refuses to know: what happens at a position.
//!
//! Source: OSDI '99, sections 4.2 and 4.3: h is the last stable checkpoint, H = h + L, and a message counts
//! iff h < n <= H. The window bounds the memory of every tally.

use crate::ids::SeqNum;
use crate::reject::Reject;

/// The open interval above the low watermark, up to and including the high one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Window {
    low: SeqNum,
    span: u64,
}

impl Window {
    /// A window of `span` positions above `low`.
    pub(super) fn new(low: SeqNum, span: u64) -> Self {
        Self { low, span }
    }

    /// h: the stable checkpoint.
    pub(super) fn low(&self) -> SeqNum {
        self.low
    }

    /// H = h + L.
    pub(super) fn high(&self) -> SeqNum {
        self.low.plus(self.span)
    }

    /// Refuses positions outside.
    pub(super) fn admit(&self, seq: SeqNum) -> Result<(), Reject> {
        if self.low < seq && seq <= self.high() {
            Ok(())
        } else {
            Err(Reject::OutsideWindow { got: seq, low: self.low, high: self.high() })
        }
    }

    /// Moves the low watermark up to `stable`; never back.
    pub(super) fn advance(&mut self, stable: SeqNum) {
        self.low = self.low.max(stable);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Papers.md 2.8: h = 256, L = 256 accepts 257 and 512, rejects 256 and 513.
    #[test]
    fn the_window_is_open_below_and_closed_above() {
        let window = Window::new(SeqNum::new(256), 256);
        let admits = |n| window.admit(SeqNum::new(n)).is_ok();
        assert_eq!([256, 257, 512, 513, u64::MAX].map(admits), [false, true, true, false, false]);
    }

    #[test]
    fn the_window_never_moves_back() {
        let mut window = Window::new(SeqNum::new(256), 256);
        window.advance(SeqNum::new(128));
        assert_eq!(window.low(), SeqNum::new(256));
    }
}
