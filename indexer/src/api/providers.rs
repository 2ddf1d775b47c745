//! Who offers nodes.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::{One, Page},
    page::{AddressInPath, Params, Wanted, listing},
    problem::{Failures, Problem},
    records::Record,
    value::{Address, Hash, Key, U64},
};

/// A provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Provider {
    /// Its account.
    pub address: Address,
    /// The wallet that owns stake, nodes and earnings.
    pub owner: Address,
    /// Hot key that signs starts, heartbeats and receipts.
    pub attestation_key: Address,
    /// SHA-256 of the agent's TLS public key, which tenants pin.
    pub tls_key_hash: Hash,
    /// URL of the agent.
    pub endpoint: String,
    /// Number of its nodes.
    pub nodes: i32,
    /// GPUs of all its nodes that take new jobs: its active stake must cover them before another job may be opened.
    pub gpus_offered: i64,
    /// Faults that were proven of it so far.
    pub faults: i32,
    /// What its jobs have shown of it, and its score.
    pub record: Record,
    /// Unix seconds of the registration.
    pub registered_at: i64,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which providers.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ProviderFilters {
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
listing!(ProviderFilters, "providers");

/// Providers by address.
#[utoipa::path(get, path = "/v1/providers", tag = "market", params(ProviderFilters), responses((status = 200, body = Page<Provider>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<ProviderFilters>,
) -> Result<Json<Page<Provider>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Provider,
        r#"SELECT address AS "address!", owner AS "owner!", attestation_key AS "attestation_key!", tls_key_hash AS "tls_key_hash!",
                  endpoint AS "endpoint!", nodes AS "nodes!", gpus_offered AS "gpus_offered!",
                  faults AS "faults!", r.record AS "record!", registered_at AS "registered_at!", slot AS "changed_slot!"
           FROM open_providers p JOIN records r USING (address)
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

/// A provider.
#[utoipa::path(get, path = "/v1/providers/{address}", tag = "market", params(("address" = String, Path, description = "Its account")),
    responses((status = 200, body = One<Provider>), Failures))]
pub(super) async fn one(
    State(state): State<ApiState>,
    AddressInPath(address): AddressInPath,
) -> Result<Json<One<Provider>>, Problem> {
    let context = state.context();
    let row = sqlx::query_as!(
        Provider,
        r#"SELECT address AS "address!", owner AS "owner!", attestation_key AS "attestation_key!", tls_key_hash AS "tls_key_hash!",
                  endpoint AS "endpoint!", nodes AS "nodes!", gpus_offered AS "gpus_offered!",
                  faults AS "faults!", r.record AS "record!", registered_at AS "registered_at!", slot AS "changed_slot!"
           FROM open_providers p JOIN records r USING (address) WHERE address = $1"#,
        address.bytes(),
    )
    .fetch_optional(&state.readers)
    .await?;
    let data = row.ok_or_else(|| Problem::not_found("provider"))?;
    Ok(Json(One { data, context }))
}
