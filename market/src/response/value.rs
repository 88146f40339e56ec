//! The values of an event's payload: numbers, texts, flags, points.
//!
//! In: what JSON has. Out: exact decimals, bounded texts. Refuses to know: what a value means.
//!
//! Many readers of JSON keep a number as a binary float of 53 bits, so a number that is to arrive
//! as it left has at most 15 significant digits. Such a number is the shortest text of its float,
//! and read back from that text it is exact; nobody calculates with the float.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::error::EventError;
use super::time::shown;
use crate::fixed::Decimal;

/// A decimal that every reader of JSON gets as it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(Decimal);

impl Number {
    /// What a binary float of 53 bits always keeps.
    pub const DIGITS: u32 = 15;

    /// `decimal` as a number of JSON.
    ///
    /// # Errors
    ///
    /// [`EventError::Digits`].
    pub fn try_new(decimal: Decimal) -> Result<Self, EventError> {
        let mut digits = decimal.units().unsigned_abs();
        while digits > 0 && digits.is_multiple_of(10) {
            digits /= 10;
        }
        if digits < 10_u128.pow(Self::DIGITS) {
            Ok(Self(decimal))
        } else {
            Err(EventError::Digits { got: decimal, max: Self::DIGITS })
        }
    }

    /// The number.
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// The number if it is a whole one.
    fn whole(self) -> Option<i64> {
        let (units, one) = (self.0.units(), Decimal::ONE.units());
        if units % one == 0 { i64::try_from(units / one).ok() } else { None }
    }

    fn read<E: de::Error>(text: &str) -> Result<Self, E> {
        let decimal = Decimal::parse(text).map_err(E::custom)?;
        Self::try_new(decimal).map_err(E::custom)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.whole() {
            Some(whole) => serializer.serialize_i64(whole),
            None => {
                let float = self.0.to_string().parse::<f64>();
                serializer.serialize_f64(float.expect("a decimal in digits is a float in digits"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) => Ok(number),
            _ => Err(de::Error::custom("expected a number")),
        }
    }
}

/// One value of a payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A price, a level, an energy.
    Number(Number),
    /// Words for people, such as why there is an alert; at most [`Value::MAX_TEXT`] bytes.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A point of a curve, x before y.
    Point(Number, Number),
}

impl Value {
    /// A page of text.
    pub const MAX_TEXT: usize = 4_096;
}

/// A point as it travels.
#[derive(serde::Serialize)]
struct RawPoint {
    x: Number,
    y: Number,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Point(x, y) => RawPoint { x: *x, y: *y }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Reads a value by what stands there.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, a text, true or false, or a point with x and y")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Number::read(&number.to_string()).map(Value::Number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Number::read(&number.to_string()).map(Value::Number)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Number::read(&number.to_string()).map(Value::Number)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        if text.len() <= Value::MAX_TEXT {
            Ok(Value::Text(text.to_owned()))
        } else {
            let (max, got) = (Value::MAX_TEXT, text.len());
            Err(E::custom(format!("a text has at most {max} bytes, got {got}: {:?}", shown(text))))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut x, mut y) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            let axis = match key.as_str() {
                "x" => &mut x,
                "y" => &mut y,
                other => return Err(de::Error::unknown_field(&shown(other), &["x", "y"])),
            };
            *axis = Some(map.next_value::<Number>()?);
        }
        let axis = |axis: Option<Number>, name| axis.ok_or_else(|| de::Error::missing_field(name));
        Ok(Value::Point(axis(x, "x")?, axis(y, "y")?))
    }
}

/// Reads a list of at most `MAX`; `null` is an empty one, as the standard's defaults have it.
pub(super) fn list<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(AnyList::<T, MAX>(std::marker::PhantomData))
}

/// Reads a list and stops where it gets too long.
struct AnyList<T, const MAX: usize>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for AnyList<T, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a list of at most {MAX}")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(row) = rows.next_element()? {
            if list.len() == MAX {
                return Err(de::Error::invalid_length(MAX + 1, &self));
            }
            list.push(row);
        }
        Ok(list)
    }
}
