//! What an event says about slots: prices, a level of alarm, an ordered change.
//!
//! In: an event and the moment at which slot 0 begins; or signals slot by slot. Out: signals; or
//! the event that says them. Refuses to know: how an event travels, whom it is for, what a home
//! does about it.
//!
//! | payload | unit | meaning here |
//! |---|---|---|
//! | `PRICE` | currency per `KWH` | what a member pays, in whole micro-currency per kWh |
//! | `EXPORT_PRICE` | currency per `KWH` | what a member gets |
//! | `SIMPLE` | 0, 1, 2, 3 | the level of the alarm |
//! | `DISPATCH_SETPOINT_RELATIVE` | `KWH`, `KW` | the ordered change, whole Wh per slot; below zero: consume less |
//!
//! Other types are passed over. Written changes are in `KWH`: that is what settles. One in `KW` is
//! that power over each of its slots; one in `KWH` has to be for a single slot, since nobody says
//! how it would be spread (ours, as is `KWH` where no unit is given).

use serde::{Deserialize, Serialize};

use super::error::EventError;
use super::event::{
    Event, Interval, IntervalPeriod, MAX_INTERVALS, Name, Payload, PayloadDescriptor, ProgramId,
};
use super::time::{Moment, Span};
use super::value::{Number, Value};
use crate::energy::Energy;
use crate::fixed::Decimal;
use crate::money::Price;
use crate::slot::Slot;
use crate::tariff::Tariff;

const PRICE: &str = "PRICE";
const EXPORT_PRICE: &str = "EXPORT_PRICE";
const SIMPLE: &str = "SIMPLE";
const CHANGE: &str = "DISPATCH_SETPOINT_RELATIVE";
const KWH: &str = "KWH";
const KW: &str = "KW";
/// Slots that one event may cover.
const MAX_SLOTS: u32 = MAX_INTERVALS as u32;
/// The length of a slot.
const QUARTER: Span = Span::from_seconds(Slot::SECONDS).expect("a quarter of an hour is short");

/// The level of the alarm, with the standard's example of what it may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Normal operation.
    Normal,
    /// Moderate load shed.
    Moderate,
    /// High load shed.
    High,
    /// Emergency load shed.
    Emergency,
}

impl Level {
    const ALL: [Self; 4] = [Self::Normal, Self::Moderate, Self::High, Self::Emergency];
}

/// What is said about one slot. All of it may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signal {
    /// The slot.
    pub slot: Slot,
    /// What a member pays.
    pub buy: Option<Price>,
    /// What a member gets.
    pub sell: Option<Price>,
    /// How serious it is.
    pub level: Option<Level>,
    /// By how much to consume more, or less if it is below zero.
    pub change: Option<Energy>,
}

impl Signal {
    /// Nothing said about `slot`.
    pub const fn silent(slot: Slot) -> Self {
        Self { slot, buy: None, sell: None, level: None, change: None }
    }
}

/// When the slots of a run are: slot 0 begins at a quarter of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlotClock(Moment);

impl SlotClock {
    /// Slot 0 begins at `origin`.
    ///
    /// # Errors
    ///
    /// [`EventError::Origin`] unless that is a quarter of an hour.
    pub fn try_new(origin: Moment) -> Result<Self, EventError> {
        let quarter = u64::from(Slot::SECONDS);
        if origin.unix().is_multiple_of(quarter) {
            Ok(Self(origin))
        } else {
            Err(EventError::Origin(origin))
        }
    }

    /// When `slot` begins, `None` after the year 9999.
    pub fn start(&self, slot: Slot) -> Option<Moment> {
        let seconds = u64::from(Slot::SECONDS) * u64::from(slot.get());
        Moment::from_unix(self.0.unix() + seconds)
    }

    /// The slot that begins at `start`.
    pub fn slot(&self, start: Moment) -> Option<Slot> {
        let seconds = start.unix().checked_sub(self.0.unix())?;
        let quarter = u64::from(Slot::SECONDS);
        let whole = seconds % quarter == 0;
        if whole { u32::try_from(seconds / quarter).ok().map(Slot::new) } else { None }
    }
}

