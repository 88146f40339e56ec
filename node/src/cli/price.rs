//! `price`: what a substation price rule answers for one slot.
//!
//! In: the rule's parameters and the region's energies, as options. Out: a member's reward and bill,
//! or the region's prices. Refuses to know: tariffs that no option names; how a price is computed,
//! which is the market's business.

use std::io::Write;
use std::str::FromStr;

use clap::{Args, Subcommand};
use market::pricing::{bill_sharing, mid_market, supply_demand};
use market::{
    Decimal, DecimalError, Expected, InternalQuote, MarketError, NrgX, NrgXSafe, Parameter,
};

use crate::cli::output::{Fields, Unit};

/// Compute the prices of one slot, exactly, with one rounding at the end.
#[derive(Clone, Debug, Args)]
#[command(after_help = HELP)]
pub struct Price {
    /// The price rule.
    #[command(subcommand)]
    pub rule: Rule,
}

/// The price rules.
#[derive(Clone, Debug, Subcommand)]
pub enum Rule {
    /// NRG-X-Change as published: a reward per injected and a bill per withdrawn energy.
    Nrgx(NrgxOptions),
    /// The safe variant of NRG-X-Change: prices that never leave the tariff.
    NrgxSafe(NrgxSafeOptions),
    /// Supply-demand ratio: one ratio moves both prices from retail to feed-in.
    #[command(after_help = SDR_HELP)]
    Sdr(InternalOptions),
    /// Mid-market rate: what matches is traded half way between the grid's prices.
    #[command(after_help = MID_MARKET_HELP)]
    MidMarket(InternalOptions),
    /// Bill sharing: energy within the community is free, the grid's bill is shared.
    BillSharing(BillSharingOptions),
}

/// What `price nrgx` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = NRGX_HELP)]
pub struct NrgxOptions {
    /// The member's own energy: its injection for the reward, its withdrawal for the bill.
    #[arg(long, value_name = "KWH", allow_hyphen_values = true)]
    pub own: Decimal,
    /// What the region produced in the slot.
    #[arg(long, value_name = "KWH", allow_hyphen_values = true)]
    pub production: Decimal,
    /// What the region consumed in the slot.
    #[arg(long, value_name = "KWH", allow_hyphen_values = true)]
    pub consumption: Decimal,
    /// Highest reward, paid when production equals consumption.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub q: Decimal,
    /// Highest charge, due when nothing is produced.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub r: Decimal,
    /// Width of the bell, above zero.
    #[arg(long, value_name = "KWH^2", allow_hyphen_values = true)]
    pub a: Decimal,
}

/// What `price nrgx-safe` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = NRGX_SAFE_HELP)]
pub struct NrgxSafeOptions {
    /// What the region produced in the slot.
    #[arg(long, value_name = "KWH", allow_hyphen_values = true)]
    pub production: Decimal,
    /// What the region consumed in the slot.
    #[arg(long, value_name = "KWH", allow_hyphen_values = true)]
    pub consumption: Decimal,
    /// What the grid asks for withdrawn energy.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub retail: Decimal,
    /// What the grid pays for injected energy.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub feed_in: Decimal,
    /// Highest selling price, between feed-in and retail.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub top: Decimal,
    /// Highest charge before it is moved between the selling price and retail.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub r: Decimal,
    /// Width of the bell, a plain number above zero.
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub alpha: Decimal,
}

/// What `price sdr` and `price mid-market` take.
#[derive(Clone, Debug, Args)]
pub struct InternalOptions {
    /// Sum of what homes have left over in the slot.
    #[arg(long, value_name = "KWH", allow_hyphen_values = true)]
    pub surplus: Decimal,
    /// Sum of what homes lack in the slot.
    #[arg(long, value_name = "KWH", allow_hyphen_values = true)]
    pub deficit: Decimal,
    /// What the grid asks for withdrawn energy.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub retail: Decimal,
    /// What the grid pays for injected energy.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub feed_in: Decimal,
}

/// What `price bill-sharing` takes.
#[derive(Clone, Debug, Args)]
#[command(after_help = BILL_SHARING_HELP)]
pub struct BillSharingOptions {
    /// Net positions in kWh: a row per slot, ended by ';', a column per home, ended by ','; what a
    /// home lacks is positive, what it has left over negative.
    #[arg(long, value_name = "ROWS", allow_hyphen_values = true)]
    pub slots: Slots,
    /// What the grid asks for withdrawn energy.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub retail: Decimal,
    /// What the grid pays for injected energy.
    #[arg(long, value_name = "CURRENCY/KWH", allow_hyphen_values = true)]
    pub feed_in: Decimal,
}

/// The net positions of a billing period: a row per slot, all as long as the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots(Vec<Vec<Decimal>>);

/// Why a text is not the net positions of a billing period. Rows and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotsError {
    /// A position is no decimal.
    #[error("row {row}, column {column}: {error}")]
    Position {
        /// The slot.
        row: usize,
        /// The home.
        column: usize,
        /// What is wrong with it.
        error: DecimalError,
    },
    /// A slot has more homes than the first, or fewer.
    #[error("row {row}: expected {expected} columns as in row 1, got {got}")]
    Columns {
        /// The slot.
        row: usize,
        /// Homes of the first slot.
        expected: usize,
        /// Homes of this one.
        got: usize,
    },
}

