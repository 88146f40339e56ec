//! From seats with orders to seats with contracts.
//!
//! In: all seats of a slot and the seed for ties. Out: the auction's result, a fact per order, the
//! seats that have something to deliver. Refuses to know: how prices are found.

use market::{Clearing, Contract, Kappa, Order, ParticipantId, Seed, Side, Slot};

use crate::contract::slot_market::seat::Seat;
use crate::fact::Fact;
use crate::hash::Hash;
use crate::receipt::GateSummary;
use crate::records::Records;
use crate::refusal::Refusal;

/// What the auction did.
pub(super) struct Auction {
    pub(super) summary: GateSummary,
    contracts: Vec<Contract>,
    orders: Vec<Order>,
    clearing: Clearing,
}

impl Auction {
    /// Clears the orders of all seats at one price.
    ///
    /// # Errors
    ///
    /// [`Refusal::SlotOverflow`]; the bounds on members and orders exclude it.
    pub(super) fn run<'a>(
        slot: Slot,
        seats: impl Iterator<Item = (ParticipantId, &'a Seat)>,
        kappa: Kappa,
        seed: &Hash,
    ) -> Result<Self, Refusal> {
        let orders: Vec<Order> =
            seats.flat_map(|(participant, seat)| seat.named(participant)).collect();
        let overflow = |_| Refusal::SlotOverflow { slot };
        let seed = Seed::new(*seed.bytes());
        let clearing = market::clear(&orders, kappa, &seed).map_err(overflow)?;
        let contracts = clearing.contracts(&orders).map_err(overflow)?;
        let bids = orders.iter().filter(|order| order.side == Side::Bid).count() as u32;
        let summary = GateSummary {
            slot,
            price: clearing.price(),
            volume: clearing.volume,
            bids,
            offers: orders.len() as u32 - bids,
        };
        Ok(Self { summary, contracts, orders, clearing })
    }

    /// The seats of the members that have something to deliver.
    pub(super) fn seats(&self) -> Records<Seat> {
        let seat = |contract: &Contract| {
            let seat = Seat { contracted: contract.energy, ..Seat::default() };
            (contract.participant, seat)
        };
        self.contracts.iter().map(seat).collect()
    }

    /// One fact per order, then the auction's.
    pub(super) fn facts(&self) -> impl Iterator<Item = Fact> {
        let slot = self.summary.slot;
        let outcomes = self.orders.iter().zip(&self.clearing.outcomes);
        outcomes
            .map(move |(order, outcome)| Fact::Ordered { slot, order: *order, outcome: *outcome })
            .chain([Fact::GateClosed(self.summary)])
    }
}
