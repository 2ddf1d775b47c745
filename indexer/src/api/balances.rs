//! Wallets' money inside the market.

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

/// A wallet's money in one mint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Balance {
    /// Its account.
    pub address: Address,
    /// The wallet that may withdraw.
    pub owner: Address,
    /// The mint.
    pub mint: Address,
    /// Base units.
    pub amount: U64,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which balances.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct BalanceFilters {
    /// Only those of this wallet.
    #[param(value_type = Option<String>)]
    owner: Option<Key>,
    /// Only those in this mint.
    #[param(value_type = Option<String>)]
    mint: Option<Key>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(BalanceFilters, "balances");

/// Balances by address.
#[utoipa::path(get, path = "/v1/balances", tag = "money", params(BalanceFilters), responses((status = 200, body = Page<Balance>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<BalanceFilters>,
) -> Result<Json<Page<Balance>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Balance,
        r#"SELECT address AS "address!", owner AS "owner!", mint AS "mint!", amount::TEXT AS "amount!", slot AS "changed_slot!"
           FROM open_balances
           WHERE ($1::BYTEA IS NULL OR owner = $1) AND ($2::BYTEA IS NULL OR mint = $2) AND ($3::BYTEA IS NULL OR address > $3)
           ORDER BY address LIMIT $4"#,
        filters.owner.as_ref().map(Key::bytes),
        filters.mint.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}
