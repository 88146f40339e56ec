//! `clear`: an auction over a file of orders, with the rules the ledger runs.
//!
//! In: a CSV file of orders, the rule, kappa, a seed for ties. Out: trades, and what became of each
//! order. Refuses to know: tariffs, accounts, who may trade.
//!
//! Names in the file are free text; the market knows numbers. Participants are numbered in the
//! order of their names, and the orders of one participant in the order of their ids (byte by
//! byte), so that the order of the rows means nothing, except to pay-as-bid: it is their order of
//! arrival.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use market::{
    Clearing, Decimal, Energy, Kappa, MAX_ORDERS, Mechanism, Order, OrderId, Outcome,
    ParticipantId, Price, Rejection, Seed, Side, Tariff,
};

use crate::cli::output::table::{Expected, Field, Table, TableError};
use crate::cli::output::{Fields, Unit, Value};
use crate::hex::Hex32;

/// Clear a file of orders in an auction.
#[derive(Clone, Debug, Args)]
#[command(after_help = HELP)]
pub struct Clear {
    /// The orders, CSV.
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub orders: PathBuf,
    /// The auction's rule.
    #[arg(long)]
    pub rule: Rule,
    /// Where the price of uniform and k-double lies: 0 is best for buyers, 1 for sellers.
    #[arg(long, value_name = "K", default_value = "0.5")]
    #[arg(allow_hyphen_values = true, value_parser = kappa)]
    pub kappa: Kappa,
    /// Decides ties, halves and lotteries: a whole number below 2^64, or 64 lower-case hexadecimal digits.
    #[arg(long, value_name = "S", default_value = "0")]
    #[arg(allow_hyphen_values = true, value_parser = seed)]
    pub seed: Seed,
}

/// The rules of an auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rule {
    /// One price at which nobody would trade more or less.
    Uniform,
    /// One price between the last bid and the last offer that trade.
    KDouble,
    /// Truthful, for orders of one quantity: the K-th pair may be given up.
    #[value(name = "mcafee")]
    McAfee,
    /// Truthful: two halves trade at each other's prices.
    Muda,
    /// Truthful in prices: the last orders are given up.
    Huang,
    /// Continuous trading in the order of the rows, each pair at its own price.
    PayAsBid,
}

impl Rule {
    const fn mechanism(self, kappa: Kappa) -> Mechanism {
        match self {
            Self::Uniform => Mechanism::Uniform { kappa },
            Self::KDouble => Mechanism::KDouble { kappa },
            Self::McAfee => Mechanism::McAfee,
            Self::Muda => Mechanism::Muda,
            Self::Huang => Mechanism::Huang,
            Self::PayAsBid => Mechanism::PayAsBid,
        }
    }
}

const HELP: &str = "\
FILE has the header id,participant,side,price,quantity_wh and one order per row:
  id, participant  1 to 64 bytes of text, each id once
  side             bid or offer
  price            currency/kWh, at most 6 digits after the point, within 1000 of zero
  quantity_wh      whole Wh from 1 to 1000000000

Wh by Wh, b_1 >= b_2 >= .. is demanded and a_1 <= a_2 <= .. offered, and the first K with b_K >= a_K
trade. Prices are rounded down to micro-currency per kWh:
  uniform     lo + kappa (hi - lo), lo = max(a_K, b_K+1), hi = min(b_K, a_K+1) of those there are
  k-double    a_K + kappa (b_K - a_K)
Other rules, and what the operator keeps (operator_surplus):
  mcafee      orders of one quantity. If p0 = (b_K+1 + a_K+1) / 2 of the next orders exists and lies
              in [a_K, b_K], the first K trade at p0. Otherwise the first K-1 trade: buyers pay b_K,
              sellers get a_K, the operator keeps the gap (McAfee 1992; without a next order on each
              side the second line holds)
  huang       the orders that hold the K-th Wh do not trade, those before them do: buyers pay b_K,
              sellers get a_K, the operator keeps the gap. On the longer side each order gives up
              the same, but none more than it has (Huang, Scheller-Wolf, Sycara 2002)
  muda        participants fall into two halves by lot. Each half trades at the price at which the
              other one clears alone (uniform, kappa 1/2), in line by lot until one side has nothing
              left. A half that does not cross has no price (Segal-Halevi, Hassidim, Aumann 2018)
  pay-as-bid  rows arrive one after the other. Each meets the best orders that rest, the earlier
              first, at their prices; what is left of it rests
