//! The HAMLET reader on tables small enough to check by eye: what it reads, and every way it
//! refuses.

use proptest::prelude::*;

use super::*;
use crate::error::{Excerpt, Place};
use crate::vehicle::{Charging, VehicleSpec};

const HEADER: &str = "timestamp_unix_utc,load_w_1_0,load_w_2_0,pv_pu_1";
const ROWS: [&str; 3] =
    ["1613343600,159,155,0", "1613344500,142.5,184,0.0216471", "1613345400,0,1,1.2"];

fn homes(lines: &[&str]) -> Result<Recording, DatasetError> {
    let table = Table::parse("homes.csv".into(), lines.join("\n").into_bytes())?;
    Recording::read_homes(&table)
}

fn cars(lines: &[&str]) -> Result<Recording, DatasetError> {
    let mut recording = homes(&[HEADER, ROWS[0], ROWS[1], ROWS[2]])?;
    let table = Table::parse("cars.csv".into(), lines.join("\n").into_bytes())?;
    recording.read_cars(&table)?;
    Ok(recording)
}

/// Checks that a table is refused with exactly this line.
fn refused(result: Result<Recording, DatasetError>, line: &str) {
    match result {
        Ok(_) => panic!("accepted, expected: {line}"),
        Err(error) => assert_eq!(error.to_string(), line),
    }
}

fn equipment(peak_watts: u32, car: bool) -> Equipment {
    let vehicle = VehicleSpec { power: Power::from_watts(3_700), charging: Charging::OnArrival };
    Equipment {
        roof: Some(crate::equipment::Roof { peak_watts, tilt: 30, azimuth: 180 }),
        battery: None,
        vehicle: car.then_some(vehicle),
        series: 0,
    }
}

// By hand: 0.0216471 W/W x 5,500 W = 119.05905 W, exact in nanowatts; home 3 of a two-home
// recording is home 1 again.
#[test]
fn loads_and_pv_are_exact() {
    let recording = homes(&[HEADER, ROWS[0], ROWS[1], ROWS[2]]).expect("well formed");
    assert_eq!((recording.homes(), recording.slots()), (2, 3));
    let moments = recording.moments(2, &equipment(5_500, false), 0..96);
    assert_eq!(moments.len(), 3);
    assert_eq!(moments[0].load, Power::from_watts(159));
    assert_eq!(moments[1].load, Power::from_nanowatts(142_500_000_000));
    assert_eq!(moments[1].pv, Power::from_nanowatts(119_059_050_000));
    assert_eq!(moments[2].pv, Power::from_watts(6_600));
    assert_eq!(recording.moments(0, &equipment(0, false), 0..1)[0].pv, Power::ZERO);
    // (159 + 142.5 + 0) / 3 W.
    assert_eq!(recording.mean_load(0), Power::from_nanowatts(100_500_000_000));
}

// 2021-02-14 23:00:00 UTC is midnight in Berlin: quarter hour 0 of the local day.
#[test]
fn the_recording_begins_at_local_midnight() {
    let recording = homes(&[HEADER, ROWS[0], ROWS[1]]).expect("well formed");
    let quarter = |slot| recording.calendar().quarter(Slot::new(slot));
    assert_eq!((quarter(0), quarter(1), quarter(96)), (0, 1, 0));
}

// Columns are found by name: another order, spaces after the commas, CRLF and a byte order mark
// change nothing.
#[test]
fn columns_are_found_by_name() {
    let plain = homes(&["timestamp_unix_utc,load_w_9,pv_pu_1", "900,7,0.5"]).expect("well formed");
    let odd = homes(&["\u{feff}pv_pu_1, load_w_9,timestamp_unix_utc\r", "0.5, 7,900\r", ""]);
    assert_eq!(odd.expect("well formed"), plain);
}

