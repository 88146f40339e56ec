//! An event of the distribution operator in the shape of OpenADR 3.
//!
//! In: the JSON of an `event` as a server of OpenADR 3.1 sends it. Out: its parts, each bounded; and
//! the JSON of an `eventRequest`. Refuses to know: transport, authentication, reports, and what the
//! payloads mean: that is a [`Signal`](super::Signal).
//!
//! Names and types are those of the standard's information model (OpenADR 3.1.0, Definitions:
//! `event`, `interval`, `intervalPeriod`, `valuesMap`, `eventPayloadDescriptor`). What a server adds
//! (`id`, `createdDateTime`, `modificationDateTime`, `objectType`), requests for reports and private
//! extensions are passed over when an event is read, as the standard allows, and not written.

use serde::{Deserialize, Serialize};

use super::error::EventError;
use super::time::{Moment, Span, shown};
use super::value::{Value, list};

/// Intervals of one event: the quarters of an hour of a month of 31 days.
pub const MAX_INTERVALS: usize = 2_976;
/// Payloads of one interval: the standard names fewer than 40 types.
pub const MAX_PAYLOADS: usize = 40;
/// Values of one payload: the longest series that replaces intervals is a day in minutes.
pub const MAX_VALUES: usize = 1_440;
/// Whom one event is for: one for each member of a district of 100,000.
pub const MAX_TARGETS: usize = 100_000;

/// A name as the standard has it: 1 to 128 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// The standard's bound, in characters.
    pub const MAX: usize = 128;

    /// `text` as a name.
    ///
    /// # Errors
    ///
    /// [`EventError::Name`].
    pub fn try_new(text: impl Into<String>) -> Result<Self, EventError> {
        let text = text.into();
        let length = text.chars().take(Self::MAX + 1).count();
        if (1..=Self::MAX).contains(&length) && !text.chars().any(char::is_control) {
            Ok(Self(text))
        } else {
            Err(EventError::Name { got: shown(&text), max: Self::MAX })
        }
    }

    /// The name.
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// The name of a program: a [`Name`] that may stand in an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProgramId(String);

impl ProgramId {
    /// `text` as the name of a program: letters, digits, `_` and `-`.
    ///
    /// # Errors
    ///
    /// [`EventError::Program`].
    pub fn try_new(text: impl Into<String>) -> Result<Self, EventError> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=Name::MAX).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(EventError::Program { got: shown(&text), max: Name::MAX })
        }
    }

    /// The name.
    pub fn get(&self) -> &str {
        &self.0
    }
}

/// An event: what is said about some time to come.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The program it belongs to.
    #[serde(rename = "programID")]
    pub program_id: ProgramId,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_name: Option<Name>,
    /// How long it lasts, where it repeats or cuts off its intervals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    /// A lower number goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Whom it is for; everybody if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "list::<_, _, MAX_TARGETS>")]
    pub targets: Vec<Name>,
    /// The units of its payloads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(deserialize_with = "list::<_, _, MAX_PAYLOADS>")]
    pub payload_descriptors: Vec<PayloadDescriptor>,
    /// When its first interval begins and how long each lasts, unless an interval says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_period: Option<IntervalPeriod>,
    /// What is said, interval by interval.
    #[serde(default, deserialize_with = "list::<_, _, MAX_INTERVALS>")]
    pub intervals: Vec<Interval>,
}

/// The unit of a type of payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadDescriptor {
    /// Which type of payload.
    pub payload_type: Name,
    /// Its unit, such as `KWH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<Name>,
    /// Its currency, such as `EUR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Name>,
}

/// When something begins and how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntervalPeriod {
    /// The beginning.
    pub start: Moment,
    /// The length.
    #[serde(default)]
    pub duration: Span,
    /// Within which time after the beginning everybody begins at random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub randomize_start: Option<Span>,
}

/// What is said about one stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// A number given by the sender.
    pub id: i64,
    /// Its own time; without it, it follows the one before as the event's period says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_period: Option<IntervalPeriod>,
    /// What is said.
    #[serde(deserialize_with = "list::<_, _, MAX_PAYLOADS>")]
    pub payloads: Vec<Payload>,
}

/// Values of one type (`valuesMap`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Payload {
    /// The type, such as `PRICE`, `EXPORT_PRICE`, `SIMPLE`; private ones are allowed.
    #[serde(rename = "type")]
    pub kind: Name,
    /// The values.
    #[serde(deserialize_with = "list::<_, _, MAX_VALUES>")]
    pub values: Vec<Value>,
}

impl TryFrom<String> for Name {
    type Error = EventError;

    fn try_from(text: String) -> Result<Self, EventError> {
        Self::try_new(text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl TryFrom<String> for ProgramId {
    type Error = EventError;

    fn try_from(text: String) -> Result<Self, EventError> {
        Self::try_new(text)
    }
}

impl From<ProgramId> for String {
    fn from(name: ProgramId) -> Self {
        name.0
    }
}
