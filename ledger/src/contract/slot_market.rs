//! The market of the open slot: orders until the gate closes, an auction, readings, settlement.
//!
//! In: orders and readings by members, phase commands by the operator. Out: facts about trades and bills.
//! Refuses to know: formulas (the market crate has them), what bills do to a score.

use market::{Energy, Price, Side, Slot};
use serde::{Deserialize, Serialize};

use crate::commitment::Commitment;
use crate::identity::MeterId;

/// What may be asked of this contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Ends the enrolment: slot 0 takes orders. Operator only.
    Open,
    /// Puts a limit order into the book of `slot`. Members only, while the slot takes orders.
    PlaceOrder {
        /// The slot the order is for.
        slot: Slot,
        /// Buy or sell.
        side: Side,
        /// The worst price its author accepts, within the tariff.
        price: Price,
        /// How much; partial fills are allowed.
        quantity: Energy,
    },
    /// Closes the book of `slot` and runs its auction. Operator only.
    CloseGate {
        /// The slot.
        slot: Slot,
    },
    /// Commits to what `meter` measured in `slot`; the value travels beside the command. The meter's member
    /// only, after the gate closed.
    SubmitReading {
        /// The slot.
        slot: Slot,
        /// The meter.
        meter: MeterId,
        /// What covers the value, see [`Reading::commitment`](crate::Reading::commitment).
        commitment: Commitment,
    },
    /// Settles `slot` and opens the next one for orders. Operator only.
    CloseSlot {
        /// The slot.
        slot: Slot,
    },
}
