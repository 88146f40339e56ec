//! A meter register: it adds power up exactly and shows whole watt hours.
//!
//! In: mean power and seconds. Out: the whole watt hours by which the shown value rose. Refuses to
//! know: whose meter it is, which direction it counts, prices.
//!
//! # Guarantee
//!
//! The energies of any run of consecutive slots add up to the exact energy of that run within 1 Wh,
//! however long it is: they are differences of one rounded register, each end of which is off by at
//! most half a watt hour. Rounding every slot for itself would drift by half a watt hour per slot
//! instead.

use market::Energy;

use crate::power::{Power, Work};

/// One register (OBIS 1-0:1.8.0 or 1-0:2.8.0): ever rising, read in Wh, rounded half up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Register {
    exact: Work,
}

impl Register {
    /// A register at zero.
    pub const ZERO: Self = Self { exact: Work::ZERO };

    /// Counts `power` for `seconds` and returns by how much the shown value rose. What flows the
    /// other way (negative power) is none of this register's business and counts as zero.
    pub fn advance(&mut self, power: Power, seconds: u32) -> Energy {
        let before = self.shown();
        self.exact = self.exact + power.max(Power::ZERO).over(seconds);
        self.shown().checked_sub(before).expect("a register rises from zero")
    }

    /// The value a display would show.
    pub fn shown(&self) -> Energy {
        self.exact.rounded()
    }

    /// The exact work counted so far.
    pub const fn exact(&self) -> Work {
        self.exact
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // 0.4 Wh, four times: rounding each alone would show nothing, the register shows 0, 1, 0, 1
    // (0.4, 0.8, 1.2, 1.6).
    #[test]
    fn small_amounts_are_not_lost() {
        let mut register = Register::ZERO;
        let power = Power::from_nanowatts(1_600_000_000); // 1.6 W x 900 s = 0.4 Wh
        let shown: Vec<i64> = (0..4).map(|_| register.advance(power, 900).wh()).collect();
        assert_eq!(shown, [0, 1, 0, 1]);
    }

    // A register counts one direction only.
    #[test]
    fn the_other_direction_does_not_count() {
        let mut register = Register::ZERO;
        assert_eq!(register.advance(Power::from_watts(-4000), 900), Energy::ZERO);
        assert_eq!(register, Register::ZERO);
    }

    proptest! {
        // The guarantee, on every sub-span of a random run: |sum of slots - exact| < 1 Wh.
        #[test]
        fn any_span_is_exact_to_one_watt_hour(
            nano in proptest::collection::vec(0_i64..20_000_000_000_000, 1..200),
            cut in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let mut register = Register::ZERO;
            let powers = nano.iter().map(|n| Power::from_nanowatts(*n));
            let slots: Vec<i64> = powers.map(|power| register.advance(power, 900).wh()).collect();
            let (a, b) = (cut.0.index(nano.len()), cut.1.index(nano.len()));
            let span = a.min(b)..a.max(b) + 1;
            let exact: i128 = nano[span.clone()].iter().map(|n| i128::from(*n) * 900).sum();
            let shown: i128 = slots[span].iter().map(|wh| i128::from(*wh)).sum();
            prop_assert!((shown * 3_600_000_000_000 - exact).abs() <= 3_600_000_000_000);
            prop_assert!(slots.iter().all(|wh| *wh >= 0));
        }
    }
}
