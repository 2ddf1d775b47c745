//! What jobs have shown of providers and tenants, and the score that it gives.

use axum::{Json, extract::State};
use gantry_protocol::{UnixSeconds, reputation::Facts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::{One, Page},
    page::{AddressInPath, Params, Wanted, listing},
    problem::{Failures, Problem},
    value::{Address, Key, U64},
};

/// What is known of a provider or a tenant. All facts are worth what they were at `as_of`; since then they have decayed, by half in 30 days.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Record {
    /// Score of 0 to 10 000 at the time of the chain that the answer shows; of somebody unknown 1 000. Anyone can compute it from what follows.
    pub score: u16,
    /// Unix seconds for which the score was computed.
    pub scored_at: i64,
    /// Unix seconds until when the facts have decayed; zero before the first.
    pub as_of: i64,
    /// Fees that its jobs have paid away, in base units of the network token.
    pub fees: U64,
    /// Time that it promised, weighed by its fee.
    pub promised: U64,
    /// Of that, what it kept.
    pub kept: U64,
    /// Jobs that ended as they should, in 2⁻²⁰ jobs. Not part of the score.
    pub completed: U64,
    /// Jobs that did not, in 2⁻²⁰ jobs. Not part of the score.
    pub failed: U64,
    /// Proven faults, in 2⁻²⁰ faults.
    pub faults: U64,
}

impl From<Vec<String>> for Record {
    /// Of the columns of the view `records`, in its order.
    fn from(columns: Vec<String>) -> Self {
        let word = |place: usize| columns.get(place).and_then(|text| text.parse().ok()).unwrap_or(0u64);
        let moment = |place: usize| columns.get(place).and_then(|text| text.parse().ok()).unwrap_or(0i64);
        let facts = Facts {
            as_of: UnixSeconds(moment(0)),
            fees: word(1),
            promised: word(2),
            kept: word(3),
            completed: word(4),
            failed: word(5),
            faults: word(6),
        };
        let now = moment(7);
        Self {
            score: facts.score_at(UnixSeconds(now)),
            scored_at: now,
            as_of: facts.as_of.0,
            fees: facts.fees.into(),
            promised: facts.promised.into(),
            kept: facts.kept.into(),
            completed: facts.completed.into(),
            failed: facts.failed.into(),
            faults: facts.faults.into(),
        }
    }
}

/// A wallet that rents.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Tenant {
    /// Its account.
    pub address: Address,
    /// The wallet.
    pub wallet: Address,
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// What its jobs have shown of it.
    pub record: Record,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which tenants.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TenantFilters {
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(TenantFilters, "tenants");

/// Tenants by address.
#[utoipa::path(get, path = "/v1/tenants", tag = "market", params(TenantFilters), responses((status = 200, body = Page<Tenant>), Failures))]
pub(super) async fn tenants(
    State(state): State<ApiState>,
    Params(filters): Params<TenantFilters>,
) -> Result<Json<Page<Tenant>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Tenant,
        r#"SELECT t.address AS "address!", t.wallet AS "wallet!", t.opened_at AS "opened_at!", r.record AS "record!",
                  t.slot AS "changed_slot!"
           FROM open_tenants t JOIN records r ON r.address = t.address
           WHERE $1::BYTEA IS NULL OR t.address > $1
           ORDER BY t.address LIMIT $2"#,
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}

/// A wallet that rents.
#[utoipa::path(get, path = "/v1/tenants/{wallet}", tag = "market", params(("wallet" = String, Path, description = "The wallet")),
    responses((status = 200, body = One<Tenant>), Failures))]
pub(super) async fn tenant(
    State(state): State<ApiState>,
    AddressInPath(wallet): AddressInPath,
) -> Result<Json<One<Tenant>>, Problem> {
    let context = state.context();
    let row = sqlx::query_as!(
        Tenant,
        r#"SELECT t.address AS "address!", t.wallet AS "wallet!", t.opened_at AS "opened_at!", r.record AS "record!",
                  t.slot AS "changed_slot!"
           FROM open_tenants t JOIN records r ON r.address = t.address
           WHERE t.wallet = $1"#,
        wallet.bytes(),
    )
    .fetch_optional(&state.readers)
    .await?;
    let data = row.ok_or_else(|| Problem::not_found("tenant"))?;
    Ok(Json(One { data, context }))
}
