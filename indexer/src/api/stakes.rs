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
    /// The provider's own, bonded and not unbonding, in base units of the network token.
    pub active: U64,
    /// Part of `active` and `delegated` that running jobs hold; more than both after a slash, or when delegators have left.
    pub reserved: U64,
    /// What proven faults have taken so far, delegated stake included.
    pub slashed: U64,
    /// What delegators have entrusted and earned.
    pub delegated: U64,
    /// Shares that own `delegated`.
    pub delegated_shares: U64,
    /// What delegators have asked back and not withdrawn yet.
    pub delegated_unbonding: U64,
    /// Shares that own `delegated_unbonding`.
    pub delegated_unbonding_shares: U64,
    /// The provider's part of what delegated stake earns, in basis points.
    pub commission_bps: i32,
    /// What counts instead from `commission_from` on; the same where no rise is announced.
    pub next_commission_bps: i32,
    /// Unix seconds; `null` where no rise is announced.
    pub commission_from: Option<i64>,
    /// The provider's own requests that wait; slashable until they are withdrawn.
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
                  slashed::TEXT AS "slashed!", delegated::TEXT AS "delegated!", delegated_shares::TEXT AS "delegated_shares!",
                  delegated_unbonding::TEXT AS "delegated_unbonding!",
                  delegated_unbonding_shares::TEXT AS "delegated_unbonding_shares!", commission_bps AS "commission_bps!",
                  next_commission_bps AS "next_commission_bps!", NULLIF(commission_from, 0) AS "commission_from?",
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
