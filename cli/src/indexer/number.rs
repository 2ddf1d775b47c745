//! 64-bit numbers, which the API writes as strings.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// An unsigned 64-bit number, from text or from a plain JSON number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(pub(crate) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an unsigned 64-bit number, as a string or a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        let number = text.parse().map(Number);
        number.map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_text_beyond_what_floating_point_holds() {
        assert_eq!(
            serde_json::from_str::<Number>("\"18446744073709551615\"").unwrap(),
            Number(u64::MAX)
        );
        assert_eq!(serde_json::from_str::<Number>("7").unwrap(), Number(7));
    }

    #[test]
    fn what_is_not_an_unsigned_number_is_refused() {
        for text in ["\"-1\"", "-1", "1.5", "\"\"", "null", "\"18446744073709551616\""] {
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
    }
}
