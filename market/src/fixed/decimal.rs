//! Exact decimals: what people write, without a float on the way.
//!
//! In: text such as `0.14`, `-3` or `1e-6`, prices, energies. Out: a whole number of 10^-18, or a
//! refusal that says what stands where. Refuses to know: what the number measures.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::exact::Exact;
use crate::energy::Energy;
use crate::money::{Money, Price};

/// A decimal number with up to 18 places between [`Decimal::MIN`] and [`Decimal::MAX`].
///
/// Travels as text where people read (JSON, TOML) and as its whole number of 10^-18 elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

impl Decimal {
    /// Digits after the point.
    pub const PLACES: u32 = 18;
    /// 10^12: above every price, energy or width a region can have, low enough for 512-bit
    /// formulas.
    pub const MAX: Self = Self(1_000_000_000_000 * Self::UNIT as i128);
    /// The opposite of [`Decimal::MAX`].
    pub const MIN: Self = Self(-Self::MAX.0);
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(Self::UNIT as i128);
    /// Longer text is refused unread: sign, 13 digits, point, 18 places and an exponent fit.
    pub const MAX_TEXT: usize = 48;

    const UNIT: u128 = 1_000_000_000_000_000_000;

    /// `units` times 10^-18, `None` outside `MIN..=MAX`.
    pub const fn from_units(units: i128) -> Option<Self> {
        if Self::MIN.0 <= units && units <= Self::MAX.0 { Some(Self(units)) } else { None }
    }

    /// The number as a whole number of 10^-18.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// A price in currency per kWh, exactly.
    pub const fn from_price(price: Price) -> Self {
        Self(price.micro_per_kwh() as i128 * 1_000_000_000_000)
    }

    /// An energy in kWh, exactly; `None` beyond 10^12 kWh.
    pub const fn from_energy(energy: Energy) -> Option<Self> {
        Self::from_units(energy.wh() as i128 * 1_000_000_000_000_000)
    }

    /// The number as a price in currency per kWh, `None` if it is finer than micro-currency.
    pub fn to_price(self) -> Option<Price> {
        self.whole(1_000_000_000_000).map(Price::from_micro_per_kwh)
    }

    /// The number as an amount of currency, `None` if it is finer than nano-currency or too large.
    pub fn to_money(self) -> Option<Money> {
        self.whole(1_000_000_000).map(Money::from_nano)
    }

    /// The number as an energy in kWh, `None` if it is finer than 1 Wh.
    pub fn to_energy(self) -> Option<Energy> {
        self.whole(1_000_000_000_000_000).map(Energy::from_wh)
    }

    /// Reads a decimal: an optional sign, digits with at most one point, an optional exponent.
    ///
    /// # Errors
    ///
    /// [`DecimalError`] says what does not belong there; nothing is rounded.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        if text.len() > Self::MAX_TEXT {
            return Err(DecimalError::TooLong { got: text.len(), max: Self::MAX_TEXT });
        }
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], parse_exponent(text, at + 1)?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix(['-', '+']) {
            Some(rest) => (mantissa.starts_with('-'), rest),
            None => (false, mantissa),
        };
        let (value, places) = parse_digits(digits, mantissa.len() - digits.len())?;
        let units = scaled(value, Self::PLACES as i32 + exponent - places)?;
        Self::from_units(if negative { -units } else { units }).ok_or(DecimalError::TooLarge)
    }

    /// The number as an exact quotient; `None` below zero.
    pub(crate) fn to_exact(self) -> Option<Exact> {
        let units = u128::try_from(self.0).ok()?;
        Some(Exact::ratio(units, Self::UNIT))
    }

    /// The decimal next to `value`, ties to the even one; `None` above [`Decimal::MAX`].
    pub(crate) fn nearest(value: &Exact) -> Option<Self> {
        let units = value.nearest(Self::UNIT)?;
        Self::from_units(i128::try_from(units).ok()?)
    }

    /// The number in units of `size` x 10^-18 if it is a whole number of them.
    fn whole(self, size: i128) -> Option<i64> {
        if self.0 % size == 0 { i64::try_from(self.0 / size).ok() } else { None }
    }
}

