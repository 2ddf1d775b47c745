//! What was proven of providers.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::Page,
    page::{Params, Wanted, listing},
    problem::{Failures, Problem},
    value::{Address, Key, U64},
};

/// What was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// Two receipts of one sequence with different content.
    Equivocation,
    /// A later receipt with less usage.
    RegressingUsage,
    /// More usage after the final receipt.
    UsageAfterFinal,
    /// A sample that cannot be true if the receipt that commits to it is.
    ContradictingSample,
    /// A kind that this indexer is too old to know.
    Unknown,
}

impl From<i16> for FaultKind {
    fn from(number: i16) -> Self {
        match number {
            1 => Self::Equivocation,
            2 => Self::RegressingUsage,
            3 => Self::UsageAfterFinal,
            4 => Self::ContradictingSample,
            _ => Self::Unknown,
        }
    }
}

/// A proven fault. The transaction that made the account carries the receipts with their signatures, and the sample with its path.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Its record.
    pub address: Address,
    /// The job whose receipts prove it.
    pub job: Address,
    /// The provider's wallet.
    pub provider: Address,
    /// Who showed the proof, and got the bounty.
    pub reporter: Address,
    /// What the receipts contradict.
    pub kind: FaultKind,
    /// Sequence of the later receipt of the proof.
    pub sequence: U64,
    /// What it cost, in base units of the network token: bounty and burn.
    pub slashed: U64,
    /// The part of the slashable stake that it cost, in basis points.
    pub penalty_bps: i32,
    /// Unix seconds of the proof.
    pub proven_at: i64,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which faults.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FaultFilters {
    /// Only those of this provider's wallet.
    #[param(value_type = Option<String>)]
    provider: Option<Key>,
    /// Only those about this job.
    #[param(value_type = Option<String>)]
    job: Option<Key>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(FaultFilters, "faults");

/// Proven faults by address.
#[utoipa::path(get, path = "/v1/faults", tag = "jobs", params(FaultFilters), responses((status = 200, body = Page<Fault>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<FaultFilters>,
) -> Result<Json<Page<Fault>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Fault,
        r#"SELECT address AS "address!", job AS "job!", provider AS "provider!", reporter AS "reporter!", kind AS "kind!",
                  sequence::TEXT AS "sequence!", slashed::TEXT AS "slashed!", penalty_bps AS "penalty_bps!",
                  proven_at AS "proven_at!", slot AS "changed_slot!"
           FROM open_faults
           WHERE ($1::BYTEA IS NULL OR provider = $1) AND ($2::BYTEA IS NULL OR job = $2)
             AND ($3::BYTEA IS NULL OR address > $3)
           ORDER BY address LIMIT $4"#,
        filters.provider.as_ref().map(Key::bytes),
        filters.job.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}
