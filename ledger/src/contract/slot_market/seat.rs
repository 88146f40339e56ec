//! A seat: what one member has in the open slot.
//!
//! In: orders, a contract, a reading. Out: the bytes that the state root covers. Refuses to know:
//! other seats.

use market::{Energy, Metered, Order, OrderId, ParticipantId, Price, Side, Slot};
use serde::{Deserialize, Serialize};

use crate::commitment::{Commitment, Invalid, Reading};
use crate::identity::MeterId;
use crate::records::Leaf;

/// One member's part of the open slot. Orders until the gate closes; then a contract, then a
/// reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Seat {
    /// Its orders in the order in which it gave them: the position is the order's counter.
    pub(super) orders: Vec<Placed>,
    /// Energy bought in the auction, negative if sold.
    pub(super) contracted: Energy,
    /// What its meter said.
    pub(super) delivery: Option<Delivery>,
}

/// An order in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) quantity: Energy,
}

/// A reading: what was ordered, and the private part that it covers. The salt is kept so that the
/// match can be checked again wherever this state is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Delivery {
    commitment: Commitment,
    pub(super) metered: Metered,
    salt: [u8; 32],
}

impl Seat {
    /// The orders under their names.
    pub(super) fn named(&self, participant: ParticipantId) -> impl Iterator<Item = Order> {
        let named =
            move |(placed, counter): (&Placed, u32)| placed.named(OrderId { participant, counter });
        self.orders.iter().zip(0..).map(named)
    }

    /// What the orders of one side ask for together; bounded by the connection limit.
    pub(super) fn ordered(&self, side: Side) -> Energy {
        let same = self.orders.iter().filter(|placed| placed.side == side);
        same.fold(Energy::ZERO, |sum, placed| {
            sum.checked_add(placed.quantity).expect("16 orders of at most 1 GWh fit 64 bits")
        })
    }

    /// Whether this is a seat of the order phase: 1 to `max` orders that can be cleared, nothing
    /// else.
    pub(super) fn holds_orders_alone(&self, participant: ParticipantId, max: u32) -> bool {
        let orders = 1..=max as usize;
        orders.contains(&self.orders.len())
            && self.named(participant).all(|order| order.check_range().is_ok())
            && self.contracted == Energy::ZERO
            && self.delivery.is_none()
    }

    /// Whether this is a seat of the delivery phase: a contract, a reading, or both.
    pub(super) fn holds_no_orders(&self) -> bool {
        let something = self.contracted != Energy::ZERO || self.delivery.is_some();
        self.orders.is_empty() && something
    }
}

impl Placed {
    /// The order under its name.
    pub(super) const fn named(&self, id: OrderId) -> Order {
        let Self { side, price, quantity } = *self;
        Order { id, side, price, quantity }
    }
}

impl Delivery {
    /// The reading of `meter` in `slot`, opened from its private part, which checked that
    /// `commitment` covers it.
    ///
    /// # Errors
    ///
    /// [`Invalid::ReadingOutOfBounds`].
    pub(crate) fn try_new(
        commitment: Commitment,
        reading: &Reading,
        meter: MeterId,
        slot: Slot,
    ) -> Result<Self, Invalid> {
        let metered = reading.metered(meter, slot)?;
        Ok(Self { commitment, metered, salt: reading.salt })
    }

    /// Whether neither register exceeds `limit`.
    pub(super) fn fits(&self, limit: Energy) -> bool {
        self.metered.import() <= limit && self.metered.export() <= limit
    }

    /// Whether the commitment is the one to this reading of `meter` in `slot`.
    pub(super) fn matches(&self, meter: MeterId, slot: Slot) -> bool {
        let (import, export) = (self.metered.import(), self.metered.export());
        let reading = Reading { import, export, salt: self.salt };
        reading.commitment(meter, slot) == self.commitment
    }
}

impl Leaf for Seat {
    /// Of a reading, the commitment alone: the root shows nothing about the value.
    fn write_leaf(&self, out: &mut Vec<u8>) {
        let commitment = self.delivery.as_ref().map(|delivery| &delivery.commitment);
        bcs::serialize_into(out, &(&self.orders, self.contracted, commitment))
            .expect("integers and digests encode");
    }
}
