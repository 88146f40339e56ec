//! What a command says: one flat JSON object for machines, aligned lines for people; and, in
//! `table`, what is wrong with a file it was given.
//!
//! In: named values, exact. Out: bytes. Refuses to know: which command speaks, and floats.
//!
//! Numbers are printed from integers and decimals as they are. A decimal shows at least nine digits
//! after its point, and all eighteen where they are not zero, so that nothing is lost and columns
//! line up.

pub mod table;

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use market::{Decimal, Energy, Money, Price};

/// Digits after the point that a decimal always shows; nano-currency has as many.
const PLACES: usize = 9;

/// What a command answers: names and values in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'a> {
    entries: Vec<Entry<'a>>,
}

/// One value that prints as itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A whole number.
    Integer(i64),
    /// A number with digits after the point.
    Decimal(Decimal),
    /// A text.
    Text(Cow<'a, str>),
    /// Yes or no.
    Flag(bool),
}

/// What a number counts. People see it; machines know it from the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: texts and plain numbers.
    Plain,
    /// An amount of money.
    Currency,
    /// A price.
    CurrencyPerKwh,
    /// Energy. The names of such fields end in `_wh`.
    WattHours,
    /// Points of a score.
    Points,
}

/// Name and unit of a field or a column. Names are the keys of the JSON object.
pub type Column = (&'static str, Unit);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry<'a> {
    column: Column,
    content: Content<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content<'a> {
    One(Value<'a>),
    Many(Rows<'a>),
}

/// A list of flat objects that all have the same fields. Its cells lie in one vector: a large book
/// has millions of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rows<'a> {
    columns: Vec<Column>,
    cells: Vec<Value<'a>>,
}

impl<'a> Fields<'a> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value.
    pub fn put(&mut self, name: &'static str, unit: Unit, value: impl Into<Value<'a>>) {
        self.push((name, unit), Content::One(value.into()));
    }

    /// Adds a text that is copied.
    pub fn text(&mut self, name: &'static str, text: &str) {
        self.put(name, Unit::Plain, text.to_owned());
    }

    /// Adds a plain whole number.
    pub fn integer(&mut self, name: &'static str, number: i64) {
        self.put(name, Unit::Plain, number);
    }

    /// Adds a list of rows, each with one value per column.
    pub fn put_rows<const N: usize>(
        &mut self,
        name: &'static str,
        columns: [Column; N],
        rows: impl IntoIterator<Item = [Value<'a>; N]>,
    ) {
        let cells = rows.into_iter().flatten().collect();
        let rows = Rows { columns: columns.to_vec(), cells };
        self.push((name, Unit::Plain), Content::Many(rows));
    }

    /// Writes the answer in one of the two forms, with a line break at its end.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(&self, json: bool, out: &mut impl Write) -> io::Result<()> {
        if json { self.write_json(out) } else { self.write_text(out) }
    }

    /// Writes the answer to standard output.
    ///
    /// # Errors
    ///
    /// Those of standard output, a closed pipe among them.
    pub fn print(&self, json: bool) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        self.write(json, &mut out)?;
        out.flush()
    }

    fn push(&mut self, column: Column, content: Content<'a>) {
        assert!(
            self.entries.iter().all(|entry| entry.column.0 != column.0),
            "an object has every name once"
        );
        self.entries.push(Entry { column, content });
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"{")?;
        for (at, Entry { column: (name, _), content }) in self.entries.iter().enumerate() {
            separate(at, out)?;
            key(name, out)?;
            match content {
                Content::One(value) => value.write_json(out)?,
                Content::Many(rows) => rows.write_json(out)?,
            }
        }
        out.write_all(b"}\n")
    }

    /// Values first, one per line, then the lists as tables.
    fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let labels = self.entries.iter().map(|entry| label(entry.column).chars().count());
        let width = labels.max().unwrap_or(0);
        for Entry { column, content } in &self.entries {
            let (label, unit) = (label(*column), column.1.symbol());
            match content {
                Content::One(value) if unit.is_empty() => {
                    writeln!(out, "{label:width$}  {}", value.text())?;
                }
                Content::One(value) => writeln!(out, "{label:width$}  {} {unit}", value.text())?,
                Content::Many(rows) if rows.cells.is_empty() => {
                    writeln!(out, "{label:width$}  none")?;
                }
                Content::Many(_) => {}
            }
        }
        for Entry { column, content } in &self.entries {
            match content {
                Content::Many(rows) if !rows.cells.is_empty() => {
                    writeln!(out, "\n{}", label(*column))?;
                    rows.write_text(out)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl<'a> Rows<'a> {
    fn lines(&self) -> impl Iterator<Item = &[Value<'a>]> {
        self.cells.chunks(self.columns.len())
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"[")?;
        for (at, line) in self.lines().enumerate() {
            separate(at, out)?;
            out.write_all(b"{")?;
            for (at, (value, (name, _))) in line.iter().zip(&self.columns).enumerate() {
                separate(at, out)?;
                key(name, out)?;
                value.write_json(out)?;
            }
            out.write_all(b"}")?;
        }
        out.write_all(b"]")
    }

    fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let heads: Vec<Value<'_>> = self.columns.iter().map(|column| head(*column)).collect();
        let mut widths: Vec<usize> = heads.iter().map(Value::width).collect();
        for line in self.lines() {
            for (width, value) in widths.iter_mut().zip(line) {
                *width = value.width().max(*width);
            }
        }
        let first = self.cells.iter().take(self.columns.len());
        let to_the_right: Vec<bool> = first.map(Value::is_number).collect();
        for line in std::iter::once(heads.as_slice()).chain(self.lines()) {
            let mut text = String::new();
            for ((value, width), to_the_right) in line.iter().zip(&widths).zip(&to_the_right) {
                let (value, width) = (value.text(), *width);
                let cell = if *to_the_right {
                    format!("  {value:>width$}")
                } else {
                    format!("  {value:width$}")
                };
                text.push_str(&cell);
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

impl Value<'_> {
    /// The value without quotes.
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Integer(number) => number.to_string().into(),
            Self::Decimal(number) => padded(number).into(),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Flag(yes) => if *yes { "yes" } else { "no" }.into(),
        }
    }

    /// Characters the value takes on a line.
    fn width(&self) -> usize {
        self.text().chars().count()
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Decimal(_))
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Integer(_) | Self::Decimal(_) => out.write_all(self.text().as_bytes()),
            Self::Text(text) => Ok(serde_json::to_writer(out, text)?),
            Self::Flag(yes) => write!(out, "{yes}"),
        }
    }
}

