//! What can be rented.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use sqlx::types::BigDecimal;
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::{One, Page},
    page::{AddressInPath, Params, Wanted, listing},
    problem::{Failures, Problem},
    records::Record,
    value::{Address, Hash, Key, U64},
};

/// A node.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Node {
    /// Its account.
    pub address: Address,
    /// The provider's account.
    pub provider: Address,
    /// The provider's wallet.
    pub owner: Address,
    /// Number among the provider's nodes.
    pub id: i32,
    /// GPU class.
    pub class: String,
    /// Region.
    pub region: String,
    /// Memory of each GPU in MiB.
    pub memory_mib: i64,
    /// GPUs in all.
    pub gpus: i32,
    /// GPUs that no job holds.
    pub gpus_free: i32,
    /// Shortest job in seconds.
    pub min_duration_s: i64,
    /// Longest job in seconds.
    pub max_duration_s: i64,
    /// Whether it takes new jobs.
    pub active: bool,
    /// Whether the GPUs are simulated.
    pub simulated: bool,
    /// Whether a job could be opened on it now: active, market not paused, heartbeat fresh by the chain's clock, stake for the GPUs
    /// asked for (at least one), and a price (in the mint asked for) that the market admits.
    pub healthy: bool,
    /// Unix seconds of the last heartbeat; zero before the first.
    pub heartbeat_at: i64,
    /// Unix seconds of the registration.
    pub registered_at: i64,
    /// The provider's score of 0 to 10 000, at the time of the chain that the answer shows; its facts are at `/v1/providers/{provider}`.
    pub score: u16,
    /// URL of the provider's agent.
    pub endpoint: String,
    /// SHA-256 of the agent's TLS public key, which tenants pin.
    pub tls_key_hash: Hash,
    /// Hot key that signs starts, heartbeats and receipts.
    pub attestation_key: Address,
    /// What a new job may reserve of the provider's stake, in base units of the network token: what no job holds, its own
    /// and delegated; zero while the active stake does not cover all GPUs that the provider offers.
    pub stake_free: U64,
    /// Offers in all mints.
    pub prices: Vec<Price>,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// A node's rate in one mint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Price {
    /// The mint.
    pub mint: Address,
    /// Micro-atoms per second and GPU.
    pub rate: U64,
}

/// Which nodes.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NodeFilters {
    /// Only this GPU class.
    class: Option<String>,
    /// Only this region.
    region: Option<String>,
    /// Only nodes priced in this mint, cheapest first.
    #[param(value_type = Option<String>)]
    mint: Option<Key>,
    /// Only nodes at most this rate per GPU, in micro-atoms per second; needs `mint`.
    max_rate: Option<u64>,
    /// Only nodes with at least so many free GPUs.
    min_free_gpus: Option<u16>,
    /// Only nodes whose GPUs have at least this much memory.
    min_memory_mib: Option<u32>,
    /// Only nodes that a job could (or could not) be opened on now.
    healthy: Option<bool>,
    /// Only nodes with simulated (or real) GPUs.
    simulated: Option<bool>,
    /// Only nodes of the provider with this account.
    #[param(value_type = Option<String>)]
    provider: Option<Key>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(NodeFilters, "nodes");

/// Order key of a list by rate.
#[derive(Serialize, Deserialize)]
struct ByRate {
    rate: u64,
    node: Key,
}

struct NodeRow {
    address: Address,
    provider: Address,
    owner: Address,
    id: i32,
    class: String,
    region: String,
    memory_mib: i64,
    gpus: i32,
    gpus_free: i32,
    min_duration_s: i64,
    max_duration_s: i64,
    active: bool,
    simulated: bool,
    healthy: bool,
    heartbeat_at: i64,
    registered_at: i64,
    endpoint: String,
    tls_key_hash: Hash,
    attestation_key: Address,
    stake_free: U64,
    record: Record,
    price_mints: Vec<Vec<u8>>,
    price_rates: Vec<String>,
    changed_slot: U64,
}

