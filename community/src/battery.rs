//! A home battery that serves its own home.
//!
//! In: the home's net power of a slot, what the home has decided for it. Out: what the battery
//! draws (positive) or gives (negative). Refuses to know: prices, markets, forecasts.
//!
//! Unless told otherwise a surplus charges and a deficit discharges; [`Dispatch`] has the other
//! ways. Under none of them does it give more than its home lacks: it never sells. Losses are
//! booked when charging, as one integer ratio for the whole round trip. All of it is exact: drawn =
//! stored + lost, and what is given was stored.

use crate::power::{Power, Work};

/// What is written on the battery's name plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatterySpec {
    /// Usable capacity.
    pub capacity: Work,
    /// The most it draws or gives.
    pub power: Power,
    /// Stored per thousand drawn, for the round trip: 0..=1000, larger values count as 1000.
    pub efficiency_permille: u32,
}

/// What a battery does in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dispatch {
    /// Takes the home's surplus and covers its deficit.
    #[default]
    Balance,
    /// Takes the home's surplus, and keeps what it has for later.
    Save,
    /// Draws all it can, from the surplus and from the grid.
    Fill,
}

/// A battery and its state of charge, `0 ..= capacity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Battery {
    spec: BatterySpec,
    stored: Work,
    lost: Work,
}

impl Battery {
    /// An empty battery.
    pub const fn new(spec: BatterySpec) -> Self {
        Self { spec, stored: Work::ZERO, lost: Work::ZERO }
    }

    /// What is written on its name plate.
    pub const fn spec(&self) -> &BatterySpec {
        &self.spec
    }

    /// The energy it could give now.
    pub const fn stored(&self) -> Work {
        self.stored
    }

    /// Everything lost in charging so far.
    pub const fn lost(&self) -> Work {
        self.lost
    }

    /// Balances `net` (positive: the home lacks power) for `seconds` as far as it can and returns
    /// its own draw: positive while charging, negative while discharging. `net + draw` lies between
    /// `net` and zero.
    pub fn balance(&mut self, net: Power, seconds: u32) -> Power {
        if net < Power::ZERO { self.charge(-net, seconds) } else { -self.discharge(net, seconds) }
    }

    /// Does as `dispatch` says beside a home of this `net`, and returns its own draw.
    pub fn follow(&mut self, dispatch: Dispatch, net: Power, seconds: u32) -> Power {
        match dispatch {
            Dispatch::Balance => self.balance(net, seconds),
            Dispatch::Save => self.charge(-net, seconds),
            Dispatch::Fill => self.charge(self.spec.power, seconds),
        }
    }

    fn charge(&mut self, surplus: Power, seconds: u32) -> Power {
        let efficiency = i128::from(self.spec.efficiency_permille.min(1000));
        let room = self.spec.capacity - self.stored;
        // The most that can be drawn before the battery is full; a useless battery (0 ‰) draws
        // nothing.
        let fits = (room.nanojoules() * 1000).checked_div(efficiency).unwrap_or(0);
        let draw = surplus
            .min(self.spec.power)
            .min(Work::from_nanojoules(fits).spread(seconds))
            .max(Power::ZERO);
        let drawn = draw.over(seconds);
        let kept = Work::from_nanojoules(drawn.nanojoules() * efficiency / 1000);
        self.stored = self.stored + kept;
        self.lost = self.lost + (drawn - kept);
        draw
    }

