//! `price`: what a substation price rule answers for one slot.
//!
//! In: the rule's parameters and the region's totals, as options. Out: a member's reward and bill,
//! or the region's prices. Refuses to know: tariffs that no option names; how a price is computed,
//! which is the market's business.

use std::io::Write;

use clap::{Args, Subcommand};
use market::{Decimal, Expected, MarketError, NrgX, NrgXSafe, Parameter};

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
