//! Numbers as people read them: grouped digits, a real minus sign, as many decimals as the column
//! has.
//!
//! In: integers in the ledger's units, measured floats. Out: text. Refuses to know: columns and
//! pages. What comes from integers is rounded once, half away from zero, without going through a
//! float.

/// Between groups of three digits: narrow, and no line breaks there.
pub(super) const THIN: char = '\u{202f}';
/// The minus sign, as wide as a plus.
pub(super) const MINUS: char = '\u{2212}';

/// `value / 10^scale` with `places` decimals, `places <= scale <= 18`.
pub(super) fn decimal(value: i128, scale: u32, places: u32) -> String {
    assert!(
        places <= scale && scale <= 18,
        "no more decimals than the unit has, all within 64 bits"
    );
    let divisor = 10_u128.pow(scale - places);
    let magnitude = value.unsigned_abs();
    let rounded =
        magnitude / divisor + u128::from(magnitude % divisor * 2 >= divisor && divisor > 1);
    let unit = 10_u128.pow(places);
    let mut text = String::new();
    if value < 0 && rounded > 0 {
        text.push(MINUS);
    }
    text.push_str(&grouped(rounded / unit));
    if places > 0 {
        text.push_str(&format!(".{:0width$}", rounded % unit, width = places as usize));
    }
    text
}

/// As [`decimal`], with a plus sign before what is above zero.
pub(super) fn signed(value: i128, scale: u32, places: u32) -> String {
    let text = decimal(value, scale, places);
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value > 0 && !zero { format!("+{text}") } else { text }
}

/// A whole number with its digits in groups of three.
pub(super) fn grouped(value: u128) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// Nano-currency as currency, to the cent.
pub(super) fn money(nano: impl Into<i128>) -> String {
    decimal(nano.into(), 9, 2)
}

/// Nano-currency as currency to the cent, with its sign.
pub(super) fn money_change(nano: impl Into<i128>) -> String {
    signed(nano.into(), 9, 2)
}

/// Micro-currency per kWh as currency/kWh.
pub(super) fn price(micro: i64) -> String {
    decimal(i128::from(micro), 6, 4)
}

/// Wh as kWh.
pub(super) fn kwh(wh: impl Into<i128>) -> String {
    decimal(wh.into(), 3, 2)
}

/// Microseconds as milliseconds, exactly.
pub(super) fn millis(us: impl Into<i128>) -> String {
    decimal(us.into(), 3, 3)
}

/// `part / whole` in percent with one decimal; a dash if there is no whole.
pub(super) fn percent(part: i128, whole: i128) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    // Sums of bills stay far below 2^127 / 10^5.
    let permille = part.saturating_mul(10_000) / whole;
    decimal(permille, 2, 1)
}

/// A measured number: whole if it is, else with four significant digits.
pub(super) fn measured(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return decimal(value as i128, 0, 0);
    }
    let magnitude = value.abs().log10().floor() as i32;
    plain(value, (3 - magnitude).clamp(0, 9) as usize)
}

/// A float with `places` decimals and grouped digits.
pub(super) fn plain(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = match whole.parse() {
        Ok(whole) => grouped(whole),
        Err(_) => whole.to_owned(), // beyond 128 bits: no need to be pretty
    };
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    let zero = grouped.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value < 0.0 && !zero { format!("{MINUS}{grouped}") } else { grouped }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Half a cent goes away from zero, a little less does not; nothing reads "-0.00".
    #[test]
    fn money_is_rounded_once_and_keeps_its_sign() {
        assert_eq!(money(1_234_567_895_000_000_i64), "1\u{202f}234\u{202f}567.90");
        assert_eq!(money(5_000_000_i64), "0.01");
        assert_eq!(money(4_999_999_i64), "0.00");
        assert_eq!(money(-5_000_000_i64), "\u{2212}0.01");
        assert_eq!(money(-4_999_999_i64), "0.00");
        assert_eq!(money_change(4_999_999_i64), "0.00");
        assert_eq!(money_change(480_000_000_i64), "+0.48");
        assert_eq!(money(i64::MIN), "\u{2212}9\u{202f}223\u{202f}372\u{202f}036.85");
    }

    #[test]
    fn units_have_their_decimals() {
        assert_eq!(price(166_667), "0.1667");
        assert_eq!(kwh(1_005_i64), "1.01");
        assert_eq!(millis(1_234_567_i64), "1\u{202f}234.567");
        assert_eq!(decimal(7, 0, 0), "7");
    }

    // 1/3 of 100 is 33.3 %, 2/3 is 66.7 %, and nothing of nothing is no number.
    #[test]
    fn percentages_are_rounded() {
        assert_eq!(percent(1, 3), "33.3");
        assert_eq!(percent(2, 3), "66.7");
        assert_eq!(percent(-1, 8), "\u{2212}12.5");
        assert_eq!(percent(1, 0), "–");
    }

    #[test]
    fn measured_numbers_show_four_digits_or_are_whole() {
        assert_eq!(measured(29.0), "29");
        assert_eq!(measured(29.123_456), "29.12");
        assert_eq!(measured(12_345.6), "12\u{202f}346");
        assert_eq!(measured(0.001_234_56), "0.001235");
        assert_eq!(measured(-0.5), "\u{2212}0.5000");
        assert_eq!(measured(f64::NAN), "–");
        assert_eq!(plain(-0.001, 2), "0.00");
    }

    proptest! {
        // Without its separators the text is the number again: nothing is lost when all decimals
        // are shown.
        #[test]
        fn all_decimals_are_the_number(value in any::<i64>(), scale in 0_u32..=9) {
            let text = decimal(i128::from(value), scale, scale);
            let digits: String = text
                .chars()
                .filter(|c| !matches!(*c, THIN | '.'))
                .map(|c| if c == MINUS { '-' } else { c })
                .collect();
            prop_assert_eq!(digits.parse::<i64>(), Ok(value));
        }
    }
}
