//! Periods of time as people write them.

use gantry_sdk::protocol::limits::MAX_JOB_DURATION_S;

use crate::failure::Failure;

/// Reads a period that a job may last: from a second to a year.
pub(crate) fn rentable(text: &str) -> Result<u32, Failure> {
    match parse(text)? {
        0 => Err(Failure::Usage(
            "zero seconds are nothing to rent; name at least 1s".into(),
        )),
        1..=MAX_JOB_DURATION_S => parse(text),
        _ => Err(Failure::Usage(format!(
            "{text} is longer than a year, which is the most that the market allows"
        ))),
    }
}

/// Reads `90s`, `10m`, `1h30m`, `2d` or a bare number of seconds.
pub(crate) fn parse(text: &str) -> Result<u32, Failure> {
    let wrong = || {
        Failure::Usage(format!(
            "{text:?} is not a period of time; write it like 90s, 10m or 1h30m"
        ))
    };
    let mut total: u32 = 0;
    let mut number = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        let seconds: u32 = match character {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: u32 = number.parse().map_err(|_| wrong())?;
        total = count
            .checked_mul(seconds)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(wrong)?;
        number.clear();
    }
    if number.is_empty() {
        return if text.is_empty() { Err(wrong()) } else { Ok(total) };
    }
    // A bare number is seconds; a number that trails units, as in `1h30`, could mean two things.
    if number.len() == text.len() {
        number.parse().map_err(|_| wrong())
    } else {
        Err(wrong())
    }
}

/// A moment that lies ahead, in Unix seconds, as what is left until then.
pub(crate) fn show_until(at: i64, now: i64) -> String {
    match u32::try_from(at.saturating_sub(now)) {
        Ok(left_s) if left_s > 0 => format!("in {}", show_s(left_s)),
        _ => "now".to_owned(),
    }
}

/// Whole seconds as [`parse`] reads them: `90s` is `1m30s`.
pub(crate) fn show_s(seconds: u32) -> String {
    let mut rest = seconds;
    let mut text = String::new();
    for (unit, size) in [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)] {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Milliseconds for reading: `4.21 s`, `3 min 5 s`, `2 h 4 min`.
pub(crate) fn show_ms(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => format!("{seconds}.{:02} s", ms % 1_000 / 10),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read_in_all_units() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("1h30m", 5_400),
            ("2d", 172_800),
            ("45", 45),
            ("0s", 0),
        ] {
            assert_eq!(parse(text).unwrap(), seconds, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_period_is_refused() {
        for text in ["", "m", "10x", "1h30", "-5s", "99999999999s", "9999999d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_time_at_all_and_more_than_a_year_cannot_be_rented() {
        assert_eq!(rentable("1s").unwrap(), 1);
        assert!(rentable("0s").unwrap_err().to_string().contains("zero"));
        assert!(rentable("366d").unwrap_err().to_string().contains("a year"));
    }

    #[test]
    fn whole_seconds_are_shown_as_they_are_read() {
        for (seconds, shown) in [
            (0, "0s"),
            (1, "1s"),
            (90, "1m30s"),
            (7_200, "2h"),
            (86_400, "1d"),
            (93_784, "1d2h3m4s"),
        ] {
            assert_eq!(show_s(seconds), shown);
            assert_eq!(parse(shown).unwrap(), seconds);
        }
    }

    #[test]
    fn periods_are_shown_in_two_units_at_most() {
        assert_eq!(show_ms(4_219), "4.21 s");
        assert_eq!(show_ms(185_000), "3 min 5 s");
        assert_eq!(show_ms(7_440_000), "2 h 4 min");
    }
}
