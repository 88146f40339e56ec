//! The upper end of a feeder or an aggregator: how much more it carries, and the price behind it
//! when it is full.
//!
//! In: a limit, what flows through. Out: the room that is left, the price inside. Refuses to know:
//! what hangs behind it, but for two prices.

use crate::grid::{Limit, Tier};
use crate::matching::Kappa;
use crate::money::Price;
use crate::order::Side;
use crate::tier::curve::net_of;

/// Energy of one side that was cleared on a tier, on its way to the orders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// On which tier.
    pub(super) tier: Tier,
    /// Whose: that of bids flows in, that of offers out.
    pub(super) side: Side,
    /// How much, in Wh, above zero.
    pub(super) energy: i64,
    /// What sellers get, and buyers pay before the fee.
    pub(super) price: Price,
    /// What buyers pay on top.
    pub(super) fee: Price,
}

/// A limit, and what flowed through so far.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    limit: Limit,
    /// Energy that came in less energy that went out, in Wh.
    net: i64,
}

impl Gate {
    pub(super) fn new(limit: Limit) -> Self {
        Self { limit, net: 0 }
    }

    /// How much more of a side may flow, in Wh; `None` is no limit.
    pub(super) fn room(&self, side: Side) -> Option<i64> {
        match side {
            Side::Bid => self.limit.import.map(|limit| limit.wh().saturating_sub(self.net)),
            Side::Offer => self.limit.export.map(|limit| limit.wh().saturating_add(self.net)),
        }
    }

    /// Whether nothing more of a side may flow.
    pub(super) fn is_full(&self, side: Side) -> bool {
        self.room(side) == Some(0)
    }

    /// Lets the flow, at most what there is room for, through and returns the price inside: the one
    /// outside, unless the gate is full and the Wh behind the last one would have traded as well.
    /// Then it is a price at which exactly this flow is wanted. `edge` are the prices of these two.
    pub(super) fn pass(
        &mut self,
        flow: &Flow,
        edge: impl FnOnce() -> (Option<Price>, Option<Price>),
        kappa: Kappa,
    ) -> Price {
        let room = self.room(flow.side);
        assert!(room.is_none_or(|room| flow.energy <= room), "a flow within its limit");
        self.net += match flow.side {
            Side::Bid => flow.energy,
            Side::Offer => -flow.energy,
        };
        if room != Some(flow.energy) {
            return flow.price;
        }
        match (flow.side, edge()) {
            (Side::Bid, (Some(last), Some(next))) => {
                let (last, next) = (net_of(last, flow.fee), net_of(next, flow.fee));
                if next > flow.price { kappa.between(next, last) } else { flow.price }
            }
            (Side::Offer, (Some(last), Some(next))) if next < flow.price => {
                kappa.between(last, next)
            }
            _ => flow.price,
        }
    }
}