// A car that is away draws nothing; its trip is booked in the row where it is back.
#[test]
fn cars_come_with_their_trips() {
    let rows = ["1613343600,1,0", "1613344500,0,0", "1613345400,1,5170"];
    let header = "timestamp_unix_utc,avail_a_1,used_a_1";
    let recording = cars(&[header, rows[0], rows[1], rows[2]]).expect("well formed");
    let moments = recording.moments(0, &equipment(0, true), 0..3);
    let plugged: Vec<bool> = moments.iter().map(|moment| moment.plugged).collect();
    assert_eq!(plugged, [true, false, true]);
    assert_eq!((moments[1].trip, moments[2].trip), (Work::ZERO, Work::from_wh(5_170)));
    let no_car = recording.moments(0, &equipment(0, false), 0..3);
    assert!(no_car.iter().all(|moment| !moment.plugged && moment.trip == Work::ZERO));
}

// Missing, doubled and unknown columns are named.
#[test]
fn a_header_that_is_not_the_formats_is_refused() {
    let row = "900,1,2";
    let cases = [
        (
            "load_w_1,load_w_2,pv_pu_1",
            "timestamp_unix_utc: got nothing, expected a column timestamp_unix_utc",
        ),
        ("timestamp_unix_utc,pv_pu_1,pv_pu_2", "load_w_*: got nothing, expected a column load_w_*"),
        ("timestamp_unix_utc,load_w_1,load_w_2", "pv_pu_*: got nothing, expected a column pv_pu_*"),
        (
            "timestamp_unix_utc,load_w_1,load_w_1",
            "load_w_1: got \"load_w_1\", expected every column once",
        ),
        (
            "timestamp_unix_utc,load_w_1,Load_w_2",
            "Load_w_2: got \"Load_w_2\", \
             expected one of the columns timestamp_unix_utc, load_w_*, pv_pu_*",
        ),
    ];
    for (header, line) in cases {
        refused(homes(&[header, row]), &format!("homes.csv:1: field {line}"));
    }
}

// A reading is a plain number in its range; everything else is refused with its line and field.
#[test]
fn a_reading_that_is_no_amount_is_refused() {
    for bad in ["-5", "abc", "", "NaN", "inf", "1e3", "0x10", "1000000.1"] {
        let shown = if bad.is_empty() { "nothing".to_owned() } else { format!("\"{bad}\"") };
        refused(
            homes(&[HEADER, ROWS[0], &format!("1613344500,142,{bad},0")]),
            &format!(
                "homes.csv:3: field load_w_2_0: got {shown}, \
                 expected a decimal number from 0 to 1000000"
            ),
        );
    }
    refused(
        homes(&[HEADER, "1613343600,1,1,2.5"]),
        "homes.csv:2: field pv_pu_1: got \"2.5\", expected a decimal number from 0 to 2",
    );
}

// Time stamps begin a quarter hour and follow each other: a repeat, a gap and a step back are
// refused.
#[test]
fn time_stamps_that_jump_or_repeat_are_refused() {
    for bad in ["1613343600", "1613346300", "1613342700"] {
        refused(
            homes(&[HEADER, ROWS[0], &format!("{bad},1,1,0")]),
            &format!(
                "homes.csv:3: field timestamp_unix_utc: got \"{bad}\", \
                 expected 1613344500, 900 s after the row above"
            ),
        );
    }
    for bad in
        ["1613343601", "2021-02-14T23:00:00Z", "1613343600.0", "", "-900", "9223372036854775800"]
    {
        let shown = if bad.is_empty() { "nothing".to_owned() } else { format!("\"{bad}\"") };
        refused(
            homes(&[HEADER, &format!("{bad},1,1,0")]),
            &format!(
                "homes.csv:2: field timestamp_unix_utc: got {shown}, \
                 expected whole Unix seconds, a multiple of 900"
            ),
        );
    }
}

// Lines are counted as an editor counts them, blank ones included.
#[test]
fn blank_lines_are_skipped_but_counted() {
    refused(
        homes(&[HEADER, "", ROWS[0], "", "", "1613344500,142,x,0"]),
        "homes.csv:6: field load_w_2_0: got \"x\", expected a decimal number from 0 to 1000000",
    );
    refused(
        homes(&["\u{feff}timestamp_unix_utc,load_w_2_0,pv_pu_1\r", "900,x,0\r"]),
        "homes.csv:2: field load_w_2_0: got \"x\", expected a decimal number from 0 to 1000000",
    );
    refused(
        homes(&["", "", "load_w_1,pv_pu_1", "1,2"]),
        "homes.csv:3: field timestamp_unix_utc: got nothing, expected a column timestamp_unix_utc",
    );
}

