//! Data sets as a whole: sizes, files on disk, and whether the made-up neighbourhood is a plausible
//! one.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::power::Power;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Sum over a day's moments of `power`, in Wh (rounded down).
fn day_wh(dataset: &Dataset, home: u32, day: u32, power: fn(&Moment) -> i64) -> i64 {
    let nano: i128 = dataset.day(home, day).iter().map(|m| i128::from(power(m))).sum();
    (nano / 4_000_000_000) as i64
}

fn load(moment: &Moment) -> i64 {
    moment.load.nanowatts()
}

fn pv(moment: &Moment) -> i64 {
    moment.pv.nanowatts()
}

// A plain and a packed copy of one recording are the same data set; more homes than columns repeat
// the columns.
#[test]
fn plain_and_packed_files_read_alike() {
    let plain = Dataset::open(&fixture("two-homes"), None, 1).expect("a good fixture");
    assert_eq!(Dataset::open(&fixture("packed"), None, 1), Ok(plain.clone()));
    assert_eq!((plain.homes(), plain.slots()), (2, 100));
    let town = Dataset::open(&fixture("two-homes"), Some(5), 1).expect("a good fixture");
    assert_eq!(town.homes(), 5);
    let loads = |home| town.day(home, 0).iter().map(load).collect::<Vec<_>>();
    assert_eq!(loads(4), loads(0));
    assert_ne!(loads(1), loads(0));
    assert_eq!((town.day(0, 0).len(), town.day(0, 1).len(), town.day(0, 2).len()), (96, 4, 0));
}

// A directory that is none, or holds nothing we know, is refused in one line.
#[test]
fn a_directory_without_data_is_refused() {
    let dir = fixture("nowhere");
    let error = Dataset::open(&dir, None, 1).expect_err("does not exist").to_string();
    assert!(
        error
            .ends_with("nowhere: no data set here, expected homes_15min.csv or homes_15min.csv.gz")
    );
    assert!(!error.contains('\n'));
}

