//! `score`: the points of one member, and the reasons for what is missing.
//!
//! In: a CSV file with the member's settled slots. Out: score, factors, at most four reasons.
//! Refuses to know: whose history it is; how points are computed, which is credit's business.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use credit::{Assessment, CreditError, Entry, Factor, History, Payment, ScoreRule};
use market::{Energy, Money, Slot};

use crate::cli::output::table::{Expected, Field, Table, TableError};
use crate::cli::output::{Fields, Unit};

/// Score a member's history of settled slots.
#[derive(Clone, Debug, Args)]
#[command(after_help = HELP)]
pub struct Score {
    /// The settled slots, CSV.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub history: PathBuf,
}

const HELP: &str = "\
FILE has the header
  slot,bill,overdue_since,contracted_wh,deviation_wh,missing,import_wh,local_solar_wh
and one row per settled slot, oldest first; slots may be left out:
  slot            number of the slot, rising from row to row
  bill            currency due for the slot, at most 9 digits after the point; negative if paid out
  overdue_since   empty if the account covered the bill, else the first slot of the debt
  contracted_wh   whole Wh bought in the auction, negative if sold
  deviation_wh    net metered less contracted energy, whole Wh
  missing         1 if no reading came, else 0
  import_wh       metered import, whole Wh, 0 without a reading
  local_solar_wh  the part of the import that was produced in the region in the same slot
A header alone is the history of a newcomer. Points run from 0 to 1000; the rule is version 1.

Example:
  gridquorum score --history node/tests/it/fixtures/history.csv";

/// Settled slots that are read: ten years of quarter hours.
const MAX_ROWS: usize = 10 * 366 * 96;
const COLUMNS: [&str; 8] = [
    "slot",
    "bill",
    "overdue_since",
    "contracted_wh",
    "deviation_wh",
    "missing",
    "import_wh",
    "local_solar_wh",
];
/// Largest energy of a slot, in Wh: what a whole region may count.
const MAX_WH: i64 = market::RegionTotals::MAX.wh();
/// Largest bill of a slot, in currency: any amount of it in nano-currency fits 64 bits.
const MAX_BILL: u32 = 1_000_000_000;

/// Prints the answer on standard output.
///
/// # Errors
///
/// [`TableError`] for the file, or standard output is closed.
pub fn run(args: &Score, json: bool) -> anyhow::Result<()> {
    Ok(answer(args)?.print(json)?)
}

/// Writes the answer to `out`.
///
/// # Errors
///
/// [`TableError`] for the file, and those of `out`.
pub fn write(args: &Score, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    Ok(answer(args)?.write(json, out)?)
}

fn answer(args: &Score) -> Result<Fields<'static>, TableError> {
    let history = read(&args.history)?;
    Ok(shown(&ScoreRule::V1.assess(&history)))
}

fn read(path: &Path) -> Result<History, TableError> {
    let table = Table::open(path, COLUMNS)?;
    let mut history = History::default();
    for row in table.rows(MAX_ROWS) {
        let row = row?;
        let fields = row.fields()?;
        let entry = entry(&fields)?;
        history.fold(entry).map_err(|error| refused(&error, &fields))?;
    }
    Ok(history)
}

fn entry(fields: &[Field<'_>; 8]) -> Result<Entry, TableError> {
    let [slot, bill, overdue_since, contracted, deviation, missing, import, local_solar] = fields;
    let energy = |field: &Field<'_>| field.whole(-MAX_WH..=MAX_WH).map(Energy::from_wh);
    let payment = match overdue_since.text() {
        "" => Payment::OnTime,
        _ => Payment::Overdue { since: read_slot(overdue_since)? },
    };
    Ok(Entry {
        slot: read_slot(slot)?,
        bill: read_bill(bill)?,
        payment,
        contracted: energy(contracted)?,
        deviation: energy(deviation)?,
        missing: missing.whole(0..=1)? == 1,
        import: energy(import)?,
        local_solar: energy(local_solar)?,
    })
}

fn read_slot(field: &Field<'_>) -> Result<Slot, TableError> {
    let number = field.whole(0..=i64::from(u32::MAX))?;
    Ok(Slot::new(u32::try_from(number).expect("the range is that of 32 bits")))
}

fn read_bill(field: &Field<'_>) -> Result<Money, TableError> {
    let bill = field.decimal(MAX_BILL, 9)?;
    Ok(bill.to_money().expect("nine digits after the point are whole nano-currency"))
}

/// Says at which field of the row a contradiction shows.
fn refused(error: &CreditError, fields: &[Field<'_>; 8]) -> TableError {
    let [slot, _, overdue_since, .., import, local_solar] = fields;
    match error {
        CreditError::OutOfOrder { last, .. } => slot.bad(Expected::After(last.get())),
        CreditError::OverdueSince { slot, .. } => {
            overdue_since.bad(Expected::Within(0, slot.get().into()))
        }
        CreditError::LocalSolar { import: energy, .. } if *energy < Energy::ZERO => {
            import.bad(Expected::Within(0, MAX_WH))
        }
        CreditError::Unmetered { .. } => import.bad(Expected::Within(0, 0)),
        CreditError::LocalSolar { import, .. } => local_solar.bad(Expected::Within(0, import.wh())),
        // The last two are about rules and stored histories; a row is neither.
        CreditError::History { .. } | CreditError::Rule { .. } => {
            slot.bad(Expected::Form("a settled slot"))
        }
    }
}

fn shown(assessment: &Assessment) -> Fields<'static> {
    let mut fields = Fields::new();
    fields.put("score", Unit::Points, assessment.score.get());
    fields.put("version", Unit::Plain, assessment.version);
    for factor in &assessment.factors {
        fields.put(name(factor.factor), Unit::Points, factor.points);
    }
    let columns = [("code", Unit::Plain), ("lost", Unit::Points), ("raised_by", Unit::Plain)];
    let reasons = assessment.reasons.iter();
    let rows =
        reasons.map(|reason| [reason.code().into(), reason.lost.into(), reason.raised_by().into()]);
    fields.put_rows("reasons", columns, rows);
    fields
}

/// The key of a factor.
const fn name(factor: Factor) -> &'static str {
    match factor {
        Factor::Punctuality => "punctuality",
        Factor::Reliability => "reliability",
        Factor::Loyalty => "loyalty",
    }
}