// Rows are as long as the header; the first missing or surplus field is named.
#[test]
fn ragged_rows_are_refused() {
    refused(
        homes(&[HEADER, ROWS[0], "1613344500,142"]),
        "homes.csv:3: field load_w_2_0: got nothing, expected 4 fields, as many as the header has",
    );
    refused(
        homes(&[HEADER, "1613343600,1,1,0,77"]),
        "homes.csv:2: field after the last column: got \"77\", \
         expected 4 fields, as many as the header has",
    );
}

// Nothing at all, and a header alone, are no data set.
#[test]
fn empty_files_are_refused() {
    let expected = "expected a header line and at least one row";
    refused(homes(&[""]), &format!("homes.csv: no header, {expected}"));
    refused(homes(&[HEADER]), &format!("homes.csv: no rows, {expected}"));
}

// A car needs both its columns, flags that are flags, and the time stamps of the homes from first
// to last.
#[test]
fn cars_that_do_not_fit_are_refused() {
    let header = "timestamp_unix_utc,avail_a,used_a";
    refused(
        cars(&["timestamp_unix_utc,avail_a", "1613343600,1"]),
        "cars.csv:1: field used_a: got nothing, expected a column of this name beside its pair",
    );
    refused(
        cars(&["timestamp_unix_utc,used_a", "1613343600,1"]),
        "cars.csv:1: field avail_a: got nothing, expected a column of this name beside its pair",
    );
    refused(
        cars(&[header, "1613343600,2,0"]),
        "cars.csv:2: field avail_a: got \"2\", expected 0 or 1",
    );
    let same = "the time of this row in the file of the homes";
    refused(
        cars(&[header, "1613344500,1,0"]),
        &format!(
            "cars.csv:2: field timestamp_unix_utc: got \"1613344500\", expected 1613343600, {same}"
        ),
    );
    let rows = ["1613343600,1,0", "1613344500,1,0", "1613345400,1,0", "1613346300,1,0"];
    refused(
        cars(&[header, rows[0], rows[1]]),
        &format!("cars.csv:4: field after the last row: got nothing, expected 1613345400, {same}"),
    );
    refused(
        cars(&[header, rows[0], rows[1], rows[2], rows[3]]),
        "cars.csv:5: field timestamp_unix_utc: got \"1613346300\", \
         expected no more rows than the file of the homes",
    );
}

// A stray quotation mark swallows the rest of the file; that is refused where the row began.
#[test]
fn a_stray_quotation_mark_is_refused() {
    refused(
        homes(&[HEADER, ROWS[0], "\"1613344500,142,1,0", ROWS[2]]),
        "homes.csv:3: field load_w_1_0: got nothing, expected 4 fields, as many as the header has",
    );
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
        let read = Table::parse("homes.csv".into(), bytes).and_then(|t| Recording::read_homes(&t));
        if let Err(error) = read {
            let line = error.to_string();
            prop_assert!(line.starts_with("homes.csv") && !line.contains('\n'), "{}", line);
        }
    }
}

// The companion of the property above: of the single-byte losses some files survive and most do
// not.
#[test]
fn damage_is_usually_noticed() {
    let good = [HEADER, ROWS[0], ROWS[1], ROWS[2]].join("\n").into_bytes();
    let survivors = (0..good.len()).filter(|at| {
        let mut bytes = good.clone();
        bytes.remove(*at);
        Table::parse("homes.csv".into(), bytes).and_then(|t| Recording::read_homes(&t)).is_ok()
    });
    let (survivors, all) = (survivors.count(), good.len());
    assert!(0 < survivors && survivors * 2 < all, "{survivors} of {all}");
}

// The typed error carries what the text says, so that a program can match on it.
#[test]
fn errors_can_be_matched() {
    let error = homes(&[HEADER, "1613343600,1,-1,0"]).expect_err("negative");
    let place = Place { file: "homes.csv".into(), line: 2, field: "load_w_2_0".into() };
    let (got, expected) = (Excerpt::new(b"-1"), Expected::Decimal(1_000_000));
    assert_eq!(error, DatasetError::Field { place, got, expected });
}
