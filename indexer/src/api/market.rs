//! The market's rules: mints and configuration.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::{One, Page},
    page::{Params, Wanted, listing},
    problem::{Failures, Problem},
    value::{Address, Key, U64},
};

/// A mint that jobs may be paid in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Mint {
    /// The account of its registration.
    pub address: Address,
    /// The mint.
    pub mint: Address,
    /// Token account that holds every deposit in it.
    pub vault: Address,
    /// The token program that owns both.
    pub token_program: Address,
    /// Decimals of the mint.
    pub decimals: i16,
    /// Whether new jobs may be opened in it, once its fee shards are.
    pub enabled: bool,
    /// Value of a million base units in base units of the network token, by which fees weigh in records; zero: they weigh nothing.
    pub reference_price: U64,
    /// Fee shards that are open; without all eight no job opens.
    pub fee_shards: i16,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which mints.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MintFilters {
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(MintFilters, "mints");

/// Mints by the address of their registration.
#[utoipa::path(get, path = "/v1/mints", tag = "market", params(MintFilters), responses((status = 200, body = Page<Mint>), Failures))]
pub(super) async fn mints(
    State(state): State<ApiState>,
    Params(filters): Params<MintFilters>,
) -> Result<Json<Page<Mint>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let context = state.context();
    let rows = sqlx::query_as!(
        Mint,
        r#"SELECT address AS "address!", mint AS "mint!", vault AS "vault!", token_program AS "token_program!",
                  decimals AS "decimals!", enabled AS "enabled!", fee_shards AS "fee_shards!",
                  reference_price::TEXT AS "reference_price!", slot AS "changed_slot!"
           FROM open_mints WHERE ($1::BYTEA IS NULL OR address > $1)
           ORDER BY address LIMIT $2"#,
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}

/// The market's configuration.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MarketConfig {
    /// Its account.
    pub address: Address,
    /// Who may change it.
    pub authority: Address,
    /// Genesis hash of the cluster, which every receipt names.
    pub genesis_hash: Address,
    /// The wallet that gets what is not burned of the fees.
    pub treasury: Address,
    /// Stake that a job reserves per GPU, in base units of the network token.
    pub stake_per_gpu: U64,
    /// Seconds within which a job must be started.
    pub start_deadline_s: i64,
    /// Seconds after stop or expiry in which the provider may settle its last receipts.
    pub grace_window_s: i64,
    /// Seconds after which a node without a heartbeat takes no new job.
    pub heartbeat_max_age_s: i64,
    /// The protocol's part of what is owed, in basis points.
    pub fee_bps: i32,
    /// The part of fees in the network token that is burned, in basis points.
    pub fee_burn_bps: i32,
    /// Whether no new jobs may be opened.
    pub paused: bool,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// The staking pool.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Pool {
    /// Its account.
    pub address: Address,
    /// Who may change it.
    pub authority: Address,
    /// The network token.
    pub mint: Address,
    /// Token account that holds all bonds.
    pub vault: Address,
    /// All bonds, in base units.
    pub staked: U64,
    /// Seconds from a request until its tokens may leave.
    pub unbonding_period_s: i64,
    /// Decimals of the network token.
    pub decimals: i16,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// The rules that governance sets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Rules {
    /// `null` before the market is initialised.
    pub market: Option<MarketConfig>,
    /// `null` before the pool is initialised.
    pub staking: Option<Pool>,
}

/// The rules that governance sets.
#[utoipa::path(get, path = "/v1/config", tag = "market", responses((status = 200, body = One<Rules>), Failures))]
pub(super) async fn config(State(state): State<ApiState>) -> Result<Json<One<Rules>>, Problem> {
    let context = state.context();
    let market = sqlx::query_as!(
        MarketConfig,
        r#"SELECT address AS "address!", authority AS "authority!", genesis_hash AS "genesis_hash!",
                  stake_per_gpu::TEXT AS "stake_per_gpu!", start_deadline_s AS "start_deadline_s!", grace_window_s AS "grace_window_s!",
                  heartbeat_max_age_s AS "heartbeat_max_age_s!", fee_bps AS "fee_bps!", paused AS "paused!", treasury AS "treasury!",
                  fee_burn_bps AS "fee_burn_bps!", slot AS "changed_slot!"
           FROM open_market_configs"#
    )
    .fetch_optional(&state.readers)
    .await?;
    let staking = sqlx::query_as!(
        Pool,
        r#"SELECT address AS "address!", authority AS "authority!", mint AS "mint!", vault AS "vault!", staked::TEXT AS "staked!",
                  unbonding_period_s AS "unbonding_period_s!", decimals AS "decimals!", slot AS "changed_slot!"
           FROM open_pools"#
    )
    .fetch_optional(&state.readers)
    .await?;
    Ok(Json(One {
        data: Rules { market, staking },
        context,
    }))
}
