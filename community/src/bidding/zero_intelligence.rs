//! To bid without intelligence.
//!
//! In: the public view and the expected net of a home. Out: one limit order for the whole of it,
//! inside the tariff; devices do as their owner is used to. Refuses to know: other homes, prices of
//! the past, the auction's rules.

use market::{Energy, Price, Tariff};

use crate::random::Stream;
use crate::strategy::{LimitOrder, Strategy, TICK, View};

/// Zero intelligence with a budget constraint (Gode and Sunder 1993): any price between feed-in and
/// retail, each tick equally likely. Nobody can lose against the grid by a trade, and nobody is
/// clever. The baseline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ZeroIntelligence;

impl Strategy for ZeroIntelligence {
    fn name(&self) -> &'static str {
        "zero-intelligence"
    }

    fn orders(&self, view: &View<'_>, expected: Energy, stream: &mut Stream) -> Vec<LimitOrder> {
        LimitOrder::for_net(expected, any_price(&view.tariff, stream)).into_iter().collect()
    }
}

/// A tick of the tariff's range, each equally likely; the feed-in price if the range holds no tick.
fn any_price(tariff: &Tariff, stream: &mut Stream) -> Price {
    let tick = TICK.micro_per_kwh();
    let low = (tariff.feed_in().micro_per_kwh() + tick - 1) / tick;
    let high = tariff.retail().micro_per_kwh() / tick;
    tariff.clamp(Price::from_micro_per_kwh(stream.between(low, high) * tick))
}

#[cfg(test)]
mod tests {
    use market::{Side, Slot};
    use proptest::prelude::*;

    use super::*;
    use crate::prices::LastDay;
    use crate::random::Purpose;
    use crate::strategy::Strategy;

    fn tariff(feed_in: i64, retail: i64) -> Tariff {
        let price = Price::from_micro_per_kwh;
        Tariff::try_new(price(feed_in), price(retail)).expect("in order")
    }

    fn view(tariff: Tariff) -> View<'static> {
        View { slot: Slot::ZERO, quarter: 0, tariff, prices: &LastDay::NONE }
    }

    fn stream(seed: u64) -> Stream {
        Stream::new(seed, 3, Purpose::Bid, 5)
    }

    // Between 0.08 and 0.10 there are 21 ticks, both ends among them; zero intelligence uses every
    // one about equally often: 4,200 draws give 200 each, within 5 standard deviations (14 each).
    #[test]
    fn zero_intelligence_draws_every_tick() {
        let view = view(tariff(80_000, 100_000));
        let mut hits = [0_i32; 21];
        let mut stream = stream(1);
        for _ in 0..4_200 {
            let order = ZeroIntelligence.orders(&view, Energy::from_wh(10), &mut stream)[0];
            assert_eq!(order.price.micro_per_kwh() % 1_000, 0);
            hits[(order.price.micro_per_kwh() / 1_000 - 80) as usize] += 1;
        }
        assert!(hits.iter().all(|hit| (hit - 200).abs() < 70), "{hits:?}");
    }

    proptest! {
        // Whatever the tariff - also one without a tick or without a range - a home orders exactly
        // its net, on the right side, inside the tariff; and nothing for nothing.
        #[test]
        fn orders_stay_inside_the_tariff(
            seed: u64, feed_in in 0_i64..400_000, width in 0_i64..400_000, wh in -5_000_i64..5_000,
        ) {
            let view = view(tariff(feed_in, feed_in + width));
            let orders = ZeroIntelligence.orders(&view, Energy::from_wh(wh), &mut stream(seed));
            prop_assert_eq!(orders.len(), usize::from(wh != 0));
            for order in orders {
                prop_assert_eq!(order.price, view.tariff.clamp(order.price));
                prop_assert_eq!(order.quantity.wh(), wh.abs());
                prop_assert_eq!(order.side == Side::Bid, wh > 0);
            }
        }
    }
}
