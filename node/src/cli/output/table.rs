//! Fixed columns over a CSV file: what a person or a spreadsheet hands to a command.
//!
//! In: a file. Out: rows of named texts, or one line that says where the file is wrong: file, line,
//! field, the value and what was expected. Refuses to know: what the columns mean.
//!
//! The first line names the columns, in any order, each once and no others. Blank lines are
//! skipped, spaces around a value are dropped, a value with a comma stands in double quotes.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

use community::dataset::table::{Sheet, begin, read_within};
use community::{Excerpt, Place};
use market::Decimal;

/// The longest file that is read: ten million orders of 50 bytes.
pub const MAX_BYTES: u64 = 512 << 20;

/// A file with `N` columns, read whole, its header checked.
#[derive(Debug)]
pub struct Table<const N: usize> {
    sheet: Sheet,
    columns: [&'static str; N],
    /// Where each column stands in the file.
    order: [usize; N],
}

/// One row.
#[derive(Debug)]
pub struct Row<'a, const N: usize> {
    table: &'a Table<N>,
    record: csv::ByteRecord,
}

/// One value of a row.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    sheet: &'a Sheet,
    /// Where the row begins; its line is counted only when somebody asks.
    begin: usize,
    name: &'static str,
    text: &'a str,
}

/// Why a file cannot be used. The text is the message to a user.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said; a part of the message, so not its source.
        reason: io::Error,
    },
    /// The file is longer than anything a command reads.
    #[error("{file}: got more than {max} bytes, expected at most as many")]
    TooLong {
        /// The file.
        file: String,
        /// Bytes allowed.
        max: u64,
    },
    /// There is nothing in the file.
    #[error("{file}:1: got an empty file, expected the header {header}")]
    Empty {
        /// The file.
        file: String,
        /// The header as it would be written.
        header: String,
    },
    /// Something in the file is not as it has to be.
    #[error("{place}: got {got}, expected {expected}")]
    Field {
        /// Where.
        place: Place,
        /// What stands there.
        got: Excerpt,
        /// What may stand there.
        expected: Expected,
    },
}

