//! An electric car: what it owes its battery after a trip, and when it charges.
//!
//! In: whether it is plugged in, what the last trip took, the home's surplus, the quarter hour of
//! the day, what the home has decided for it. Out: the power it draws. Refuses to know: prices,
//! markets, where it went. It never gives energy back.

use crate::power::{Power, Work};

/// When a car that is plugged in charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Charging {
    /// At full power from the moment it is back.
    OnArrival,
    /// By day only from the home's own surplus; from [`Vehicle::NIGHT_STARTS`] to
    /// [`Vehicle::NIGHT_ENDS`] at full power, so that it is ready in the morning.
    SolarFirst,
}

/// What a car that is plugged in does in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Charge {
    /// As its owner is used to, see [`Charging`].
    #[default]
    Habit,
    /// Only from the home's own surplus.
    Surplus,
    /// At full power.
    Full,
}

/// What a car is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VehicleSpec {
    /// Power of its wall box.
    pub power: Power,
    /// When it charges.
    pub charging: Charging,
}

/// A car and what it still has to charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vehicle {
    spec: VehicleSpec,
    owed: Work,
}

impl Vehicle {
    /// Quarter hour of the local day from which a patient car stops waiting for the sun: 22:00.
    pub const NIGHT_STARTS: u32 = 88;
    /// Quarter hour of the local day at which the night's charging ends: 06:00.
    pub const NIGHT_ENDS: u32 = 24;

    /// A full car.
    pub const fn new(spec: VehicleSpec) -> Self {
        Self { spec, owed: Work::ZERO }
    }

    /// What it still has to charge.
    pub const fn owed(&self) -> Work {
        self.owed
    }

    /// Whether `quarter` of the local day lies in the night.
    pub const fn is_night(quarter: u32) -> bool {
        quarter < Self::NIGHT_ENDS || Self::NIGHT_STARTS <= quarter
    }

    /// Books the energy of a trip that ended, then charges for `seconds`, as `way` says, if it is
    /// `plugged` in. `net` is the home's net power without the car (negative: surplus), `quarter`
    /// the quarter hour of the local day, 0..96. Returns the draw, never negative.
    pub fn charge(
        &mut self,
        way: Charge,
        plugged: bool,
        trip: Work,
        net: Power,
        quarter: u32,
        seconds: u32,
    ) -> Power {
        self.owed = self.owed + trip.max(Work::ZERO);
        if !plugged {
            return Power::ZERO;
        }
        let patient = self.spec.charging == Charging::SolarFirst && !Self::is_night(quarter);
        let allowed = match way {
            Charge::Habit if patient => (-net).max(Power::ZERO),
            Charge::Surplus => (-net).max(Power::ZERO),
            Charge::Habit | Charge::Full => self.spec.power,
        };
        let draw = allowed.min(self.spec.power).min(self.owed.spread(seconds));
        self.owed = self.owed - draw.over(seconds);
        draw
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: u32 = 48;

    fn car(charging: Charging) -> Vehicle {
        Vehicle::new(VehicleSpec { power: Power::from_watts(11_000), charging })
    }

    // By hand: 5 kWh at 11 kW are 2,750 Wh in the first quarter hour and the other 2,250 Wh (9 kW)
    // in the second.
    #[test]
    fn a_car_charges_on_arrival_until_the_trip_is_paid_back() {
        let mut car = car(Charging::OnArrival);
        let trip = Work::from_wh(5000);
        assert_eq!(
            car.charge(Charge::Habit, true, trip, Power::ZERO, 70, 900),
            Power::from_watts(11_000)
        );
        assert_eq!(
            car.charge(Charge::Habit, true, Work::ZERO, Power::ZERO, 71, 900),
            Power::from_watts(9_000)
        );
        assert_eq!(car.charge(Charge::Habit, true, Work::ZERO, Power::ZERO, 72, 900), Power::ZERO);
    }

    // A patient car takes the surplus at noon and nothing else, then fills up at night.
    #[test]
    fn a_patient_car_waits_for_the_sun_or_the_night() {
        let mut car = car(Charging::SolarFirst);
        let surplus = Power::from_watts(-1500);
        assert_eq!(
            car.charge(Charge::Habit, true, Work::from_wh(5000), surplus, NOON, 900),
            Power::from_watts(1500)
        );
        assert_eq!(
            car.charge(Charge::Habit, true, Work::ZERO, Power::from_watts(700), NOON, 900),
            Power::ZERO
        );
        assert_eq!(
            car.charge(Charge::Habit, true, Work::ZERO, Power::ZERO, Vehicle::NIGHT_STARTS, 900),
            Power::from_watts(11_000)
        );
    }

    // What the home decides goes before the habit: an eager car waits for the sun, a patient one
    // charges at noon without any.
    #[test]
    fn a_decision_goes_before_the_habit() {
        let (trip, surplus) = (Work::from_wh(5000), Power::from_watts(-1500));
        let mut eager = car(Charging::OnArrival);
        let draw = eager.charge(Charge::Surplus, true, trip, surplus, NOON, 900);
        assert_eq!(draw, Power::from_watts(1500));
        let mut patient = car(Charging::SolarFirst);
        let draw = patient.charge(Charge::Full, true, trip, Power::ZERO, NOON, 900);
        assert_eq!(draw, Power::from_watts(11_000));
    }

    // A car on the road draws nothing and still remembers the trip it came back from.
    #[test]
    fn an_unplugged_car_draws_nothing() {
        let mut car = car(Charging::OnArrival);
        assert_eq!(
            car.charge(
                Charge::Habit,
                false,
                Work::from_wh(100),
                Power::from_watts(-9000),
                NOON,
                900
            ),
            Power::ZERO
        );
        assert_eq!(car.owed(), Work::from_wh(100));
    }

    proptest! {
        // What trips took is what was charged plus what is still owed, exactly, under all habits
        // and decisions; the wall box carries it, and a car told to wait for the sun does.
        #[test]
        fn trips_are_charged_exactly_once(
            slots in proptest::collection::vec(
                (any::<bool>(), 0_i64..30_000, -9_000_i64..9_000, 0_usize..3),
                1..120,
            ),
            patient: bool,
        ) {
            let habit = if patient { Charging::SolarFirst } else { Charging::OnArrival };
            let mut car = car(habit);
            let (mut driven, mut charged) = (Work::ZERO, Work::ZERO);
            for (slot, (plugged, wh, net, way)) in slots.into_iter().enumerate() {
                let trip = Work::from_wh(wh);
                let way = [Charge::Habit, Charge::Surplus, Charge::Full][way];
                let (net, quarter) = (Power::from_watts(net), slot as u32 % 96);
                let draw = car.charge(way, plugged, trip, net, quarter, 900);
                prop_assert!(way != Charge::Surplus || draw <= (-net).max(Power::ZERO));
                prop_assert!(Power::ZERO <= draw && draw <= Power::from_watts(11_000));
                driven = driven + trip;
                charged = charged + draw.over(900);
                prop_assert_eq!(driven, charged + car.owed());
            }
        }
    }
}