/// The event that says `signals`, which are for one slot after the other.
///
/// # Errors
///
/// [`EventError::Slots`], [`EventError::Gap`], [`EventError::TooLate`], and [`EventError::Value`]
/// for a price beyond [`Tariff::MAX_PRICE`] or a change beyond [`Energy::MAX_PER_SLOT`].
pub fn publish(
    program: ProgramId,
    currency: &Name,
    clock: &SlotClock,
    signals: &[Signal],
) -> Result<Event, EventError> {
    let bounds = || EventError::Slots { got: signals.len(), max: MAX_SLOTS };
    let first = signals.first().ok_or_else(bounds)?.slot;
    if signals.len() > MAX_INTERVALS {
        return Err(bounds());
    }
    let mut intervals = Vec::with_capacity(signals.len());
    for (id, signal) in (0_u32..).zip(signals) {
        let got = signal.slot;
        if first.get().checked_add(id) != Some(got.get()) {
            return Err(EventError::Gap {
                expected: Slot::new(first.get().saturating_add(id)),
                got,
            });
        }
        let payloads = payloads(signal, i64::from(id))?;
        intervals.push(Interval { id: i64::from(id), interval_period: None, payloads });
    }
    let said = |kind: &str| {
        intervals.iter().any(|row| row.payloads.iter().any(|payload| payload.kind.get() == kind))
    };
    let mut payload_descriptors = Vec::new();
    for (kind, is_price) in [(PRICE, true), (EXPORT_PRICE, true), (CHANGE, false)] {
        if said(kind) {
            let currency = is_price.then(|| currency.clone());
            let descriptor =
                PayloadDescriptor { payload_type: name(kind), units: Some(name(KWH)), currency };
            payload_descriptors.push(descriptor);
        }
    }
    let start = clock.start(first).ok_or(EventError::TooLate(first))?;
    let period = IntervalPeriod { start, duration: QUARTER, randomize_start: None };
    Ok(Event {
        program_id: program,
        event_name: None,
        duration: None,
        priority: None,
        targets: Vec::new(),
        payload_descriptors,
        interval_period: Some(period),
        intervals,
    })
}

fn name(text: &str) -> Name {
    Name::try_new(text).expect("a constant of a few letters")
}

/// What is said about one slot, as payloads.
fn payloads(signal: &Signal, interval: i64) -> Result<Vec<Payload>, EventError> {
    let mut payloads = Vec::new();
    for (payload, price) in [(PRICE, signal.buy), (EXPORT_PRICE, signal.sell)] {
        let Some(price) = price else { continue };
        is_price(price).ok_or(EventError::Value {
            interval,
            payload,
            expected: "a possible price",
        })?;
        payloads.push(number(payload, Decimal::from_price(price))?);
    }
    if let Some(level) = signal.level {
        let level = Level::ALL.iter().take_while(|other| **other < level).count();
        let whole = Decimal::ONE.units() * level as i128;
        payloads.push(number(SIMPLE, Decimal::from_units(whole).expect("at most three"))?);
    }
    if let Some(change) = signal.change {
        let flaw = EventError::Value { interval, payload: CHANGE, expected: "a possible energy" };
        let kwh = is_change(change).and_then(Decimal::from_energy).ok_or(flaw)?;
        payloads.push(number(CHANGE, kwh)?);
    }
    Ok(payloads)
}

fn number(kind: &str, decimal: Decimal) -> Result<Payload, EventError> {
    Ok(Payload { kind: name(kind), values: vec![Value::Number(Number::try_new(decimal)?)] })
}

/// `price` if the market works with it.
fn is_price(price: Price) -> Option<Price> {
    let max = Tariff::MAX_PRICE.micro_per_kwh();
    (-max..=max).contains(&price.micro_per_kwh()).then_some(price)
}

/// `change` if a connection point can do it.
fn is_change(change: Energy) -> Option<Energy> {
    let max = Energy::MAX_PER_SLOT.wh();
    (-max..=max).contains(&change.wh()).then_some(change)
}

/// What `event` says, slot by slot, ascending. Slots about which nothing is understood are there
/// too.
///
/// # Errors
///
/// An [`EventError`] that names the interval and what is wrong with it.
pub fn signals(event: &Event, clock: &SlotClock) -> Result<Vec<Signal>, EventError> {
    let mut signals: Vec<Signal> = Vec::new();
    let mut seconds = 0_u64;
    let mut next = event.interval_period.map(|period| period.start);
    for interval in &event.intervals {
        let (start, span) = time(event, interval, next)?;
        next = start.after(span);
        let (first, count) = slots(interval.id, start, span, clock)?;
        if signals.last().is_some_and(|last| last.slot >= first) {
            return Err(EventError::Overlap(interval.id));
        }
        let got = signals.len() + count as usize;
        if got > MAX_INTERVALS {
            return Err(EventError::Slots { got, max: MAX_SLOTS });
        }
        let said = said(event, interval, count)?;
        let each = (first.get()..).map(Slot::new).take(count as usize);
        signals.extend(each.map(|slot| Signal { slot, ..said }));
        seconds += u64::from(span.seconds());
    }
    if signals.is_empty() {
        return Err(EventError::Slots { got: 0, max: MAX_SLOTS });
    }
    let lasts = u32::try_from(seconds).ok().and_then(Span::from_seconds).unwrap_or(Span::MAX);
    match event.duration {
        Some(got) if got != lasts => Err(EventError::Duration { got, expected: lasts }),
        _ => Ok(signals),
    }
}

