//! Numbers for formulas: exact decimals in, exact quotients in between, one rounding at the end.
//!
//! In: decimals of at most 18 places, prices, energies. Out: integers of a stated unit, each after
//! one named rounding. Refuses to know: floats, and which formula asks.
//!
//! A formula multiplies and adds exact quotients of 512-bit integers and divides once, when
//! somebody asks for an integer. Only the exponential is not exact; its error is below 2^-116. Why
//! 512 bits are enough: a decimal has less than 100 bits, an exponential 121, a denominator 60 per
//! decimal, and no rule multiplies more than three decimals or two decimals and one exponential
//! before it compares or rounds. The supply-demand ratio multiplies four decimals, as whole numbers
//! without denominators: 402 bits, and 60 more to round.

mod wide;
mod exact;
mod exponential;
mod decimal;

pub use decimal::{Decimal, DecimalError};
pub(crate) use exact::Exact;
pub(crate) use exponential::exp_neg;
