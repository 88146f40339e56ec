//! The CityLearn reader on tables small enough to check by eye: what it reads, and every way it
//! refuses.

use proptest::prelude::*;

use super::*;

const HEADER: &str = "step,month,hour_ending,day_type,price_usd_per_kwh,carbon_kg_per_kwh,\
                      load_kwh_a,load_kwh_b,pv_kwh_a,pv_kwh_b";
/// Hour 24 of a Sunday in July, then the first hours of August.
const ROWS: [&str; 3] = [
    "0,7,24,7,0.22,0.17072440,2.2758,0,0.0000,0",
    "1,8,1,1,0.22,0.15731905,0.8512,0.5,0.3,0",
    "2,8,2,1,0.54,0.1,0,1.25,3.3004,0",
];

fn read(lines: &[&str]) -> Result<Recording, DatasetError> {
    let table = Table::parse("hours.csv".into(), lines.join("\n").into_bytes())?;
    Recording::read(&table)
}

fn good() -> Recording {
    read(&[HEADER, ROWS[0], ROWS[1], ROWS[2]]).expect("well formed")
}

/// Checks that a table is refused with exactly this line.
fn refused(lines: &[&str], expected: &str) {
    match read(lines) {
        Ok(_) => panic!("accepted, expected: {expected}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

// By hand: 0.8512 kWh in an hour are 851.2 W on average, in each of its four quarter hours; home 3
// of a set of two is home 1 again.
#[test]
fn an_hour_becomes_four_equal_quarter_hours() {
    let recording = good();
    assert_eq!((recording.homes(), recording.slots()), (2, 12));
    let moments = recording.moments(2, 0..96);
    assert_eq!(moments.len(), 12);
    let watts = |slot: usize| moments[slot].load.nanowatts();
    assert_eq!(
        (watts(3), watts(4), watts(7)),
        (2_275_800_000_000, 851_200_000_000, 851_200_000_000)
    );
    assert_eq!(moments[4].pv, Power::from_watts(300));
    assert!(moments.iter().all(|m| !m.plugged && m.trip == Work::ZERO));
    // (2.2758 + 0.8512 + 0) kWh in 3 h.
    assert_eq!(recording.mean_load(0).nanowatts(), 1_042_333_333_333);
}

// Panels are where energy is made, rated by what they made at most; with them comes the battery of
// the set's description.
#[test]
fn devices_are_those_of_the_set() {
    let recording = good();
    let own = recording.equipment(0);
    assert_eq!(own.roof.map(|roof| roof.peak_watts), Some(3_400));
    assert_eq!(own.battery.map(|battery| battery.capacity), Some(Work::from_wh(6_400)));
    assert_eq!(
        (own.vehicle, recording.equipment(1).roof, recording.equipment(1).battery),
        (None, None, None)
    );
}

// 0.54 currency/kWh and 0.1 kg/kWh in the third hour; a file without the columns says nothing.
#[test]
fn price_and_carbon_are_kept() {
    let recording = good();
    assert_eq!(recording.grid_price(Slot::new(8)), Some(Price::from_micro_per_kwh(540_000)));
    assert_eq!(recording.carbon(Slot::new(11)), Some(100_000_000));
    assert_eq!(
        (recording.grid_price(Slot::new(12)), recording.carbon(Slot::new(12))),
        (None, None)
    );
    let plain = read(&["month,hour_ending,day_type,load_kwh_a", "1,1,8,1"]).expect("well formed");
    assert_eq!((plain.grid_price(Slot::ZERO), plain.carbon(Slot::ZERO)), (None, None));
}

// The first row is 23:00 of 31 July, four slots of day 0, and 1 August is a Monday, as in the file.
#[test]
fn rows_are_dated_by_the_first_change_of_month() {
    let calendar = good().calendar();
    assert_eq!(calendar.quarter(Slot::ZERO), 92);
    let (last, first) = (calendar.date(Slot::ZERO), calendar.date(Slot::new(4)));
    assert_eq!((last.month, last.day, first.month, first.day), (7, 31, 8, 1));
    assert_eq!(first.weekday(), 1);
    assert_eq!(calendar.utc(Slot::ZERO), None);
    // Without a change of month the first row lies on the first of it.
    let lone = read(&["month,hour_ending,day_type,load_kwh_a", "3,18,2,1"]).expect("well formed");
    let begin = lone.calendar().date(Slot::ZERO);
    assert_eq!((begin.month, begin.day, lone.calendar().quarter(Slot::ZERO)), (3, 1, 68));
}

// A whole year of hours that begins anywhere is dated without a leap day: the last hour is the one
// before the first.
#[test]
fn a_year_comes_back_to_where_it_began() {
    for begin in [0_i64, 5_087, 8_000] {
        let first = Date { year: 2010, month: 1, day: 1 }.days() * 24 + begin;
        let mut lines = vec!["month,hour_ending,day_type,load_kwh_a".to_owned()];
        for hour in first..first + 8_760 {
            let date = Date::from_days(hour.div_euclid(24));
            let line = format!("{},{},{},1", date.month, hour % 24 + 1, date.weekday());
            lines.push(line);
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let calendar = read(&lines).expect("well formed").calendar();
        let (start, end) = (calendar.clock(Slot::ZERO).0, calendar.clock(Slot::new(8_759 * 4)).0);
        let expected = Date::from_days(first.div_euclid(24));
        let dated = calendar.date(Slot::ZERO);
        assert_eq!(
            (dated.month, dated.day, dated.weekday()),
            (expected.month, expected.day, expected.weekday())
        );
        assert_eq!(end - start, 8_759 * 3_600);
    }
}

// Hours, months and steps follow the row above.
#[test]
fn rows_that_jump_are_refused() {
    refused(
        &[HEADER, ROWS[0], ROWS[2]],
        "hours.csv:3: field step: got \"2\", expected 1, which follows the row above",
    );
    let short = "month,hour_ending,day_type,load_kwh_a";
    refused(
        &[short, "7,24,7,1", "8,2,1,1"],
        "hours.csv:3: field hour_ending: got \"2\", expected 1, which follows the row above",
    );
    refused(
        &[short, "7,23,7,1", "8,24,7,1"],
        "hours.csv:3: field month: got \"8\", expected 7, which follows the row above",
    );
    refused(
        &[short, "7,25,7,1"],
        "hours.csv:2: field hour_ending: got \"25\", expected a whole number from 1 to 24",
    );
    refused(
        &[short, "7,24,0,1"],
        "hours.csv:2: field day_type: got \"0\", expected a whole number from 1 to 8",
    );
}

// Columns are found by name and pattern, in any order; what is missing or unknown is named.
#[test]
fn a_header_that_is_not_the_formats_is_refused() {
    let odd = read(&[
        "load_kwh_a,day_type, hour_ending,pv_kwh_a,month,price_eur_per_kwh",
        "1,1,1,0.5,8,0.3",
    ]);
    assert_eq!(
        odd.expect("well formed").grid_price(Slot::ZERO),
        Some(Price::from_micro_per_kwh(300_000))
    );
    let row = "1,1,1,1";
    refused(
        &["month,hour_ending,load_kwh_a,pv_kwh_a", row],
        "hours.csv:1: field day_type: got nothing, expected a column day_type",
    );
    refused(
        &["month,hour_ending,day_type,pv_kwh_a", row],
        "hours.csv:1: field load_kwh_a: got nothing, expected a column of this name beside its pair",
    );
    refused(
        &["month,hour_ending,day_type", "1,1,1"],
        "hours.csv:1: field load_kwh_*: got nothing, expected a column load_kwh_*",
    );
    refused(
        &["month,hour_ending,day_type,load_w_a", row],
        "hours.csv:1: field load_w_a: got \"load_w_a\", expected one of the columns step, month, \
         hour_ending, day_type, price_*_per_kwh, carbon_kg_per_kwh, load_kwh_*, pv_kwh_*",
    );
}

// Energies are plain numbers in their range.
#[test]
fn an_energy_that_is_no_amount_is_refused() {
    for bad in ["-5", "abc", "", "NaN", "1e3", "1000.1"] {
        let shown = if bad.is_empty() { "nothing".to_owned() } else { format!("\"{bad}\"") };
        refused(
            &["month,hour_ending,day_type,load_kwh_a,pv_kwh_a", &format!("8,1,1,{bad},0")],
            &format!(
                "hours.csv:2: field load_kwh_a: got {shown}, \
                 expected a decimal number from 0 to 1000"
            ),
        );
    }
}

proptest! {
    // A file with a byte changed, lost or doubled is read or refused in one line that names it, and
    // never panics.
    #[test]
    fn a_damaged_file_is_read_or_refused(
        at: proptest::sample::Index, byte: u8, damage in 0_u8..3,
    ) {
        let mut bytes = [HEADER, ROWS[0], ROWS[1], ROWS[2]].join("\n").into_bytes();
        let at = at.index(bytes.len());
        match damage {
            0 => bytes[at] = byte,
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, bytes[at]),
        }
        let read = Table::parse("hours.csv".into(), bytes).and_then(|table| Recording::read(&table));
        if let Err(error) = read {
            let line = error.to_string();
            prop_assert!(line.starts_with("hours.csv") && !line.contains('\n'), "{}", line);
        }
    }
}
