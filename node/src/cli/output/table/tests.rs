//! Tables that users hand in: what is read, and how every mistake is named.

use proptest::prelude::*;

use super::*;

const COLUMNS: [&str; 3] = ["id", "price", "quantity_wh"];

fn table(content: &[u8]) -> Result<Table<3>, TableError> {
    Table::parse("f.csv".to_owned(), content.to_vec(), COLUMNS)
}

/// All values of all rows, at most three of them.
fn values(content: &str) -> Result<Vec<[String; 3]>, TableError> {
    let table = table(content.as_bytes())?;
    let rows = table.rows(3).map(|row| {
        let row = row?;
        Ok(row.fields()?.map(|field| field.text().to_owned()))
    });
    rows.collect()
}

/// Columns are found by name; blank lines, a byte order mark, line breaks of every kind, spaces
/// around values and a missing last line break mean nothing; quotes protect a comma.
#[test]
fn the_same_rows_in_many_spellings() {
    let expected = [["a", "0.1", "5"], ["b, c", "-2", "7"]].map(|row| row.map(str::to_owned));
    let spellings = [
        "id,price,quantity_wh\na,0.1,5\n\"b, c\",-2,7\n",
        "id,price,quantity_wh\r\na,0.1,5\r\n\"b, c\",-2,7",
        "\u{feff}quantity_wh,id,price\n\n5,a,0.1\n\n\n7,\"b, c\",-2\n\n",
        " id , price ,quantity_wh\n a ,\t0.1,5 \n\"b, c\" , -2,7\n",
    ];
    for spelling in spellings {
        assert_eq!(values(spelling).expect(spelling), expected, "{spelling:?}");
    }
    assert_eq!(values("id,price,quantity_wh\n").expect("a header is enough").len(), 0);
}

/// The whole message for everything that can be wrong with the form of a file; lines are counted as
/// an editor counts them.
#[test]
fn a_bad_form_is_named_in_one_line() {
    let rows = [
        ("", "f.csv:1: got an empty file, expected the header id,price,quantity_wh"),
        ("\n\r\n", "f.csv:1: got an empty file, expected the header id,price,quantity_wh"),
        ("id,price\n", "f.csv:1: field quantity_wh: got nothing, expected a column quantity_wh"),
        ("\nID,price,quantity_wh\n", "f.csv:2: field id: got nothing, expected a column id"),
        (
            "\u{feff}\n\nid,price\n",
            "f.csv:3: field quantity_wh: got nothing, expected a column quantity_wh",
        ),
        (
            "id,price,price,quantity_wh\n",
            "f.csv:1: field price: got \"price\", expected every column once",
        ),
        (
            "id,price,quantity_wh,colour\n",
            "f.csv:1: field of the header: got \"colour\", \
             expected no column but those of the format",
        ),
        (
            "price,id,quantity_wh\n\n1,a,5\n\n2,b\n",
            "f.csv:5: field quantity_wh: got nothing, expected 3 fields, as many as the header has",
        ),
        (
            "id,price,quantity_wh\r\na,1,5,\"x\ny\"\r\n",
            "f.csv:2: field after the last column: got \"x\\ny\", \
             expected 3 fields, as many as the header has",
        ),
        // A quote that is never closed swallows the rest; the row that opened it is named.
        (
            "id,price,quantity_wh\na,1,5\n\"b,1,5\nc,1,5\n",
            "f.csv:3: field price: got nothing, expected 3 fields, as many as the header has",
        ),
        (
            "id,price,quantity_wh\na,1,1\nb,1,1\nc,1,1\nd,1,1\n",
            "f.csv:5: field id: got \"d\", expected at most 3 rows",
        ),
    ];
    for (content, expected) in rows {
        let error = values(content).expect_err(content);
        assert_eq!(error.to_string(), expected, "{content:?}");
    }
}

/// Bytes that are not text are shown as far as they can be.
#[test]
fn a_value_that_is_not_utf_8_is_refused() {
    let table = table(b"id,price,quantity_wh\na,\xff1,5\n").expect("a good header");
    let row = table.rows(1).next().expect("a row").expect("three fields");
    let error = row.fields().expect_err("not text");
    let expected = "f.csv:2: field price: got \"\u{fffd}1\", expected UTF-8 text";
    assert_eq!(error.to_string(), expected);
}