A lot is the BLAKE3, keyed with the seed, over the participant's number (4 bytes, lowest first;
numbers count from 0 in the order of names); the lowest lot goes first, and the lowest bit of its
first byte names the half. A seed below 2^64 is padded with zeros to 32 bytes, lowest byte first. In
uniform and k-double the last price level of a side is shared pro rata between its participants; Wh
that rounding leaves over go to the largest remainders, of equal ones by lot. What a participant
gets goes to its orders in the order of their ids, in muda to those with the best prices first.

Example:
  gridquorum clear --orders node/tests/it/fixtures/orders.csv --rule uniform";

/// Longest id and participant: a name or a hash in hexadecimal digits.
const MAX_NAME_BYTES: usize = 64;
const COLUMNS: [&str; 5] = ["id", "participant", "side", "price", "quantity_wh"];

/// Why a text is not a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number from 0 to {} or 64 lower-case hexadecimal digits", u64::MAX)]
pub struct SeedError;

/// Prints the answer on standard output.
///
/// # Errors
///
/// [`TableError`] for the file, or standard output is closed.
pub fn run(args: &Clear, json: bool) -> anyhow::Result<()> {
    let sheet = Sheet::read(&args.orders, args.rule)?;
    Ok(sheet.cleared(args)?.print(json)?)
}

/// Writes the answer to `out`.
///
/// # Errors
///
/// [`TableError`] for the file, and those of `out`.
pub fn write(args: &Clear, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let sheet = Sheet::read(&args.orders, args.rule)?;
    Ok(sheet.cleared(args)?.write(json, out)?)
}

/// The orders of a file, with their names beside them.
struct Sheet {
    orders: Vec<Order>,
    /// The id of each order.
    ids: Vec<String>,
    /// The names of the participants, by their numbers.
    participants: Vec<String>,
}

impl Sheet {
    fn read(path: &Path, rule: Rule) -> Result<Self, TableError> {
        let table = Table::open(path, COLUMNS)?;
        let (mut orders, mut ids, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for row in table.rows(MAX_ORDERS) {
            let row = row?;
            let [id, participant, side, price, quantity] = row.fields()?;
            ids.push(id.name(MAX_NAME_BYTES)?.to_owned());
            names.push(participant.name(MAX_NAME_BYTES)?.to_owned());
            orders.push(Order {
                // Until all names are known.
                id: OrderId { participant: ParticipantId::new(0), counter: 0 },
                side: read_side(&side)?,
                price: read_price(&price)?,
                quantity: read_quantity(&quantity)?,
            });
        }
        refuse_duplicates(&table, &ids)?;
        if rule == Rule::McAfee {
            refuse_unlike(&table, &orders)?;
        }
        let participants = number(&mut orders, &ids, names);
        Ok(Self { orders, ids, participants })
    }

    fn cleared(&self, args: &Clear) -> anyhow::Result<Fields<'_>> {
        let clearing = args.rule.mechanism(args.kappa).clear(&self.orders, &args.seed)?;
        let mut fields = Fields::new();
        if let Some(price) = clearing.price() {
            fields.put("price", Unit::CurrencyPerKwh, price);
        }
        fields.put("volume_wh", Unit::WattHours, clearing.volume);
        fields.put("operator_surplus", Unit::Currency, clearing.surplus()?);
        self.put_trades(&clearing, &mut fields);
        self.put_orders(&clearing, &mut fields);
        Ok(fields)
    }

    fn put_trades<'a>(&'a self, clearing: &Clearing, fields: &mut Fields<'a>) {
        let columns = [
            ("buyer", Unit::Plain),
            ("seller", Unit::Plain),
            ("quantity_wh", Unit::WattHours),
            ("buy_price", Unit::CurrencyPerKwh),
            ("sell_price", Unit::CurrencyPerKwh),
        ];
        let name =
            |id: OrderId| Value::from(self.participants[id.participant.get() as usize].as_str());
        let trades = clearing.trades(&self.orders).into_iter().map(|trade| {
            let (buyer, seller) = (name(trade.buyer), name(trade.seller));
            [buyer, seller, trade.quantity.into(), trade.pays.into(), trade.gets.into()]
        });
        fields.put_rows("trades", columns, trades);
    }

    fn put_orders<'a>(&'a self, clearing: &Clearing, fields: &mut Fields<'a>) {
        let columns = [
            ("id", Unit::Plain),
            ("filled_wh", Unit::WattHours),
            ("state", Unit::Plain),
            ("reason", Unit::Plain),
        ];
        let outcomes = self.ids.iter().zip(&self.orders).zip(&clearing.outcomes);
        let rows = outcomes.map(|((id, order), outcome)| {
            let (state, reason) = in_words(outcome);
            let filled = outcome.filled(order.quantity);
            [id.as_str().into(), filled.into(), state.into(), reason.into()]
        });
        fields.put_rows("orders", columns, rows);
    }
}

