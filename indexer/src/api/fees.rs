//! Fees that wait to be swept.

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

/// Fees of ended jobs in one mint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeeShard {
    /// Its account.
    pub address: Address,
    /// The mint.
    pub mint: Address,
    /// Its number among the mint's shards, from zero.
    pub number: i16,
    /// Base units that were not swept so far.
    pub amount: U64,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which shards.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FeeShardFilters {
    /// Only those of this mint.
    #[param(value_type = Option<String>)]
    mint: Option<Key>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(FeeShardFilters, "fee-shards");

/// Fee shards by address.
#[utoipa::path(get, path = "/v1/fee-shards", tag = "money", params(FeeShardFilters), responses((status = 200, body = Page<FeeShard>), Failures))]
pub(super) async fn shards(
    State(state): State<ApiState>,
    Params(filters): Params<FeeShardFilters>,
) -> Result<Json<Page<FeeShard>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        FeeShard,
        r#"SELECT address AS "address!", mint AS "mint!", number AS "number!", amount::TEXT AS "amount!", slot AS "changed_slot!"
           FROM open_fee_shards
           WHERE ($1::BYTEA IS NULL OR mint = $1) AND ($2::BYTEA IS NULL OR address > $2)
           ORDER BY address LIMIT $3"#,
        filters.mint.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}
