//! The network in numbers.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ApiState,
    envelope::One,
    problem::{Failures, Problem},
    value::{Address, U64},
};

/// The network in numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    /// What there is.
    pub counts: Counts,
    /// Money in each mint.
    pub money: Vec<Money>,
    /// The first slot from which transactions, events and payments are complete: what the RPC node still had when the tables were first
    /// filled. `null` where that is not known.
    pub history_from_slot: Option<U64>,
}

/// What there is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    /// Providers.
    pub providers: i64,
    /// Nodes.
    pub nodes: i64,
    /// Nodes that are active with a fresh heartbeat.
    pub nodes_alive: i64,
    /// GPUs.
    pub gpus: i64,
    /// GPUs that no job holds.
    pub gpus_free: i64,
    /// Jobs that wait for their start.
    pub jobs_open: i64,
    /// Jobs that are metered.
    pub jobs_running: i64,
    /// Jobs in their grace window.
    pub jobs_stopped: i64,
    /// Jobs that ended with a bill.
    pub jobs_closed: i64,
    /// Jobs that were never started.
    pub jobs_cancelled: i64,
    /// Payments.
    pub settlements: i64,
    /// Bonded and not unbonding, in base units of the network token.
    pub stake_active: U64,
    /// Part of it that jobs hold.
    pub stake_reserved: U64,
    /// Accounts, events and transactions that could not be decoded.
    pub dead_letters: i64,
}

/// Money in one mint, in base units.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Money {
    /// The mint.
    pub mint: Address,
    /// Its decimals.
    pub decimals: i16,
    /// In wallets' balances.
    pub balances: U64,
    /// Held for living jobs: escrows not yet paid out.
    pub held: U64,
    /// In withdrawals that wait.
    pub withdrawals: U64,
    /// Fees of ended jobs that were not swept so far.
    pub fees_unswept: U64,
    /// Paid to providers so far.
    pub paid: U64,
    /// Taken as fee so far, swept or not.
    pub fees: U64,
    /// Refunded to tenants so far.
    pub refunded: U64,
}

/// The network in numbers.
#[utoipa::path(get, path = "/v1/stats", tag = "market", responses((status = 200, body = One<Stats>), Failures))]
pub(super) async fn stats(State(state): State<ApiState>) -> Result<Json<One<Stats>>, Problem> {
    let context = state.context();
    let counts = sqlx::query_as!(
        Counts,
        r#"SELECT (SELECT COUNT(*) FROM open_providers) AS "providers!", n.nodes AS "nodes!", n.nodes_alive AS "nodes_alive!",
                  n.gpus AS "gpus!", n.gpus_free AS "gpus_free!",
                  j.open AS "jobs_open!", j.running AS "jobs_running!", j.stopped AS "jobs_stopped!", j.closed AS "jobs_closed!",
                  j.cancelled AS "jobs_cancelled!", (SELECT COUNT(*) FROM settlements) AS "settlements!",
                  s.active::TEXT AS "stake_active!", s.reserved::TEXT AS "stake_reserved!",
                  (SELECT COUNT(*) FROM dead_letters) AS "dead_letters!"
           FROM (SELECT COUNT(*) AS nodes, COUNT(*) FILTER (WHERE alive) AS nodes_alive, COALESCE(SUM(gpus), 0) AS gpus,
                        COALESCE(SUM(gpus_free), 0) AS gpus_free FROM market_nodes) n,
                (SELECT COUNT(*) FILTER (WHERE state = 1) AS open, COUNT(*) FILTER (WHERE state = 2) AS running,
                        COUNT(*) FILTER (WHERE state = 3) AS stopped, COUNT(*) FILTER (WHERE state = 4) AS closed,
                        COUNT(*) FILTER (WHERE state = 5) AS cancelled FROM jobs) j,
                (SELECT COALESCE(SUM(active), 0) AS active, COALESCE(SUM(reserved), 0) AS reserved FROM open_stakes) s"#
    )
    .fetch_one(&state.readers)
    .await?;
    let money = sqlx::query_as!(
        Money,
        r#"SELECT m.mint AS "mint!", m.decimals AS "decimals!", b.total::TEXT AS "balances!", j.held::TEXT AS "held!",
                  w.waiting::TEXT AS "withdrawals!", f.unswept::TEXT AS "fees_unswept!", j.paid::TEXT AS "paid!", j.fees::TEXT AS "fees!", j.refunded::TEXT AS "refunded!"
           FROM open_mints m
           CROSS JOIN LATERAL (SELECT COALESCE(SUM(amount), 0) AS total FROM open_balances WHERE mint = m.mint) b
           CROSS JOIN LATERAL (SELECT COALESCE(SUM(escrow - paid) FILTER (WHERE state < 4), 0) AS held, COALESCE(SUM(paid), 0) AS paid,
                                      COALESCE(SUM(fee), 0) AS fees, COALESCE(SUM(refund), 0) AS refunded
                               FROM jobs WHERE mint = m.mint) j
           CROSS JOIN LATERAL (SELECT COALESCE(SUM(amount), 0) AS unswept FROM open_fee_shards WHERE mint = m.mint) f
           CROSS JOIN LATERAL (SELECT COALESCE(SUM(amount), 0) AS waiting FROM open_withdrawals WHERE mint = m.mint) w
           ORDER BY m.mint"#
    )
    .fetch_all(&state.readers)
    .await?;
    let history_from = sqlx::query_scalar!("SELECT history_from FROM checkpoint")
        .fetch_optional(&state.readers)
        .await?;
    Ok(Json(One {
        data: Stats {
            counts,
            money,
            history_from_slot: history_from.flatten().map(U64::from),
        },
        context,
    }))
}
