//! Who owns what, where the data does not say.
//!
//! In: a seed and a home's number. Out: panels, battery and car of that home. Refuses to know:
//! demand, weather, prices, which data set the home comes from.
//!
//! The shares are ours. Half of the homes have panels, because a district trades most when about
//! half of its homes are prosumers (Mihaylov et al., Renewable Energy 2019: matched energy peaks
//! near 50 %); two in five of those have a battery; three in ten homes have a car.

use crate::battery::BatterySpec;
use crate::power::{Power, Work};
use crate::random::{Purpose, Stream};
use crate::vehicle::{Charging, VehicleSpec};

/// Homes with panels, in permille.
const PANELS_PERMILLE: u32 = 500;
/// Homes with a battery among those with panels, in permille.
const BATTERY_PERMILLE: u32 = 400;
/// Homes with a car, in permille.
const CAR_PERMILLE: u32 = 300;

/// A roof with panels, as its owner would describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Roof {
    /// Rating, W: 3 to 10 kW in steps of 500 W.
    pub peak_watts: u32,
    /// Tilt from level, degrees.
    pub tilt: u32,
    /// Direction from north over east, degrees.
    pub azimuth: u32,
}

impl Roof {
    /// The roof of a recorded home that makes at most `power`: its rating is that, rounded up to
    /// 100 W; where it looks is not known, south at 30 degrees stands for it. `None` for no power.
    pub fn from_peak(power: Power) -> Option<Self> {
        const STEP: i64 = 100 * Power::NANO_PER_WATT;
        let steps = (power.max(Power::ZERO).nanowatts() + STEP - 1) / STEP;
        let peak_watts = u32::try_from(steps * 100).expect("a power is at most 100 MW");
        (peak_watts > 0).then_some(Self { peak_watts, tilt: 30, azimuth: 180 })
    }
}

/// The devices of one home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Equipment {
    /// Panels, if any.
    pub roof: Option<Roof>,
    /// Battery, if any; only beside panels.
    pub battery: Option<BatterySpec>,
    /// Car, if any.
    pub vehicle: Option<VehicleSpec>,
    /// Free number that picks a recorded series for this home where a data set offers several.
    pub series: u32,
}

impl Equipment {
    /// Draws the devices of `home`. All draws are made whatever their outcome, so the battery of a
    /// home does not depend on whether it has a car.
    pub fn draw(seed: u64, home: u32) -> Self {
        let mut stream = Stream::new(seed, home, Purpose::Equipment, 0);
        let has_roof = stream.chance(PANELS_PERMILLE);
        let roof = Roof {
            peak_watts: 3000 + 500 * stream.below(15) as u32,
            tilt: 15 + stream.below(31) as u32,
            // Roofs face anywhere from east to west, most of them near south.
            azimuth: (180 + stream.bell(90)) as u32,
        };
        let has_battery = stream.chance(BATTERY_PERMILLE);
        let battery = BatterySpec {
            capacity: Work::from_wh(stream.between(10, 24) * 500),
            power: Power::from_watts(stream.between(6, 10) * 500),
            efficiency_permille: 920,
        };
        let has_car = stream.chance(CAR_PERMILLE);
        let vehicle = VehicleSpec {
            power: Power::from_watts(if stream.chance(500) { 11_000 } else { 3_700 }),
            charging: if stream.chance(500) { Charging::SolarFirst } else { Charging::OnArrival },
        };
        Self {
            roof: has_roof.then_some(roof),
            battery: (has_roof && has_battery).then_some(battery),
            vehicle: has_car.then_some(vehicle),
            series: stream.below(1 << 32) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // In a town of 10,000 homes the shares come out as stated, within five standard deviations (at
    // most 50 each).
    #[test]
    fn shares_are_as_stated() {
        let town: Vec<Equipment> = (0..10_000).map(|home| Equipment::draw(1, home)).collect();
        let count = |has: fn(&Equipment) -> bool| town.iter().filter(|e| has(e)).count();
        assert!(count(|e| e.roof.is_some()).abs_diff(5_000) < 250);
        assert!(count(|e| e.battery.is_some()).abs_diff(2_000) < 200);
        assert!(count(|e| e.vehicle.is_some()).abs_diff(3_000) < 230);
        assert_eq!(count(|e| e.battery.is_some() && e.roof.is_none()), 0);
    }

    // 3,301 W were made by panels of 3,400 W at least, and no power by none.
    #[test]
    fn a_recorded_roof_is_rated_by_its_peak() {
        let rated = |watts| Roof::from_peak(Power::from_watts(watts)).map(|roof| roof.peak_watts);
        assert_eq!(
            (rated(3_301), rated(3_300), rated(1), rated(0)),
            (Some(3_400), Some(3_300), Some(100), None)
        );
    }

    // Ratings keep to their documented ranges.
    #[test]
    fn roofs_are_roofs() {
        let roofs: Vec<Roof> =
            (0..2_000).filter_map(|home| Equipment::draw(2, home).roof).collect();
        assert!(roofs.iter().all(|r| (3_000..=10_000).contains(&r.peak_watts)));
        assert!(
            roofs.iter().all(|r| (15..=45).contains(&r.tilt) && (90..=270).contains(&r.azimuth))
        );
    }
}
