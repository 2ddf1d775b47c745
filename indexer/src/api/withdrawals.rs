//! Withdrawals that wait.

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

/// A withdrawal that waits: it has left its balance, and is paid to its owner from its moment on, whatever the mint's cap says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Withdrawal {
    /// Its account.
    pub address: Address,
    /// The account of the balance that it came from.
    pub balance: Address,
    /// The wallet that it is paid to.
    pub owner: Address,
    /// The mint.
    pub mint: Address,
    /// Base units.
    pub amount: U64,
    /// Unix seconds from which anyone may have it paid out.
    pub payable_at: i64,
    /// Its number among the balance's withdrawals, from zero.
    pub number: i16,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which withdrawals.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WithdrawalFilters {
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
listing!(WithdrawalFilters, "withdrawals");

/// Waiting withdrawals by address.
#[utoipa::path(get, path = "/v1/withdrawals", tag = "money", params(WithdrawalFilters), responses((status = 200, body = Page<Withdrawal>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<WithdrawalFilters>,
) -> Result<Json<Page<Withdrawal>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Withdrawal,
        r#"SELECT address AS "address!", balance AS "balance!", owner AS "owner!", mint AS "mint!",
                  amount::TEXT AS "amount!", payable_at AS "payable_at!", number AS "number!", slot AS "changed_slot!"
           FROM open_withdrawals
           WHERE ($1::BYTEA IS NULL OR owner = $1) AND ($2::BYTEA IS NULL OR mint = $2)
             AND ($3::BYTEA IS NULL OR address > $3)
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
