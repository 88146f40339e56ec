//! The gsy-e reader on files small enough to check by eye: what it reads, and every way it refuses.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// A directory of its own that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, String)]) -> Self {
        let dir = std::env::temp_dir().join(format!("community-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary directory");
        for (file, text) in files {
            std::fs::write(dir.join(file), text).expect("a small file");
        }
        Self(dir)
    }

    fn open(&self) -> Result<Option<Recording>, DatasetError> {
        Recording::open(&self.0, &["bdew"])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // If it cannot be removed, it is in the way of nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A day of rows every `minutes`, each with the power that `power` has for its number.
fn day(minutes: usize, power: impl Fn(usize) -> String) -> String {
    let times = (0..1_440 / minutes).map(|row| (row * minutes / 60, row * minutes % 60));
    let rows = times.enumerate().map(|(row, (h, m))| format!("{h:02}:{m:02};{}\n", power(row)));
    format!("INTERVAL;POWER(W):\n{}", rows.collect::<String>())
}

/// The powers of one file, watts, or the message.
fn one(text: &str) -> Result<Vec<i64>, String> {
    let parsed = Table::parse("a.csv".into(), text.as_bytes().to_vec());
    let powers = parsed.and_then(|table| read(&table, (-MAX_POWER, MAX_POWER), &mut None));
    let watts = powers.map(|all| all.iter().map(|nano| nano / 1_000_000_000).collect());
    watts.map_err(|error| error.to_string())
}

fn refused(text: &str, line: &str) {
    assert_eq!(one(text), Err(line.to_owned()), "{text:?}");
}

// A folder of three homes: one with a file for its panels, one whose meter turns negative, one that
// only draws. Hours hold for four slots; homes come by name, and home 4 is home 1 again.
#[test]
fn a_folder_of_files_becomes_homes() {
    let folder = Folder::new(
        "gsy-homes",
        &[
            ("load_b.csv", day(60, |row| (100 * row).to_string())),
            ("PV_b.csv", day(60, |row| if row == 12 { "2500.5".into() } else { "0".into() })),
            ("c.csv", day(60, |row| if row == 12 { "-730".into() } else { "20".into() })),
            ("a.csv", day(60, |_| "10".into())),
            ("bdew2025_quarter_hour.csv", "not one of ours".into()),
            ("notes.txt", "nor this".into()),
        ],
    );
    let recording = folder.open().expect("well formed").expect("there are files");
    assert_eq!((recording.homes(), recording.slots()), (3, 96));
    let at = |home, slot: usize| recording.moments(home, 0..96)[slot];
    assert_eq!(at(0, 50).load, Power::from_watts(10));
    assert_eq!(
        (at(1, 47).load, at(1, 48).load),
        (Power::from_watts(1_100), Power::from_watts(1_200))
    );
    assert_eq!(at(1, 51).pv, Power::from_nanowatts(2_500_500_000_000));
    assert_eq!((at(2, 48).load, at(2, 48).pv), (Power::ZERO, Power::from_watts(730)));
    assert_eq!(recording.moments(4, 0..96), recording.moments(1, 0..96));
    let rated = |home| recording.equipment(1, home).roof.map(|roof| roof.peak_watts);
    assert_eq!((rated(0), rated(1), rated(2)), (None, Some(2_600), Some(800)));
    assert!((0..200).all(|home| home % 3 != 0 || recording.equipment(1, home).battery.is_none()));
    assert!((0..200).any(|home| recording.equipment(1, home).battery.is_some()));
    // (0 + 100 + .. + 2,300) / 24 W.
    assert_eq!(recording.mean_load(1), Power::from_watts(1_150));
}

// A profile without a date is 15 May 2023; dated files begin when they say, here at 23:30.
#[test]
fn files_are_dated_as_they_say() {
    let folder = Folder::new("gsy-dateless", &[("a.csv", day(15, |_| "1".into()))]);
    let calendar = folder.open().expect("well formed").expect("a file").calendar();
    assert_eq!(calendar.clock(Slot::ZERO).to_string(), "2023-05-15T00:00");
    let rows = "INTERVAL,POWER(W)\n2019-12-31T23:30,1\n2020-01-01T00:00:00,2\n2020-01-01 00:30,3\n";
    let folder = Folder::new("gsy-dated", &[("a.csv", rows.into())]);
    let recording = folder.open().expect("well formed").expect("a file");
    assert_eq!(recording.slots(), 6);
    assert_eq!(recording.calendar().clock(Slot::ZERO).to_string(), "2019-12-31T23:30");
    assert_eq!(recording.calendar().slots(0), 0..2);
}

// Commas and semicolons, capitals, a colon and another name for the time are all one format.
#[test]
fn headers_of_several_kinds_are_one_format() {
    let rows = "2019-01-01T00:00,5\n2019-01-01T00:15,6\n";
    for header in
        ["INTERVAL,POWER(W)", "interval,power", "DateTime,POWER(W):", " INTERVAL , POWER (W)"]
    {
        assert_eq!(one(&format!("{header}\n{rows}")), Ok(vec![5, 6]), "{header}");
    }
    let semicolons = format!("INTERVAL;POWER(W)\n{}", rows.replace(',', ";"));
    assert_eq!(one(&semicolons), Ok(vec![5, 6]));
    assert_eq!(one("POWER(W),INTERVAL\n7,2019-01-01T00:00\n"), Ok(vec![7]));
    refused(
        "INTERVAL,ENERGY(Wh)\n00:00,1",
        "a.csv:1: field ENERGY(Wh): got \"ENERGY(Wh)\", \
         expected one of the columns INTERVAL (or DateTime), POWER(W)",
    );
    refused("POWER(W)\n1", "a.csv:1: field INTERVAL: got nothing, expected a column INTERVAL");
    refused("INTERVAL\n00:00", "a.csv:1: field POWER(W): got nothing, expected a column POWER(W)");
}

// Times that are none, that jump or that do not fill a day are refused with what was expected.
#[test]
fn times_that_do_not_follow_are_refused() {
    let header = "INTERVAL,POWER(W)";
    for bad in
        ["24:00", "00:60", "0:00", "00:07", "2019-02-29T00:00", "1969-01-01T00:00", "noon", ""]
    {
        let shown = if bad.is_empty() { "nothing".to_owned() } else { format!("\"{bad}\"") };
        refused(
            &format!("{header}\n{bad},1"),
            &format!(
                "a.csv:2: field INTERVAL: got {shown}, \
                 expected a quarter hour, as hh:mm or YYYY-MM-DDThh:mm"
            ),
        );
    }
    refused(
        &format!("{header}\n00:15,1"),
        "a.csv:2: field INTERVAL: got \"00:15\", expected 00:00, where a day begins",
    );
    refused(
        &format!("{header}\n00:00,1\n00:45,1"),
        "a.csv:3: field INTERVAL: got \"00:45\", \
         expected a time 15, 30 or 60 minutes after the row above",
    );
    refused(
        &format!("{header}\n2019-01-01T23:30,1\n2019-01-01T23:45,1\n2019-01-02T00:15,1"),
        "a.csv:4: field INTERVAL: got \"2019-01-02T00:15\", \
         expected 2019-01-02T00:00, one step after the row above",
    );
    refused(
        &format!("{header}\n00:00,1\n00:30,1"),
        "a.csv:4: field after the last row: got nothing, \
         expected 01:00, one step after the row above",
    );
    refused(
        &format!("{header}\n00:00,-1000000.5"),
        "a.csv:2: field POWER(W): got \"-1000000.5\", \
         expected a decimal number from -1000000 to 1000000",
    );
}

/// The message for a folder that is refused, from the name of the file on.
fn folder_refused(name: &str, files: &[(&str, String)]) -> String {
    let folder = Folder::new(name, files);
    let error = folder.open().expect_err("refused").to_string();
    let dir = format!("{}/", folder.0.display());
    error.strip_prefix(&dir).map(str::to_owned).unwrap_or(error)
}

// Files of one folder have the same times; panels have a home, and a home one load.
#[test]
fn files_that_do_not_fit_together_are_refused() {
    let rows = |times: &[&str]| {
        let rows = times.iter().map(|time| format!("2019-01-01T{time},1\n"));
        format!("INTERVAL,POWER(W)\n{}", rows.collect::<String>())
    };
    let first = ("a.csv", rows(&["00:00", "00:15", "00:30"]));
    let with =
        |name, file: &str, text: String| folder_refused(name, &[first.clone(), (file, text)]);
    assert_eq!(
        with("gsy-late", "b.csv", rows(&["00:15", "00:30", "00:45"])),
        "b.csv:2: field INTERVAL: got \"2019-01-01T00:15\", \
         expected 2019-01-01T00:00, the time of this row in the other files"
    );
    assert_eq!(
        with("gsy-short", "b.csv", rows(&["00:00", "00:15"])),
        "b.csv:4: field after the last row: got nothing, \
         expected 2019-01-01T00:30, the time of this row in the other files"
    );
    assert_eq!(
        with("gsy-long", "b.csv", rows(&["00:00", "00:15", "00:30", "00:45"])),
        "b.csv:5: field INTERVAL: got \"2019-01-01T00:45\", \
         expected no more rows than the other files"
    );
    assert_eq!(
        with("gsy-negative", "pv_a.csv", rows(&["00:00"]).replace(",1\n", ",-1\n")),
        "pv_a.csv:2: field POWER(W): got \"-1\", expected a decimal number from 0 to 1000000"
    );
    assert_eq!(
        with("gsy-orphan", "pv_x.csv", rows(&["00:00", "00:15", "00:30"])),
        "pv_x.csv: got panels without a home, expected x.csv or load_x.csv beside it"
    );
    assert_eq!(
        with("gsy-twice", "load_a.csv", rows(&["00:00", "00:15", "00:30"])),
        "load_a.csv: got a second file of its kind, expected one for home a"
    );
}

// No files of ours, or no folder at all, are no data set, and no error either.
#[test]
fn a_folder_without_files_is_none_of_ours() {
    let folder = Folder::new("gsy-empty", &[("bdew1999_quarter_hour.csv", "x".into())]);
    assert_eq!(folder.open(), Ok(None));
    assert_eq!(Recording::open(Path::new("nowhere"), &[]), Ok(None));
}

proptest! {
    // Any text at all is read or refused in one line, never a panic; times that are read are
    // written back as they were.
    #[test]
    fn junk_is_read_or_refused(junk: Vec<u8>, minutes in 1_440_i64..40_000_000) {
        let _ = clock_time(&junk);
        let text = ClockTime(minutes * 60).to_string();
        prop_assert_eq!(clock_time(text.as_bytes()), Some(minutes * 60));
        let bytes = [b"INTERVAL,POWER(W)\n2019-01-01T00:00,1\n".as_slice(), &junk].concat();
        if let Ok(table) = Table::parse("junk".into(), bytes)
            && let Err(error) = read(&table, (-MAX_POWER, MAX_POWER), &mut None)
        {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}
