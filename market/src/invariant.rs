//! What a rule may promise, by name.
//!
//! In: nothing. Out: the names by which rules are compared and claims are checked. Refuses to know:
//! which rule keeps what; each rule says so itself, and the kit behind the feature `oracle` checks
//! it.

use serde::{Deserialize, Serialize};

/// A promise of a rule about each slot. Auctions speak of orders, price rules of two prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Invariant {
    /// I1: bought equals sold, and nobody trades more than it asked for.
    Energy,
    /// I2: all account changes together, the operator's included, are exactly zero, and an auction
    /// never costs the operator anything.
    Money,
    /// I3: no buyer pays more than its bid, no seller gets less than its offer; by a price rule
    /// nobody is worse off than with the grid alone.
    Rational,
    /// I4: sellers get no more than buyers pay, and both lie within the prices of the orders, or of
    /// the tariff.
    Bounded,
    /// I5: more supply never raises a price, more demand never lowers one, and a better order never
    /// gets less.
    Monotone,
    /// I6: with one order, nobody gains by asking another price than the true one.
    Truthful,
    /// I7: the same orders in another order of arrival give the same result.
    Timeless,
    /// I8: every order ends in exactly one state, for a reason that is true, and every fill has a
    /// price.
    Stated,
    /// I9: empty, one-sided, non-crossing, all-equal-price and largest books are ordinary, and one
    /// price for many on both sides trades.
    Robust,
    /// I10: c times the quantities give c times the fills, up to the rounding of 1 Wh per order.
    Scaling,
    /// I11: to split an order into several at its price changes nobody's total.
    Splitting,
    /// I12: the same inputs give the same bytes.
    Replay,
    /// W: the gain of the trades is the largest there can be.
    Optimal,
    /// I13: the operator is left with roundings alone.
    Budget,
    /// I14: who injects more never earns less (no curtailment).
    Income,
    /// I15: a kWh used at home is worth at least a kWh sold (own use comes first).
    OwnUse,
}

impl Invariant {
    /// All of them, in order.
    pub const ALL: [Self; 16] = [
        Self::Energy,
        Self::Money,
        Self::Rational,
        Self::Bounded,
        Self::Monotone,
        Self::Truthful,
        Self::Timeless,
        Self::Stated,
        Self::Robust,
        Self::Scaling,
        Self::Splitting,
        Self::Replay,
        Self::Optimal,
        Self::Budget,
        Self::Income,
        Self::OwnUse,
    ];

    /// Its short name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Energy => "I1",
            Self::Money => "I2",
            Self::Rational => "I3",
            Self::Bounded => "I4",
            Self::Monotone => "I5",
            Self::Truthful => "I6",
            Self::Timeless => "I7",
            Self::Stated => "I8",
            Self::Robust => "I9",
            Self::Scaling => "I10",
            Self::Splitting => "I11",
            Self::Replay => "I12",
            Self::Optimal => "W",
            Self::Budget => "I13",
            Self::Income => "I14",
            Self::OwnUse => "I15",
        }
    }

    /// What it says, in a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Energy => "bought equals sold, no fill above its order",
            Self::Money => "all account changes are zero together",
            Self::Rational => "nobody trades at a worse price than its own",
            Self::Bounded => "prices stay in bounds, sell up to buy",
            Self::Monotone => "more supply never raises a price, a better order never gets less",
            Self::Truthful => "nobody gains by a false price",
            Self::Timeless => "arrival order changes nothing",
            Self::Stated => "one true outcome per order, a price per fill",
            Self::Robust => "odd and largest books are ordinary",
            Self::Scaling => "fills scale with quantities",
            Self::Splitting => "splitting an order changes nothing",
            Self::Replay => "same inputs, same bytes",
            Self::Optimal => "the largest gain there can be",
            Self::Budget => "the operator keeps roundings alone",
            Self::Income => "who injects more never earns less",
            Self::OwnUse => "own use is worth a sale",
        }
    }
}

impl std::fmt::Display for Invariant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.code(), self.words())
    }
}