/// State and reason as they are printed. Only a filled order needs no reason.
const fn in_words(outcome: &Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Filled => ("filled", ""),
        Outcome::Part { .. } => ("part", "rationed"),
        Outcome::Rejected { reason } => (
            "rejected",
            match reason {
                Rejection::NoCounterparty => "no-counterparty",
                Rejection::PriceNotReached => "price-not-reached",
                Rejection::Rationed => "rationed",
                Rejection::Reduced => "reduced",
                Rejection::LimitReached => "limit-reached",
            },
        ),
    }
}

fn read_side(field: &Field<'_>) -> Result<Side, TableError> {
    match field.text() {
        "bid" => Ok(Side::Bid),
        "offer" => Ok(Side::Offer),
        _ => Err(field.bad(Expected::Form("bid or offer"))),
    }
}

fn read_price(field: &Field<'_>) -> Result<Price, TableError> {
    const MAX: u32 = (Tariff::MAX_PRICE.micro_per_kwh() / 1_000_000) as u32;
    let price = field.decimal(MAX, 6)?;
    Ok(price.to_price().expect("six digits after the point are whole micro-currency"))
}

fn read_quantity(field: &Field<'_>) -> Result<Energy, TableError> {
    field.whole(1..=Energy::MAX_PER_SLOT.wh()).map(Energy::from_wh)
}

/// Refuses an id that two rows have, naming both.
fn refuse_duplicates(table: &Table<5>, ids: &[String]) -> Result<(), TableError> {
    let mut sorted: Vec<&String> = ids.iter().collect();
    sorted.sort_unstable();
    let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) else {
        return Ok(());
    };
    let mut first = None;
    for row in table.rows(ids.len()) {
        let row = row?;
        let [id, ..] = row.fields()?;
        match first {
            _ if id.text() != pair[0] => {}
            None => first = Some(id.line()),
            Some(line) => return Err(id.bad(Expected::Unique(line))),
        }
    }
    unreachable!("what stands in the file twice is found twice")
}

/// Refuses a quantity that is not that of the first row.
fn refuse_unlike(table: &Table<5>, orders: &[Order]) -> Result<(), TableError> {
    let unlike = |order: &Order| order.quantity != orders[0].quantity;
    let Some(at) = orders.iter().position(unlike) else { return Ok(()) };
    let mut first = 0;
    for (number, row) in table.rows(orders.len()).enumerate() {
        let row = row?;
        let [.., quantity] = row.fields()?;
        match number {
            0 => first = quantity.line(),
            _ if number < at => {}
            _ => return Err(quantity.bad(Expected::Same(orders[0].quantity.wh(), first))),
        }
    }
    unreachable!("the row of an order is in the file")
}

/// Numbers participants and orders by the order of their names and returns the participants' names.
fn number(orders: &mut [Order], ids: &[String], names: Vec<String>) -> Vec<String> {
    let mut by_name: Vec<usize> = (0..orders.len()).collect();
    by_name.sort_unstable_by_key(|at| (&names[*at], &ids[*at]));
    let mut participants: Vec<String> = Vec::new();
    let mut counter = 0;
    for at in by_name {
        if participants.last() == Some(&names[at]) {
            counter += 1;
        } else {
            participants.push(names[at].clone());
            counter = 0;
        }
        // A book holds far fewer orders than 32 bits count.
        let participant = ParticipantId::new(participants.len() as u32 - 1);
        orders[at].id = OrderId { participant, counter };
    }
    participants
}

fn kappa(text: &str) -> anyhow::Result<Kappa> {
    Ok(Kappa::try_from(Decimal::parse(text)?)?)
}

/// 64 digits are 32 bytes in hexadecimal; no number below 2^64 has as many.
fn seed(text: &str) -> Result<Seed, SeedError> {
    if let Some(Hex32(bytes)) = Hex32::parse(text) {
        return Ok(Seed::new(bytes));
    }
    let number: u64 = text.parse().map_err(|_| SeedError)?;
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Ok(Seed::new(bytes))
}
