//! How the chain's values are written in JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::ToSchema;

/// An unsigned 64-bit integer, as a decimal string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[0-9]{1,20}$", examples("1500000"))]
pub(crate) struct U64(String);

impl U64 {
    /// The number.
    pub(super) fn get(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

impl From<String> for U64 {
    fn from(decimal: String) -> Self {
        Self(decimal)
    }
}

impl From<i64> for U64 {
    /// Of a column that is checked not to be negative.
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

impl From<u64> for U64 {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

macro_rules! encoded {
    ($($(#[$doc:meta])* $name:ident, $encode:expr, $example:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, examples($example))]
        pub(crate) struct $name(String);

        impl From<Vec<u8>> for $name {
            fn from(bytes: Vec<u8>) -> Self {
                let encode: fn(Vec<u8>) -> String = $encode;
                Self(encode(bytes))
            }
        }
    )+};
}

encoded! {
    /// An address or public key, Base58.
    Address, |bytes| bs58::encode(bytes).into_string(), "GantryMarketChBLgNoEAVfU4YyVooQXaGXWn3vbiqf";
    /// A transaction's or receipt's signature, Base58.
    Signature, |bytes| bs58::encode(bytes).into_string(), "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW";
    /// A SHA-256 hash, hexadecimal.
    Hash, |bytes| hex::encode(bytes), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    /// Bytes, Base64.
    Bytes, |bytes| BASE64.encode(bytes), "Z2FudHJ5";
}

impl Address {
    /// The same address as an order key of a cursor.
    pub(super) fn key(&self) -> Key {
        // Addresses come from columns of exactly 32 bytes.
        Key::parse(&self.0).unwrap_or(Key([0; 32]))
    }
}

/// Characters of the longest address in Base58.
pub(super) const MAX_ADDRESS_CHARS: usize = 44;

/// An address that the caller names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads an address. Decoding takes time by the square of the length, so longer texts are not even tried.
    pub(super) fn parse(base58: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let fits = base58.len() <= MAX_ADDRESS_CHARS;
        let filled = fits.then(|| bs58::decode(base58).onto(&mut bytes))?.ok()?;
        (filled == bytes.len()).then_some(Self(bytes))
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&bs58::encode(self.0).into_string())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not an address: 32 bytes in Base58 are needed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_32_bytes_in_base58_and_nothing_else_is_decoded() {
        let longest = bs58::encode([255; 32]).into_string();
        assert_eq!(longest.len(), MAX_ADDRESS_CHARS);
        assert_eq!(Key::parse(&longest), Some(Key([255; 32])));
        assert_eq!(Key::parse(&"1".repeat(32)), Some(Key([0; 32])));
        for not_an_address in [
            String::new(),
            "1".repeat(31),
            "1".repeat(33),
            "z".repeat(44),
            "z".repeat(60_000),
            "0OIl".to_owned(),
        ] {
            assert_eq!(Key::parse(&not_an_address), None, "{not_an_address}");
        }
    }
}