impl Unit {
    /// How the unit is written, nothing for plain values.
    const fn symbol(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Currency => "currency",
            Self::CurrencyPerKwh => "currency/kWh",
            Self::WattHours => "Wh",
            Self::Points => "points",
        }
    }
}

/// The decimal with at least [`PLACES`] digits after its point.
fn padded(number: &Decimal) -> String {
    let text = number.to_string();
    let places = text.find('.').map_or(0, |point| text.len() - point - 1);
    format!("{text}{}", "0".repeat(PLACES.saturating_sub(places)))
}

/// How people read a name: spaces for underscores, and no unit where a unit is shown anyway.
fn label((name, unit): Column) -> String {
    let name = if unit == Unit::WattHours { name.trim_end_matches("_wh") } else { name };
    name.replace('_', " ")
}

fn head(column: Column) -> Value<'static> {
    let (label, unit) = (label(column), column.1.symbol());
    let text = if unit.is_empty() { label } else { format!("{label} ({unit})") };
    Value::Text(text.into())
}

fn separate(at: usize, out: &mut impl Write) -> io::Result<()> {
    if at > 0 { out.write_all(b",") } else { Ok(()) }
}

fn key(name: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, "\"{name}\":")
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u16> for Value<'_> {
    fn from(number: u16) -> Self {
        Self::Integer(number.into())
    }
}

impl From<Energy> for Value<'_> {
    fn from(energy: Energy) -> Self {
        Self::Integer(energy.wh())
    }
}

impl From<Decimal> for Value<'_> {
    fn from(number: Decimal) -> Self {
        Self::Decimal(number)
    }
}

impl From<Price> for Value<'_> {
    fn from(price: Price) -> Self {
        Self::Decimal(price.into())
    }
}

impl From<Money> for Value<'_> {
    fn from(money: Money) -> Self {
        Self::Decimal(money.into())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Self::Flag(yes)
    }
}

#[cfg(test)]
mod tests;
