//! Parameters of requests, and going through long lists page by page.
//!
//! A cursor holds the order key of the last row of a page, so that rows that come and go meanwhile cause neither doubles nor holes. It
//! also holds a fingerprint of the filters, since with others it would point nowhere.

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    envelope::{Context, Page},
    problem::Problem,
    value::{Key, MAX_ADDRESS_CHARS},
};

/// Rows per page, unless the caller says otherwise.
const DEFAULT_LIMIT: u16 = 50;
/// Most rows per page: keeps an answer below some hundred kilobytes.
pub(super) const MAX_LIMIT: u16 = 200;

/// Query parameters. Unknown ones are refused, since a misspelt filter would silently filter nothing.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // The database's texts cannot hold this character, so nothing could ever match.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(Problem::invalid_parameter("a parameter contains the character NUL"));
        }
        let parsed = Query::<T>::try_from_uri(&parts.uri);
        parsed
            .map(|Query(params)| Self(params))
            .map_err(|error| Problem::invalid_parameter(error.body_text()))
    }
}

/// The address in a path.
pub(super) struct AddressInPath(pub(super) Key);

impl<S: Send + Sync> FromRequestParts<S> for AddressInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|error| Problem::invalid_parameter(error.body_text()))?;
        let key = Key::parse(&text);
        key.map(Self).ok_or_else(|| {
            let text: String = text.chars().take(MAX_ADDRESS_CHARS).collect();
            Problem::invalid_parameter(format!("`{text}` is not an address: 32 bytes in Base58 are needed"))
        })
    }
}

/// Filters of a list, with the page that is wanted of it.
pub(super) trait Listing: Serialize {
    /// Tells lists apart whose filters have the same names.
    const NAME: &'static str;

    fn limit(&self) -> Option<u16>;
    fn cursor(&self) -> Option<&str>;
}

/// The page that is wanted.
pub(super) struct Wanted<K> {
    /// Rows on it.
    limit: u16,
    /// The order key after which it begins.
    pub(super) after: Option<K>,
    fingerprint: u64,
}

#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    #[serde(rename = "f")]
    fingerprint: u64,
    #[serde(rename = "k")]
    key: K,
}

impl<K: Serialize + DeserializeOwned> Wanted<K> {
    /// Checks limit and cursor of a request.
    pub(super) fn of<L: Listing>(listing: &L) -> Result<Self, Problem> {
        let limit = listing.limit().unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::invalid_parameter(format!(
                "limit must be 1 to {MAX_LIMIT}, not {limit}"
            )));
        }
        let fingerprint = fingerprint(listing);
        let after = listing.cursor().map(|cursor| key_of(cursor, fingerprint)).transpose()?;
        Ok(Self {
            limit,
            after,
            fingerprint,
        })
    }

    /// Rows to ask the database for: one more than is shown tells whether there is another page.
    pub(super) fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Makes a page of the rows that the database gave; `key` is a row's order key.
    pub(super) fn page<T>(&self, mut rows: Vec<T>, context: Context, key: impl Fn(&T) -> K) -> Page<T> {
        let is_last = rows.len() <= usize::from(self.limit);
        rows.truncate(usize::from(self.limit));
        let last = rows.last().filter(|_| !is_last);
        let next_cursor = last.and_then(|row| {
            let cursor = Cursor {
                fingerprint: self.fingerprint,
                key: key(row),
            };
            serde_json::to_vec(&cursor).ok().map(|json| BASE64.encode(json))
        });
        Page {
            data: rows,
            next_cursor,
            context,
        }
    }
}

fn key_of<K: DeserializeOwned>(cursor: &str, fingerprint: u64) -> Result<K, Problem> {
    let json = BASE64.decode(cursor).ok();
    let parsed: Option<Cursor<K>> = json.and_then(|json| serde_json::from_slice(&json).ok());
    let cursor = parsed.ok_or_else(|| Problem::invalid_parameter("cursor is not one that this API gave"))?;
    if cursor.fingerprint != fingerprint {
        return Err(Problem::invalid_parameter(
            "cursor belongs to other filters; begin again without it",
        ));
    }
    Ok(cursor.key)
}

/// FNV-1a over list and filters. No secret: a forged cursor shows nothing that another request would not.
fn fingerprint<L: Listing>(listing: &L) -> u64 {
    let filters = serde_json::to_vec(listing).unwrap_or_default();
    let bytes = L::NAME.bytes().chain(filters);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

macro_rules! listing {
    ($params:ty, $name:literal) => {
        impl $crate::api::page::Listing for $params {
            const NAME: &'static str = $name;

            fn limit(&self) -> Option<u16> {
                self.limit
            }

            fn cursor(&self) -> Option<&str> {
                self.cursor.as_deref()
            }
        }
    };
}
pub(super) use listing;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Filters {
        class: Option<&'static str>,
        #[serde(skip)]
        limit: Option<u16>,
        #[serde(skip)]
        cursor: Option<String>,
    }
    listing!(Filters, "tests");

    fn filters(class: &'static str, cursor: Option<String>) -> Filters {
        Filters {
            class: Some(class),
            limit: Some(2),
            cursor,
        }
    }

    fn context() -> Context {
        Context {
            slot: 0u64.into(),
            lag_ms: Some(0),
        }
    }

    #[test]
    fn a_cursor_continues_behind_the_last_row_shown() {
        let wanted: Wanted<u32> = Wanted::of(&filters("h100", None)).unwrap();
        let page = wanted.page(vec![1, 2, 3], context(), |row| *row);
        assert_eq!(page.data, [1, 2]);
        let next: Wanted<u32> = Wanted::of(&filters("h100", page.next_cursor)).unwrap();
        assert_eq!(next.after, Some(2));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let wanted: Wanted<u32> = Wanted::of(&filters("h100", None)).unwrap();
        assert_eq!(wanted.page(vec![1, 2], context(), |row| *row).next_cursor, None);
    }

    #[test]
    fn a_cursor_of_other_filters_is_refused() {
        let wanted: Wanted<u32> = Wanted::of(&filters("h100", None)).unwrap();
        let page = wanted.page(vec![1, 2, 3], context(), |row| *row);
        assert!(Wanted::<u32>::of(&filters("a100", page.next_cursor)).is_err());
    }

    #[test]
    fn limits_are_refused_not_clamped() {
        for limit in [0, MAX_LIMIT + 1] {
            let refused = Wanted::<u32>::of(&Filters {
                limit: Some(limit),
                ..filters("h100", None)
            });
            let detail = format!("limit must be 1 to 200, not {limit}");
            assert_eq!(refused.err(), Some(Problem::invalid_parameter(detail)));
        }
    }
}
