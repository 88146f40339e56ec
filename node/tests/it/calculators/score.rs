//! `score`: a history worked by hand, and what is refused.

use super::{file, gridquorum, json_line, object, refusal};

const HEADER: &str =
    "slot,bill,overdue_since,contracted_wh,deviation_wh,missing,import_wh,local_solar_wh";

fn score(name: &str, rows: &[&str]) -> String {
    json_line(&["score", "--history", &history(name, rows)])
}

fn history(name: &str, rows: &[&str]) -> String {
    file(&format!("history-{name}.csv"), &format!("{HEADER}\n{}\n", rows.join("\n")))
}

/// The fixture, by hand, with a prior of 96 neutral slots of 500 points:
///
/// | slot | punctuality loses | reliability loses | loyalty loses |
/// |---|---|---|---|
/// | 0 | 0: paid | 0: 30 Wh lie in the band of 50 | 500 x (430 - 215) / 430 = 250 |
/// | 1 | 1000: overdue | (250 - 50) / 1000 of 1000 = 200 | no import |
/// | 2 | 0: paid | 1000: no reading | no import |
/// | 4 | no bill | no contract | 500: no local energy |
///
/// Punctuality (99,000 - 48,000 - 1,000) / 99 = 505, reliability (99,000 - 48,000 - 1,200) / 99 =
/// 503, loyalty (98,000 - 48,000 - 750) / 98 = 502, score (300 x 505 + 200 x 503 + 200 x 502) / 700
/// = 503. Of the 497 points lost, with 495 x 300 / 700 = 212.143, 497 x 200 / 700 = 142 and
/// 498 x 200 / 700 = 142.286 in the three factors:
///
/// ```text
/// prior    212.143 x 48,000/49,000 + 142 x 48,000/49,200 + 142.286 x 48,000/48,750 = 486.447
/// payment  212.143 x 1,000/49,000 = 4.329      reading    142 x 1,000/49,200 = 2.886
/// solar    142.286 x 750/48,750 = 2.189        deviation  142 x 200/49,200 = 0.577
/// ```
///
/// Rounded down they are 494; the three largest fractions get one more: 487, 4, 3, 2 and 1, and the
/// fifth cause is not told.
#[test]
fn a_history_worked_by_hand() {
    assert_eq!(
        json_line(&["score", "--history", "node/tests/it/fixtures/history.csv"]),
        "{\"score\":503,\"version\":1,\"punctuality\":505,\"reliability\":503,\"loyalty\":502,\
         \"reasons\":[\
         {\"code\":\"short-history\",\"lost\":487,\
         \"raised_by\":\"more settled slots; nothing else is needed\"},\
         {\"code\":\"late-payment\",\"lost\":4,\
         \"raised_by\":\"keep the account above zero when a slot is settled\"},\
         {\"code\":\"missing-reading\",\"lost\":3,\
         \"raised_by\":\"have the meter report every slot\"},\
         {\"code\":\"little-local-solar\",\"lost\":2,\
         \"raised_by\":\"use energy while the region's panels produce it\"}]}"
    );
}

/// People read the same as lines.
#[test]
fn people_get_lines() {
    let ended = gridquorum(&["score", "--history", "node/tests/it/fixtures/history.csv"]);
    let expected = "\
score        503 points
version      1
punctuality  505 points
reliability  503 points
loyalty      502 points

reasons
  code                lost (points)  raised by
  short-history                 487  more settled slots; nothing else is needed
  late-payment                    4  keep the account above zero when a slot is settled
  missing-reading                 3  have the meter report every slot
  little-local-solar              2  use energy while the region's panels produce it
";
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), expected, ""));
}

/// A newcomer has 500 points everywhere, and the one reason that nothing is known.
#[test]
fn a_header_alone_is_a_newcomer() {
    assert_eq!(
        score("newcomer", &[]),
        "{\"score\":500,\"version\":1,\"punctuality\":500,\"reliability\":500,\"loyalty\":500,\
         \"reasons\":[{\"code\":\"short-history\",\"lost\":500,\
         \"raised_by\":\"more settled slots; nothing else is needed\"}]}"
    );
}

/// A day of 96 good slots against a prior of 96: (1000 x 192 - 500 x 96) / 192 = 750 everywhere.
/// Slots may be left out, and the bound of 32 bits is the last.
#[test]
fn a_good_day_is_worth_half_of_what_is_missing() {
    let good = |slot: u64| format!("{slot},0.1,,400,0,0,400,400");
    let rows: Vec<String> = (0..95).chain([u64::from(u32::MAX)]).map(good).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let line = score("good-day", &rows);
    let expected = "{\"score\":750,\"version\":1,\
                    \"punctuality\":750,\"reliability\":750,\"loyalty\":750,";
    assert!(line.starts_with(expected), "{line}");
}

