//! The exchange of receipts.

use axum::{
    Json,
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gantry_sdk::wire::{Countersignature, MAX_RECEIPT_WAIT_MS, SignedReceipt};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;

use super::{Problem, signed::Signed};

/// Which receipt is wanted.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// The newest sequence that the tenant knows.
    #[serde(default)]
    after: u64,
    /// How long to wait for a newer one.
    #[serde(default)]
    wait_ms: u64,
}

/// `GET …/receipts?after=N&wait_ms=M`.
pub(super) async fn newest(
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
    request: Signed,
) -> Result<Response, Problem> {
    let Query(wanted) = wanted.map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.body_text()))?;
    let wait = Duration::from_millis(wanted.wait_ms.min(MAX_RECEIPT_WAIT_MS));
    match timeout(wait, request.job.receipt_after(wanted.after)).await {
        Ok(Some(row)) => Ok(Json(SignedReceipt::new(&row.receipt, &row.provider_signature)).into_response()),
        _ => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// `POST …/receipts`.
pub(super) async fn countersign(request: Signed) -> Result<StatusCode, Problem> {
    let invalid = |detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail);
    let signed: Countersignature = serde_json::from_slice(&request.body)
        .map_err(|error| invalid(format!("the body is not a countersignature: {error}")))?;
    let (receipt, signature) = signed.read().map_err(|error| invalid(error.to_string()))?;
    request.job.countersign(receipt, signature).await?;
    Ok(StatusCode::NO_CONTENT)
}
