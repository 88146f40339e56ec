//! The published HAMLET set, where `GRIDQUORUM_DATA` says it lies, and others where
//! `GRIDQUORUM_CITYLEARN` and `GRIDQUORUM_BDEW` say. These tests run when they are asked for:
//! `GRIDQUORUM_DATA=DIR cargo test -p community -- --ignored`.

use std::path::PathBuf;

use community::dataset::standard_profile::Profiles;
use community::{Cast, Community, Dataset, Date, Equipment, Register, Settings, bidding, terms};
use ledger::Author;
use market::{Price, Slot};

/// The directory that `GRIDQUORUM_DATA` names, the same that `--data DIR` takes.
pub(crate) fn data() -> PathBuf {
    folder("GRIDQUORUM_DATA")
}

fn folder(variable: &str) -> PathBuf {
    let dir = std::env::var_os(variable).map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| panic!("{variable} names the folder of the published set"));
    assert!(dir.is_dir(), "{variable}: there is no directory {}", dir.display());
    dir
}

/// What a register shows after all of `home`'s load, in Wh.
fn total_wh(dataset: &Dataset, home: u32) -> i64 {
    let mut register = Register::ZERO;
    let moments = (0..dataset.days()).flat_map(|day| dataset.day(home, day));
    moments.map(|moment| register.advance(moment.load, Slot::SECONDS).wh()).sum()
}

// Against the README of the set: 16 homes, 4,316 quarter hours, load_w_2012_3 (first column) sums
// to 258.8 kWh and load_w_5527_0 (fifteenth) to 1,054.9 kWh. In full they are 1,035,198 / 4 and
// 4,219,733 / 4 Wh, so a register shows 258,800 (half up) and 1,054,933: exact to 1 Wh over 45
// days.
#[test]
#[ignore = "needs the published set, which is not part of the repository"]
fn the_published_totals_are_exact_to_one_watt_hour() {
    let dir = data();
    let dataset = Dataset::open(&dir, None, 1).expect("the published set");
    assert_eq!((dataset.homes(), dataset.slots()), (16, 4_316));
    assert_eq!(total_wh(&dataset, 0), 258_800);
    assert_eq!(total_wh(&dataset, 14), 1_054_933);
}

// The first row is local midnight, and the last is 23:45 with the change of clocks inside: 45 days
// less an hour, which 28 March lacks.
#[test]
#[ignore = "needs the published set, which is not part of the repository"]
fn the_published_set_starts_at_midnight() {
    let dir = data();
    let dataset = Dataset::open(&dir, None, 1).expect("the published set");
    assert_eq!(dataset.quarter(Slot::ZERO), 0);
    assert_eq!(dataset.quarter(Slot::new(48)), 48);
    assert_eq!((dataset.slots(), dataset.days()), (45 * 96 - 4, 45));
    let short: Vec<u32> = (0..45).filter(|day| dataset.day(0, *day).len() != 96).collect();
    assert_eq!((short.as_slice(), dataset.day(0, 41).len()), (&[41][..], 92));
    let change = Slot::new(41 * 96);
    assert_eq!(dataset.calendar().date(change), Date { year: 2021, month: 3, day: 28 });
    assert_eq!(dataset.calendar().clock(Slot::new(4_315)).to_string(), "2021-03-31T23:45");
}

// Every car that comes back brings the energy of its trip, and no PV without panels.
#[test]
#[ignore = "needs the published set, which is not part of the repository"]
fn recorded_cars_and_panels_reach_the_homes_that_own_them() {
    let dir = data();
    let dataset = Dataset::open(&dir, Some(40), 1).expect("the published set");
    let (mut cars, mut roofs) = (0, 0);
    for home in 0..dataset.homes() {
        let own: Equipment = dataset.equipment(home);
        let moments: Vec<_> = (0..7).flat_map(|day| dataset.day(home, day)).collect();
        let drives = moments.iter().any(|m| m.trip.nanojoules() > 0);
        let shines = moments.iter().any(|m| m.pv.nanowatts() > 0);
        assert_eq!(drives, own.vehicle.is_some(), "home {home}");
        assert_eq!(shines, own.roof.is_some(), "home {home}");
        cars += u32::from(drives);
        roofs += u32::from(shines);
    }
    assert!(cars > 0 && roofs > 0 && roofs < 40);
}

