//! The ways to use devices and to bid, by name.
//!
//! In: a name. Out: a strategy. Refuses to know: runs, homes.
//!
//! | name | battery and car | price of the order |
//! |---|---|---|
//! | `zero-intelligence` | as their owner is used to | any of the tariff, by chance |
//! | `self-consumption` | own surplus first | at fixed places of the tariff |
//! | `price-responsive` | where the last day was cheap | near what the quarter hour cost then |

pub mod zero_intelligence;
pub mod self_consumption;
pub mod price_responsive;

use crate::bidding::price_responsive::PriceResponsive;
use crate::bidding::self_consumption::SelfConsumption;
use crate::bidding::zero_intelligence::ZeroIntelligence;
use crate::error::{Excerpt, UnknownStrategy};
use crate::strategy::Strategy;

/// The names of all strategies, the baseline first.
pub const NAMES: [&str; 3] = ["zero-intelligence", "self-consumption", "price-responsive"];

/// The strategy of this name.
///
/// # Errors
///
/// [`UnknownStrategy`] with the names there are.
pub fn named(name: &str) -> Result<Box<dyn Strategy>, UnknownStrategy> {
    let all: [Box<dyn Strategy>; 3] =
        [Box::new(ZeroIntelligence), Box::new(SelfConsumption), Box::new(PriceResponsive)];
    let known = all.into_iter().find(|strategy| strategy.name() == name);
    known.ok_or_else(|| UnknownStrategy {
        got: Excerpt::new(name.as_bytes()),
        known: NAMES.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Every name leads to the strategy that has it; others are refused in one line with all names.
    #[test]
    fn strategies_are_chosen_by_name() {
        for name in NAMES {
            assert_eq!(named(name).map(|strategy| strategy.name()), Ok(name));
        }
        let error = named("clever").map(|strategy| strategy.name()).expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "strategy: got \"clever\", expected one of zero-intelligence, self-consumption, \
             price-responsive"
        );
    }
}
