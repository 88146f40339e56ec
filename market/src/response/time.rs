//! Moments and spans as events write them.
//!
//! In: RFC 3339 moments to the second, ISO 8601 spans of days, hours, minutes and seconds. Out:
//! seconds. Refuses to know: what time it is, time zones by name, leap seconds, months.

use serde::{Deserialize, Serialize};

/// What is no moment and no span.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TimeError {
    /// Not a moment to the second, from 1970 to 9999.
    #[error("expected a moment such as 2021-03-28T00:15:00Z, got {0:?}")]
    Moment(String),
    /// Not a span in days, hours, minutes and seconds; months and years have no fixed length.
    #[error("expected a span such as PT15M, in days, hours, minutes and seconds, got {0:?}")]
    Span(String),
}

/// The beginning of a text that was refused, short enough for a message.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(48).collect()
}

/// Seconds since 1970-01-01T00:00:00Z, up to the year 9999. Written in UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(u64);

impl Moment {
    /// The last second of the year 9999.
    pub const MAX: Self = Self(253_402_300_799);

    /// The moment `seconds` after the beginning of 1970, `None` above [`Moment::MAX`].
    pub const fn from_unix(seconds: u64) -> Option<Self> {
        if seconds <= Self::MAX.0 { Some(Self(seconds)) } else { None }
    }

    /// Seconds since the beginning of 1970.
    pub const fn unix(self) -> u64 {
        self.0
    }

    /// The moment `span` later, `None` above [`Moment::MAX`].
    #[must_use]
    pub const fn after(self, span: Span) -> Option<Self> {
        Self::from_unix(self.0 + span.0 as u64)
    }

    /// Reads `2021-03-28T02:15:00+01:00`; a fraction of a second may be written, but must be zero.
    ///
    /// # Errors
    ///
    /// [`TimeError::Moment`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        Self::read(text).ok_or_else(|| TimeError::Moment(shown(text)))
    }

    fn read(text: &str) -> Option<Self> {
        // Two dashes, a T and two colons stand between the numbers of a moment.
        let (date, rest) = text.split_once(['T', 't'])?;
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let (time, rest) = rest.split_at_checked(8)?;
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        let is_date = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=last_day(year, month)).contains(&day);
        if !is_date || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let local = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        let seconds = local - offset(without_fraction(rest)?)?;
        Self::from_unix(u64::try_from(seconds).ok()?)
    }
}

/// What follows the seconds, without a fraction of zero.
fn without_fraction(rest: &str) -> Option<&str> {
    match rest.strip_prefix('.') {
        None => Some(rest),
        Some(fraction) if fraction.starts_with('0') => Some(fraction.trim_start_matches('0')),
        Some(_) => None,
    }
}

/// Seconds by which a local time is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let ahead = zone.starts_with('+');
    let [hours, minutes] = numbers(zone.strip_prefix(['+', '-'])?, ':', [2, 2])?;
    let seconds = hours * 3_600 + minutes * 60;
    let is_offset = hours <= 23 && minutes <= 59;
    is_offset.then_some(if ahead { seconds } else { -seconds })
}

/// `N` numbers of fixed widths with `sign` between them.
fn numbers<const N: usize>(text: &str, sign: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(sign);
    let mut found = [0; N];
    for (number, width) in found.iter_mut().zip(widths) {
        let part = parts.next()?;
        let fits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = if fits { part.parse().ok()? } else { return None };
    }
    parts.next().is_none().then_some(found)
}

/// Days from the beginning of 1970 to a date of the Gregorian calendar.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end, and months of 153 days in five.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    365 * year + leap_days + (153 * month + 2) / 5 + day - 719_469
}

const fn last_day(year: i64, month: i64) -> i64 {
    if month == 12 { 31 } else { days(year, month + 1, 1) - days(year, month, 1) }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (day, second) = ((self.0 / 86_400) as i64, self.0 % 86_400);
        // No year has more than 366 days, so the first guess is never too late.
        let mut year = 1970 + day / 366;
        while days(year + 1, 1, 1) <= day {
            year += 1;
        }
        let mut month = 1;
        while month < 12 && days(year, month + 1, 1) <= day {
            month += 1;
        }
        let date = day - days(year, month, 1) + 1;
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        write!(f, "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
    }
}

/// A length of time in seconds, up to a leap year.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Span(u32);

impl Span {
    /// 366 days: nobody plans further ahead in quarters of an hour.
    pub const MAX: Self = Self(31_622_400);

    /// `seconds` seconds, `None` above [`Span::MAX`].
    pub const fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds <= Self::MAX.0 { Some(Self(seconds)) } else { None }
    }

    /// The length in seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// Reads `PT15M`, `P1DT2H`, `P1W`: whole numbers, each unit once, the larger ones first.
    ///
    /// # Errors
    ///
    /// [`TimeError::Span`].
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        Self::read(text).ok_or_else(|| TimeError::Span(shown(text)))
    }

    fn read(text: &str) -> Option<Self> {
        let body = text.strip_prefix('P')?;
        if let Some(weeks) = body.strip_suffix('W') {
            return total(&[(Some(weeks), 604_800)]);
        }
        let (date, time) = match body.split_once('T') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (body, ""),
        };
        let (days, rest) = unit(date, 'D');
        let (hours, time) = unit(time, 'H');
        let (minutes, time) = unit(time, 'M');
        let (seconds, time) = unit(time, 'S');
        let parts = [(days, 86_400), (hours, 3_600), (minutes, 60), (seconds, 1)];
        if rest.is_empty() && time.is_empty() { total(&parts) } else { None }
    }
}

/// The digits in front of `letter`, if it is there, and what follows it.
fn unit(text: &str, letter: char) -> (Option<&str>, &str) {
    match text.split_once(letter) {
        Some((digits, rest)) => (Some(digits), rest),
        None => (None, text),
    }
}

/// The sum of digits times seconds over the units that are there, at least one.
fn total(parts: &[(Option<&str>, u64)]) -> Option<Span> {
    let there = || parts.iter().filter_map(|(digits, seconds)| Some(((*digits)?, *seconds)));
    let mut sum = 0_u64;
    for (digits, seconds) in there() {
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        sum = digits.parse::<u64>().ok()?.checked_mul(seconds)?.checked_add(sum)?;
    }
    there().next()?;
    Span::from_seconds(u32::try_from(sum).ok()?)
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (days, rest) = (self.0 / 86_400, self.0 % 86_400);
        f.write_str("P")?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if rest > 0 || days == 0 {
            f.write_str("T")?;
        }
        for (amount, letter) in [(rest / 3_600, 'H'), (rest / 60 % 60, 'M')] {
            if amount > 0 {
                write!(f, "{amount}{letter}")?;
            }
        }
        if rest % 60 > 0 || self.0 == 0 {
            write!(f, "{}S", rest % 60)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Moment {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        Self::parse(&text)
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

impl TryFrom<String> for Span {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        Self::parse(&text)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}
