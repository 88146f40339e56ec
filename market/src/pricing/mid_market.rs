//! Mid-market rate: what matches is traded half way between the grid's prices, the rest of the
//! longer side goes to the grid and is shared by all of that side.
//!
//! In: a community's surplus and deficit, the tariff. Out: two prices at which buyers pay exactly
//! what sellers and the grid get. Refuses to know: who lacks and who has.
//!
//! Source: formulas of public code. With s and d the surplus and the deficit (net positions; some
//! code takes gross generation and load), ps and pb the feed-in and the retail price, mid =
//! (pb + ps) / 2:
//!
//! ```text
//! s = d:   buy = sell = mid
//! s < d:   sell = mid,   buy  = (s mid + (d - s) pb) / d
//! s > d:   buy  = mid,   sell = (d mid + (s - d) ps) / s
//! ```
//!
//! A public variant moves mid itself with the balance, at one price for both sides; it does not
//! balance and is not built.
//!
//! # Guarantees
//!
//! - *Balance*: the shorter side trades at mid alone, the longer side pays or gets what mid and the
//!   grid come to. Posted prices are rounded away from the operator, so its line is at least 0 and
//!   below s + d nano-currency for s and d in Wh.
//! - *Bounds* (I4): ps <= mid <= pb, and a mean of mid and pb is at least mid, of mid and ps at
//!   most.
//! - *Monotone* (I5): more surplus gives mid more weight in buy, and ps more weight in sell.
//! - *Income* (curtailment): x of s sells for x mid, or for x (ps + d (mid - ps) / s), and x / s
//!   rises in x.
//! - *Splitting* (I11): a home that shows v kWh more of both pays or loses, by its side,
//!   (pb - mid) (d - s) n / d or (mid - ps) (s - d) n / s with n its energy on the longer side, and
//!   n / d and n / s rise in v.

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
    let mid = Exact::ratio(feed_in + retail, 2);
    // `matched` of `whole` at mid, the rest at the grid's price.
    let shared = |matched: u128, whole: u128, grid: u128| {
        let rest = Exact::whole(grid).times(&Exact::whole(whole - matched));
        mid.times(&Exact::whole(matched)).plus(&rest).over(&Exact::whole(whole))
    };
    if surplus < deficit {
        rates(&shared(surplus, deficit, retail), &mid)
    } else if deficit < surplus {
        rates(&mid, &shared(deficit, surplus, feed_in))
    } else {
        rates(&mid, &mid)
    }
}
