//! What the market refuses, with the values that clash.
//!
//! In: nothing. Out: one enum for the crate, so that callers match and count. Refuses to know: who
//! called, and what for. After any of these nothing has changed.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::fixed::Decimal;
use crate::ids::{AggregatorId, FeederId, OrderId, ParticipantId};
use crate::money::{Money, Price};

/// A typed refusal. Amounts are in the unit of their type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum MarketError {
    /// A tariff must have 0 <= feed-in <= retail <=
    /// [`Tariff::MAX_PRICE`](crate::Tariff::MAX_PRICE).
    #[error("tariff needs 0 <= feed-in <= retail <= {max}, got feed-in {feed_in}, retail {retail}")]
    Tariff {
        /// What the grid pays for injected energy.
        feed_in: Price,
        /// What the grid asks for withdrawn energy.
        retail: Price,
        /// The highest price the market works with.
        max: Price,
    },
    /// A price lies outside the tariff.
    #[error("price {got} lies outside the tariff [{low}, {high}]")]
    PriceOutsideTariff {
        /// The price given.
        got: Price,
        /// Feed-in price.
        low: Price,
        /// Retail price.
        high: Price,
    },
    /// A price lies further from zero than any tariff.
    #[error("price must lie within {max} of zero, got {got}")]
    PriceOutOfRange {
        /// The price given.
        got: Price,
        /// The highest price the market works with.
        max: Price,
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
    /// A list that has to ascend by participant does not.
    #[error("participants must ascend, got {next} after {before}")]
    UnorderedParticipants {
        /// The participant listed first.
        before: ParticipantId,
        /// The lower one listed after it.
        next: ParticipantId,
    },
    /// A sum or a product left the range of 64 bits.
    #[error("{what} leaves the range of 64 bits")]
    Overflow {
        /// Which quantity left its range.
        what: Quantity,
    },
    /// More orders than one book may hold.
    #[error("a book holds at most {max} orders, got {got}")]
    TooManyOrders {
        /// Orders offered.
        got: usize,
        /// Orders allowed.
        max: usize,
    },
    /// Kappa must be a quotient between 0 and 1.
    #[error("kappa must lie in [0, 1], got {numerator}/{denominator}")]
    Kappa {
        /// Above the line.
        numerator: u64,
        /// Below the line.
        denominator: u64,
    },
    /// A parameter of a formula is outside the range where the formula has a meaning.
    #[error("{parameter} must be {expected}, got {got}")]
    Parameter {
        /// The parameter as it is written in the formula.
        parameter: Parameter,
        /// The allowed range.
        expected: Expected,
        /// The value given.
        got: Decimal,
    },
    /// A metered slot has an energy below zero or above the stated bound.
    #[error("metered energy must lie in 0 Wh ..= {max}, got import {import}, export {export}")]
    Metered {
        /// The register difference 1-0:1.8.0.
        import: Energy,
        /// The register difference 1-0:2.8.0.
        export: Energy,
        /// The most a meter may count in a slot.
        max: Energy,
    },
    /// A region's total is below zero or above the stated bound.
    #[error(
        "a total must lie in 0 Wh ..= {max}, got production {production}, consumption {consumption}"
    )]
    Totals {
        /// What the region's meters exported.
        production: Energy,
        /// What the region's meters imported.
        consumption: Energy,
        /// The largest total.
        max: Energy,
    },
    /// Contracted energy must have a seller for every buyer.
    #[error("contracts must balance, {bought} were bought and {sold} sold")]
    Unbalanced {
        /// Sum over the buyers.
        bought: Energy,
        /// Sum over the sellers.
        sold: Energy,
    },
    /// What buyers pay for their contracts must be what sellers get and the operator keeps.
    #[error("contracts must balance, they change accounts by {contracts} and leave {surplus}")]
    UnbalancedAmounts {
        /// Changes of the participants' accounts by their contracts.
        contracts: Money,
        /// What the operator is said to keep.
        surplus: Money,
    },
    /// The region's prices must have feed-in <= sell <= buy <= retail.
    #[error("prices need {low} <= sell <= buy <= {high}, got sell {sell}, buy {buy}")]
    RegionPrices {
        /// What the region charges.
        buy: Price,
        /// What the region pays.
        sell: Price,
        /// Feed-in price.
        low: Price,
        /// Retail price.
        high: Price,
    },
    /// A sum of what is settled at the region's prices is below zero or above the stated bound.
    #[error("an open total must lie in 0 Wh ..= {max}, got surplus {surplus}, deficit {deficit}")]
    OpenTotals {
        /// What members sell at the region's price.
        surplus: Energy,
        /// What members buy at the region's price.
        deficit: Energy,
        /// The largest total.
        max: Energy,
    },
    /// Shares of a bill must have 0 <= sell <= feed-in and 0 <= buy <= retail.
    #[error("shares need 0 <= sell <= {low}, 0 <= buy <= {high}, got sell {sell}, buy {buy}")]
    SharedPrices {
        /// What the region charges.
        buy: Price,
        /// What the region pays.
        sell: Price,
        /// Feed-in price.
        low: Price,
        /// Retail price.
        high: Price,
    },
    /// A rule for units got orders of unlike quantities.
    #[error("orders must have one quantity, {unit} as the first one, order {order} has {got}")]
    UnlikeQuantities {
        /// The first order that differs.
        order: OrderId,
        /// Its quantity.
        got: Energy,
        /// The quantity of the first order of the book.
        unit: Energy,
    },
    /// Somebody trades in a grid that has no place for its home.
    #[error("participant {0} is on no feeder")]
    NoFeeder(ParticipantId),
    /// A home hangs on a feeder that is not listed.
    #[error("participant {participant} is on feeder {feeder}, which is not listed")]
    UnknownFeeder {
        /// Whose home.
        participant: ParticipantId,
        /// The feeder named.
        feeder: FeederId,
    },
    /// A feeder hangs on an aggregator that is not listed.
    #[error("feeder {feeder} is below aggregator {aggregator}, which is not listed")]
    UnknownAggregator {
        /// Which feeder.
        feeder: FeederId,
        /// The aggregator named.
        aggregator: AggregatorId,
    },
    /// Two feeders carry one number.
    #[error("feeder {0} is listed twice")]
    DuplicateFeeder(FeederId),
    /// Two aggregators carry one number.
    #[error("aggregator {0} is listed twice")]
    DuplicateAggregator(AggregatorId),
    /// A flow limit is an amount of energy, zero or more.
    #[error("a flow limit must be at least 0 Wh, got {0}")]
    FlowLimit(Energy),
    /// More homes, feeders or aggregators than one grid may hold.
    #[error("a grid holds at most {max} homes, feeders or aggregators, got {got}")]
    GridSize {
        /// How many were listed.
        got: usize,
        /// How many are allowed.
        max: usize,
    },
    /// Fees must not fall from tier to tier.
    #[error(
        "fees need 0 <= feeder <= aggregator <= grid <= {max}, got {feeder}, {aggregator}, {grid}"
    )]
    Fees {
        /// Sum of all components between neighbours.
        feeder: Price,
        /// Sum below one aggregator.
        aggregator: Price,
        /// Sum over the grid.
        grid: Price,
        /// The highest price the market works with.
        max: Price,
    },
    /// A component of a fee lies outside the range of a fee.
    #[error("a fee must lie in 0 ..= {max}, got {got}")]
    Fee {
        /// The rate given.
        got: Price,
        /// The highest price the market works with.
        max: Price,
    },
    /// A fee needs a name that fits on a bill, and one of its own.
    #[error("a fee needs a name of its own of 1 ..= {max} bytes, got {got:?}")]
    FeeName {
        /// The name given.
        got: String,
        /// The longest name.
        max: usize,
    },
    /// More fees than a bill has lines for.
    #[error("a bill has at most {max} fees, got {got}")]
    TooManyFees {
        /// Fees listed.
        got: usize,
        /// Fees allowed.
        max: usize,
    },
    /// A list of wishes that does not fit the orders.
    #[error("there must be one wish per order, got {wishes} for {orders}")]
    Wishes {
        /// Orders given.
        orders: usize,
        /// Wishes given.
        wishes: usize,
    },
    /// A premium in permille above the largest one.
    #[error("a premium must lie in 0 ..= {max} permille, got {got}")]
    Premium {
        /// The premium given.
        got: u16,
        /// The largest premium.
        max: u16,
    },
}