// A packed file that is cut off is refused, and so is one that unpacks beyond the limit.
#[test]
fn packed_files_that_lie_are_refused() {
    let dir = std::env::temp_dir().join(format!("community-packed-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a temporary directory");
    let file = dir.join("homes_15min.csv.gz");
    let good = std::fs::read(fixture("packed/homes_15min.csv.gz")).expect("a good fixture");
    std::fs::write(&file, &good[..good.len() / 2]).expect("a small file");
    assert!(matches!(Dataset::open(&dir, None, 1), Err(DatasetError::Unreadable { .. })));

    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..129 {
        bomb.write_all(&vec![b'1'; 1 << 20]).expect("memory");
    }
    std::fs::write(&file, bomb.finish().expect("memory")).expect("a small file");
    assert!(matches!(
        Dataset::open(&dir, None, 1),
        Err(DatasetError::TooLong { max: 134_217_728, .. })
    ));
    std::fs::remove_dir_all(&dir).expect("made above");
}

// Sizes outside their bounds are refused with the bound.
#[test]
fn sizes_are_bounded() {
    for (homes, days) in [(0, 1), (100_001, 1), (1, 0), (1, 3_661)] {
        let error = Dataset::synthetic(homes, days, 1).expect_err("out of bounds").to_string();
        assert!(error.contains("expected 1 to"), "{error}");
    }
    assert_eq!(
        Dataset::open(&fixture("two-homes"), Some(0), 1),
        Err(DatasetError::Size { what: "homes", got: 0, max: 100_000 })
    );
}

// Home 7 is home 7 in a town of any size and for any length of run.
#[test]
fn a_home_does_not_depend_on_its_neighbours() {
    let small = Dataset::synthetic(8, 3, 5).expect("in bounds");
    let large = Dataset::synthetic(5_000, 9, 5).expect("in bounds");
    assert_eq!(small.day(7, 2), large.day(7, 2));
    assert_ne!(small.day(7, 2), small.day(6, 2));
    assert_ne!(small.day(7, 2), Dataset::synthetic(8, 3, 6).expect("in bounds").day(7, 2));
}

// Over a year of two dozen homes: every home's mean use lies in 5..20 kWh a day; a kWp makes 0..8
// kWh a day, more than twice as much in summer as in winter, and about a thousand in the year; the
// night has no sun.
#[test]
fn a_synthetic_year_is_plausible() {
    let town = Dataset::synthetic(24, 365, 1).expect("in bounds");
    let (mut summer, mut winter, mut year, mut peak) = (0, 0, 0, 0);
    for home in 0..24 {
        let used: i64 = (0..365).map(|day| day_wh(&town, home, day, load)).sum::<i64>() / 365;
        assert!((5_000..=20_000).contains(&used), "home {home} uses {used} Wh a day");
        let Some(roof) = town.equipment(home).roof else { continue };
        peak += i64::from(roof.peak_watts);
        for day in 0..365 {
            let made = day_wh(&town, home, day, pv);
            assert!(made <= 8 * i64::from(roof.peak_watts), "home {home}, day {day}: {made} Wh");
            year += made;
            // The run begins on day 135 of the year: June is day 17..47, December day 200..231.
            summer += if (17..47).contains(&day) { made } else { 0 };
            winter += if (200..231).contains(&day) { made } else { 0 };
        }
        let night = &town.day(home, 40)[..12];
        assert!(night.iter().all(|moment| moment.pv == Power::ZERO));
    }
    assert!(summer > 3 * winter, "summer {summer}, winter {winter}");
    let hours = year / peak;
    assert!((850..=1_150).contains(&hours), "{hours} kWh per kWp and year");
}

// A made-up car is away before its trip is booked, plugged in when it is, and home at midnight.
#[test]
fn a_trip_is_booked_when_the_car_is_back() {
    let town = Dataset::synthetic(40, 7, 1).expect("in bounds");
    let mut trips = 0;
    for (home, day) in (0..40).flat_map(|home| (0..7).map(move |day| (home, day))) {
        let moments = town.day(home, day);
        assert!(town.equipment(home).vehicle.is_some() == moments[0].plugged);
        let booked = (1..96).filter(|quarter| moments[*quarter].trip.nanojoules() > 0);
        for quarter in booked {
            assert!(moments[quarter].plugged && !moments[quarter - 1].plugged);
            trips += 1;
        }
    }
    assert!(trips > 20, "{trips} trips");
}

// Two roofs of one make under one sky: nearly the same day, but never the same curve.
#[test]
fn neighbours_share_the_weather_and_not_every_cloud() {
    let town = Neighbourhood::try_new(2, 20, 1).expect("in bounds");
    let own = (0..100).map(|home| Equipment::draw(1, home)).find(|own| own.roof.is_some());
    let own = own.expect("half of all homes have a roof");
    for day in 0..20 {
        let curve = |home| town.moments(home, &own, day).iter().map(pv).collect::<Vec<_>>();
        let (one, other) = (curve(0), curve(1));
        assert_ne!(one, other, "day {day}");
        let (a, b) = (one.iter().sum::<i64>(), other.iter().sum::<i64>());
        assert!((a - b).abs() < a / 5, "day {day}: {a} and {b}");
    }
}

// At noon of a summer day some homes have more than they use, some have less; at midnight nobody
// exports.
#[test]
fn some_homes_export_at_noon() {
    let town = Dataset::synthetic(50, 1, 1).expect("in bounds");
    let surplus = |quarter: usize| {
        (0..50)
            .filter(|home| town.day(*home, 0)[quarter].pv > town.day(*home, 0)[quarter].load)
            .count()
    };
    assert!((10..=30).contains(&surplus(48)), "{} of 50", surplus(48));
    assert_eq!(surplus(0), 0);
}