    fn discharge(&mut self, deficit: Power, seconds: u32) -> Power {
        let give = deficit.min(self.spec.power).min(self.stored.spread(seconds)).max(Power::ZERO);
        self.stored = self.stored - give.over(seconds);
        give
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec(wh: i64, watts: i64, efficiency_permille: u32) -> BatterySpec {
        BatterySpec {
            capacity: Work::from_wh(wh),
            power: Power::from_watts(watts),
            efficiency_permille,
        }
    }

    // By hand: 2 kW surplus for 15 min is 500 Wh drawn, 450 Wh stored at 90 %, 50 Wh lost; 1.8 kW
    // deficit takes the 450 Wh back out.
    #[test]
    fn a_quarter_hour_of_surplus_comes_back_less_the_loss() {
        let mut battery = Battery::new(spec(1000, 5000, 900));
        assert_eq!(battery.balance(Power::from_watts(-2000), 900), Power::from_watts(2000));
        assert_eq!((battery.stored(), battery.lost()), (Work::from_wh(450), Work::from_wh(50)));
        assert_eq!(battery.balance(Power::from_watts(3000), 900), Power::from_watts(-1800));
        assert_eq!(battery.stored(), Work::ZERO);
    }

    // By hand: told to save, a battery of 450 Wh gives nothing to a home that lacks 3 kW and takes
    // a surplus of 400 W (90 Wh of 100); told to fill, it takes its 5 kW (1,250 Wh, of which the
    // room of 460 Wh needs 511.1 Wh: 2,044.4 W) although the home lacks 3 kW.
    #[test]
    fn a_battery_can_save_and_fill() {
        let mut battery = Battery::new(spec(1000, 5000, 900));
        battery.balance(Power::from_watts(-2000), 900);
        let lack = Power::from_watts(3000);
        assert_eq!(battery.follow(Dispatch::Save, lack, 900), Power::ZERO);
        let surplus = Power::from_watts(-400);
        assert_eq!(battery.follow(Dispatch::Save, surplus, 900), Power::from_watts(400));
        assert_eq!(battery.stored(), Work::from_wh(540));
        let draw = battery.follow(Dispatch::Fill, lack, 900);
        assert_eq!(draw.nanowatts() / 100_000_000, 20_444);
        assert!(Work::from_wh(1000) - battery.stored() < Work::from_wh(1));
    }

    // The name plate binds: power limit first, then the room left.
    #[test]
    fn power_and_capacity_limit_the_draw() {
        let mut battery = Battery::new(spec(1000, 3000, 1000));
        let surplus = Power::from_watts(-8000);
        assert_eq!(battery.balance(surplus, 900), Power::from_watts(3000)); // 750 Wh
        assert_eq!(battery.balance(surplus, 900), Power::from_watts(1000)); // 250 Wh left
        assert_eq!(battery.balance(surplus, 900), Power::ZERO);
    }

    proptest! {
        // Over any sequence of nets and ways: the charge stays in its bounds, drawn = stored +
        // given + lost exactly, limits hold, it never gives more than the home lacks, and unless
        // told to fill it never takes more than the home's surplus. The sequences do fill and empty
        // it.
        #[test]
        fn energy_is_conserved_and_the_home_comes_first(
            slots in proptest::collection::vec(
                (-12_000_000_000_000_i64..12_000_000_000_000, 0_usize..5),
                1..120,
            ),
            wh in 0_i64..15_000, watts in 0_i64..8_000, efficiency in 0_u32..1_200,
        ) {
            let spec = spec(wh, watts, efficiency);
            let mut battery = Battery::new(spec);
            let (mut drawn, mut given) = (Work::ZERO, Work::ZERO);
            for (nano, way) in slots {
                let net = Power::from_nanowatts(nano);
                // Three slots of five are balanced, as most are.
                let way = [Dispatch::Save, Dispatch::Fill].get(way).copied().unwrap_or_default();
                let draw = battery.follow(way, net, 900);
                let after = net + draw;
                prop_assert!(net.min(Power::ZERO) <= after);
                prop_assert!(after <= net.max(Power::ZERO) || way == Dispatch::Fill);
                prop_assert!(way != Dispatch::Save || draw >= Power::ZERO);
                prop_assert!(draw <= spec.power && -draw <= spec.power);
                drawn = drawn + draw.max(Power::ZERO).over(900);
                given = given + (-draw).max(Power::ZERO).over(900);
                prop_assert!(Work::ZERO <= battery.stored() && battery.stored() <= spec.capacity);
                prop_assert_eq!(drawn, battery.stored() + given + battery.lost());
            }
        }
    }

    // The companion of the property above: sequences like its own really reach full and empty
    // again.
    #[test]
    fn a_sunny_day_fills_the_battery_and_the_evening_empties_it() {
        let mut battery = Battery::new(spec(6000, 3000, 920));
        for _ in 0..12 {
            battery.balance(Power::from_watts(-4000), 900);
        }
        // 3 kW x 0.92 x 0.25 h = 690 Wh a slot: full in the ninth.
        assert!(Work::from_wh(6000) - battery.stored() < Work::from_wh(1));
        for _ in 0..12 {
            battery.balance(Power::from_watts(2500), 900);
        }
        assert!(battery.stored() < Work::from_wh(1));
    }
}
