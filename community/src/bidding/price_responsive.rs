//! To shift battery and car to where the last day was cheap.
//!
//! In: the prices of the last day, the quarter hour of the day, the expected net of a home. Out:
//! what battery and car do, one limit order for the rest. Refuses to know: the future, other homes,
//! the auction's rules, chance.
//!
//! # Rules (ours)
//!
//! A quarter hour is cheap or dear as it was on the last day ([`LastDay::band`]).
//!
//! - The battery fills in cheap quarter hours, from the surplus and from the grid; in dear ones it
//!   covers the home's lack; between them it takes surplus and keeps what it has. It does so only
//!   if what it buys is worth the loss: a kWh at the highest cheap price gives back less than a
//!   kWh, which has to cost less than a kWh at the lowest dear price. Else, and until a whole day
//!   is known, it takes surplus and covers lack.
//! - A car takes surplus always, charges at full power in cheap quarter hours, and from 01:00 to
//!   06:00 whatever they cost, so that it is ready in the morning.
//! - The order expects the price of the last day and concedes a tenth of the tariff's range: a bid
//!   goes so much above it, an offer so much below, inside the tariff. Without a price of the last
//!   day it is that of [`SelfConsumption`].
//!
//! All homes that respond do so alike, so what was cheap may become dear by their number; the rule
//! has no remedy for that.

use market::{Energy, Price, Side, Tariff};

use crate::battery::{Battery, Dispatch};
use crate::bidding::self_consumption::SelfConsumption;
use crate::home::{Home, Plan};
use crate::prices::{Band, LastDay};
use crate::random::Stream;
use crate::strategy::{LimitOrder, Strategy, View};
use crate::vehicle::{Charge, Vehicle};

/// Quarter hour from which a car no longer waits for a better price: 01:00.
pub const LATEST_START: u32 = 4;
/// What an order concedes, permille of the tariff's range.
pub const CONCESSION_PERMILLE: i64 = 100;

/// Battery and car follow the last day's prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PriceResponsive;

impl Strategy for PriceResponsive {
    fn name(&self) -> &'static str {
        "price-responsive"
    }

    fn plan(&self, quarter: u32, prices: &LastDay, home: &Home) -> Plan {
        let band = prices.band(quarter);
        let battery = match band.filter(|_| is_worth_it(prices, home.battery())) {
            Some(Band::Cheap) => Dispatch::Fill,
            Some(Band::Middle) => Dispatch::Save,
            Some(Band::Dear) | None => Dispatch::Balance,
        };
        let must = (LATEST_START..Vehicle::NIGHT_ENDS).contains(&quarter);
        let car = match band {
            Some(Band::Cheap) => Charge::Full,
            _ if must => Charge::Full,
            Some(_) => Charge::Surplus,
            None => SelfConsumption.plan(quarter, prices, home).car,
        };
        Plan { battery, car }
    }

    fn orders(&self, view: &View<'_>, expected: Energy, stream: &mut Stream) -> Vec<LimitOrder> {
        let Some(last) = view.prices.price(view.quarter) else {
            return SelfConsumption.orders(view, expected, stream);
        };
        let side = if expected.is_positive() { Side::Bid } else { Side::Offer };
        LimitOrder::for_net(expected, conceding(&view.tariff, last, side)).into_iter().collect()
    }
}

/// Whether what is bought cheap and given back dear is worth the battery's loss.
fn is_worth_it(prices: &LastDay, battery: Option<&Battery>) -> bool {
    let (Some((cheap, dear)), Some(battery)) = (prices.bounds(), battery) else { return false };
    let efficiency = i128::from(battery.spec().efficiency_permille.min(1_000));
    i128::from(cheap.micro_per_kwh()) * 1_000 < i128::from(dear.micro_per_kwh()) * efficiency
}

/// The price of an order: `last` and a concession to the other side, inside the tariff.
fn conceding(tariff: &Tariff, last: Price, side: Side) -> Price {
    let (low, high) = (tariff.feed_in().micro_per_kwh(), tariff.retail().micro_per_kwh());
    // Rounded down: a concession is never more than stated.
    let concession = i128::from(high - low) * i128::from(CONCESSION_PERMILLE) / 1_000;
    let wanted = match side {
        Side::Bid => i128::from(last.micro_per_kwh()) + concession,
        Side::Offer => i128::from(last.micro_per_kwh()) - concession,
    };
    let inside = wanted.clamp(i128::from(low), i128::from(high));
    Price::from_micro_per_kwh(i64::try_from(inside).expect("between two prices"))
}