// Against the README of the set: ten homes, 8,760 hours from 23:00 of 31 July, a Sunday; loads of
// 7,170 to 13,115 kWh a year, PV of 5,423 to 7,306 kWh; price and carbon of the first rows.
#[test]
#[ignore = "needs the published set, which is not part of the repository"]
fn the_hourly_set_has_its_published_sums() {
    let dataset = Dataset::open(&folder("GRIDQUORUM_CITYLEARN"), None, 1).expect("well formed");
    assert_eq!((dataset.homes(), dataset.slots(), dataset.days()), (10, 35_040, 366));
    let date = dataset.calendar().date(Slot::ZERO);
    assert_eq!((date.month, date.day, date.weekday()), (7, 31, 7));
    let sums = (0..10).map(|home| {
        let moments = (0..366).flat_map(|day| dataset.day(home, day));
        let add = |(load, pv): (i128, i128), moment: community::Moment| {
            let nano = |power: community::Power| i128::from(power.nanowatts());
            (load + nano(moment.load), pv + nano(moment.pv))
        };
        let (load, pv) = moments.fold((0, 0), add);
        // Nanowatts of quarter hours: kWh x 4e12.
        (load / 4_000_000_000_000, pv / 4_000_000_000_000)
    });
    let (loads, pv): (Vec<i128>, Vec<i128>) = sums.unzip();
    let ends = |all: &[i128]| (all.iter().min().copied(), all.iter().max().copied());
    assert!(ends(&loads).0.is_some_and(|least| (7_169..=7_170).contains(&least)), "{loads:?}");
    assert!(ends(&loads).1.is_some_and(|most| (13_114..=13_115).contains(&most)), "{loads:?}");
    assert!(ends(&pv).0.is_some_and(|least| (5_422..=5_423).contains(&least)), "{pv:?}");
    assert!(ends(&pv).1.is_some_and(|most| (7_305..=7_306).contains(&most)), "{pv:?}");
    assert_eq!(dataset.grid_price(Slot::ZERO), Some(Price::from_micro_per_kwh(220_000)));
    assert_eq!(dataset.carbon(Slot::new(4)), Some(157_319_050));
}

// Against the README of the set: in 2023 without holidays the tables of 2025 come to 995,428 kWh
// (H25), 999,037 (P25), 999,777 (S25), 1,016,361 (G25) and 1,000,203 (L25).
#[test]
#[ignore = "needs the published set, which is not part of the repository"]
fn standard_profiles_come_to_their_published_sums() {
    let dir = folder("GRIDQUORUM_BDEW");
    let profiles = Profiles::open(&dir).expect("well formed").expect("profiles");
    assert_eq!(profiles.names().count(), 5 + 11);
    let cases = [
        ("H25", 995_428),
        ("P25", 999_037),
        ("S25", 999_777),
        ("G25", 1_016_361),
        ("L25", 1_000_203),
    ];
    for (name, expected) in cases {
        // Weights and factors have nine places each.
        let nano = profiles.get(name).map(|profile| profile.year(2023)).expect("read above");
        let kwh = (nano + 500_000_000_000_000_000) / 1_000_000_000_000_000_000;
        assert_eq!(kwh, expected, "{name}");
    }
    let crowd = Dataset::open(&dir, Some(20), 1).expect("a crowd");
    assert_eq!((crowd.homes(), crowd.days()), (20, 365));
}

// Every strategy lives through the whole of the published set, and gives the same on two threads.
#[test]
#[ignore = "needs the published set, which is not part of the repository"]
fn every_strategy_lives_through_the_published_set() {
    for name in bidding::NAMES {
        let run = |threads: usize| {
            let dataset = Dataset::open(&data(), Some(300), 1).expect("the published set");
            let cast =
                Cast { operator: Author::new([255; 32]), homes: vec![Author::new([0; 32]); 300] };
            let threads = threads.try_into().expect("not zero");
            let settings = Settings { threads, ..Settings::from_seed(1) };
            let strategy = bidding::named(name).expect("known");
            let mut homes = Community::try_new(dataset, cast, strategy, settings).expect("fits");
            let mut orders = 0;
            while let Some(slot) = homes.slot() {
                orders += homes.orders(&terms::tariff()).len();
                homes.deliver();
                let price = if slot.get() % 96 < 48 { 300_000 } else { 150_000 };
                homes.note_price(slot, Price::from_micro_per_kwh(price));
            }
            (orders, homes.flows())
        };
        let one = run(1);
        assert!(one.0 > 300 * 4_316 / 2, "{name}: {} orders", one.0);
        assert_eq!(one, run(2), "{name}");
    }
}
