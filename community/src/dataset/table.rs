//! CSV files, read whole and checked before anything is used.
//!
//! In: a file, plain or packed with gzip. Out: records with their lines ([`Sheet`]: every CSV file
//! that this project reads goes through it); of a data set, a header and rows of equal length,
//! values as exact integers; or where it went wrong. Refuses to know: what columns mean.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::calendar::Calendar;
use crate::error::{DatasetError, Excerpt, Expected, Place};

/// The longest file that is read, unpacked: 128 MiB hold 1,000 homes for two months, and a packed
/// file cannot unpack into more than memory.
const MAX_BYTES: u64 = 128 << 20;
/// Columns of one table: more than the homes of any substation.
const MAX_COLUMNS: usize = 4_096;
/// Rows of one table: ten years of quarter hours.
const MAX_ROWS: usize = 10 * 366 * 96;
/// Values are exact to nine places after the point; further digits are rounded, halves up.
const PLACES: usize = 9;
/// What some editors put in front of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A CSV file in memory.
#[derive(Clone, Debug)]
pub struct Sheet {
    file: String,
    bytes: Vec<u8>,
    delimiter: u8,
}

impl Sheet {
    /// Takes over the content of a file; a byte order mark means nothing.
    pub fn new(file: String, mut bytes: Vec<u8>) -> Self {
        if bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        Self { file, bytes, delimiter: b',' }
    }

    /// The same, its fields divided by semicolons if its first line has one and no comma.
    fn with_either_delimiter(self) -> Self {
        let line = self.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let semicolons = line.contains(&b';') && !line.contains(&b',');
        Self { delimiter: if semicolons { b';' } else { b',' }, ..self }
    }

    /// Reads `dir/name` or, if that does not exist, `dir/name.gz`; `None` if neither exists.
    fn open(dir: &Path, name: &str) -> Result<Option<Self>, DatasetError> {
        let plain = dir.join(name);
        let packed = dir.join(format!("{name}.gz"));
        let (path, unpack) = match (plain.exists(), packed.exists()) {
            (true, _) => (plain, false),
            (false, true) => (packed, true),
            (false, false) => return Ok(None),
        };
        let bytes = read(&path, unpack)?;
        Ok(Some(Self::new(path.display().to_string(), bytes)))
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// All records, the header first. Blank lines are skipped, spaces around values dropped.
    ///
    /// # Errors
    ///
    /// Each record by itself: what the reader of bytes in memory could not do.
    pub fn records(&self) -> impl Iterator<Item = Result<csv::ByteRecord, csv::Error>> + '_ {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(self.delimiter)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(self.bytes.as_slice());
        reader.into_byte_records()
    }

    /// The place of a field of the record that begins at `begin`, see [`begin`].
    pub fn place(&self, begin: usize, field: &str) -> Place {
        let field = Excerpt::new(field.as_bytes()).to_string().trim_matches('"').to_owned();
        Place { file: self.file.clone(), line: self.line_at(begin), field }
    }

    /// The line, from 1, on which the text at or after `begin` stands. The CSV reader does not
    /// count the blank lines that it skips in front of a record; an editor does.
    pub fn line_at(&self, begin: usize) -> u64 {
        let blank = self.bytes[begin..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let text = begin + blank.count();
        let before = self.bytes[..text].iter().filter(|byte| **byte == b'\n').count();
        // Behind a last line without a line break there is one more line.
        let open_end = text == self.bytes.len() && self.bytes.last().is_some_and(|b| *b != b'\n');
        before as u64 + 1 + u64::from(open_end)
    }
}

/// Where a record of a [`Sheet`] begins.
///
/// # Panics
///
/// Never for a record of a sheet: it lies in memory.
pub fn begin(record: &csv::ByteRecord) -> usize {
    let begin = record.position().map_or(0, csv::Position::byte);
    usize::try_from(begin).expect("an offset into memory")
}

/// The whole input; `None` if it is longer than `max` bytes.
///
/// # Errors
///
/// Those of `input`.
pub fn read_within(input: impl Read, max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells an input at the limit from a longer one.
    input.take(max + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= max).then_some(bytes))
}

/// A table in memory.
pub(super) struct Table {
    sheet: Sheet,
    header: Vec<String>,
}

/// One row of a table.
pub(super) struct Row<'a> {
    table: &'a Table,
    record: csv::ByteRecord,
}

impl Table {
    /// Reads `dir/name` or, if that does not exist, `dir/name.gz`; `None` if neither exists.
    pub(super) fn open(dir: &Path, name: &str) -> Result<Option<Self>, DatasetError> {
        Sheet::open(dir, name)?.map(Self::new).transpose()
    }