#[cfg(test)]
mod tests {
    use market::Slot;
    use proptest::prelude::*;

    use super::*;
    use crate::battery::BatterySpec;
    use crate::equipment::Equipment;
    use crate::home::Moment;
    use crate::power::{Power, Work};
    use crate::random::Purpose;
    use crate::strategy::Strategy;
    use crate::vehicle::{Charging, VehicleSpec};

    const NOON: u32 = 48;
    const EVENING: u32 = 76;

    /// A home with a battery of this efficiency and an eager car.
    fn home(efficiency_permille: u32) -> Home {
        Home::new(&Equipment {
            roof: None,
            battery: Some(BatterySpec {
                capacity: Work::from_wh(4_000),
                power: Power::from_watts(2_000),
                efficiency_permille,
            }),
            vehicle: Some(VehicleSpec {
                power: Power::from_watts(3_700),
                charging: Charging::OnArrival,
            }),
            series: 0,
        })
    }

    /// A day that was cheap from 10:00 to 16:00, dear from 17:00 to 23:00 and 0.20 otherwise.
    fn day(cheap: i64, dear: i64) -> LastDay {
        let mut day = LastDay::NONE;
        for quarter in 0..96 {
            let micro = match quarter {
                40..64 => cheap,
                68..92 => dear,
                _ => 200_000,
            };
            day.note(quarter, Price::from_micro_per_kwh(micro));
        }
        day
    }

    // The battery fills at noon, keeps in the afternoon and gives in the evening; the car charges
    // at noon and, ready for the morning, from 01:00 to 06:00.
    #[test]
    fn devices_follow_the_last_day() {
        let (day, home) = (day(100_000, 300_000), home(900));
        let plan = |quarter| PriceResponsive.plan(quarter, &day, &home);
        assert_eq!(plan(NOON), Plan { battery: Dispatch::Fill, car: Charge::Full });
        assert_eq!(plan(65), Plan { battery: Dispatch::Save, car: Charge::Surplus });
        assert_eq!(plan(EVENING), Plan { battery: Dispatch::Balance, car: Charge::Surplus });
        let must: Vec<u32> = (0..40).filter(|q| plan(*q).car == Charge::Full).collect();
        assert_eq!(must, (4..24).collect::<Vec<_>>());
    }

    // By hand: bought at 0.27 and given back at 90 % a kWh costs 0.30. Dear at 0.30 that is not
    // worth it, at 0.301 it is; a battery without loss fills for 0.30, too. The car shifts anyway.
    #[test]
    fn a_battery_shifts_only_what_is_worth_its_loss() {
        let battery = |dear, efficiency| {
            let mut day = day(270_000, dear);
            // Nothing cheaper than 0.27 in the rest of the day.
            (0..40).chain(64..68).chain(92..96).for_each(|quarter| {
                day.note(quarter, Price::from_micro_per_kwh(280_000));
            });
            PriceResponsive.plan(NOON, &day, &home(efficiency))
        };
        assert_eq!(battery(300_000, 900).battery, Dispatch::Balance);
        assert_eq!(battery(301_000, 900).battery, Dispatch::Fill);
        assert_eq!(battery(300_000, 1_000).battery, Dispatch::Fill);
        assert_eq!(battery(300_000, 900).car, Charge::Full);
    }

    // Until a whole day is known a home does as one that uses its own first.
    #[test]
    fn without_a_day_to_compare_own_use_comes_first() {
        let (home, mut young) = (home(900), LastDay::NONE);
        for quarter in 0..95 {
            young.note(quarter, Price::from_micro_per_kwh(i64::from(quarter)));
            let plan = PriceResponsive.plan(quarter, &young, &home);
            let must = (4..24).contains(&quarter);
            let expected = SelfConsumption.plan(quarter, &young, &home);
            assert_eq!(plan.battery, Dispatch::Balance);
            assert_eq!(plan.car, if must { Charge::Full } else { expected.car });
        }
    }