impl From<NodeRow> for Node {
    fn from(row: NodeRow) -> Self {
        let prices = row.price_mints.into_iter().zip(row.price_rates);
        Self {
            address: row.address,
            provider: row.provider,
            owner: row.owner,
            id: row.id,
            class: row.class,
            region: row.region,
            memory_mib: row.memory_mib,
            gpus: row.gpus,
            gpus_free: row.gpus_free,
            min_duration_s: row.min_duration_s,
            max_duration_s: row.max_duration_s,
            active: row.active,
            simulated: row.simulated,
            healthy: row.healthy,
            heartbeat_at: row.heartbeat_at,
            registered_at: row.registered_at,
            score: row.record.score,
            endpoint: row.endpoint,
            tls_key_hash: row.tls_key_hash,
            attestation_key: row.attestation_key,
            stake_free: row.stake_free,
            prices: prices
                .map(|(mint, rate)| Price {
                    mint: mint.into(),
                    rate: rate.into(),
                })
                .collect(),
            changed_slot: row.changed_slot,
        }
    }
}

/// The columns of a node `n` whose health is `h`; the rest of the statement and its arguments follow.
macro_rules! nodes {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            NodeRow,
            r#"SELECT n.address AS "address!", n.provider AS "provider!", n.owner AS "owner!", n.id AS "id!", n.class AS "class!",
                      n.region AS "region!", n.memory_mib AS "memory_mib!", n.gpus AS "gpus!", n.gpus_free AS "gpus_free!",
                      n.min_duration_s AS "min_duration_s!", n.max_duration_s AS "max_duration_s!", n.active AS "active!",
                      n.simulated AS "simulated!", h.healthy AS "healthy!", n.heartbeat_at AS "heartbeat_at!",
                      n.registered_at AS "registered_at!", n.endpoint AS "endpoint!", n.tls_key_hash AS "tls_key_hash!",
                      n.attestation_key AS "attestation_key!", n.stake_free::TEXT AS "stake_free!",
                      (SELECT r.record FROM records r WHERE r.address = n.provider) AS "record!",
                      ARRAY(SELECT o.mint FROM node_prices o WHERE o.node = n.address ORDER BY o.mint) AS "price_mints!",
                      ARRAY(SELECT o.rate::TEXT FROM node_prices o WHERE o.node = n.address ORDER BY o.mint) AS "price_rates!",
                      n.slot AS "changed_slot!" "# + $rest,
            $($argument),+
        )
    };
}

/// Nodes by address; with `mint`, those priced in it, cheapest first.
#[utoipa::path(get, path = "/v1/nodes", tag = "market", params(NodeFilters), responses((status = 200, body = Page<Node>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<NodeFilters>,
) -> Result<Json<Page<Node>>, Problem> {
    let page = match filters.mint {
        Some(mint) => by_rate(&state, &filters, mint).await?,
        None if filters.max_rate.is_some() => {
            return Err(Problem::invalid_parameter(
                "max_rate needs mint: rates in different mints cannot be compared",
            ));
        }
        None => by_address(&state, &filters).await?,
    };
    Ok(Json(page))
}

