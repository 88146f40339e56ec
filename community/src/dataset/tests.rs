//! Data sets as a whole: sizes, files on disk, and whether the made-up neighbourhood is a plausible
//! one.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::error::{Expected, Place};
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

// A plain and a packed copy of one recording are the same data set; homes beyond its columns are
// copies that differ from the original and from each other.
#[test]
fn plain_and_packed_files_read_alike() {
    let plain = Dataset::open(&fixture("two-homes"), None, 1).expect("a good fixture");
    assert_eq!(Dataset::open(&fixture("packed"), None, 1), Ok(plain.clone()));
    assert_eq!((plain.homes(), plain.slots()), (2, 100));
    let town = Dataset::open(&fixture("two-homes"), Some(5), 1).expect("a good fixture");
    assert_eq!((town.homes(), town.days()), (5, 2));
    let loads = |home| town.day(home, 0).iter().map(load).collect::<Vec<_>>();
    let recorded = |home| plain.day(home, 0).iter().map(load).collect::<Vec<_>>();
    assert_eq!((loads(0), loads(1)), (recorded(0), recorded(1)));
    assert_ne!(loads(1), loads(0));
    for (copy, original) in loads(4).iter().zip(loads(0)) {
        assert!(original * 6 / 10 <= *copy && *copy <= original * 15 / 10);
    }
    assert!(loads(4) != loads(0) && loads(4) != loads(2));
    assert_eq!((town.day(0, 0).len(), town.day(0, 1).len(), town.day(0, 2).len()), (96, 4, 0));
}

