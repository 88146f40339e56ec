//! Bill sharing: energy within the community is free; the bill for what came from the grid is
//! shared by those who lacked, the income for what went there by those who had.
//!
//! In: net positions of a billing period, or a region's open energy in a slot; the tariff. Out: two
//! prices at which buyers pay exactly what the grid gets and sellers get what it pays. Refuses to
//! know: who lacks and who has.
//!
//! Source: formulas of public code. Over the slots of a billing period, with the community's net in
//! each slot being an import or an export:
//!
//! ```text
//! buy  = pb (sum of imports) / (sum of deficits)
//! sell = ps (sum of exports) / (sum of surpluses)       0 for 0 / 0 (ours)
//! ```
//!
//! # The region's face
//!
//! A ledger settles each slot when it closes, so a region bills by periods of *one slot* (ours):
//! with s and d its surplus and deficit, `buy = pb max(d - s, 0) / d` and
//! `sell = ps max(s - d, 0) / s`. That is not the same as one bill over many slots. In the published
//! example, with net positions 2, 3, -1 and 1, -4, 0 kWh and prices of 0.15 and 0.05, the period
//! buys at 0.10 throughout; slot by slot it is 0.12 in the first slot and 0 in the second.
//!
//! # Guarantees
//!
//! - *Balance*: buyers together pay the grid's bill, sellers together get the grid's income. Posted
//!   prices are rounded away from the operator, so its line is at least 0 and below s + d
//!   nano-currency for s and d in Wh.
//! - *Buyers* never pay more than retail.
//!
//! # What it does not keep
//!
//! - *Sellers* may get less than feed-in, nothing at all while d >= s (I3, I4): they give to their
//!   neighbours. The price rule therefore promises [`Promise::Shares`] only.
//! - `sell` *rises* with surplus (I5): the more a street pours into a line, the better a kWh is
//!   paid. And `buy` may lie below `sell`: with s > d a kWh used at home saves nothing, sold it
//!   earns something.
//! - *Splitting* (I11): with s > d a home that shows its production and consumption as two homes
//!   takes a larger part of the income, and its consumption is free.

use super::internal::{Internal, InternalQuote, rates, units};
use super::region::{Promise, Rates};
use crate::error::{MarketError, Quantity};
use crate::fixed::{Decimal, Exact};

/// The prices of a billing period. `slots` holds a row per slot with every home's net position in
/// kWh: what it lacks, or, below zero, what it has left over. Prices are in currency/kWh.
///
/// # Errors
///
/// [`MarketError::Parameter`] unless `0 <= feed_in <= retail`; [`MarketError::Overflow`] if the
/// lacks or the surpluses add up to more than [`Decimal::MAX`].
pub fn quote(
    slots: &[Vec<Decimal>],
    feed_in: Decimal,
    retail: Decimal,
) -> Result<InternalQuote, MarketError> {
    let tariff = Internal::try_new([Decimal::ZERO; 2], [feed_in, retail])?;
    let mut period = Period::default();
    for slot in slots {
        period = period.with(slot).ok_or(MarketError::Overflow { what: Quantity::Metered })?;
    }
    Ok(InternalQuote::of(&period.prices(&tariff), Promise::Shares))
}

/// The two prices of a billing period of one slot, exactly.
pub(super) fn prices(of: &Internal) -> Rates {
    let Internal { surplus, deficit, .. } = *of;
    let (imports, exports) = (deficit.saturating_sub(surplus), surplus.saturating_sub(deficit));
    Period { surplus, deficit, imports, exports }.prices(of)
}

/// Sums over a billing period, in 10^-18 kWh.
#[derive(Clone, Copy, Debug, Default)]
struct Period {
    surplus: u128,
    deficit: u128,
    imports: u128,
    exports: u128,
}

impl Period {
    /// The sums with one slot more; `None` if one leaves the range of a decimal.
    fn with(self, slot: &[Decimal]) -> Option<Self> {
        let sum = |side: fn(i128) -> i128| {
            slot.iter().try_fold(0_i128, |sum, net| sum.checked_add(side(net.units())))
        };
        let (lacks, leftovers) = (sum(|net| net.max(0))?, sum(|net| -net.min(0))?);
        let net = lacks - leftovers;
        let add = |sum: u128, more: i128| {
            let sum = i128::try_from(sum).ok()?.checked_add(more)?;
            Decimal::from_units(sum).map(units)
        };
        Some(Self {
            surplus: add(self.surplus, leftovers)?,
            deficit: add(self.deficit, lacks)?,
            imports: add(self.imports, net.max(0))?,
            exports: add(self.exports, -net.min(0))?,
        })
    }

    fn prices(&self, tariff: &Internal) -> Rates {
        let buy = share(tariff.retail, self.imports, self.deficit);
        let sell = share(tariff.feed_in, self.exports, self.surplus);
        rates(&buy, &sell)
    }
}

/// `price * part / whole`, zero for 0 / 0.
fn share(price: u128, part: u128, whole: u128) -> Exact {
    match whole {
        0 => Exact::ZERO,
        _ => Exact::whole(price).times(&Exact::ratio(part, whole)),
    }
}
