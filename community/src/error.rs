//! What a data set or a setting can be refused for: one line that names file, line, field, the
//! value and what was expected.
//!
//! In: what a reader tripped over. Out: typed errors whose text is the message to a user. Refuses
//! to know: exit codes, streams, how a file is read.

use std::fmt;

use crate::calendar::ClockTime;

/// Why a data set could not be used. Nothing of it has been used then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatasetError {
    /// A file could not be opened or unpacked.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        reason: String,
    },
    /// A directory holds none of the files that would make it a data set.
    #[error("{dir}: no data set here, expected {expected}")]
    NoDataset {
        /// The directory.
        dir: String,
        /// What was looked for.
        expected: &'static str,
    },
    /// A file does not fit to the other files of its directory.
    #[error("{file}: got {got}, expected {expected}")]
    Misfit {
        /// The file.
        file: String,
        /// What is wrong with it.
        got: &'static str,
        /// What should be there.
        expected: String,
    },
    /// A file is longer than anything this program reads.
    #[error("{file}: longer than expected, at most {max} bytes when unpacked")]
    TooLong {
        /// The file.
        file: String,
        /// Bytes allowed.
        max: u64,
    },
    /// A file is empty, or has a header and no rows.
    #[error("{file}: no {what}, expected a header line and at least one row")]
    Empty {
        /// The file.
        file: String,
        /// What is missing: `header` or `rows`.
        what: &'static str,
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
    /// A number of homes or days that the generator cannot make.
    #[error("{what}: got {got}, expected 1 to {max}")]
    Size {
        /// `homes` or `days`.
        what: &'static str,
        /// The number asked for.
        got: u32,
        /// The most there may be.
        max: u32,
    },
}

/// The authors given do not fit the homes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a community of {homes} homes needs as many authors, got {authors}")]
pub struct CastError {
    /// Homes of the data set.
    pub homes: u32,
    /// Authors given for them.
    pub authors: usize,
}

/// File, line and field of a value. Displays as `file:line: field NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Its line, from 1; the header is line 1.
    pub line: u64,
    /// Name of the column.
    pub field: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: field {}", self.file, self.line, self.field)
    }
}

/// A value as it stands in a file, cut and escaped so that it fits into one line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    /// Characters of a value that a message repeats: enough to find it, too few to flood a
    /// terminal.
    pub const MAX_CHARS: usize = 40;

    /// The excerpt of `raw`.
    pub fn new(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw);
        let mut chars = text.chars();
        let head: String = chars.by_ref().take(Self::MAX_CHARS).collect();
        let dots = if chars.next().is_some() { ".." } else { "" };
        Self(format!("{}{dots}", head.escape_debug()))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("nothing") } else { write!(f, "\"{}\"", self.0) }
    }
}