/// What a field has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Expected {
    /// What a command says in its own words.
    #[error("{0}")]
    Form(&'static str),
    /// A whole number in a range, both ends included.
    #[error("a whole number from {0} to {1}")]
    Within(i64, i64),
    /// A decimal in a range, with a bounded number of digits after the point.
    #[error("a decimal within {max} of zero with at most {places} digits after the point")]
    Decimal {
        /// The largest magnitude.
        max: u32,
        /// Digits after the point.
        places: u32,
    },
    /// A text of bounded length that can be shown on a line.
    #[error("1 to {0} bytes of UTF-8 text without control characters")]
    Text(usize),
    /// A whole number above that of the row before.
    #[error("a whole number above {0}, the one before")]
    After(u32),
    /// A value that no other row has.
    #[error("a value of its own, line {0} has it too")]
    Unique(u64),
    /// The value that another row has, for a rule that wants the same in all.
    #[error("{0} as on line {1}, since this rule trades orders of one quantity")]
    Same(i64, u64),
    /// A column of this name.
    #[error("a column {0}")]
    Column(&'static str),
    /// Every column once.
    #[error("every column once")]
    UniqueColumn,
    /// No other column.
    #[error("no column but those of the format")]
    KnownColumn,
    /// As many fields as the header has.
    #[error("{0} fields, as many as the header has")]
    FieldCount(usize),
    /// Not more rows than this.
    #[error("at most {0} rows")]
    FewerRows(usize),
}

impl<const N: usize> Table<N> {
    /// Reads a file that has these columns.
    ///
    /// # Errors
    ///
    /// [`TableError`] about the file or its header.
    pub fn open(path: &Path, columns: [&'static str; N]) -> Result<Self, TableError> {
        let file = path.display().to_string();
        match File::open(path).and_then(|input| read_within(input, MAX_BYTES)) {
            Err(reason) => Err(TableError::Unreadable { file, reason }),
            Ok(None) => Err(TableError::TooLong { file, max: MAX_BYTES }),
            Ok(Some(bytes)) => Self::parse(file, bytes, columns),
        }
    }

    /// Takes over the content of a file and checks its header.
    ///
    /// # Errors
    ///
    /// As [`Table::open`].
    pub fn parse(
        file: String,
        bytes: Vec<u8>,
        columns: [&'static str; N],
    ) -> Result<Self, TableError> {
        let sheet = Sheet::new(file, bytes);
        let Some(header) = records(&sheet).next().transpose()? else {
            let (file, header) = (sheet.file().to_owned(), columns.join(","));
            return Err(TableError::Empty { file, header });
        };
        let order = places(&header, columns)
            .map_err(|(field, got, expected)| bad(&sheet, 0, field, got, expected))?;
        Ok(Self { sheet, columns, order })
    }

    /// The rows, at most `max` of them.
    ///
    /// # Errors
    ///
    /// Each row by itself: [`TableError::Field`] for too few or too many fields, and for one row
    /// more than `max`.
    pub fn rows(&self, max: usize) -> impl Iterator<Item = Result<Row<'_, N>, TableError>> {
        records(&self.sheet).skip(1).enumerate().map(move |(at, record)| {
            let row = Row { table: self, record: record? };
            let len = row.record.len();
            if at >= max {
                Err(row.bad(0, Expected::FewerRows(max)))
            } else if len != N {
                Err(row.bad(len.min(N), Expected::FieldCount(N)))
            } else {
                Ok(row)
            }
        })
    }
}

impl<const N: usize> Row<'_, N> {
    /// The values in the order in which the command named the columns.
    ///
    /// # Errors
    ///
    /// [`TableError::Field`] for a value that is not UTF-8.
    pub fn fields(&self) -> Result<[Field<'_>; N], TableError> {
        let (sheet, begin) = (&self.table.sheet, begin(&self.record));
        let mut fields = [Field { sheet, begin, name: "", text: "" }; N];
        for (field, (name, at)) in
            fields.iter_mut().zip(self.table.columns.into_iter().zip(self.table.order))
        {
            field.name = name;
            field.text = std::str::from_utf8(self.record.get(at).unwrap_or_default())
                .map_err(|_| self.bad(at, Expected::Form("UTF-8 text")))?;
        }
        Ok(fields)
    }

    /// An error about what stands at place `at` of the file's columns.
    fn bad(&self, at: usize, expected: Expected) -> TableError {
        let column = self.table.order.iter().position(|place| *place == at);
        let name = column.map_or("after the last column", |column| self.table.columns[column]);
        let got = self.record.get(at).unwrap_or_default();
        bad(&self.table.sheet, begin(&self.record), name, got, expected)
    }
}

impl<'a> Field<'a> {
    /// The value as it stands in the file, without spaces around it.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The line of the row, from 1.
    pub fn line(&self) -> u64 {
        self.sheet.line_at(self.begin)
    }

    /// The error that the value is not what it has to be.
    pub fn bad(&self, expected: Expected) -> TableError {
        bad(self.sheet, self.begin, self.name, self.text.as_bytes(), expected)
    }

    /// A whole number in `range`.
    ///
    /// # Errors
    ///
    /// [`TableError::Field`] naming the range.
    pub fn whole(&self, range: RangeInclusive<i64>) -> Result<i64, TableError> {
        let number = self.text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| self.bad(Expected::Within(*range.start(), *range.end())))
    }

    /// A decimal within `max` of zero with at most `places` digits after the point.
    ///
    /// # Errors
    ///
    /// [`TableError::Field`] naming both bounds.
    pub fn decimal(&self, max: u32, places: u32) -> Result<Decimal, TableError> {
        let finest = 10_i128.pow(Decimal::PLACES - places.min(Decimal::PLACES));
        let limit = i128::from(max) * 10_i128.pow(Decimal::PLACES);
        let fits = |number: &Decimal| {
            number.units() % finest == 0 && (-limit..=limit).contains(&number.units())
        };
        let number = Decimal::parse(self.text).ok().filter(fits);
        number.ok_or_else(|| self.bad(Expected::Decimal { max, places }))
    }

    /// A text of 1 to `max` bytes that can be shown on a line.
    ///
    /// # Errors
    ///
    /// [`TableError::Field`] naming the bound.
    pub fn name(&self, max: usize) -> Result<&'a str, TableError> {
        let shown = !self.text.is_empty() && !self.text.contains(char::is_control);
        if shown && self.text.len() <= max {
            Ok(self.text)
        } else {
            Err(self.bad(Expected::Text(max)))
        }
    }
}

fn records(sheet: &Sheet) -> impl Iterator<Item = Result<csv::ByteRecord, TableError>> + '_ {
    sheet.records().map(|record| {
        record.map_err(|error| TableError::Unreadable {
            file: sheet.file().to_owned(),
            reason: error.into(),
        })
    })
}

/// An error about the record that begins at `begin`.
fn bad(sheet: &Sheet, begin: usize, field: &str, got: &[u8], expected: Expected) -> TableError {
    TableError::Field { place: sheet.place(begin, field), got: Excerpt::new(got), expected }
}

/// Where each column stands in the header, or which field of it is wrong.
fn places<'a, const N: usize>(
    header: &'a csv::ByteRecord,
    columns: [&'static str; N],
) -> Result<[usize; N], (&'static str, &'a [u8], Expected)> {
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(columns) {
        let mut found = header.iter().enumerate().filter(|(_, got)| *got == name.as_bytes());
        *place = found.next().ok_or((name, [].as_slice(), Expected::Column(name)))?.0;
        if let Some((_, again)) = found.next() {
            return Err((name, again, Expected::UniqueColumn));
        }
    }
    let known = |name: &&[u8]| columns.iter().any(|column| column.as_bytes() == *name);
    match header.iter().find(|name| !known(name)) {
        Some(other) => Err(("of the header", other, Expected::KnownColumn)),
        None => Ok(places),
    }
}

#[cfg(test)]
mod tests;
