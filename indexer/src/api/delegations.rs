//! What wallets have delegated to providers.

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

/// A wallet's part of a provider's stake.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Delegation {
    /// Its account.
    pub address: Address,
    /// The stake's account.
    pub stake: Address,
    /// The wallet that alone gets the tokens back.
    pub delegator: Address,
    /// Shares of the stake's delegated pool, which earns.
    pub shares: U64,
    /// What those are worth now, in base units of the network token, rounded down.
    pub worth: U64,
    /// Shares of what delegators have asked back: of all waiting requests together.
    pub unbonding_shares: U64,
    /// What those are worth now, rounded down; slashed like the rest until they are withdrawn.
    pub unbonding_worth: U64,
    /// Requests that wait.
    #[schema(value_type = Vec<UnbondingShares>)]
    pub unbondings: Jsonb<Vec<UnbondingShares>>,
    /// Slot of the last change. Rewards and slashes change the worth, not the delegation.
    pub changed_slot: U64,
}

/// Shares that are leaving.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct UnbondingShares {
    /// Place in the queue, by which the request can be cancelled.
    pub place: u8,
    /// Shares of what delegators have asked back.
    #[schema(pattern = "^[0-9]{1,20}$")]
    pub shares: String,
    /// Unix seconds from which they may be paid out.
    pub withdrawable_at: i64,
}

/// Which delegations.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DelegationFilters {
    /// Only those to this stake.
    #[param(value_type = Option<String>)]
    stake: Option<Key>,
    /// Only those of this wallet.
    #[param(value_type = Option<String>)]
    delegator: Option<Key>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(DelegationFilters, "delegations");

/// Delegations by address.
#[utoipa::path(get, path = "/v1/delegations", tag = "money", params(DelegationFilters), responses((status = 200, body = Page<Delegation>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<DelegationFilters>,
) -> Result<Json<Page<Delegation>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Delegation,
        r#"SELECT d.address AS "address!", d.stake AS "stake!", d.delegator AS "delegator!", d.shares::TEXT AS "shares!",
                  worth(d.shares, s.delegated, s.delegated_shares)::TEXT AS "worth!",
                  d.unbonding_shares::TEXT AS "unbonding_shares!",
                  worth(d.unbonding_shares, s.delegated_unbonding, s.delegated_unbonding_shares)::TEXT AS "unbonding_worth!",
                  d.unbondings AS "unbondings!: Jsonb<Vec<UnbondingShares>>", d.slot AS "changed_slot!"
           FROM open_delegations d
           JOIN open_stakes s ON s.address = d.stake
           WHERE ($1::BYTEA IS NULL OR d.stake = $1) AND ($2::BYTEA IS NULL OR d.delegator = $2)
             AND ($3::BYTEA IS NULL OR d.address > $3)
           ORDER BY d.address LIMIT $4"#,
        filters.stake.as_ref().map(Key::bytes),
        filters.delegator.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}
