//! What demand response refuses, with the values that clash.
//!
//! In: nothing. Out: one enum for the rules, one for what comes as an event. Refuses to know: who
//! called, and what for. After any of these nothing has changed.

use super::time::{Moment, Span};
use crate::energy::Energy;
use crate::fixed::Decimal;
use crate::ids::ParticipantId;
use crate::money::Price;
use crate::slot::Slot;

/// What the rules of demand response refuse.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ResponseError {
    /// A mean needs at least one day, and over too many it says little about the season.
    #[error("a baseline is a mean over 1 ..= {max} days, got {got}")]
    Days {
        /// Days asked for.
        got: u32,
        /// Days allowed.
        max: u32,
    },
    /// More participants than one call may have.
    #[error("a call has at most {max} participants, got {got}")]
    TooMany {
        /// Participants given.
        got: usize,
        /// Participants allowed.
        max: usize,
    },
    /// A list that has to ascend by participant does not.
    #[error("participants must ascend, got {next} after {before}")]
    Unordered {
        /// The participant listed first.
        before: ParticipantId,
        /// The one listed after it, which is not above.
        next: ParticipantId,
    },
    /// A threshold is an amount of energy, not a direction.
    #[error("the threshold of an event must not be below zero, got {0}")]
    Threshold(Energy),
    /// An energy lies outside what a connection point can move in a slot.
    #[error("participant {participant}: energy must lie in {low} ..= {high}, got {got}")]
    Energy {
        /// Whose.
        participant: ParticipantId,
        /// The energy.
        got: Energy,
        /// The least it may be.
        low: Energy,
        /// The most it may be.
        high: Energy,
    },
    /// The band is a part of the ordered change: at most all of it.
    #[error("a tolerance lies in 0 ..= 1000 permille of the ordered change, got {0}")]
    Tolerance(u32),
    /// A rate lies outside what the market works with.
    #[error("a rate must lie in 0 ..= {max}, got {got}")]
    Rate {
        /// The rate.
        got: Price,
        /// The highest rate.
        max: Price,
    },
    /// No order, no payment.
    #[error("participant {0} was not called upon")]
    NotCalled(ParticipantId),
    /// A meter value settles once.
    #[error("participant {0} is settled already")]
    AlreadySettled(ParticipantId),
}

/// What cannot be read as an event, or has no meaning in a market of slots.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EventError {
    /// A number with more digits than every reader of JSON keeps.
    #[error("a number may have at most {max} significant digits, got {got}")]
    Digits {
        /// The number.
        got: Decimal,
        /// Digits allowed.
        max: u32,
    },
    /// A name is too short, too long, or has control characters.
    #[error("a name has 1 ..= {max} characters, got {got:?}")]
    Name {
        /// The beginning of the name.
        got: String,
        /// Characters allowed.
        max: usize,
    },
    /// An object's name is part of an address.
    #[error("a program has 1 ..= {max} characters of a-z, A-Z, 0-9, _ and -, got {got:?}")]
    Program {
        /// The beginning of the name.
        got: String,
        /// Characters allowed.
        max: usize,
    },
    /// An interval without a beginning: neither its own nor the event's.
    #[error("interval {0} has no period, nor has the event")]
    NoPeriod(i64),
    /// An interval does not consist of whole slots, or none of this run.
    #[error("interval {interval} must be 1 ..= {max} whole slots, got {span} from {start}")]
    NotSlots {
        /// The interval's id.
        interval: i64,
        /// Its beginning.
        start: Moment,
        /// Its length.
        span: Span,
        /// Slots that one event may cover.
        max: u32,
    },
    /// A beginning that everybody shifts at random has no meaning in a market of slots.
    #[error("interval {0} begins at random")]
    Random(i64),
    /// An event that repeats or cuts off its intervals.
    #[error("the event lasts {got}, its intervals {expected}")]
    Duration {
        /// What the event says.
        got: Span,
        /// What its intervals last together.
        expected: Span,
    },
    /// Intervals must follow one another in time.
    #[error("interval {0} begins before the one in front of it ends")]
    Overlap(i64),
    /// A payload whose unit is not the one that is understood.
    #[error("{payload} must be in {expected}, got {got:?}")]
    Unit {
        /// The payload's type.
        payload: &'static str,
        /// The unit understood.
        expected: &'static str,
        /// The unit given.
        got: String,
    },
    /// A payload whose value has no meaning.
    #[error("interval {interval}: {payload} must be {expected}")]
    Value {
        /// The interval's id.
        interval: i64,
        /// The payload's type.
        payload: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// Signals that are to be published must be one slot after the other.
    #[error(
        "signals must be for one slot after the other, got slot {got} where {expected} is next"
    )]
    Gap {
        /// The slot that is next.
        expected: Slot,
        /// The slot given.
        got: Slot,
    },
    /// Nothing to say, or too much.
    #[error("an event covers 1 ..= {max} slots, got {got}")]
    Slots {
        /// Slots given.
        got: usize,
        /// Slots allowed.
        max: u32,
    },
    /// Beyond what moments can say.
    #[error("slot {0} begins after the year 9999")]
    TooLate(Slot),
    /// Slot 0 must begin at a quarter of an hour.
    #[error("slot 0 must begin at a quarter of an hour, got {0}")]
    Origin(Moment),
}