impl FromStr for Slots {
    type Err = SlotsError;

    fn from_str(text: &str) -> Result<Self, SlotsError> {
        let mut rows: Vec<Vec<Decimal>> = Vec::new();
        for (row, line) in (1..).zip(text.split(';')) {
            let position = |(column, text): (usize, &str)| {
                let text = text.trim();
                Decimal::parse(text).map_err(|error| SlotsError::Position { row, column, error })
            };
            let homes: Vec<Decimal> =
                (1..).zip(line.split(',')).map(position).collect::<Result<_, _>>()?;
            let (expected, got) = (rows.first().map_or(homes.len(), Vec::len), homes.len());
            if got != expected {
                return Err(SlotsError::Columns { row, expected, got });
            }
            rows.push(homes);
        }
        Ok(Self(rows))
    }
}

const HELP: &str = "\
Values may begin with '-'. Each rule's own help has its formulas.

Example:
  gridquorum price nrgx --own 10 --production 50 --consumption 80 --q 0.1 --r 0.2 --a 1000";

const NRGX_HELP: &str = "\
With tp and tc the region's production and consumption:
  producer_reward = own q exp(-(tp - tc)^2 / a)
  consumer_bill   = own r tc / (tc + tp), 0 if nothing is produced or consumed
Each is rounded once, to the nearest nano-currency, ties to even.
Source: Mihaylov et al., SmartGreens 2014, section 2. No tariff bounds the two.

Example:
  gridquorum price nrgx --own 10 --production 50 --consumption 80 --q 0.1 --r 0.2 --a 1000";

const NRGX_SAFE_HELP: &str = "\
With tp and tc the region's production and consumption, m = (tp - tc) / (tp + tc), 0 for 0 / 0:
  sell = feed_in + (top - feed_in) exp(-max(m, 0)^2 / alpha)
  buy  = r tc / (tc + tp), moved into [sell, retail]
  operator_account = buy tc - sell tp - retail max(tc - tp, 0) + feed_in max(tp - tc, 0)
The account's change is paid out, or topped up, in the slot where it arises. Each number is rounded
once, to the nearest 10^-18. The variant and the rule for the account are
this project's own.

Example:
  gridquorum price nrgx-safe --production 300 --consumption 100 \\
    --retail 0.3 --feed-in 0.08 --top 0.2 --r 0.4 --alpha 0.25";

const SDR_HELP: &str = "\
With s and d the surplus and the deficit, R = s / d:
  R < 1             sell = feed_in retail / ((retail - feed_in) R + feed_in)
                    buy  = sell R + retail (1 - R)
  R >= 1 or d = 0   sell = buy = feed_in
For feed_in = 0 the straight line sell = retail (1 - R) stands in, with the same buy; that is
this project's own. Buyers pay exactly what sellers and the grid get.
buy and sell are rounded once, to the nearest 10^-18; buy_posted and sell_posted are what a region
posts, in whole micro-currency: buy up, sell down.
Source: Liu et al., IEEE Transactions on Power Systems 2017, as public code has it.

Example:
  gridquorum price sdr --surplus 50 --deficit 100 --retail 0.15 --feed-in 0.05";

const MID_MARKET_HELP: &str = "\
With s and d the surplus and the deficit, mid = (retail + feed_in) / 2:
  s = d   buy = sell = mid
  s < d   sell = mid, buy = (s mid + (d - s) retail) / d
  s > d   buy = mid, sell = (d mid + (s - d) feed_in) / s
Buyers pay exactly what sellers and the grid get.
buy and sell are rounded once, to the nearest 10^-18; buy_posted and sell_posted are what a region
posts, in whole micro-currency: buy up, sell down.
Source: the mid-market rate of the literature on peer-to-peer trading, as public code has it.

Example:
  gridquorum price mid-market --surplus 50 --deficit 100 --retail 0.15 --feed-in 0.05";

const BILL_SHARING_HELP: &str = "\
Over all slots, a slot's import or export being the sum of its row:
  buy  = retail (sum of imports) / (sum of what homes lack)
  sell = feed_in (sum of exports) / (sum of what homes have left over)
0 for 0 / 0. Sellers may get less than feed_in. A region settles each slot when it closes: it bills
by periods of one slot, that is one row.
buy and sell are rounded once, to the nearest 10^-18; buy_posted and sell_posted are what a region
posts, in whole micro-currency: buy up, sell down.
Source: bill sharing of the literature on peer-to-peer trading, as public code has it.

Example:
  gridquorum price bill-sharing --slots '2,3,-1;1,-4,0' --retail 0.15 --feed-in 0.05";