    /// The same for a file whose fields may be divided by semicolons as well.
    pub(super) fn open_either(dir: &Path, name: &str) -> Result<Option<Self>, DatasetError> {
        let sheet = Sheet::open(dir, name)?.map(Sheet::with_either_delimiter);
        sheet.map(Self::new).transpose()
    }

    /// Takes over the content of a file and checks its header.
    #[cfg(test)]
    pub(super) fn parse(file: String, bytes: Vec<u8>) -> Result<Self, DatasetError> {
        Self::new(Sheet::new(file, bytes).with_either_delimiter())
    }

    fn new(sheet: Sheet) -> Result<Self, DatasetError> {
        let file = || sheet.file().to_owned();
        let record = match sheet.records().next() {
            None => return Err(DatasetError::Empty { file: file(), what: "header" }),
            Some(Err(error)) => {
                return Err(DatasetError::Unreadable { file: file(), reason: error.to_string() });
            }
            Some(Ok(record)) => record,
        };
        let header: Vec<String> =
            record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        let table = Self { sheet, header };
        table.check_header()?;
        Ok(table)
    }

    fn check_header(&self) -> Result<(), DatasetError> {
        if self.header.len() > MAX_COLUMNS {
            let extra = &self.header[MAX_COLUMNS];
            return Err(self.bad_column(extra, Expected::FewerColumns(MAX_COLUMNS)));
        }
        let mut sorted: Vec<&String> = self.header.iter().collect();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(self.bad_column(pair[0], Expected::UniqueColumn)),
            None => Ok(()),
        }
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// An error about the header: `name` stands there and should not, or should and does not.
    pub(super) fn bad_column(&self, name: &str, expected: Expected) -> DatasetError {
        let missing = matches!(expected, Expected::Column(_) | Expected::PairedColumn);
        let got = if missing { Excerpt::new(b"") } else { Excerpt::new(name.as_bytes()) };
        DatasetError::Field { place: self.sheet.place(0, name), got, expected }
    }

    /// Calls `each` with every row below the header and its number from 0.
    pub(super) fn for_each_row(
        &self,
        mut each: impl FnMut(usize, &Row<'_>) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        let mut rows = 0;
        for record in self.sheet.records().skip(1) {
            let record = record.map_err(|error| DatasetError::Unreadable {
                file: self.sheet.file().to_owned(),
                reason: error.to_string(),
            })?;
            let row = Row { table: self, record };
            row.check_length()?;
            if rows == MAX_ROWS {
                return Err(row.bad(0, Expected::FewerRows(MAX_ROWS)));
            }
            each(rows, &row)?;
            rows += 1;
        }
        if rows == 0 {
            return Err(DatasetError::Empty { file: self.sheet.file().to_owned(), what: "rows" });
        }
        Ok(())
    }

    /// An error about the row that should follow the last one.
    pub(super) fn bad_end(&self, expected: Expected) -> DatasetError {
        let place = self.sheet.place(self.sheet.bytes.len(), "after the last row");
        DatasetError::Field { place, got: Excerpt::new(b""), expected }
    }
}

impl Row<'_> {
    /// An error about the value in `column`.
    pub(super) fn bad(&self, column: usize, expected: Expected) -> DatasetError {
        let name = self.table.header.get(column).map_or("after the last column", String::as_str);
        let got = Excerpt::new(self.record.get(column).unwrap_or_default());
        DatasetError::Field {
            place: self.table.sheet.place(begin(&self.record), name),
            got,
            expected,
        }
    }

    /// The exact value of `column` in units of 1e-9, `0 ..= limit`.
    pub(super) fn nano(&self, column: usize, limit: i64) -> Result<i64, DatasetError> {
        match parse_nano(self.bytes(column)) {
            Some(nano) if nano <= limit * 1_000_000_000 => Ok(nano),
            _ => Err(self.bad(column, Expected::Decimal(limit))),
        }
    }

    /// The same with a sign, `-limit ..= limit`.
    pub(super) fn signed_nano(&self, column: usize, limit: i64) -> Result<i64, DatasetError> {
        let raw = self.bytes(column);
        let (sign, digits) = raw.strip_prefix(b"-").map_or((1, raw), |digits| (-1, digits));
        match parse_nano(digits) {
            Some(nano) if nano <= limit * 1_000_000_000 => Ok(sign * nano),
            _ => Err(self.bad(column, Expected::SignedDecimal(limit))),
        }
    }

