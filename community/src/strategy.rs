//! What a home may see, what it may want, and how the one becomes the other.
//!
//! In: the tariff and the home's own expectation. Out: limit orders. Refuses to know: other
//! homes, their orders, the auction's rules, the ledger.

use market::{Energy, Price, Side, Slot, Tariff};

use crate::random::Stream;

/// What a home looks at when it makes the orders of a slot. Prices of the past are not in it: no
/// strategy here learns from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// The slot that takes orders.
    pub slot: Slot,
    /// Feed-in and retail price, which bound every order.
    pub tariff: Tariff,
}

impl View {
    /// The view before the first slot.
    pub const fn first(tariff: Tariff) -> Self {
        Self { slot: Slot::ZERO, tariff }
    }
}

/// An order a home wants to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitOrder {
    /// Buy or sell.
    pub side: Side,
    /// The worst price it accepts, within the tariff.
    pub price: Price,
    /// How much, above zero.
    pub quantity: Energy,
}

impl LimitOrder {
    /// The order that trades the whole expected net (positive: import) at `price`; `None` if there
    /// is nothing to trade.
    pub fn for_net(expected: Energy, price: Price) -> Option<Self> {
        match expected.wh() {
            0 => None,
            wh if wh > 0 => Some(Self { side: Side::Bid, price, quantity: expected }),
            wh => Some(Self { side: Side::Offer, price, quantity: Energy::from_wh(-wh) }),
        }
    }
}

/// A way to bid.
pub trait Strategy: Send + Sync {
    /// The orders of one home for the slot of `view`, given the net energy it `expected` (positive:
    /// import). At most 16, the bound of the ledger. `stream` is this home's for this slot, so that
    /// the same run bids the same.
    fn orders(&self, view: &View, expected: Energy, stream: &mut Stream) -> Vec<LimitOrder>;
}

#[cfg(test)]
mod tests {
    use super::*;

    // An import is bid for, an export offered, and nothing is not ordered.
    #[test]
    fn the_sign_of_the_net_chooses_the_side() {
        let price = Price::from_micro_per_kwh(100_000);
        let order = |wh| LimitOrder::for_net(Energy::from_wh(wh), price);
        assert_eq!(order(0), None);
        let five = Energy::from_wh(5);
        assert_eq!(order(5), Some(LimitOrder { side: Side::Bid, price, quantity: five }));
        assert_eq!(order(-5), Some(LimitOrder { side: Side::Offer, price, quantity: five }));
    }
}
