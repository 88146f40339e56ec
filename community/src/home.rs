//! One home: its devices, its meter, and what it expects of the next quarter hour.
//!
//! In: load, PV and car of a slot, what battery and car shall do in it. Out: the expected net, then
//! the metered import and export. Refuses to know: prices, orders, the ledger, where the series
//! come from.
//!
//! Flows are means over the slot: a home that draws and feeds in within one quarter hour is metered
//! by the difference, a real meter would count both directions. The car charges first, then the
//! battery balances what is left.

use market::{Energy, Slot};

use crate::battery::{Battery, Dispatch};
use crate::equipment::Equipment;
use crate::power::Power;
use crate::power::Work;
use crate::register::Register;
use crate::vehicle::{Charge, Vehicle};

/// What one quarter hour brings to a home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Moment {
    /// What the household draws, without car and battery.
    pub load: Power,
    /// What the panels make.
    pub pv: Power,
    /// Whether the car is at home and plugged in.
    pub plugged: bool,
    /// What a trip took that ended in this slot.
    pub trip: Work,
}

/// Energy of one slot or one run, as the meters of a home count it; none of it is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flows {
    /// Withdrawn from the grid (1-0:1.8.0).
    pub import: Energy,
    /// Fed into the grid (1-0:2.8.0).
    pub export: Energy,
    /// What household and car used.
    pub used: Energy,
    /// What the panels made.
    pub made: Energy,
}

/// What a home's devices do in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Plan {
    /// What the battery does, if there is one.
    pub battery: Dispatch,
    /// What the car does, if there is one and it is plugged in.
    pub car: Charge,
}

/// The moving parts of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Home {
    battery: Option<Battery>,
    vehicle: Option<Vehicle>,
    import: Register,
    export: Register,
    used: Register,
    made: Register,
}

impl Home {
    /// A home with these devices, all registers at zero, battery empty, car full.
    pub fn new(equipment: &Equipment) -> Self {
        Self {
            battery: equipment.battery.map(Battery::new),
            vehicle: equipment.vehicle.map(Vehicle::new),
            import: Register::ZERO,
            export: Register::ZERO,
            used: Register::ZERO,
            made: Register::ZERO,
        }
    }

    /// The battery, if any.
    pub const fn battery(&self) -> Option<&Battery> {
        self.battery.as_ref()
    }

    /// The car, if any.
    pub const fn vehicle(&self) -> Option<&Vehicle> {
        self.vehicle.as_ref()
    }

    /// The net energy this home would show for `forecast` in quarter hour `quarter` of the local
    /// day under `plan`: positive is import. Nothing changes.
    pub fn expect(&self, forecast: &Moment, quarter: u32, plan: Plan) -> Energy {
        let mut imagined = *self;
        imagined.flow(forecast, quarter, plan).0.over(Slot::SECONDS).rounded()
    }

    /// Lives through `moment` under `plan` and reads the meter.
    pub fn deliver(&mut self, moment: &Moment, quarter: u32, plan: Plan) -> Flows {
        let (net, used) = self.flow(moment, quarter, plan);
        Flows {
            import: self.import.advance(net, Slot::SECONDS),
            export: self.export.advance(-net, Slot::SECONDS),
            used: self.used.advance(used, Slot::SECONDS),
            made: self.made.advance(moment.pv, Slot::SECONDS),
        }
    }

    /// Everything metered so far.
    pub fn totals(&self) -> Flows {
        Flows {
            import: self.import.shown(),
            export: self.export.shown(),
            used: self.used.shown(),
            made: self.made.shown(),
        }
    }

    /// Net power at the meter, and what household and car use of it.
    fn flow(&mut self, moment: &Moment, quarter: u32, plan: Plan) -> (Power, Power) {
        let own = moment.load - moment.pv;
        let car = self.vehicle.as_mut().map_or(Power::ZERO, |vehicle| {
            vehicle.charge(plan.car, moment.plugged, moment.trip, own, quarter, Slot::SECONDS)
        });
        let before = own + car;
        let battery = self
            .battery
            .as_mut()
            .map_or(Power::ZERO, |battery| battery.follow(plan.battery, before, Slot::SECONDS));
        (before + battery, moment.load + car)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::battery::BatterySpec;
    use crate::vehicle::{Charging, VehicleSpec};

    fn equipped() -> Equipment {
        Equipment {
            roof: None,
            battery: Some(BatterySpec {
                capacity: Work::from_wh(5_000),
                power: Power::from_watts(3_000),
                efficiency_permille: 900,
            }),
            vehicle: Some(VehicleSpec {
                power: Power::from_watts(3_700),
                charging: Charging::SolarFirst,
            }),
            series: 0,
        }
    }

    // By hand: 6 kW of PV over 1 kW of load leaves 5 kW; the patient car takes its 3.7 kW, the
    // battery 1.3 kW, nothing is exported. Without car and battery 5 kW for a quarter hour are
    // 1,250 Wh.
    #[test]
    fn a_surplus_feeds_the_car_then_the_battery_then_the_grid() {
        let noon = Moment {
            load: Power::from_watts(1_000),
            pv: Power::from_watts(6_000),
            plugged: true,
            trip: Work::from_wh(9_000),
        };
        let mut home = Home::new(&equipped());
        let metered = home.deliver(&noon, 48, Plan::default());
        assert_eq!((metered.import, metered.export), (Energy::ZERO, Energy::ZERO));
        // (1 + 3.7) kW and 6 kW, a quarter of an hour each.
        assert_eq!((metered.used.wh(), metered.made.wh()), (1_175, 1_500));

        let bare = Equipment { battery: None, vehicle: None, ..equipped() };
        assert_eq!(
            Home::new(&bare).deliver(&noon, 48, Plan::default()).export,
            Energy::from_wh(1_250)
        );
    }

    proptest! {
        // Under any plan and with a perfect forecast the expected net is the metered net within 1
        // Wh, asking changes nothing, and at any time import - export = used - made + what went
        // into the battery (within the rounding of registers).
        #[test]
        fn expectation_and_meter_agree(
            slots in proptest::collection::vec(
                (0_i64..6_000, 0_i64..9_000, any::<bool>(), 0_i64..800, 0_usize..9),
                1..96,
            ),
        ) {
            let batteries = [Dispatch::Balance, Dispatch::Save, Dispatch::Fill];
            let cars = [Charge::Habit, Charge::Surplus, Charge::Full];
            let mut home = Home::new(&equipped());
            for (quarter, (load, pv, plugged, trip, plan)) in slots.into_iter().enumerate() {
                let moment = Moment {
                    load: Power::from_watts(load),
                    pv: Power::from_watts(pv),
                    plugged,
                    trip: Work::from_wh(trip),
                };
                let (quarter, plan) =
                    (quarter as u32, Plan { battery: batteries[plan % 3], car: cars[plan / 3] });
                let expected = home.expect(&moment, quarter, plan);
                prop_assert_eq!(expected, home.expect(&moment, quarter, plan));
                let metered = home.deliver(&moment, quarter, plan);
                let net = metered.import.wh() - metered.export.wh();
                prop_assert!((expected.wh() - net).abs() <= 1);
                prop_assert!(metered.import == Energy::ZERO || metered.export.wh() <= 1);
                let totals = home.totals();
                let battery = home.battery.expect("equipped with one");
                let kept = battery.stored() + battery.lost();
                let balance = totals.used.wh() - totals.made.wh() + kept.rounded().wh();
                prop_assert!((totals.import.wh() - totals.export.wh() - balance).abs() <= 3);
            }
        }
    }
}
