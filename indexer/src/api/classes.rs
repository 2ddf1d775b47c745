//! Classes of GPUs, and what they may cost.

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

/// A class of GPUs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Class {
    /// Its account.
    pub address: Address,
    /// Its name, such as `h100-sxm`.
    pub name: String,
    /// Whether new nodes and jobs of it are welcome.
    pub enabled: bool,
    /// What it may cost, by mint: nodes of the class are rented in no other.
    pub price_ranges: Vec<PriceRange>,
    /// Nodes of the class that take jobs.
    pub nodes: i64,
    /// Their GPUs.
    pub gpus: i64,
    /// Those of them that no job holds.
    pub gpus_free: i64,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// The rates that governance allows in one mint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PriceRange {
    /// The mint.
    pub mint: Address,
    /// Lowest rate per GPU, in micro-atoms per second.
    pub floor: U64,
    /// Highest rate per GPU, in micro-atoms per second.
    pub ceiling: U64,
}

/// Which classes.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ClassFilters {
    /// Only the class of this name.
    name: Option<String>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(ClassFilters, "classes");

struct ClassRow {
    address: Address,
    name: String,
    enabled: bool,
    mints: Vec<Vec<u8>>,
    floors: Vec<String>,
    ceilings: Vec<String>,
    nodes: i64,
    gpus: i64,
    gpus_free: i64,
    changed_slot: U64,
}

impl From<ClassRow> for Class {
    fn from(row: ClassRow) -> Self {
        let ranges = row.mints.into_iter().zip(row.floors).zip(row.ceilings);
        Self {
            address: row.address,
            name: row.name,
            enabled: row.enabled,
            price_ranges: ranges
                .map(|((mint, floor), ceiling)| PriceRange {
                    mint: mint.into(),
                    floor: floor.into(),
                    ceiling: ceiling.into(),
                })
                .collect(),
            nodes: row.nodes,
            gpus: row.gpus,
            gpus_free: row.gpus_free,
            changed_slot: row.changed_slot,
        }
    }
}

/// Classes by the address of their registration.
#[utoipa::path(get, path = "/v1/classes", tag = "market", params(ClassFilters), responses((status = 200, body = Page<Class>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<ClassFilters>,
) -> Result<Json<Page<Class>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        ClassRow,
        r#"SELECT c.address AS "address!", c.name AS "name!", c.enabled AS "enabled!",
                  ARRAY(SELECT r.mint FROM open_price_ranges r WHERE r.class = c.name ORDER BY r.mint) AS "mints!",
                  ARRAY(SELECT r.rate_floor::TEXT FROM open_price_ranges r WHERE r.class = c.name ORDER BY r.mint) AS "floors!",
                  ARRAY(SELECT r.rate_ceiling::TEXT FROM open_price_ranges r WHERE r.class = c.name ORDER BY r.mint) AS "ceilings!",
                  o.nodes AS "nodes!", o.gpus AS "gpus!", o.gpus_free AS "gpus_free!", c.slot AS "changed_slot!"
           FROM open_gpu_classes c
           CROSS JOIN LATERAL (SELECT COUNT(*) AS nodes, COALESCE(SUM(n.gpus), 0) AS gpus, COALESCE(SUM(n.gpus_free), 0) AS gpus_free
                               FROM market_nodes n WHERE n.class = c.name AND n.active) o
           WHERE ($1::TEXT IS NULL OR c.name = $1) AND ($2::BYTEA IS NULL OR c.address > $2)
           ORDER BY c.address LIMIT $3"#,
        filters.name.as_deref(),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    let rows = rows.into_iter().map(Class::from).collect();
    Ok(Json(wanted.page(rows, context, |class| class.address.key())))
}