/// What `read` says about a value, as text.
fn said<T: ToString>(
    value: &str,
    read: impl Fn(&Field<'_>) -> Result<T, TableError>,
) -> Result<String, String> {
    let content = format!("id,price,quantity_wh\n,\"{value}\",\n");
    let table = table(content.as_bytes()).expect("a good header");
    let row = table.rows(1).next().expect("a row").expect("three fields");
    let [_, field, _] = row.fields().expect("text");
    read(&field).map(|value| value.to_string()).map_err(|error| error.to_string())
}

/// Whole numbers are taken up to both ends of their range and refused beyond.
#[test]
fn whole_numbers_have_a_range() {
    for (value, expected) in [("-2", "-2"), ("0", "0"), ("9", "9"), ("007", "7")] {
        assert_eq!(said(value, |field| field.whole(-2..=9)), Ok(expected.to_owned()), "{value}");
    }
    for value in ["-3", "10", "1.0", "1e0", "", "x", "99999999999999999999"] {
        let got = if value.is_empty() { "nothing".to_owned() } else { format!("\"{value}\"") };
        let expected =
            format!("f.csv:2: field price: got {got}, expected a whole number from -2 to 9");
        assert_eq!(said(value, |field| field.whole(-2..=9)), Err(expected), "{value}");
    }
}

/// Decimals are exact: digits beyond the last place are refused, zeros there are none.
#[test]
fn decimals_have_a_range_and_places() {
    let rows = [("1000", "1000.0"), ("-1000.00", "-1000.0"), (".25", "0.25"), ("0.2500", "0.25")];
    for (value, expected) in rows {
        assert_eq!(said(value, |field| field.decimal(1000, 2)), Ok(expected.to_owned()), "{value}");
    }
    for value in ["1000.01", "-1001", "0.255", "1e-3", "x", "--1", "0x10", "NaN", "1,5"] {
        let expected = format!(
            "f.csv:2: field price: got \"{value}\", \
             expected a decimal within 1000 of zero with at most 2 digits after the point"
        );
        assert_eq!(said(value, |field| field.decimal(1000, 2)), Err(expected), "{value}");
    }
}

/// Names are bounded and cannot break a line or move a cursor.
#[test]
fn names_fit_on_a_line() {
    for value in ["a", "Zähler 7", "abcdefgh"] {
        assert_eq!(said(value, |field| field.name(9).map(str::to_owned)), Ok(value.to_owned()));
    }
    for (value, got) in [("", "nothing"), ("123456789x", "\"123456789x\""), ("a\nb", "\"a\\nb\"")] {
        let expected = format!(
            "f.csv:2: field price: got {got}, \
             expected 1 to 9 bytes of UTF-8 text without control characters"
        );
        assert_eq!(said(value, |field| field.name(9).map(str::to_owned)), Err(expected));
    }
}

/// An input at the bound is read, one byte more is not.
#[test]
fn an_input_has_a_longest_length() {
    assert_eq!(
        read_within(b"12345".as_slice(), 5).expect("memory").as_deref(),
        Some(&b"12345"[..])
    );
    assert_eq!(read_within(b"123456".as_slice(), 5).expect("memory"), None);
}

/// A file that is not there is named with what the system says.
#[test]
fn a_missing_file_is_named() {
    let error = Table::open(Path::new("/nowhere/orders.csv"), COLUMNS).expect_err("no such file");
    let text = error.to_string();
    assert!(text.starts_with("/nowhere/orders.csv: cannot be read: No such file"), "{text}");
}

/// Bytes that look like CSV more often than chance: separators, quotes, digits, a stray byte.
fn junk() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 10] = [
        b"id,price,quantity_wh\n",
        b",",
        b"\n",
        b"\r\n",
        b"\"",
        b"1",
        b"-0.5",
        b"a,1,1\n",
        b"\xff",
        b"\xef\xbb\xbf",
    ];
    let header = proptest::sample::select(vec![PIECES[0], b""]);
    let pieces = proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..40);
    (header, pieces).prop_map(|(header, pieces)| [header, &pieces.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    /// Whatever stands in a file, it is read or refused with one line that names the file and a
    /// line that exists.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in junk()) {
        let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let read = || -> Result<(), TableError> {
            let table = table(&bytes)?;
            for row in table.rows(3) {
                let row = row?;
                let [id, price, quantity] = row.fields()?;
                id.name(8)?;
                price.decimal(10, 2)?;
                quantity.whole(0..=9)?;
            }
            Ok(())
        };
        if let Err(error) = read() {
            let text = error.to_string();
            prop_assert!(text.starts_with("f.csv:") && !text.contains('\n'), "{}", text);
            if let TableError::Field { place, .. } = error {
                prop_assert!((1..=lines).contains(&place.line), "{}", place.line);
            }
        }
    }
}

/// The junk above reaches the states that matter: good rows, bad values, bad rows, bad headers.
#[test]
fn junk_reaches_every_state() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let (mut headers, mut rows, mut short, mut refused) = (0, 0, 0, 0);
    for _ in 0..2_048 {
        let bytes = junk().new_tree(&mut runner).expect("bytes").current();
        let Ok(table) = table(&bytes) else {
            refused += 1;
            continue;
        };
        headers += 1;
        for row in table.rows(3) {
            *if row.is_ok() { &mut rows } else { &mut short } += 1;
        }
    }
    let reached = [headers, rows, short, refused];
    assert!(reached.iter().all(|count| *count >= 10), "{reached:?}");
}
