//! Amounts and prices as people write them, to and from base units.

use gantry_protocol::{Atoms, Rate};

use crate::failure::Failure;

/// Seconds of the hour that prices are quoted for.
const HOUR_S: u128 = 3_600;

/// Decimals between an atom and the micro-atom that rates count in.
const RATE_DECIMALS: u32 = 6;

/// Digits behind the point that are always shown.
const MIN_SHOWN: usize = 2;

/// Reads a decimal amount such as `12.5` in a mint with this many decimals.
pub(crate) fn parse(text: &str, decimals: u8) -> Result<Atoms, Failure> {
    let atoms = fixed_point(text, u32::from(decimals))?;
    u64::try_from(atoms)
        .map(Atoms)
        .map_err(|_| Failure::Usage(format!("the amount {text} is too large for 64 bits")))
}

/// Reads an amount that is to be moved: as [`parse`], and not zero.
pub(crate) fn parse_some(text: &str, decimals: u8) -> Result<Atoms, Failure> {
    match parse(text, decimals)? {
        Atoms::ZERO => Err(Failure::Usage(
            "the amount is zero; name at least the mint's smallest unit".into(),
        )),
        atoms => Ok(atoms),
    }
}

/// Reads a price in tokens per GPU and hour. Rounds down to whole micro-atoms per second: a limit is never exceeded.
pub(crate) fn parse_hourly(text: &str, decimals: u8) -> Result<Rate, Failure> {
    let hourly = fixed_point(text, u32::from(decimals) + RATE_DECIMALS)?;
    u64::try_from(hourly / HOUR_S)
        .map(Rate)
        .map_err(|_| Failure::Usage(format!("the price {text} is too large for 64 bits")))
}

/// An amount with its decimal point: `1.50`.
pub(crate) fn show(atoms: u64, decimals: u8) -> String {
    with_point(u128::from(atoms), decimals)
}

/// An amount with all decimals that its mint has, so that amounts below each other line up: `1.500000`.
pub(crate) fn show_exact(atoms: u64, decimals: u8) -> String {
    let (whole, fraction) = split(u128::from(atoms), decimals);
    if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    }
}

/// A rate as tokens per hour, such as `1.20`. Rounded up to the mint's smallest unit, so that a limit typed as shown here admits it.
pub(crate) fn show_hourly(rate: u64, decimals: u8) -> String {
    let micro_atoms = u128::from(rate) * HOUR_S;
    with_point(micro_atoms.div_ceil(10u128.pow(RATE_DECIMALS)), decimals)
}

/// Accepts what [`parse`] would accept in some mint, as it is: its decimals are known only later.
pub(crate) fn written(text: &str) -> Result<String, Failure> {
    halves(text).map(|_| text.to_owned())
}

fn with_point(value: u128, decimals: u8) -> String {
    let (whole, fraction) = split(value, decimals);
    let significant = fraction.trim_end_matches('0').len().max(MIN_SHOWN).min(fraction.len());
    if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{}", &fraction[..significant])
    }
}

/// The digits before and behind the point.
fn split(value: u128, decimals: u8) -> (String, String) {
    let places = usize::from(decimals);
    let mut whole = format!("{value:0>width$}", width = places + 1);
    let fraction = whole.split_off(whole.len() - places);
    (whole, fraction)
}

/// The digits before and behind the point.
fn halves(text: &str) -> Result<(&str, &str), Failure> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return Err(Failure::Usage(format!("{text:?} is not an amount; write it like 12.5")));
    }
    if number.len() < text.len() {
        return Err(Failure::Usage(format!("{text} is negative; name an amount above zero")));
    }
    Ok((whole, fraction))
}

fn fixed_point(text: &str, decimals: u32) -> Result<u128, Failure> {
    let (whole, fraction) = halves(text)?;
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    let missing = decimals.checked_sub(places).ok_or_else(|| {
        Failure::Usage(format!(
            "{text} has more than {decimals} digits behind the point, which is all that the mint can hold"
        ))
    })?;
    let digits = format!("{whole}{fraction}");
    let value = if digits.is_empty() {
        Some(0)
    } else {
        digits.parse::<u128>().ok()
    };
    value
        .and_then(|value| value.checked_mul(10u128.checked_pow(missing)?))
        .ok_or_else(|| Failure::Usage(format!("the amount {text} is too large")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, atoms) in [
            ("12.5", 12_500_000),
            ("0.000001", 1),
            ("3", 3_000_000),
            (".5", 500_000),
            ("1.", 1_000_000),
            ("0", 0),
        ] {
            assert_eq!(parse(text, 6).unwrap(), Atoms(atoms), "{text}");
        }
        assert_eq!(parse("18446744073709551615", 0).unwrap(), Atoms(u64::MAX));
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in [
            "",
            ".",
            "-1",
            "-",
            "--1",
            "-x",
            "1e3",
            "1,5",
            "1.2.3",
            "18446744073709551616",
            "0.0000001",
            "１",
        ] {
            assert!(matches!(parse(text, 6), Err(Failure::Usage(_))), "{text}");
        }
    }

    #[test]
    fn trailing_zeros_beyond_the_decimals_do_no_harm() {
        assert_eq!(parse("1.50000000000", 2).unwrap(), Atoms(150));
    }

    #[test]
    fn amounts_are_shown_with_two_digits_or_as_many_as_they_have() {
        for (atoms, shown) in [
            (12_500_000, "12.50"),
            (1, "0.000001"),
            (0, "0.00"),
            (1_234_567, "1.234567"),
        ] {
            assert_eq!(show(atoms, 6), shown);
        }
        assert_eq!(show_exact(12_500_000, 6), "12.500000");
        assert_eq!(show_exact(7, 0), "7");
        assert_eq!(show(7, 0), "7");
        assert_eq!(show(u64::MAX, 6), "18446744073709.551615");
    }

    #[test]
    fn a_price_per_hour_becomes_a_rate_that_never_exceeds_it() {
        let rate = parse_hourly("1.20", 6).unwrap();
        assert_eq!(rate, Rate(333_333_333));
        assert_eq!(show_hourly(rate.0, 6), "1.20");
        assert_eq!(parse_hourly("0.0036", 6).unwrap(), Rate(1_000_000));
    }

    #[test]
    fn a_price_as_shown_admits_the_rate_that_it_shows() {
        for rate in [
            1,
            277,
            2_777_777,
            699_999_804,
            700_000_000,
            1_000_000_007,
            u64::from(u32::MAX),
        ] {
            let shown = show_hourly(rate, 6);
            assert!(
                parse_hourly(&shown, 6).unwrap() >= Rate(rate),
                "{rate} is shown as {shown}"
            );
        }
    }

    #[test]
    fn a_mint_with_absurdly_many_decimals_does_no_harm() {
        assert!(parse("1", u8::MAX).is_err());
        assert!(parse_hourly("1", u8::MAX).is_err());
        assert!(show(7, u8::MAX).ends_with("07"));
    }
}
