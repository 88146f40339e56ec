//! What a home believes about the next quarter hour: the truth with an error.
//!
//! In: the true moment and the home's stream of the day. Out: the moment it plans with. Refuses to
//! know: prices, what the plan is used for.
//!
//! Load and PV are each off by up to 5 %, evenly drawn (the prediction error of Mihaylov et al.,
//! Renewable Energy 2019; that it is drawn evenly and for each of the two alone is ours). Owners
//! know when their cars come home. Without the error nobody would deviate from a contract and
//! settlement would be idle.

use crate::home::Moment;
use crate::random::Stream;

/// Largest error of a forecast in permille of the true value.
pub const ERROR_PERMILLE: i64 = 50;

/// By how much one forecast is off, permille of the true values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Error {
    load: i16,
    pv: i16,
}

impl Error {
    /// The errors of a day of `slots` slots.
    pub(crate) fn draw_day(stream: &mut Stream, slots: usize) -> Vec<Self> {
        let mut off = || {
            let permille = stream.between(-ERROR_PERMILLE, ERROR_PERMILLE);
            i16::try_from(permille).expect("a few hundred at most")
        };
        (0..slots).map(|_| Self { load: off(), pv: off() }).collect()
    }

    /// The forecast of `truth`.
    pub(crate) fn of(self, truth: &Moment) -> Moment {
        let load = truth.load.scaled(1_000 + i64::from(self.load));
        Moment { load, pv: truth.pv.scaled(1_000 + i64::from(self.pv)), ..*truth }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::Power;
    use crate::random::Purpose;

    // Forecasts stay within 5 % and use the whole range on both sides; the mean error is near zero.
    #[test]
    fn forecasts_err_by_up_to_five_percent() {
        let truth = Moment {
            load: Power::from_watts(1_000),
            pv: Power::from_watts(2_000),
            ..Moment::default()
        };
        let mut stream = Stream::new(1, 1, Purpose::Forecast, 1);
        let errors = Error::draw_day(&mut stream, 5_000);
        let guesses: Vec<i64> = errors
            .iter()
            .map(|error| error.of(&truth))
            .inspect(|guess| assert!((guess.pv - truth.pv).nanowatts().abs() <= 100_000_000_000))
            .map(|guess| guess.load.nanowatts() / Power::NANO_PER_WATT)
            .collect();
        assert_eq!(guesses.iter().min(), Some(&950));
        assert_eq!(guesses.iter().max(), Some(&1_050));
        let mean = guesses.iter().sum::<i64>() / 5_000;
        assert!((998..=1_002).contains(&mean), "{mean}");
    }
}
