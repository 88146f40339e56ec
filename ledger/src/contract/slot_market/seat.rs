//! A seat: what one member has in the open slot.
//!
//! In: orders, a contract, a reading. Out: the bytes that the state root covers. Refuses to know:
//! other seats.

use market::{Energy, Metered, Order, OrderId, ParticipantId, Price, Side, Tariff};
use serde::{Deserialize, Serialize};

use crate::commitment::{Commitment, Reading};
use crate::records::Leaf;
use crate::refusal::Refusal;

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
    pub(super) commitment: Commitment,
    pub(super) reading: Reading,
}

impl Seat {
    /// The orders under their names.
    pub(super) fn named(&self, participant: ParticipantId) -> impl Iterator<Item = Order> {
        self.orders.iter().zip(0..).map(move |(placed, counter)| Order {
            id: OrderId { participant, counter },
            side: placed.side,
            price: placed.price,
            quantity: placed.quantity,
        })
    }

    /// What the orders of one side ask for together; bounded by the connection limit.
    pub(super) fn ordered(&self, side: Side) -> Energy {
        let same = self.orders.iter().filter(|placed| placed.side == side);
        same.fold(Energy::ZERO, |sum, placed| {
            sum.checked_add(placed.quantity).expect("16 orders of at most 1 GWh fit 64 bits")
        })
    }

    /// Whether this is a seat of the order phase: 1 to `max` orders, nothing else.
    pub(super) fn holds_orders_alone(&self, max: u32) -> bool {
        let orders = 1..=max as usize;
        orders.contains(&self.orders.len())
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
    /// Checks the terms alone.
    ///
    /// # Errors
    ///
    /// [`Refusal::Quantity`] or [`Refusal::Price`].
    pub(super) fn check(&self, tariff: &Tariff) -> Result<(), Refusal> {
        if !self.quantity.is_positive() || self.quantity > Order::MAX_QUANTITY {
            return Err(Refusal::Quantity { got: self.quantity, max: Order::MAX_QUANTITY });
        }
        if !tariff.contains(self.price) {
            let (low, high) = (tariff.feed_in(), tariff.retail());
            return Err(Refusal::Price { got: self.price, low, high });
        }
        Ok(())
    }
}

impl Delivery {
    /// A reading that was opened from its private part, which checked bounds and commitment.
    pub(crate) fn new(commitment: Commitment, reading: Reading) -> Self {
        Self { commitment, reading }
    }

    /// Whether neither register exceeds `limit`.
    pub(super) fn fits(&self, limit: Energy) -> bool {
        self.reading.import <= limit && self.reading.export <= limit
    }

    /// The value as settlement wants it.
    pub(super) fn metered(&self) -> Metered {
        Metered::try_new(self.reading.import, self.reading.export)
            .expect("a reading has the bounds of a metered slot")
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
