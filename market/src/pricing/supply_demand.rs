//! Supply-demand ratio: one ratio of surplus to deficit moves both prices from retail to feed-in.
//!
//! In: a community's surplus and deficit, the tariff. Out: two prices at which buyers pay exactly
//! what sellers and the grid get. Refuses to know: who lacks and who has.
//!
//! Source: the formulas of public code for Liu et al. 2017. With s and d the surplus and the
//! deficit, ps and pb the feed-in and the retail price, R = s / d:
//!
//! ```text
//! R < 1:             sell = ps pb / ((pb - ps) R + ps)
//!                    buy  = sell R + pb (1 - R)
//! R >= 1 or d = 0:   sell = buy = ps
//! ```
//!
//! Departure, ours: with ps = 0 the formula sells at 0 for every R > 0 and is 0 / 0 at R = 0. There
//! the *linear form* stands in, `sell = pb - (pb - ps) R`, which meets the formula at both ends,
//! with the same `buy`.
//!
//! # Guarantees
//!
//! - *Balance*: `buy d = sell s + pb (d - s)` for R <= 1, whatever `sell` is, by the definition of
//!   `buy`; for R > 1 everything is settled at ps, as the grid does. Posted prices are rounded away
//!   from the operator, so its line is at least 0 and below s + d nano-currency for s and d in Wh.
//! - *Bounds* (I4): sell falls in R from pb to ps; buy - sell = (1 - R) (pb - sell) >= 0; buy is a
//!   mean of sell and pb.
//! - *Monotone* (I5): the hyperbola and the line fall in R. pb - buy = R (pb - sell) is
//!   pb (pb - ps) R^2 / ((pb - ps) R + ps), or pb R^2 in the linear form, and rises in R.
//! - *Income* (curtailment): s0 + x surplus, of which x is one's own, earns x ps pb / (...), which
//!   rises in x. The linear form breaks this: with s0 = 0 it earns x pb (1 - x / d), which falls
//!   from x = d / 2 on.
//! - *Splitting* (I11) is not safe: the only buyer among sellers that shows its own production and
//!   consumption as two homes moves R towards 1, and what its sellers lose it gains.

use super::internal::{Internal, InternalQuote, rates};
use super::region::{Promise, Rates};
use crate::error::MarketError;
use crate::fixed::{Decimal, Exact};

/// The prices for `surplus` and `deficit` kWh between `feed_in` and `retail` currency/kWh.
///
/// # Errors
///
/// [`MarketError::Parameter`] unless energies are not negative and `0 <= feed_in <= retail`.
pub fn quote(
    surplus: Decimal,
    deficit: Decimal,
    feed_in: Decimal,
    retail: Decimal,
) -> Result<InternalQuote, MarketError> {
    let internal = Internal::try_new([surplus, deficit], [feed_in, retail])?;
    Ok(InternalQuote::of(&prices(&internal), Promise::Tariff))
}

/// The two prices, exactly.
pub(super) fn prices(of: &Internal) -> Rates {
    let Internal { surplus, deficit, feed_in, retail } = *of;
    if surplus >= deficit {
        let feed_in = Exact::whole(feed_in);
        return rates(&feed_in, &feed_in);
    }
    let [s, d, ps, pb] = [surplus, deficit, feed_in, retail].map(Exact::whole);
    let lack = Exact::whole(deficit - surplus);
    let (above, below) = if feed_in == 0 {
        (pb.times(&lack), d)
    } else {
        let gap = Exact::whole(retail - feed_in);
        (ps.times(&pb).times(&d), gap.times(&s).plus(&ps.times(&d)))
    };
    // buy = (sell s + pb (d - s)) / d, over one line: 402 bits above it, 301 below.
    let paid = above.times(&s).plus(&pb.times(&lack).times(&below));
    rates(&paid.over(&below.times(&d)), &above.over(&below))
}
