//! What a home may see, what it may do and want, and how the one becomes the other.
//!
//! In: the tariff, the prices of the last day and the home's own expectation. Out: what battery and
//! car do, limit orders. Refuses to know: other homes, their orders, the auction's rules, the
//! ledger.

use market::{Energy, Price, Side, Slot, Tariff};

use crate::home::{Home, Plan};
use crate::prices::LastDay;
use crate::random::Stream;

/// Orders are priced in steps of 0.001 currency/kWh: what people and tariff sheets use.
pub const TICK: Price = Price::from_micro_per_kwh(1_000);

/// What a home looks at when it makes the orders of a slot: what everybody may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View<'a> {
    /// The slot that takes orders.
    pub slot: Slot,
    /// The quarter hour of the local day in which it begins, 0..96.
    pub quarter: u32,
    /// Feed-in and retail price, which bound every order.
    pub tariff: Tariff,
    /// What the quarter hours of the last day cost.
    pub prices: &'a LastDay,
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

/// The price `permille` of the way from feed-in to retail, on a whole tick: a bid's rounded down,
/// an offer's up, so that neither asks for more than was meant; inside the tariff also where that
/// is narrower than a tick.
pub fn price_at(tariff: &Tariff, permille: i64, side: Side) -> Price {
    let (low, high) = (tariff.feed_in().micro_per_kwh(), tariff.retail().micro_per_kwh());
    let nano =
        i128::from(low) * 1_000 + (i128::from(high) - i128::from(low)) * i128::from(permille);
    let tick = i128::from(TICK.micro_per_kwh()) * 1_000;
    let ticks = match side {
        Side::Bid => nano.div_euclid(tick),
        Side::Offer => -(-nano).div_euclid(tick),
    };
    let micro = ticks * i128::from(TICK.micro_per_kwh());
    let inside = micro.clamp(i128::from(low), i128::from(high));
    Price::from_micro_per_kwh(i64::try_from(inside).expect("between two prices"))
}

/// A way to use devices and to bid. Both are functions of what they are given, so that a run is one
/// of its seed.
pub trait Strategy: Send + Sync {
    /// Its name: what it is chosen and reported by.
    fn name(&self) -> &'static str;

    /// What battery and car of `home` do in a slot that begins in `quarter` of the local day, given
    /// the `prices` of the last day. As their owner is used to, unless a strategy says otherwise.
    fn plan(&self, quarter: u32, prices: &LastDay, home: &Home) -> Plan {
        let _ = (quarter, prices, home);
        Plan::default()
    }

    /// The orders of one home for the slot of `view`, given the net energy it `expected` under its
    /// plan (positive: import). At most 16, the bound of the ledger. `stream` is this home's for
    /// this slot, so that the same run bids the same.
    fn orders(&self, view: &View<'_>, expected: Energy, stream: &mut Stream) -> Vec<LimitOrder>;
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

    // By hand: 90 % of the way from 0.08 to 0.3005 is 0.27845, a bid's 0.278, an offer's 0.279; a
    // tariff narrower than a tick has one price for all.
    #[test]
    fn prices_lie_on_ticks_inside_the_tariff() {
        let price = Price::from_micro_per_kwh;
        let tariff = |low, high| Tariff::try_new(price(low), price(high)).expect("in order");
        let wide = tariff(80_000, 300_500);
        assert_eq!(price_at(&wide, 900, Side::Bid), price(278_000));
        assert_eq!(price_at(&wide, 900, Side::Offer), price(279_000));
        assert_eq!(price_at(&wide, 1_000, Side::Offer), price(300_500));
        assert_eq!(price_at(&wide, 0, Side::Bid), price(80_000));
        let narrow = tariff(80_100, 80_200);
        assert_eq!(price_at(&narrow, 500, Side::Bid), price(80_100));
        assert_eq!(price_at(&narrow, 500, Side::Offer), price(80_200));
    }
}
