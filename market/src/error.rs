//! What the market refuses, with the values that clash.
//!
//! One enum for the crate: whoever calls can match and count. After any of these nothing has changed.

use crate::energy::Energy;
use crate::ids::{OrderId, ParticipantId};
use crate::money::Price;

/// A typed refusal. Amounts are in the unit of their type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarketError {
    /// A tariff must have 0 <= feed-in <= retail <= [`Tariff::MAX_PRICE`](crate::Tariff::MAX_PRICE).
    #[error("tariff needs 0 <= feed-in <= retail <= {max}, got feed-in {feed_in}, retail {retail}")]
    Tariff {
        /// What the grid pays for injected energy.
        feed_in: Price,
        /// What the grid asks for withdrawn energy.
        retail: Price,
        /// The highest price the market works with.
        max: Price,
    },
    /// An order's price lies outside the tariff.
    #[error("order price {got} lies outside the tariff [{low}, {high}]")]
    PriceOutsideTariff {
        /// The price of the order.
        got: Price,
        /// Feed-in price.
        low: Price,
        /// Retail price.
        high: Price,
    },
    /// An order must ask for at least 1 Wh and at most the stated bound.
    #[error("order quantity must lie in 1 Wh ..= {max}, got {got}")]
    Quantity {
        /// The quantity of the order.
        got: Energy,
        /// The most one order may hold.
        max: Energy,
    },
    /// Two orders carry one identifier.
    #[error("order {0} is in the book twice")]
    DuplicateOrder(OrderId),
    /// A participant appears twice where it may appear once.
    #[error("participant {0} is listed twice")]
    DuplicateParticipant(ParticipantId),
    /// A book, a sum or a product left the range of 64 bits.
    #[error("{what} leaves the range of 64 bits")]
    Overflow {
        /// Which quantity left its range.
        what: &'static str,
    },
    /// More orders than one book may hold.
    #[error("a book holds at most {max} orders, got {got}")]
    TooManyOrders {
        /// Orders offered.
        got: usize,
        /// Orders allowed.
        max: usize,
    },
    /// A parameter of a price rule is outside the range where the rule has a meaning.
    #[error("{rule}: {parameter} must be {expected}, got {got}")]
    Parameter {
        /// The rule.
        rule: &'static str,
        /// The parameter as it is written in the formula.
        parameter: &'static str,
        /// The allowed range in words.
        expected: &'static str,
        /// The value given, in the parameter's integer unit.
        got: i64,
    },
}