/// One late payment costs exactly what the formula says, whatever the debt's age: punctuality
/// (1000 x 97 - 48,000 - 1000) / 97 = 494, against (97,000 - 48,000) / 97 = 505 on time.
#[test]
fn an_overdue_bill_costs_points() {
    let points = |name, row| {
        let path = history(name, &[row]);
        object(&["score", "--history", &path])["punctuality"].as_u64()
    };
    assert_eq!(points("on-time", "9,0.1,,0,0,0,0,0"), Some(505));
    assert_eq!(points("late-now", "9,0.1,9,0,0,0,0,0"), Some(494));
    assert_eq!(points("late-long", "9,0.1,0,0,0,0,0,0"), Some(494));
}

/// Every bad row is refused with one line: file, line, field, value, what was expected.
#[test]
fn bad_rows_are_refused() {
    const WH: &str = "a whole number from -1000000000000000 to 1000000000000000";
    const BILL: &str = "a decimal within 1000000000 of zero with at most 9 digits after the point";
    let number = |low: i64, high: i64| format!("a whole number from {low} to {high}");
    let rows = [
        ("x,0,,0,0,0,0,0", "slot", "\"x\"", number(0, 4_294_967_295)),
        ("-1,0,,0,0,0,0,0", "slot", "\"-1\"", number(0, 4_294_967_295)),
        ("4294967296,0,,0,0,0,0,0", "slot", "\"4294967296\"", number(0, 4_294_967_295)),
        ("3,0,,0,0,0,0,0", "slot", "\"3\"", "a whole number above 3, the one before".to_owned()),
        ("2,0,,0,0,0,0,0", "slot", "\"2\"", "a whole number above 3, the one before".to_owned()),
        ("5,,,0,0,0,0,0", "bill", "nothing", BILL.to_owned()),
        ("5,0.0000000001,,0,0,0,0,0", "bill", "\"0.0000000001\"", BILL.to_owned()),
        ("5,1000000001,,0,0,0,0,0", "bill", "\"1000000001\"", BILL.to_owned()),
        ("5,0,no,0,0,0,0,0", "overdue_since", "\"no\"", number(0, 4_294_967_295)),
        ("5,0,6,0,0,0,0,0", "overdue_since", "\"6\"", number(0, 5)),
        ("5,0,,0.5,0,0,0,0", "contracted_wh", "\"0.5\"", WH.to_owned()),
        ("5,0,,0,1e3,0,0,0", "deviation_wh", "\"1e3\"", WH.to_owned()),
        ("5,0,,0,0,yes,0,0", "missing", "\"yes\"", number(0, 1)),
        ("5,0,,0,0,0,1000000000000001,0", "import_wh", "\"1000000000000001\"", WH.to_owned()),
        ("5,0,,0,0,0,-1,0", "import_wh", "\"-1\"", number(0, 1_000_000_000_000_000)),
        ("5,0,,0,0,1,430,0", "import_wh", "\"430\"", number(0, 0)),
        ("5,0,,0,0,0,430,431", "local_solar_wh", "\"431\"", number(0, 430)),
        ("5,0,,0,0,0,430,-1", "local_solar_wh", "\"-1\"", number(0, 430)),
        (
            "5,0,,0,0,0,430",
            "local_solar_wh",
            "nothing",
            "8 fields, as many as the header has".to_owned(),
        ),
    ];
    for (row, field, got, expected) in rows {
        let path = history("bad", &["3,0.1,,0,0,0,0,0", row]);
        let line = refusal(&["score", "--history", &path]);
        let expected =
            format!("gridquorum: {path}:3: field {field}: got {got}, expected {expected}");
        assert_eq!(line, expected);
    }
}

/// An empty file is no history, a missing one neither.
#[test]
fn a_file_without_a_header_is_refused() {
    let path = file("history-empty.csv", "");
    assert_eq!(
        refusal(&["score", "--history", &path]),
        format!("gridquorum: {path}:1: got an empty file, expected the header {HEADER}")
    );
    assert_eq!(
        refusal(&["score", "--history", "nowhere.csv"]),
        "gridquorum: nowhere.csv: cannot be read: No such file or directory (os error 2)"
    );
}
