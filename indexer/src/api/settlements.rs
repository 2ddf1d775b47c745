//! What was paid, and the receipts that it was paid for.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use sqlx::types::BigDecimal;
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::{Context, Page},
    jobs,
    page::{AddressInPath, Params, Wanted, listing},
    problem::{Failures, Problem},
    value::{Address, Bytes, Hash, Key, Signature, U64},
};

/// A payment with its evidence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Settlement {
    /// The transaction.
    pub signature: Signature,
    /// Its slot.
    pub slot: U64,
    /// Unix seconds by the chain's clock.
    pub settled_at: i64,
    /// Sequence of the receipt.
    pub sequence: U64,
    /// Metered milliseconds since the start, cumulative.
    pub metered_ms: U64,
    /// Paid to the provider by this settlement.
    pub paid_now: U64,
    /// Paid to the provider so far.
    pub paid: U64,
    /// Kept as fee so far.
    pub fee: U64,
    /// The provider's balance afterwards.
    pub balance: U64,
    /// Whether this was the final receipt.
    pub is_final: bool,
    /// Compute units of the whole transaction, where the source told them.
    pub compute_units: Option<U64>,
    /// What both sides signed.
    pub receipt: Receipt,
}

/// A receipt with both signatures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// Counts the receipts of the job, from 1.
    pub sequence: U64,
    /// Metered milliseconds since the start, cumulative.
    pub metered_ms: U64,
    /// Unix milliseconds at which the provider made it.
    pub made_at_ms: i64,
    /// Merkle root of all samples so far.
    pub samples_root: Hash,
    /// Whether both sides agreed that nothing more would be metered.
    pub is_final: bool,
    /// The 144 bytes that both keys signed.
    pub bytes: Bytes,
    /// The provider's attestation key.
    pub provider_key: Address,
    /// Its signature.
    pub provider_signature: Signature,
    /// The tenant's session key.
    pub tenant_key: Address,
    /// Its signature.
    pub tenant_signature: Signature,
    /// The transaction that settled it.
    pub settled_by: Signature,
}

/// Which part of a job's history.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryFilters {
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
    /// The job, which comes from the path.
    #[serde(skip_deserializing)]
    #[param(ignore)]
    job: Option<Key>,
}
listing!(HistoryFilters, "settlements");

/// A job's payments, oldest first.
#[utoipa::path(get, path = "/v1/jobs/{address}/settlements", tag = "jobs",
    params(("address" = String, Path, description = "The job's account"), HistoryFilters),
    responses((status = 200, body = Page<Settlement>), Failures))]
pub(super) async fn settlements(
    State(state): State<ApiState>,
    AddressInPath(job): AddressInPath,
    Params(filters): Params<HistoryFilters>,
) -> Result<Json<Page<Settlement>>, Problem> {
    let (wanted, rows, context) = history(&state, job, filters).await?;
    Ok(Json(
        wanted.page(rows, context, |row| row.sequence.get().unwrap_or_default()),
    ))
}

/// A job's settled receipts, oldest first.
#[utoipa::path(get, path = "/v1/jobs/{address}/receipts", tag = "jobs",
    params(("address" = String, Path, description = "The job's account"), HistoryFilters),
    responses((status = 200, body = Page<Receipt>), Failures))]
pub(super) async fn receipts(
    State(state): State<ApiState>,
    AddressInPath(job): AddressInPath,
    Params(filters): Params<HistoryFilters>,
) -> Result<Json<Page<Receipt>>, Problem> {
    let (wanted, rows, context) = history(&state, job, filters).await?;
    let receipts = rows.into_iter().map(|row| row.receipt).collect();
    Ok(Json(wanted.page(receipts, context, |row: &Receipt| {
        row.sequence.get().unwrap_or_default()
    })))
}

async fn history(
    state: &ApiState,
    job: Key,
    filters: HistoryFilters,
) -> Result<(Wanted<u64>, Vec<Settlement>, Context), Problem> {
    let wanted = Wanted::<u64>::of(&HistoryFilters {
        job: Some(job),
        ..filters
    })?;
    let context = state.context();
    let rows = after(state, job, wanted.after.unwrap_or_default(), wanted.rows()).await?;
    if rows.is_empty() {
        // No payment yet, or no job?
        jobs::find(state, job).await?;
    }
    Ok((wanted, rows, context))
}

struct SettlementRow {
    signature: Signature,
    slot: U64,
    settled_at: i64,
    sequence: String,
    metered_ms: String,
    paid_now: U64,
    paid: U64,
    fee: U64,
    balance: U64,
    is_final: bool,
    compute_units: Option<String>,
    made_at_ms: i64,
    samples_root: Hash,
    receipt: Bytes,
    provider_key: Address,
    provider_signature: Signature,
    tenant_key: Address,
    tenant_signature: Signature,
}

/// Up to `limit` payments of a job above a sequence.
pub(super) async fn after(state: &ApiState, job: Key, sequence: u64, limit: i64) -> Result<Vec<Settlement>, Problem> {
    let rows = sqlx::query_as!(
        SettlementRow,
        r#"SELECT signature, slot, settled_at, sequence::TEXT AS "sequence!", metered_ms::TEXT AS "metered_ms!",
                  paid_now::TEXT AS "paid_now!", paid::TEXT AS "paid!", fee::TEXT AS "fee!", balance::TEXT AS "balance!", is_final,
                  compute_units::TEXT, made_at_ms, samples_root, receipt, provider_key, provider_signature, tenant_key, tenant_signature
           FROM settlements WHERE job = $1 AND sequence > $2 ORDER BY settlements.sequence LIMIT $3"#,
        job.bytes(),
        BigDecimal::from(sequence),
        limit,
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(rows.into_iter().map(Settlement::from).collect())
}

impl From<SettlementRow> for Settlement {
    fn from(row: SettlementRow) -> Self {
        let receipt = Receipt {
            sequence: row.sequence.clone().into(),
            metered_ms: row.metered_ms.clone().into(),
            made_at_ms: row.made_at_ms,
            samples_root: row.samples_root,
            is_final: row.is_final,
            bytes: row.receipt,
            provider_key: row.provider_key,
            provider_signature: row.provider_signature,
            tenant_key: row.tenant_key,
            tenant_signature: row.tenant_signature,
            settled_by: row.signature.clone(),
        };
        Self {
            signature: row.signature,
            slot: row.slot,
            settled_at: row.settled_at,
            sequence: row.sequence.into(),
            metered_ms: row.metered_ms.into(),
            paid_now: row.paid_now,
            paid: row.paid,
            fee: row.fee,
            balance: row.balance,
            is_final: row.is_final,
            compute_units: row.compute_units.map(U64::from),
            receipt,
        }
    }
}