/// When an interval begins and how long it lasts: as it says itself, or behind the one before it
/// for as long as the event says.
fn time(
    event: &Event,
    interval: &Interval,
    next: Option<Moment>,
) -> Result<(Moment, Span), EventError> {
    let period = interval.interval_period.or(event.interval_period);
    let period = period.ok_or(EventError::NoPeriod(interval.id))?;
    if period.randomize_start.is_some_and(|range| range != Span::default()) {
        return Err(EventError::Random(interval.id));
    }
    let start = match interval.interval_period {
        Some(own) => own.start,
        None => next.ok_or(EventError::NoPeriod(interval.id))?,
    };
    Ok((start, period.duration))
}

/// The first slot of an interval and how many it has.
fn slots(
    interval: i64,
    start: Moment,
    span: Span,
    clock: &SlotClock,
) -> Result<(Slot, u32), EventError> {
    let flaw = EventError::NotSlots { interval, start, span, max: MAX_SLOTS };
    let count = span.seconds() / Slot::SECONDS;
    let whole = span.seconds().is_multiple_of(Slot::SECONDS) && (1..=MAX_SLOTS).contains(&count);
    match clock.slot(start) {
        Some(first) if whole && first.get().checked_add(count).is_some() => Ok((first, count)),
        _ => Err(flaw),
    }
}

/// What an interval of `count` slots says about each of them.
fn said(event: &Event, interval: &Interval, count: u32) -> Result<Signal, EventError> {
    let id = interval.id;
    let price = |payload, expected| {
        let Some(value) = value(interval, payload, expected)? else { return Ok(None) };
        if let Some(got) = unit(event, payload).filter(|unit| *unit != KWH) {
            return Err(EventError::Unit { payload, expected: KWH, got: got.to_owned() });
        }
        let price = value.to_price().and_then(is_price);
        price.map(Some).ok_or(EventError::Value { interval: id, payload, expected })
    };
    let micro = "one price in whole micro-currency";
    let level = value(interval, SIMPLE, "one level of 0, 1, 2, 3")?.map(|value| {
        let found =
            (0..).zip(Level::ALL).find(|(at, _)| value.units() == at * Decimal::ONE.units());
        let expected = "one level of 0, 1, 2, 3";
        found.map(|(_, level)| level).ok_or(EventError::Value {
            interval: id,
            payload: SIMPLE,
            expected,
        })
    });
    Ok(Signal {
        buy: price(PRICE, micro)?,
        sell: price(EXPORT_PRICE, micro)?,
        level: level.transpose()?,
        change: change(event, interval, count)?,
        ..Signal::silent(Slot::ZERO)
    })
}

/// The ordered change per slot.
fn change(event: &Event, interval: &Interval, count: u32) -> Result<Option<Energy>, EventError> {
    let expected = "one change of whole Wh per slot, in KW if there are several slots";
    let Some(value) = value(interval, CHANGE, expected)? else { return Ok(None) };
    let energy = match unit(event, CHANGE).unwrap_or(KWH) {
        KWH if count == 1 => value.to_energy(),
        KWH => None,
        // A power over a quarter of an hour.
        KW if value.units() % 4 == 0 => {
            Decimal::from_units(value.units() / 4).and_then(Decimal::to_energy)
        }
        KW => None,
        other => {
            let (expected, got) = ("KWH or KW", other.to_owned());
            return Err(EventError::Unit { payload: CHANGE, expected, got });
        }
    };
    let flaw = EventError::Value { interval: interval.id, payload: CHANGE, expected };
    energy.and_then(is_change).map(Some).ok_or(flaw)
}

/// The unit of a type of payload, where the event gives one.
fn unit<'a>(event: &'a Event, payload: &str) -> Option<&'a str> {
    let mut rows = event.payload_descriptors.iter();
    rows.find(|row| row.payload_type.get() == payload)?.units.as_ref().map(Name::get)
}

/// The one number of a type of payload, `None` if the interval has none of that type.
fn value(
    interval: &Interval,
    payload: &'static str,
    expected: &'static str,
) -> Result<Option<Decimal>, EventError> {
    let mut found = interval.payloads.iter().filter(|row| row.kind.get() == payload);
    match (found.next().map(|row| row.values.as_slice()), found.next()) {
        (None, _) => Ok(None),
        (Some([Value::Number(number)]), None) => Ok(Some(number.get())),
        _ => Err(EventError::Value { interval: interval.id, payload, expected }),
    }
}
