//! Decimals as text and as integers: every spelling that is accepted, and every one that is not.

use proptest::prelude::*;

use super::*;

/// Every accepted spelling of a number is that number, in units of 10^-18.
#[test]
fn spellings_are_read_exactly() {
    let cases = [
        ("0", 0),
        ("-0.0", 0),
        ("0.14", 140_000_000_000_000_000),
        (".5", 500_000_000_000_000_000),
        ("7.", 7_000_000_000_000_000_000),
        ("+2", 2_000_000_000_000_000_000),
        ("-3.25", -3_250_000_000_000_000_000),
        ("1e-6", 1_000_000_000_000),
        ("12.5E+1", 125_000_000_000_000_000_000),
        ("0.000000000000000001", 1),
        ("1000000000000", 1_000_000_000_000_000_000_000_000_000_000),
        ("0.1000000000000000000000", 100_000_000_000_000_000), // more zeros say nothing
        ("0e99", 0),
    ];
    for (text, units) in cases {
        assert_eq!(Decimal::parse(text).map(Decimal::units), Ok(units), "{text}");
    }
}

/// What is not a decimal, or not one without rounding, is refused with the reason.
#[test]
fn everything_else_is_refused_with_its_reason() {
    let too_fine = DecimalError::TooFine { places: 18 };
    let character = |got, at| DecimalError::Character { got, at };
    let cases = [
        ("", DecimalError::NoDigits),
        ("-", DecimalError::NoDigits),
        (".", DecimalError::NoDigits),
        ("1e", DecimalError::NoDigits),
        ("1e+", DecimalError::NoDigits),
        ("e5", DecimalError::NoDigits),
        ("1.2.3", character('.', 3)),
        ("-1x", character('x', 2)),
        ("1 000", character(' ', 1)),
        ("--1", character('-', 1)),
        ("1e+-5", character('-', 3)),
        ("1e5.0", character('.', 3)),
        ("NaN", character('N', 0)),
        ("0,5", character(',', 1)),
        ("٣", character('٣', 0)),
        ("0.0000000000000000001", too_fine.clone()),
        ("1e-19", too_fine.clone()),
        ("1e-99", too_fine),
        ("1000000000000.1", DecimalError::TooLarge),
        ("1e99", DecimalError::TooLarge),
        ("1e100", DecimalError::Exponent),
        ("1e99999999999", DecimalError::Exponent),
        ("9999999999999999999999999999999999999999", DecimalError::TooLarge),
    ];
    for (text, error) in cases {
        assert_eq!(Decimal::parse(text), Err(error), "{text}");
    }
    let long = "0".repeat(49);
    assert_eq!(Decimal::parse(&long), Err(DecimalError::TooLong { got: 49, max: 48 }));
}

/// Conversions are exact or they are refused: 0.2151 currency/kWh is 215,100 micro; 1e-7 is no
/// whole micro.
#[test]
fn conversions_never_round() {
    let price = Decimal::parse("0.2151").expect("a decimal");
    assert_eq!(price.to_price(), Some(Price::from_micro_per_kwh(215_100)));
    assert_eq!(Decimal::from(Price::from_micro_per_kwh(215_100)), price);
    let fine = Decimal::parse("0.0000001").expect("a decimal");
    assert_eq!(fine.to_price(), None);
    assert_eq!(fine.to_money(), Some(Money::from_nano(100)));
    let energy = Decimal::parse("-1.234").expect("a decimal");
    assert_eq!(energy.to_energy(), Some(Energy::from_wh(-1_234)));
    assert_eq!(Decimal::from_energy(Energy::from_wh(-1_234)), Some(energy));
    assert_eq!(Decimal::from_energy(Energy::from_wh(i64::MAX)), None);
}

proptest! {
    /// Text and number are the same thing: what is printed is read back.
    #[test]
    fn printing_and_reading_are_inverse(
        units in Decimal::MIN.0..=Decimal::MAX.0,
        cut in 0..18_u32,
    ) {
        let size = 10_i128.pow(cut);
        let value = Decimal(units / size * size);
        prop_assert_eq!(Decimal::parse(&value.to_string()), Ok(value));
    }

    /// No text makes the reader panic, and what it accepts has a printed form that means the same.
    #[test]
    fn any_text_is_read_or_refused(text in "[-+0-9.eE]{0,50}|.{0,12}") {
        if let Ok(value) = Decimal::parse(&text) {
            prop_assert_eq!(Decimal::parse(&value.to_string()), Ok(value));
        }
    }
}