/// Why there is no answer. Options have to be decimals before they get here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// An option lies outside the range where the formula has a meaning.
    #[error("--{option}: got {got}, expected {expected}")]
    Option {
        /// The option.
        option: Parameter,
        /// Its value.
        got: Decimal,
        /// The allowed range.
        expected: Expected,
    },
    /// Reward or bill leave 64 bits of nano-currency.
    #[error("--own: got {own}, expected energy worth less than 9223372036 currency")]
    Amount {
        /// The member's energy.
        own: Decimal,
    },
    /// The lacks or the surpluses of a billing period leave the range of a decimal.
    #[error("--slots: expected lacks and surpluses of at most {max} kWh in all", max = Decimal::MAX)]
    Period,
    /// The operator's account leaves the range of a decimal.
    #[error(
        "--production, --consumption: got {production}, {consumption}, \
         expected energy worth less than {max} currency", max = Decimal::MAX
    )]
    Account {
        /// What the region produced.
        production: Decimal,
        /// What the region consumed.
        consumption: Decimal,
    },
}

/// Prints the answer on standard output.
///
/// # Errors
///
/// [`PriceError`], or standard output is closed.
pub fn run(args: &Price, json: bool) -> anyhow::Result<()> {
    Ok(answer(args)?.print(json)?)
}

/// Writes the answer to `out`.
///
/// # Errors
///
/// [`PriceError`], and those of `out`.
pub fn write(args: &Price, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    Ok(answer(args)?.write(json, out)?)
}

fn answer(args: &Price) -> Result<Fields<'static>, PriceError> {
    match &args.rule {
        Rule::Nrgx(options) => nrgx(options),
        Rule::NrgxSafe(options) => nrgx_safe(options),
        Rule::Sdr(options) => internal(options, supply_demand::quote),
        Rule::MidMarket(options) => internal(options, mid_market::quote),
        Rule::BillSharing(options) => bill_sharing(options),
    }
}

fn nrgx(options: &NrgxOptions) -> Result<Fields<'static>, PriceError> {
    let NrgxOptions { own, production, consumption, q, r, a } = *options;
    let refused = |error| match error {
        MarketError::Parameter { parameter: option, got, expected } => {
            PriceError::Option { option, got, expected }
        }
        // Nothing else can be wrong with decimals that are not negative.
        _ => PriceError::Amount { own },
    };
    let rule = NrgX::try_new(q, r, a).map_err(refused)?;
    let reward = rule.producer_reward(own, production, consumption).map_err(refused)?;
    let bill = rule.consumer_bill(own, production, consumption).map_err(refused)?;
    let mut fields = Fields::new();
    fields.put("producer_reward", Unit::Currency, reward);
    fields.put("consumer_bill", Unit::Currency, bill);
    if !rule.breaks_even_in_balance() {
        let note = "r is not 2 q: buyers do not pay what sellers get when production equals \
                    consumption; the operator's account takes the difference";
        fields.put("note", Unit::Plain, note);
    }
    Ok(fields)
}

fn nrgx_safe(options: &NrgxSafeOptions) -> Result<Fields<'static>, PriceError> {
    let NrgxSafeOptions { production, consumption, retail, feed_in, top, r, alpha } = *options;
    let refused = |error| match error {
        MarketError::Parameter { parameter: option, got, expected } => {
            PriceError::Option { option, got, expected }
        }
        // Nothing else can be wrong with decimals that are not negative.
        _ => PriceError::Account { production, consumption },
    };
    let rule = NrgXSafe::try_new(top, r, alpha).map_err(refused)?;
    let quote = rule.quote(production, consumption, feed_in, retail).map_err(refused)?;
    let mut fields = Fields::new();
    fields.put("buy", Unit::CurrencyPerKwh, quote.buy);
    fields.put("sell", Unit::CurrencyPerKwh, quote.sell);
    fields.put("operator_account", Unit::Currency, quote.operator_account);
    Ok(fields)
}

/// A rule over surplus, deficit, feed-in and retail price.
type Quote = fn(Decimal, Decimal, Decimal, Decimal) -> Result<InternalQuote, MarketError>;

fn internal(options: &InternalOptions, quote: Quote) -> Result<Fields<'static>, PriceError> {
    let InternalOptions { surplus, deficit, retail, feed_in } = *options;
    Ok(posted(&quote(surplus, deficit, feed_in, retail).map_err(refused)?))
}

fn bill_sharing(options: &BillSharingOptions) -> Result<Fields<'static>, PriceError> {
    let BillSharingOptions { slots: Slots(slots), retail, feed_in } = options;
    Ok(posted(&bill_sharing::quote(slots, *feed_in, *retail).map_err(refused)?))
}

fn refused(error: MarketError) -> PriceError {
    match error {
        MarketError::Parameter { parameter: option, got, expected } => {
            PriceError::Option { option, got, expected }
        }
        // Nothing else can be wrong with net positions, and nothing with two energies.
        _ => PriceError::Period,
    }
}

fn posted(quote: &InternalQuote) -> Fields<'static> {
    let mut fields = Fields::new();
    fields.put("buy", Unit::CurrencyPerKwh, quote.buy);
    fields.put("sell", Unit::CurrencyPerKwh, quote.sell);
    fields.put("buy_posted", Unit::CurrencyPerKwh, quote.posted.buy);
    fields.put("sell_posted", Unit::CurrencyPerKwh, quote.posted.sell);
    fields
}
