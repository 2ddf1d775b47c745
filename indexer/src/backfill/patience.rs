//! Waiting for a node that lags behind the stream.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::ledger::LedgerError;

/// How often it is asked again.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long it may lag.
const LIMIT: Duration = Duration::from_secs(30);

/// Asks until the node has come as far as it should, or has had its time.
pub(crate) async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, LedgerError>
where
    F: Future<Output = Result<T, LedgerError>>,
{
    let deadline = Instant::now() + LIMIT;
    loop {
        match ask().await {
            Err(LedgerError::Behind { .. }) if Instant::now() < deadline => sleep(INTERVAL).await,
            answer => return answer,
        }
    }
}
