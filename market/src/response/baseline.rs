//! The baseline: what a participant would have done without the event (ours).
//!
//! In: what its meter counted in the same slot of earlier days. Out: a mean, or nothing if there
//! are too few days. Refuses to know: calendars, substitutes for readings that never came.
//!
//! A mean of the days just before can be moved by who expects an event. What that is worth is
//! bounded: by consuming x more in one of D days the mean rises by x / D, and every Wh was paid for.

use super::error::ResponseError;
use crate::energy::Energy;

/// Days that a baseline may average: beyond two months it says little about the season.
pub const MAX_DAYS: u32 = 60;

/// One slot of one day of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Observed {
    /// Net energy of the meter, import less export.
    pub net: Energy,
    /// Whether the participant was called upon in that slot: such a day is no example of doing
    /// nothing.
    pub called: bool,
}

/// The mean over the last `days` days without a call, of `observed` with the latest day last,
/// rounded to the nearest Wh, ties to the even one so that neither direction gains. `None` if there
/// are fewer such days: without a baseline nobody is called.
///
/// # Errors
///
/// [`ResponseError::Days`] unless `days` lies in `1 ..=` [`MAX_DAYS`].
pub fn baseline(observed: &[Observed], days: u32) -> Result<Option<Energy>, ResponseError> {
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(ResponseError::Days { got: days, max: MAX_DAYS });
    }
    let examples = observed.iter().rev().filter(|day| !day.called).take(days as usize);
    let (count, sum) = examples
        .fold((0_u32, 0_i128), |(count, sum), day| (count + 1, sum + i128::from(day.net.wh())));
    let mean = (count == days).then(|| nearest_even(sum, i128::from(days)));
    // A mean of 64-bit numbers lies between them.
    Ok(mean.map(|mean| Energy::from_wh(mean as i64)))
}

/// `sum / count` rounded to the nearest whole number, ties to the even one.
const fn nearest_even(sum: i128, count: i128) -> i128 {
    let (below, rest) = (sum.div_euclid(count), sum.rem_euclid(count));
    let above = 2 * rest > count || 2 * rest == count && below % 2 != 0;
    below + above as i128
}