    // Between 0.08 and 0.30 a tenth of the range is 0.022: a quarter hour that cost 0.15 is bid for
    // at 0.172 and offered at 0.128; near an end of the tariff the end is as far as it goes.
    #[test]
    fn orders_concede_a_tenth_of_the_range() {
        let price = Price::from_micro_per_kwh;
        let tariff = Tariff::try_new(price(80_000), price(300_000)).expect("in order");
        let mut prices = LastDay::NONE;
        (0..3).for_each(|quarter| {
            prices.note(quarter, price([150_000, 290_000, 90_000][quarter as usize]))
        });
        let order = |quarter, wh| {
            let view = View { slot: Slot::ZERO, quarter, tariff, prices: &prices };
            let mut stream = Stream::new(1, 1, Purpose::Bid, 1);
            let orders = PriceResponsive.orders(&view, Energy::from_wh(wh), &mut stream);
            orders.first().map(|order| (order.side, order.price.micro_per_kwh(), orders.len()))
        };
        assert_eq!(order(0, 5), Some((Side::Bid, 172_000, 1)));
        assert_eq!(order(0, -5), Some((Side::Offer, 128_000, 1)));
        assert_eq!(order(1, 5), Some((Side::Bid, 300_000, 1)));
        assert_eq!(order(2, -5), Some((Side::Offer, 80_000, 1)));
        // No price yet: 9/10 of the way.
        assert_eq!(order(3, 5), Some((Side::Bid, 278_000, 1)));
        assert_eq!(order(0, 0), None);
    }

    // By hand: at noon the empty battery draws 2 kW beside 1 kW of load, 750 Wh from the grid in a
    // quarter hour; in the afternoon it keeps its 450 Wh although 250 Wh are lacked; in the evening
    // it gives 250 of them, and nothing is imported.
    #[test]
    fn energy_bought_cheap_is_used_dear() {
        let day = day(100_000, 300_000);
        let mut home = home(900);
        let moment = Moment { load: Power::from_watts(1_000), ..Moment::default() };
        let mut import = |quarter| {
            let plan = PriceResponsive.plan(quarter, &day, &home);
            home.deliver(&moment, quarter, plan).import.wh()
        };
        assert_eq!((import(NOON), import(65), import(EVENING)), (750, 250, 0));
    }

    proptest! {
        // Whatever the prices and whatever comes: the battery keeps to its capacity and power, the
        // car to its wall box, and no battery energy is exported.
        #[test]
        fn limits_hold_under_any_prices(
            prices in proptest::collection::vec(0_i64..400_000, 96),
            slots in proptest::collection::vec(
                (0_i64..6_000, 0_i64..9_000, any::<bool>(), 0_i64..800),
                96..200,
            ),
            efficiency in 0_u32..1_100,
        ) {
            let mut day = LastDay::NONE;
            for (quarter, micro) in (0..).zip(&prices) {
                day.note(quarter, Price::from_micro_per_kwh(*micro));
            }
            let mut home = home(efficiency);
            for (slot, (load, pv, plugged, trip)) in (0..).zip(slots) {
                let quarter = slot % 96;
                let moment = Moment {
                    load: Power::from_watts(load),
                    pv: Power::from_watts(pv),
                    plugged,
                    trip: Work::from_wh(trip),
                };
                let owed = home.vehicle().map(|car| car.owed()).unwrap_or_default() + moment.trip;
                let plan = PriceResponsive.plan(quarter, &day, &home);
                let metered = home.deliver(&moment, quarter, plan);
                let stored = home.battery().map(|battery| battery.stored()).unwrap_or_default();
                prop_assert!(Work::ZERO <= stored && stored <= Work::from_wh(4_000));
                let left = home.vehicle().map(|car| car.owed()).unwrap_or_default();
                let charged = owed - left;
                prop_assert!(Work::ZERO <= charged && charged <= Work::from_wh(925));
                // Load, car and battery together; half a Wh of the register on top.
                prop_assert!(metered.import.wh() * 4 <= load + 3_700 + 2_000 + 4);
                prop_assert!(metered.export.wh() * 4 <= (pv - load).max(0) + 4);
            }
        }
    }

    // The companion of the property above: prices like its own do fill the battery and empty it.
    #[test]
    fn the_battery_goes_through_a_whole_cycle() {
        let day = day(100_000, 300_000);
        let mut home = home(900);
        let moment = Moment { load: Power::from_watts(1_000), ..Moment::default() };
        let mut charge = Vec::new();
        for quarter in 0..96 {
            let plan = PriceResponsive.plan(quarter, &day, &home);
            home.deliver(&moment, quarter, plan);
            charge.push(home.battery().map(|battery| battery.stored()).unwrap_or_default());
        }
        assert!(Work::from_wh(4_000) - charge[63] < Work::from_wh(1));
        assert!(charge[95] < Work::from_wh(1));
    }
}
