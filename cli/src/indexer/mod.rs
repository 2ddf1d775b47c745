//! The indexer's query API, as a client sees it.
//!
//! What it says is a hint: whatever leads to a payment is read again from the chain.

mod class;
mod node;
mod number;
mod proof;
mod text;

use std::{error::Error, time::Duration};

use anyhow::{Context, Result};
use gantry_sdk::wire::Problem;
use reqwest::{Client, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use url::{Host, Url};

pub(crate) use self::{
    class::Class,
    node::{Node, NodeFilter},
    number::Number,
    proof::{Proof, Settlement},
};
use crate::failure::Failure;

/// Longest wait for a connection: an indexer that is away must not hold a command up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest wait for a whole answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Rows per page, the most that the API gives.
const PAGE_ROWS: usize = 200;

/// An answer: the data, and how far the indexer had read the chain.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Answer<T> {
    /// What was asked for.
    pub(crate) data: T,
    /// Where the next page begins; none on the last one.
    #[serde(default)]
    next_cursor: Option<String>,
    /// How fresh it is.
    pub(crate) context: Freshness,
}

/// How fresh an answer is.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Freshness {
    /// Everything up to this slot is in it.
    pub(crate) slot: Number,
}

/// A client of one indexer.
#[derive(Clone, Debug)]
pub(crate) struct Indexer {
    http: Client,
    base: String,
}

impl Indexer {
    /// A client of the indexer at `base`. Connects at the first request.
    pub(crate) fn new(base: &Url) -> Result<Self> {
        let mut http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT);
        if is_this_machine(base) {
            // A proxy on the way out has no business with this machine's own services.
            http = http.no_proxy();
        }
        let base = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            http: http.build().context("cannot set up HTTP")?,
            base,
        })
    }

    /// Asks for `path`, which begins with a slash; `None` when there is no such thing, or the indexer has not seen it yet.
    async fn find<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Option<Answer<T>>, Failure> {
        let sent = self.http.get(format!("{}{path}", self.base)).query(query).send().await;
        let response = sent.map_err(|error| self.away(&innermost(&error)))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| self.away(&innermost(&error)))?;
        if status.is_success() {
            let answer = serde_json::from_slice(&body);
            return answer
                .map(Some)
                .map_err(|error| self.away(&format!("its answer to {path} has another form: {error}")));
        }
        let problem = serde_json::from_slice::<Problem>(&body);
        let detail = problem.map_or_else(|_| format!("it answered {status}"), |problem| problem.detail);
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::BAD_REQUEST => Err(Failure::Usage(format!("the indexer does not understand: {detail}"))),
            _ => Err(self.away(&detail)),
        }
    }

    /// All rows of a list, or the first `limit` of them.
    async fn rows<T: DeserializeOwned>(
        &self,
        path: &str,
        filters: &[(&str, String)],
        limit: usize,
    ) -> Result<Vec<T>, Failure> {
        let mut rows = vec![];
        let mut cursor: Option<String> = None;
        loop {
            let mut query = filters.to_vec();
            query.push(("limit", limit.clamp(1, PAGE_ROWS).to_string()));
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            let page = self.find::<Vec<T>>(path, &query).await?;
            let page = page.ok_or_else(|| self.away(&format!("{path} is not part of its API")))?;
            rows.extend(page.data);
            cursor = page.next_cursor;
            if cursor.is_none() || rows.len() >= limit {
                rows.truncate(limit);
                return Ok(rows);
            }
        }
    }

    fn away(&self, why: &str) -> Failure {
        Failure::Unreachable(format!(
            "the indexer at {} does not answer as it should: {why}\nCheck that it runs, or name another one with --api-url.",
            self.base
        ))
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The cause at the bottom, which says what happened; those above only repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_indexer_that_is_away_is_named_with_what_to_do() {
        let indexer = Indexer::new(&Url::parse("http://127.0.0.1:1/").unwrap()).unwrap();
        let message = indexer.nodes(&NodeFilter::default(), 1).await.unwrap_err().to_string();
        assert!(
            message.contains("http://127.0.0.1:1 ") && message.contains("--api-url"),
            "{message}"
        );
    }
}
