//! What the ledger refuses, with the values that clash.
//!
//! In: nothing. Out: one enum for all contracts, so that clients match and count. Refuses to know:
//! who asked. After any of these nothing has changed. None of them names a private value.

use market::{Energy, Money, OrderFlaw, ParticipantId, Price, Slot};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::commitment::Invalid;
use crate::identity::{MeterId, Role};
use crate::phase::Phase;

/// Why a command had no effect. Checks run in the order: form, role, phase, values.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
pub enum Refusal {
    /// The bytes are no command: unknown tag, wrong length, trailing bytes, or too long.
    #[error("the bytes are not a command")]
    Malformed,
    /// The private part does not fit. An honest primary never proposes such an entry.
    #[error(transparent)]
    Private(Invalid),
    /// The author may not give this command.
    #[error("the command is for {needs}, the author is {is}")]
    Role {
        /// Whose command it is.
        needs: Role,
        /// What the author is.
        is: Role,
    },
    /// The command is too late or too early.
    #[error("the command needs {needs}, the ledger is in {now}")]
    Phase {
        /// The phase in which it would be allowed, or the first one of several.
        needs: Phase,
        /// The phase the ledger is in.
        now: Phase,
    },
    /// The participant is registered already.
    #[error("participant {0} is registered already")]
    ParticipantTaken(ParticipantId),
    /// The author is the operator, or a member already.
    #[error("the author is registered already")]
    AuthorTaken,
    /// The meter speaks for another member already.
    #[error("meter {meter} belongs to participant {participant} already")]
    MeterTaken {
        /// The meter.
        meter: MeterId,
        /// Its member.
        participant: ParticipantId,
    },
    /// The ledger is full.
    #[error("a region holds at most {max} members")]
    TooManyMembers {
        /// The bound.
        max: u32,
    },
    /// A deposit is negative or above the bound.
    #[error("a deposit must lie in 0 ..= {max}, got {got}")]
    Deposit {
        /// The deposit.
        got: Money,
        /// The bound.
        max: Money,
    },
    /// A transfer must move something.
    #[error("a transfer must be above 0, got {got}")]
    Amount {
        /// The amount.
        got: Money,
    },
    /// A transfer to oneself.
    #[error("a transfer needs another member as receiver")]
    ToSelf,
    /// The member has used up its transfers of the slot.
    #[error("a member may place {max} transfers in a slot")]
    TooManyTransfers {
        /// The bound.
        max: u32,
    },
    /// An order asks for less than 1 Wh or more than an order may hold.
    #[error("order quantity must lie in 1 Wh ..= {max}, got {got}")]
    Quantity {
        /// The quantity.
        got: Energy,
        /// The bound.
        max: Energy,
    },
    /// An order's price lies outside the tariff.
    #[error("order price {got} lies outside the tariff [{low}, {high}]")]
    Price {
        /// The price.
        got: Price,
        /// Feed-in price.
        low: Price,
        /// Retail price.
        high: Price,
    },
    /// The member has used up its orders of the slot.
    #[error("a member may place {max} orders in a slot")]
    TooManyOrders {
        /// The bound.
        max: u32,
    },
    /// The orders of one side, or a reading, exceed what a connection point can carry in a slot.
    #[error("a connection point carries at most {limit} in a slot")]
    AboveConnection {
        /// The bound of the genesis.
        limit: Energy,
    },
    /// A member speaks for a meter that is not its own.
    #[error("meter {got} is not the author's: its meter is {own}")]
    NotYourMeter {
        /// The meter named in the command.
        got: MeterId,
        /// The author's own.
        own: MeterId,
    },
    /// The meter was read already in this slot.
    #[error("meter {meter} was read already in slot {slot}")]
    AlreadyRead {
        /// The meter.
        meter: MeterId,
        /// The slot.
        slot: Slot,
    },
    /// A balance would leave the range of 64 bits.
    #[error("the balance of {account} would leave the range of 64 bits")]
    BalanceOverflow {
        /// The account.
        account: Account,
    },
    /// A sum over the slot would leave the range of 64 bits. The bounds of the genesis exclude it.
    #[error("a sum over slot {slot} would leave the range of 64 bits")]
    SlotOverflow {
        /// The slot.
        slot: Slot,
    },
}

impl From<OrderFlaw> for Refusal {
    fn from(flaw: OrderFlaw) -> Self {
        match flaw {
            OrderFlaw::Quantity { got, max } => Self::Quantity { got, max },
            OrderFlaw::Price { got, low, high } => Self::Price { got, low, high },
        }
    }
}
