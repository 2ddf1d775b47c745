//! What providers claim of silent tenants.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::Page,
    page::{Params, Wanted, listing},
    problem::{Failures, Problem},
    value::{Address, Hash, Key, U64},
};

/// A claim that waits. The transaction that opened it carries the receipt with the provider's signature.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Claim {
    /// Its account.
    pub address: Address,
    /// The job.
    pub job: Address,
    /// Who paid the account's rent, and gets it back.
    pub payer: Address,
    /// Merkle root of the samples behind the receipt.
    pub samples_root: Hash,
    /// Sequence of the receipt.
    pub sequence: U64,
    /// Metered milliseconds of the receipt.
    pub metered_ms: U64,
    /// What the provider loses if the claim is refuted, in base units of the job's mint.
    pub bond: U64,
    /// Unix seconds from which it is paid.
    pub payable_at: i64,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which claims.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ClaimFilters {
    /// Only that about this job.
    #[param(value_type = Option<String>)]
    job: Option<Key>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(ClaimFilters, "claims");

/// Waiting claims by address.
#[utoipa::path(get, path = "/v1/claims", tag = "jobs", params(ClaimFilters), responses((status = 200, body = Page<Claim>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<ClaimFilters>,
) -> Result<Json<Page<Claim>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Claim,
        r#"SELECT address AS "address!", job AS "job!", payer AS "payer!", samples_root AS "samples_root!",
                  sequence::TEXT AS "sequence!", metered_ms::TEXT AS "metered_ms!", bond::TEXT AS "bond!",
                  payable_at AS "payable_at!", slot AS "changed_slot!"
           FROM open_claims
           WHERE ($1::BYTEA IS NULL OR job = $1) AND ($2::BYTEA IS NULL OR address > $2)
           ORDER BY address LIMIT $3"#,
        filters.job.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}