    /// The value of `column` as a whole number, `low ..= high`.
    pub(super) fn whole(&self, column: usize, low: i64, high: i64) -> Result<i64, DatasetError> {
        let digits = self.bytes(column);
        let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(digits).ok().filter(|_| plain);
        match text.and_then(|text| text.parse().ok()) {
            Some(whole) if (low..=high).contains(&whole) => Ok(whole),
            _ => Err(self.bad(column, Expected::Whole(low, high))),
        }
    }

    /// What stands in `column`, without spaces around it.
    pub(super) fn bytes(&self, column: usize) -> &[u8] {
        self.record.get(column).unwrap_or_default().trim_ascii()
    }

    /// The value of `column` as 0 or 1.
    pub(super) fn flag(&self, column: usize) -> Result<bool, DatasetError> {
        match self.bytes(column) {
            b"0" => Ok(false),
            b"1" => Ok(true),
            _ => Err(self.bad(column, Expected::Flag)),
        }
    }

    /// The value of `column` as Unix seconds that begin a quarter hour.
    pub(super) fn quarter_hour(&self, column: usize) -> Result<i64, DatasetError> {
        let raw = self.bytes(column);
        let seconds: Option<i64> = std::str::from_utf8(raw).ok().and_then(|text| text.parse().ok());
        match seconds {
            Some(seconds) if seconds % 900 == 0 && (0..=Calendar::MAX_START).contains(&seconds) => {
                Ok(seconds)
            }
            _ => Err(self.bad(column, Expected::QuarterHour)),
        }
    }

    fn check_length(&self) -> Result<(), DatasetError> {
        let (got, expected) = (self.record.len(), self.table.header.len());
        if got == expected {
            return Ok(());
        }
        Err(self.bad(got.min(expected), Expected::FieldCount(expected)))
    }
}

/// `PLACES` decimals of an unsigned plain number (`12`, `0.5`, `.5`, `5.`), in units of 1e-9.
/// Signs, exponents and anything else are `None`, and so is what leaves 64 bits.
fn parse_nano(text: &[u8]) -> Option<i64> {
    let point = text.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    if whole.is_empty() && fraction.is_empty()
        || !text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
    {
        return None;
    }
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None; // a second point
    }
    let digit = |byte: u8| i64::from(byte - b'0');
    let push = |value: i64, byte: u8| value.checked_mul(10)?.checked_add(digit(byte));
    let value = whole.iter().try_fold(0, |value, byte| push(value, *byte))?;
    let padded = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(PLACES);
    let value = padded.into_iter().try_fold(value, push)?;
    let round_up = fraction.get(PLACES).is_some_and(|next| *next >= b'5');
    value.checked_add(i64::from(round_up))
}

fn read(path: &PathBuf, unpack: bool) -> Result<Vec<u8>, DatasetError> {
    let unreadable = |error: io::Error| DatasetError::Unreadable {
        file: path.display().to_string(),
        reason: error.to_string(),
    };
    let file = File::open(path).map_err(unreadable)?;
    let bytes = if unpack {
        read_within(MultiGzDecoder::new(file), MAX_BYTES)
    } else {
        read_within(file, MAX_BYTES)
    };
    let too_long = || DatasetError::TooLong { file: path.display().to_string(), max: MAX_BYTES };
    bytes.map_err(unreadable)?.ok_or_else(too_long)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Plain decimals are exact to nine places, the tenth rounds half up, everything else is
    // refused.
    #[test]
    fn decimals_are_exact_to_nine_places() {
        let cases: [(&str, Option<i64>); 16] = [
            ("0", Some(0)),
            ("159", Some(159_000_000_000)),
            ("0.0216471", Some(21_647_100)),
            ("0.000000001", Some(1)),
            ("0.0000000004", Some(0)),
            ("0.0000000005", Some(1)),
            (".5", Some(500_000_000)),
            ("5.", Some(5_000_000_000)),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("-1", None),
            ("+1", None),
            ("1e3", None),
            ("NaN", None),
            ("99999999999", None), // 1e20 units leave 64 bits
        ];
        for (text, expected) in cases {
            assert_eq!(parse_nano(text.as_bytes()), expected, "{text:?}");
        }
    }

    proptest! {
        // Any bytes at all are read or refused, never a panic; what is read renders back to the
        // same number.
        #[test]
        fn decimals_round_trip_and_nothing_panics(nano in 0..i64::MAX, junk: Vec<u8>) {
            let text = format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000);
            prop_assert_eq!(parse_nano(text.as_bytes()), Some(nano));
            parse_nano(&junk);
            if let Ok(table) = Table::parse("junk".into(), junk) {
                let _ = table.for_each_row(|_, row| row.quarter_hour(0).map(|_| ()));
            }
        }
    }
}
