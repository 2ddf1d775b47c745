//! Providers' bonds.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use sqlx::types::Json as Jsonb;
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::Page,
    page::{Params, Wanted, listing},
    problem::{Failures, Problem},
    value::{Address, Key, U64},
};

/// A bond.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Stake {
    /// Its account.
    pub address: Address,
    /// The provider's wallet.
    pub owner: Address,
    /// Bonded and not unbonding, in base units of the network token.
    pub active: U64,
    /// Part of `active` that running jobs hold.
    pub reserved: U64,
    /// Requests that wait; slashable until they are withdrawn.
    #[schema(value_type = Vec<Unbonding>)]
    pub unbondings: Jsonb<Vec<Unbonding>>,
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Tokens that are leaving.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Unbonding {
    /// Base units.
    #[schema(pattern = "^[0-9]{1,20}$")]
    pub amount: String,
    /// Unix seconds from which they may leave.
    pub withdrawable_at: i64,
}

/// Which bonds.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StakeFilters {
    /// Only that of this wallet.
    #[param(value_type = Option<String>)]
    owner: Option<Key>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(StakeFilters, "stakes");

/// Bonds by address.
#[utoipa::path(get, path = "/v1/stakes", tag = "money", params(StakeFilters), responses((status = 200, body = Page<Stake>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<StakeFilters>,
) -> Result<Json<Page<Stake>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Stake,
        r#"SELECT address AS "address!", owner AS "owner!", active::TEXT AS "active!", reserved::TEXT AS "reserved!",
                  unbondings AS "unbondings!: Jsonb<Vec<Unbonding>>", opened_at AS "opened_at!", slot AS "changed_slot!"
           FROM open_stakes
           WHERE ($1::BYTEA IS NULL OR owner = $1) AND ($2::BYTEA IS NULL OR address > $2)
           ORDER BY address LIMIT $3"#,
        filters.owner.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}