/// What a field has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Expected {
    /// A column of this name or pattern.
    #[error("a column {0}")]
    Column(&'static str),
    /// The other half of a pair of columns.
    #[error("a column of this name beside its pair")]
    PairedColumn,
    /// No column but those of the format.
    #[error("one of the columns {0}")]
    KnownColumn(&'static str),
    /// Every column once.
    #[error("every column once")]
    UniqueColumn,
    /// Not more columns than this.
    #[error("at most {0} columns")]
    FewerColumns(usize),
    /// Not more rows than this.
    #[error("at most {0} rows")]
    FewerRows(usize),
    /// As many fields as the header has.
    #[error("{0} fields, as many as the header has")]
    FieldCount(usize),
    /// Digits with an optional fraction, in a range.
    #[error("a decimal number from 0 to {0}")]
    Decimal(i64),
    /// 0 or 1.
    #[error("0 or 1")]
    Flag,
    /// Whole seconds that begin a quarter hour.
    #[error("whole Unix seconds, a multiple of 900")]
    QuarterHour,
    /// The quarter hour that follows the row above.
    #[error("{0}, 900 s after the row above")]
    NextQuarterHour(i64),
    /// The quarter hour that the same row has in another file.
    #[error("{0}, the time of this row in the file of the homes")]
    SameQuarterHour(i64),
    /// No row where the other file has none.
    #[error("no more rows than the file of the homes")]
    NoMoreRows,
    /// Digits with an optional fraction and sign, in a range around zero.
    #[error("a decimal number from -{0} to {0}")]
    SignedDecimal(i64),
    /// A whole number of a range.
    #[error("a whole number from {0} to {1}")]
    Whole(i64, i64),
    /// The whole number that follows the one in the row above.
    #[error("{0}, which follows the row above")]
    NextWhole(i64),
    /// One of some words.
    #[error("one of {0}")]
    Word(&'static str),
    /// A time of day or a date with one.
    #[error("a quarter hour, as hh:mm or YYYY-MM-DDThh:mm")]
    ClockTime,
    /// The time of the first row of a profile of one day.
    #[error("00:00, where a day begins")]
    Midnight,
    /// The time of the second row: the first and a step.
    #[error("a time 15, 30 or 60 minutes after the row above")]
    Step,
    /// The time that follows the row above by one step.
    #[error("{0}, one step after the row above")]
    NextClockTime(ClockTime),
    /// The time that the same row has in the first file.
    #[error("{0}, the time of this row in the other files")]
    SameClockTime(ClockTime),
    /// No row where the first file has none.
    #[error("no more rows than the other files")]
    NoMoreRowsThanOthers,
    /// A quarter hour of a profile, once.
    #[error("each quarter hour of a profile once, this one stands above already")]
    OnceOnly,
    /// A quarter hour of a profile that is missing.
    #[error("{0} quarter hours for each profile")]
    WholeProfile(usize),
    /// Profiles that are zero on no kind of day.
    #[error("some consumption on every kind of day in every profile")]
    SomeConsumption,
    /// Not more profiles than this.
    #[error("at most {0} profiles")]
    FewerProfiles(usize),
}

/// A way to bid that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("strategy: got {got}, expected one of {known}")]
pub struct UnknownStrategy {
    /// The name asked for.
    pub got: Excerpt,
    /// The names there are.
    pub known: String,
}

/// An assignment of homes to feeders that does not hold together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeederError {
    /// No feeder, more feeders than homes, or more than may be.
    #[error("feeders: got {feeders} for {homes} homes, expected 1 to {max}")]
    Count {
        /// Feeders asked for.
        feeders: u32,
        /// Homes there are.
        homes: u32,
        /// The most feeders for so many homes.
        max: u32,
    },
    /// A feeder without a home below one with homes.
    #[error("feeders: feeder {empty} has no home, expected numbers from 0 without a gap")]
    Empty {
        /// The feeder.
        empty: u32,
    },
    /// The assignment is for another number of homes.
    #[error("feeders: got an assignment of {got} homes, expected {homes}")]
    Homes {
        /// Homes assigned.
        got: u32,
        /// Homes of the community.
        homes: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    // The whole message is one line with file, line, field, value and expectation, even when the
    // value is long and holds line breaks.
    #[test]
    fn a_message_is_one_line_that_names_everything() {
        let place = Place { file: "homes.csv".into(), line: 7, field: "load_w_1".into() };
        let got = Excerpt::new(format!("-3\n{}", "9".repeat(200)).as_bytes());
        let text =
            DatasetError::Field { place, got, expected: Expected::Decimal(1_000_000) }.to_string();
        assert_eq!(
            text,
            format!(
                "homes.csv:7: field load_w_1: got \"-3\\n{}..\", \
                 expected a decimal number from 0 to 1000000",
                "9".repeat(37)
            )
        );
    }

    // An empty field is called nothing, not "".
    #[test]
    fn an_empty_value_is_nothing() {
        assert_eq!(Excerpt::new(b"").to_string(), "nothing");
    }
}