async fn by_rate(state: &ApiState, filters: &NodeFilters, mint: Key) -> Result<Page<Node>, Problem> {
    let wanted = Wanted::<ByRate>::of(filters)?;
    let context = state.context();
    let rows = nodes!(
        r#"FROM node_prices p
           JOIN market_nodes n ON n.address = p.node
           CROSS JOIN LATERAL (SELECT n.alive AND n.gpus_free >= GREATEST($5::INTEGER, 1)
               AND n.stake_free >= n.stake_per_gpu * GREATEST($5::INTEGER, 1)
               AND EXISTS (SELECT FROM usable_prices u WHERE u.node = n.address AND u.mint = p.mint) AS healthy) h
           WHERE p.mint = $1
             AND ($2::NUMERIC IS NULL OR p.rate <= $2)
             AND ($3::TEXT IS NULL OR n.class = $3)
             AND ($4::TEXT IS NULL OR n.region = $4)
             AND ($5::INTEGER IS NULL OR n.gpus_free >= $5)
             AND ($6::BIGINT IS NULL OR n.memory_mib >= $6)
             AND ($7::BOOLEAN IS NULL OR h.healthy = $7)
             AND ($8::BOOLEAN IS NULL OR n.simulated = $8)
             AND ($9::BYTEA IS NULL OR n.provider = $9)
             AND ($10::NUMERIC IS NULL OR (p.rate, p.node) > ($10, $11::BYTEA))
           ORDER BY p.rate, p.node LIMIT $12"#,
        mint.bytes(),
        filters.max_rate.map(BigDecimal::from),
        filters.class.as_deref(),
        filters.region.as_deref(),
        filters.min_free_gpus.map(i32::from),
        filters.min_memory_mib.map(i64::from),
        filters.healthy,
        filters.simulated,
        filters.provider.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(|after| BigDecimal::from(after.rate)),
        wanted.after.as_ref().map(|after| after.node.bytes()),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    let rows = rows.into_iter().map(Node::from).collect();
    Ok(wanted.page(rows, context, |node| ByRate {
        rate: rate_in(node, mint),
        node: node.address.key(),
    }))
}

async fn by_address(state: &ApiState, filters: &NodeFilters) -> Result<Page<Node>, Problem> {
    let wanted = Wanted::<Key>::of(filters)?;
    let context = state.context();
    let rows = nodes!(
        r#"FROM market_nodes n
           CROSS JOIN LATERAL (SELECT n.alive AND n.gpus_free >= GREATEST($3::INTEGER, 1)
               AND n.stake_free >= n.stake_per_gpu * GREATEST($3::INTEGER, 1)
               AND EXISTS (SELECT FROM usable_prices u WHERE u.node = n.address) AS healthy) h
           WHERE ($1::TEXT IS NULL OR n.class = $1)
             AND ($2::TEXT IS NULL OR n.region = $2)
             AND ($3::INTEGER IS NULL OR n.gpus_free >= $3)
             AND ($4::BIGINT IS NULL OR n.memory_mib >= $4)
             AND ($5::BOOLEAN IS NULL OR h.healthy = $5)
             AND ($6::BOOLEAN IS NULL OR n.simulated = $6)
             AND ($7::BYTEA IS NULL OR n.provider = $7)
             AND ($8::BYTEA IS NULL OR n.address > $8)
           ORDER BY n.address LIMIT $9"#,
        filters.class.as_deref(),
        filters.region.as_deref(),
        filters.min_free_gpus.map(i32::from),
        filters.min_memory_mib.map(i64::from),
        filters.healthy,
        filters.simulated,
        filters.provider.as_ref().map(Key::bytes),
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    let rows = rows.into_iter().map(Node::from).collect();
    Ok(wanted.page(rows, context, |node| node.address.key()))
}

/// A node.
#[utoipa::path(get, path = "/v1/nodes/{address}", tag = "market", params(("address" = String, Path, description = "Its account")),
    responses((status = 200, body = One<Node>), Failures))]
pub(super) async fn one(
    State(state): State<ApiState>,
    AddressInPath(address): AddressInPath,
) -> Result<Json<One<Node>>, Problem> {
    let context = state.context();
    let row = nodes!(
        r#"FROM market_nodes n
           CROSS JOIN LATERAL (SELECT n.alive AND n.gpus_free >= 1 AND n.stake_free >= n.stake_per_gpu
               AND EXISTS (SELECT FROM usable_prices u WHERE u.node = n.address) AS healthy) h
           WHERE n.address = $1"#,
        address.bytes(),
    )
    .fetch_optional(&state.readers)
    .await?;
    let data = row.map(Node::from).ok_or_else(|| Problem::not_found("node"))?;
    Ok(Json(One { data, context }))
}

fn rate_in(node: &Node, mint: Key) -> u64 {
    let price = node.prices.iter().find(|price| price.mint.key() == mint);
    price.and_then(|price| price.rate.get()).unwrap_or_default()
}