/// The digits without their point, and how many stood after it. `offset` is where they stand in the
/// text.
fn parse_digits(digits: &str, offset: usize) -> Result<(i128, i32), DecimalError> {
    let (mut value, mut places, mut seen, mut point) = (0_i128, 0, false, false);
    for (at, character) in digits.char_indices() {
        if character == '.' && !point {
            point = true;
            continue;
        }
        let Some(digit) = character.to_digit(10) else {
            return Err(DecimalError::Character { got: character, at: offset + at });
        };
        let next = value.checked_mul(10).and_then(|tens| tens.checked_add(i128::from(digit)));
        value = next.ok_or(DecimalError::TooLarge)?;
        seen = true;
        places += i32::from(point);
    }
    if seen { Ok((value, places)) } else { Err(DecimalError::NoDigits) }
}

/// The exponent that starts at byte `from`; two digits reach every decimal there is.
fn parse_exponent(text: &str, from: usize) -> Result<i32, DecimalError> {
    let digits = text[from..].strip_prefix(['-', '+']).unwrap_or(&text[from..]);
    if let Some((at, got)) = digits.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        return Err(DecimalError::Character { got, at: text.len() - digits.len() + at });
    }
    if digits.is_empty() {
        return Err(DecimalError::NoDigits);
    }
    match text[from..].parse::<i32>() {
        Ok(exponent) if exponent.abs() <= 99 => Ok(exponent),
        _ => Err(DecimalError::Exponent),
    }
}

/// `value * 10^power` if it is a whole number.
fn scaled(value: i128, power: i32) -> Result<i128, DecimalError> {
    let factor = 10_i128.checked_pow(power.unsigned_abs());
    match factor {
        _ if value == 0 => Ok(0),
        Some(factor) if power >= 0 => value.checked_mul(factor).ok_or(DecimalError::TooLarge),
        Some(factor) if value % factor == 0 => Ok(value / factor),
        None if power >= 0 => Err(DecimalError::TooLarge),
        _ => Err(DecimalError::TooFine { places: Decimal::PLACES }),
    }
}

impl From<Price> for Decimal {
    fn from(price: Price) -> Self {
        Self::from_price(price)
    }
}

impl From<Money> for Decimal {
    fn from(money: Money) -> Self {
        Self(i128::from(money.nano()) * 1_000_000_000)
    }
}

impl std::str::FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse(text)
    }
}

/// All digits that are not trailing zeros, and at least one after the point.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let (whole, mut fraction) = (magnitude / Self::UNIT, magnitude % Self::UNIT);
        let mut places = Self::PLACES as usize;
        while places > 1 && fraction % 10 == 0 {
            fraction /= 10;
            places -= 1;
        }
        write!(f, "{sign}{whole}.{fraction:0places$}")
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i128(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        if deserializer.is_human_readable() {
            // Borrowed text would refuse every reader that has to unescape; the length is checked
            // by `parse`.
            Self::parse(&String::deserialize(deserializer)?).map_err(Error::custom)
        } else {
            let units = i128::deserialize(deserializer)?;
            Self::from_units(units).ok_or_else(|| Error::custom(DecimalError::TooLarge))
        }
    }
}

/// Why a text is not a decimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// No digit at all.
    #[error("expected a decimal number, got no digits")]
    NoDigits,
    /// A character that has no place in a decimal.
    #[error("expected a decimal number, got {got:?} at byte {at}")]
    Character {
        /// The character.
        got: char,
        /// Where it stands, in bytes from 0.
        at: usize,
    },
    /// Digits beyond the last place would have to be dropped.
    #[error("a decimal has at most {places} digits after the point")]
    TooFine {
        /// Places allowed.
        places: u32,
    },
    /// Outside `Decimal::MIN..=Decimal::MAX`.
    #[error("a decimal lies within 10^12 of zero")]
    TooLarge,
    /// An exponent that no decimal needs.
    #[error("an exponent lies in -99..=99")]
    Exponent,
    /// More text than any decimal needs.
    #[error("a decimal is written in at most {max} bytes, got {got}")]
    TooLong {
        /// Bytes given.
        got: usize,
        /// Bytes allowed.
        max: usize,
    },
}

#[cfg(test)]
mod tests;