// A directory that is none, or holds nothing we know, is refused in one line.
#[test]
fn a_directory_without_data_is_refused() {
    let dir = fixture("nowhere");
    let error = Dataset::open(&dir, None, 1).expect_err("does not exist").to_string();
    assert!(error.ends_with(
        "nowhere: no data set here, expected homes_15min.csv, homes_hourly.csv, \
         bdew2025_quarter_hour.csv, or a CSV file per home with the columns INTERVAL and POWER(W), \
         each plain or as .gz"
    ));
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

/// A directory of its own with these files, gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("community-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary directory");
        for (file, text) in files {
            std::fs::write(dir.join(file), text).expect("a small file");
        }
        Self(dir)
    }

    fn open(&self, homes: Option<u32>) -> Result<Dataset, DatasetError> {
        Dataset::open(&self.0, homes, 1)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // If it cannot be removed, it is in the way of nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A recording of two homes in the form of HAMLET, with `rows` quarter hours from `start` on; home
/// 1 draws the number of the row in watts.
fn quarter_hours(start: i64, rows: i64) -> String {
    let rows = (0..rows).map(|row| format!("{},{row},5,0.5\n", start + 900 * row));
    format!("timestamp_unix_utc,load_w_1,load_w_2,pv_pu_1\n{}", rows.collect::<String>())
}

/// A table of one flat profile, H25.
fn flat_profile() -> String {
    let mut text = "profile,month,day_type,quarter_hour,kwh_per_1000000kwh_year\n".to_owned();
    for month in 1..=12 {
        for day in ["WEEKDAY", "SAT", "SUN_HOL"] {
            (0..96).for_each(|quarter| text += &format!("H25,{month},{day},{quarter},20\n"));
        }
    }
    text
}

const HOURS: &str = "month,hour_ending,day_type,carbon_kg_per_kwh,load_kwh_a,pv_kwh_a\n\
                     7,24,7,0.1,2,0\n8,1,1,0.2,1,3\n";
const ONE_HOME: &str = "INTERVAL,POWER(W)\n2020-01-01T12:00,500\n2020-01-01T12:30,700\n";

// What lies in a directory decides who reads it; where there are several, homes of quarter hours go
// before those of hours, those before files per home, and profiles alone make a crowd.
#[test]
fn the_reader_is_chosen_by_what_lies_there() {
    let hamlet = quarter_hours(1_613_343_600, 3);
    let profile = flat_profile();
    let all = [
        ("homes_15min.csv", hamlet.as_str()),
        ("homes_hourly.csv", HOURS),
        ("x.csv", ONE_HOME),
        ("bdew2025_quarter_hour.csv", profile.as_str()),
    ];
    let sizes = (0..4).map(|first| {
        let folder = Folder::new(&format!("choice-{first}"), &all[first..]);
        let dataset = folder.open(None).expect("well formed");
        assert!(dataset.profiles().is_some());
        (dataset.homes(), dataset.slots())
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [(2, 3), (1, 8), (1, 4), (100, 365 * 96)]);
    let hours = Folder::new("hours", &all[1..2]).open(Some(3)).expect("well formed");
    assert_eq!(
        (hours.homes(), hours.carbon(Slot::new(4)), hours.profiles()),
        (3, Some(200_000_000), None)
    );
    assert_eq!(hours.equipment(2).roof, hours.equipment(0).roof);
    assert_eq!(hours.grid_price(Slot::ZERO), None);
}

// A file that is no home's is named as such, with its line and field.
#[test]
fn a_stray_file_is_named() {
    let folder = Folder::new("stray", &[("prices.csv", "hour,price\n0,1\n")]);
    let Err(DatasetError::Field { place: Place { line, field, .. }, expected, .. }) =
        folder.open(None)
    else {
        panic!("a file without a home")
    };
    assert_eq!((line, field.as_str()), (1, "hour"));
    assert!(matches!(expected, Expected::KnownColumn(_)));
}

// 28 March 2021 in Berlin, recorded from midnight on: day 0 has 92 slots and lacks the hour from
// 2:00, every row is lived through once and in order, and the days after have 96. In October the
// same with 100.
#[test]
fn days_of_92_and_100_slots_bring_every_row_once() {
    for (start, length, missing) in [(1_616_886_000, 92, true), (1_635_631_200, 100, false)] {
        let text = quarter_hours(start, length + 96 + 5);
        let folder = Folder::new(&format!("clocks-{length}"), &[("homes_15min.csv", &text)]);
        let dataset = folder.open(None).expect("well formed");
        let days = [dataset.day(0, 0), dataset.day(0, 1), dataset.day(0, 2), dataset.day(0, 3)];
        let lengths = days.each_ref().map(|day| day.len() as i64);
        assert_eq!((lengths, dataset.days()), ([length, 96, 5, 0], 3));
        let rows = days.iter().flatten().map(|moment| load(moment) / 1_000_000_000);
        assert!(rows.eq(0..length + 101));
        let quarters: Vec<u32> = (0..14).map(|slot| dataset.quarter(Slot::new(slot))).collect();
        let expected = if missing {
            [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17]
        } else {
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 8, 9]
        };
        assert_eq!(quarters, expected);
        assert_eq!(dataset.calendar().utc(Slot::new(13)), Some(start + 13 * 900));
    }
}

// By hand: a home of 500 W and then 700 W means 600 W, 5,256 kWh a year; a flat profile of 2020, a
// leap year, has 35,136 quarter hours: 149.6 Wh in each. Without a profile there is no substitute.
#[test]
fn a_substitute_is_the_profile_scaled_to_the_home() {
    let profile = flat_profile();
    let files = [("x.csv", ONE_HOME), ("bdew2025_quarter_hour.csv", profile.as_str())];
    let with = Folder::new("substitute", &files).open(Some(40)).expect("well formed");
    // 1 January: F(1) = 1.242 over a mean of about 1.0 in the year.
    let own = with.substitute(0, Slot::ZERO).expect("there is a profile").wh();
    assert!((170..=195).contains(&own), "{own} Wh");
    let copies: Vec<i64> =
        (1..40).filter_map(|home| with.substitute(home, Slot::ZERO)).map(Energy::wh).collect();
    assert_eq!(copies.len(), 39);
    assert!(copies.iter().all(|wh| own * 69 / 100 <= *wh && *wh <= own * 131 / 100));
    assert!(copies.iter().any(|wh| *wh < own) && copies.iter().any(|wh| *wh > own));
    let without = Folder::new("no-substitute", &files[..1]).open(None).expect("well formed");
    assert_eq!(without.substitute(0, Slot::ZERO), None);
    assert_eq!(Dataset::synthetic(3, 1, 1).expect("in bounds").substitute(0, Slot::ZERO), None);
}

// Profiles alone make a crowd for a year: its homes use what a standard household does, under the
// synthetic sun, with its devices; the substitute of a slot is what the home uses on average.
#[test]
fn a_profile_alone_makes_a_crowd() {
    let profile = flat_profile();
    let folder = Folder::new("crowd", &[("bdew2025_quarter_hour.csv", profile.as_str())]);
    let crowd = folder.open(Some(60)).expect("well formed");
    let synthetic = Dataset::synthetic(60, 365, 1).expect("in bounds");
    assert_eq!((crowd.homes(), crowd.days()), (60, 365));
    assert!((0..60).all(|home| crowd.equipment(home) == synthetic.equipment(home)));
    assert!((0..60).all(|home| {
        let (one, other) = (crowd.day(home, 3), synthetic.day(home, 3));
        let same =
            |(a, b): (&Moment, &Moment)| (a.pv, a.plugged, a.trip) == (b.pv, b.plugged, b.trip);
        one.iter().zip(&other).all(same) && one.iter().zip(&other).any(|(a, b)| a.load != b.load)
    }));
    let (mut used, mut expected) = (0, 0);
    for home in 0..60 {
        used += day_wh(&crowd, home, 10, load);
        let slots = (960..1056).filter_map(|slot| crowd.substitute(home, Slot::new(slot)));
        expected += slots.map(Energy::wh).sum::<i64>();
    }
    // 60 x 96 quarter hours of mean 1 and deviation 0.92: 1.2 % each; five of them.
    assert!((used - expected).abs() * 16 < expected, "{used} Wh, {expected} expected");
}