/// A quantity that can leave the range of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Quantity {
    /// The contracted energy of one participant.
    Contracted,
    /// The metered energy of a region.
    Metered,
    /// The deviation of one participant.
    Deviation,
    /// An amount of one participant.
    Amount,
    /// An amount of the grid.
    GridAmount,
    /// An amount of the operator.
    OperatorAmount,
    /// What the operator keeps of an auction.
    AuctionSurplus,
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Contracted => "a participant's contracted energy",
            Self::Metered => "the region's metered energy",
            Self::Deviation => "a participant's deviation",
            Self::Amount => "a participant's amount",
            Self::GridAmount => "the grid's amount",
            Self::OperatorAmount => "the operator's amount",
            Self::AuctionSurplus => "the auction's surplus",
        })
    }
}

/// A parameter of a formula, by the name it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Parameter {
    /// Highest reward of NRG-X-Change, in currency/kWh.
    Q,
    /// Highest charge, in currency/kWh.
    R,
    /// Width of NRG-X-Change's bell, in kWh^2.
    A,
    /// Highest selling price of the safe variant, in currency/kWh.
    Top,
    /// Width of the safe variant's bell, a plain number.
    Alpha,
    /// A member's own energy, in kWh.
    Own,
    /// The region's production, in kWh.
    Production,
    /// The region's consumption, in kWh.
    Consumption,
    /// The grid's feed-in price, in currency/kWh.
    FeedIn,
    /// The grid's retail price, in currency/kWh.
    Retail,
    /// Where an auction's price lies in its interval.
    Kappa,
    /// The region's sum of surpluses, in kWh.
    Surplus,
    /// The region's sum of deficits, in kWh.
    Deficit,
    /// Coins minted per injected energy, in coins/kWh.
    B,
}

impl std::fmt::Display for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Q => "q",
            Self::R => "r",
            Self::A => "a",
            Self::Top => "top",
            Self::Alpha => "alpha",
            Self::Own => "own",
            Self::Production => "production",
            Self::Consumption => "consumption",
            Self::FeedIn => "feed-in",
            Self::Retail => "retail",
            Self::Kappa => "kappa",
            Self::Surplus => "surplus",
            Self::Deficit => "deficit",
            Self::B => "b",
        })
    }
}

/// The range in which a parameter has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Expected {
    /// Zero or more.
    NotNegative,
    /// More than zero.
    Positive,
    /// From the first to the second, both included.
    Within(Decimal, Decimal),
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotNegative => f.write_str("zero or more"),
            Self::Positive => f.write_str("above zero"),
            Self::Within(low, high) => write!(f, "between {low} and {high}"),
        }
    }
}
