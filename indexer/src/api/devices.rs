//! GPUs that nodes offer.

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

/// A GPU.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Device {
    /// Its account.
    pub address: Address,
    /// The node that offers it.
    pub node: Address,
    /// The provider's account.
    pub provider: Address,
    /// What tells it from every other GPU: a hash of its UUID.
    pub identity: Hash,
    /// Unix seconds of the registration.
    pub registered_at: i64,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which GPUs.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeviceFilters {
    /// Only those of this node.
    #[param(value_type = Option<String>)]
    node: Option<Key>,
    /// Only those of the provider with this account.
    #[param(value_type = Option<String>)]
    provider: Option<Key>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(DeviceFilters, "devices");

/// Registered GPUs by address.
#[utoipa::path(get, path = "/v1/devices", tag = "market", params(DeviceFilters), responses((status = 200, body = Page<Device>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<DeviceFilters>,
) -> Result<Json<Page<Device>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Device,
        r#"SELECT address AS "address!", node AS "node!", provider AS "provider!", identity AS "identity!",
                  registered_at AS "registered_at!", slot AS "changed_slot!"
           FROM open_devices
           WHERE ($1::BYTEA IS NULL OR node = $1) AND ($2::BYTEA IS NULL OR provider = $2) AND ($3::BYTEA IS NULL OR address > $3)
           ORDER BY address LIMIT $4"#,
        filters.node.as_ref().map(Key::bytes),
        filters.provider.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}
