//! To use one's own first, and to trade the rest at fixed places of the tariff.
//!
//! In: the quarter hour of the day and the expected net of a home. Out: what battery and car do,
//! one limit order for the rest. Refuses to know: prices of the past, other homes, the auction's
//! rules, chance.
//!
//! # Rules (ours)
//!
//! - The battery takes the home's surplus and covers its lack; it never draws from the grid.
//! - A car takes the home's surplus before the battery does. From 22:00 to 06:00 it charges at full
//!   power, so that it is ready in the morning; else it waits for the sun, whatever its owner is
//!   used to.
//! - What is still lacked or left is ordered whole: bid for at 9/10 of the way from feed-in to
//!   retail, offered at 1/10. So every bid meets every offer, and each side leaves the other most
//!   of the gain.

use market::{Energy, Side};

use crate::home::{Home, Plan};
use crate::prices::LastDay;
use crate::random::Stream;
use crate::strategy::{LimitOrder, Strategy, View, price_at};
use crate::vehicle::{Charge, Vehicle};

/// Place of a bid between feed-in and retail, permille.
pub const BID_PERMILLE: i64 = 900;
/// Place of an offer between feed-in and retail, permille.
pub const OFFER_PERMILLE: i64 = 100;

/// Own use first, the rest at fixed places of the tariff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SelfConsumption;

impl Strategy for SelfConsumption {
    fn name(&self) -> &'static str {
        "self-consumption"
    }

    fn plan(&self, quarter: u32, _: &LastDay, _: &Home) -> Plan {
        let car = if Vehicle::is_night(quarter) { Charge::Full } else { Charge::Surplus };
        Plan { car, ..Plan::default() }
    }

    fn orders(&self, view: &View<'_>, expected: Energy, _: &mut Stream) -> Vec<LimitOrder> {
        let (side, permille) = if expected.is_positive() {
            (Side::Bid, BID_PERMILLE)
        } else {
            (Side::Offer, OFFER_PERMILLE)
        };
        let price = price_at(&view.tariff, permille, side);
        LimitOrder::for_net(expected, price).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use market::{Price, Slot, Tariff};

    use super::*;
    use crate::battery::{BatterySpec, Dispatch};
    use crate::equipment::Equipment;
    use crate::home::Moment;
    use crate::power::{Power, Work};
    use crate::random::Purpose;
    use crate::vehicle::{Charging, VehicleSpec};

    fn plan(quarter: u32) -> Plan {
        let bare = Equipment { roof: None, battery: None, vehicle: None, series: 0 };
        SelfConsumption.plan(quarter, &LastDay::NONE, &Home::new(&bare))
    }

    // By day an eager car waits for the sun, from 22:00 to 06:00 it charges; the battery balances.
    #[test]
    fn a_car_waits_for_the_sun_or_the_night() {
        let night: Vec<u32> = (0..96).filter(|q| plan(*q).car == Charge::Full).collect();
        assert_eq!(night, (0..24).chain(88..96).collect::<Vec<_>>());
        assert!((0..96).all(|quarter| plan(quarter).battery == Dispatch::Balance));
    }

    // By hand, a day of a home with 1 kW of load, 5 kW of sun at noon and a car that owes 3 kWh: at
    // noon the car takes 3.7 kW of the 4 kW left, the battery 0.3 kW; nothing is traded. In the
    // evening the battery gives its 67.5 Wh (75 Wh at 90 %) of the 250 Wh lacked. Never both ways.
    #[test]
    fn own_surplus_is_used_before_anything_is_traded() {
        let own = Equipment {
            roof: None,
            battery: Some(BatterySpec {
                capacity: Work::from_wh(5_000),
                power: Power::from_watts(3_000),
                efficiency_permille: 900,
            }),
            vehicle: Some(VehicleSpec {
                power: Power::from_watts(3_700),
                charging: Charging::OnArrival,
            }),
            series: 0,
        };
        let mut home = Home::new(&own);
        let noon = Moment {
            load: Power::from_watts(1_000),
            pv: Power::from_watts(5_000),
            plugged: true,
            trip: Work::from_wh(3_000),
        };
        let metered = home.deliver(&noon, 48, plan(48));
        assert_eq!((metered.import.wh(), metered.export.wh()), (0, 0));
        let stored = home.battery().map(|battery| battery.stored());
        assert_eq!(stored, Some(Work::from_nanojoules(243_000_000_000_000)));
        let evening = Moment { pv: Power::ZERO, trip: Work::ZERO, ..noon };
        let metered = home.deliver(&evening, 76, plan(76));
        assert_eq!((metered.import.wh(), metered.export.wh()), (183, 0));
        // The car still owes 3,000 - 925 Wh, and gets 925 of them in the first quarter hour of
        // night.
        home.deliver(&evening, 88, plan(88));
        assert_eq!(home.vehicle().map(|car| car.owed()), Some(Work::from_wh(1_150)));
    }

    // Bids at 0.278 and offers at 0.102 between 0.08 and 0.30, each for the whole net.
    #[test]
    fn the_rest_is_ordered_at_the_stated_prices() {
        let price = Price::from_micro_per_kwh;
        let tariff = Tariff::try_new(price(80_000), price(300_000)).expect("in order");
        let view = View { slot: Slot::ZERO, quarter: 0, tariff, prices: &LastDay::NONE };
        let mut stream = Stream::new(1, 1, Purpose::Bid, 1);
        let mut orders = |wh| SelfConsumption.orders(&view, Energy::from_wh(wh), &mut stream);
        let order = |side, micro, wh| {
            vec![LimitOrder { side, price: price(micro), quantity: Energy::from_wh(wh) }]
        };
        assert_eq!(orders(250), order(Side::Bid, 278_000, 250));
        assert_eq!(orders(-40), order(Side::Offer, 102_000, 40));
        assert_eq!(orders(0), Vec::new());
    }
}
