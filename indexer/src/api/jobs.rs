//! What is rented.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::{One, Page},
    page::{AddressInPath, Params, Wanted, listing},
    problem::{Failures, Problem},
    value::{Address, Hash, Key, U64},
};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobState {
    /// Escrow held, not started.
    Open,
    /// Metered.
    Running,
    /// The tenant ended metering; the grace window runs.
    Stopped,
    /// Refunded.
    Closed,
    /// Never started; the whole escrow went back.
    Cancelled,
    /// A state that this indexer is too old to know.
    Unknown,
}

impl JobState {
    const KNOWN: [Self; 5] = [Self::Open, Self::Running, Self::Stopped, Self::Closed, Self::Cancelled];

    /// Its number on chain; none for the unknown.
    fn number(self) -> Option<i16> {
        let place = Self::KNOWN.iter().position(|known| *known == self)?;
        i16::try_from(place + 1).ok()
    }
}

impl From<i16> for JobState {
    fn from(number: i16) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|state| state.number() == Some(number))
            .unwrap_or(Self::Unknown)
    }
}

/// A job.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Job {
    /// Its account.
    pub address: Address,
    /// The wallet that pays and is refunded.
    pub tenant: Address,
    /// The provider's wallet, whose balance is paid.
    pub provider: Address,
    /// The node's account.
    pub node: Address,
    /// The mint.
    pub mint: Address,
    /// The tenant's hot key: co-signs receipts and may stop the job.
    pub session_key: Address,
    /// The provider's hot key at the opening, or since the rekey.
    pub attestation_key: Address,
    /// The provider's hot key before the rekey, whose receipts can still prove a fault; zeros before.
    pub former_key: Address,
    /// The tenant's hot key before the last rotation, whose receipts still count for a grace window; zeros before.
    pub former_session_key: Address,
    /// Genesis hash of the cluster.
    pub genesis_hash: Address,
    /// SHA-256 of the tenant's bundle; zeros when there is none.
    pub bundle_hash: Hash,
    /// Merkle root of the samples behind the last settled receipt.
    pub samples_root: Hash,
    /// Number that the tenant chose.
    pub nonce: U64,
    /// Micro-atoms per second for all GPUs.
    pub rate: U64,
    /// What was set aside at the opening, in base units.
    pub escrow: U64,
    /// What the settled metered time costs: `paid` and `fee`.
    pub owed: U64,
    /// The provider's part.
    pub paid: U64,
    /// The protocol's part.
    pub fee: U64,
    /// What went back to the tenant at the end.
    pub refund: U64,
    /// Stake that the job reserved, in base units of the network token.
    pub stake_reserved: U64,
    /// Value of a million base units of the mint in base units of the network token, at the opening.
    pub reference_price: U64,
    /// Sequence of the last settled receipt; zero before the first.
    pub sequence: U64,
    /// Metered milliseconds of the last settled receipt.
    pub metered_ms: U64,
    /// The same of the last one that both sides signed: what lies between was claimed of a silent tenant.
    pub co_signed_ms: U64,
    /// Whether a claim of the provider waits, at `/v1/claims?job=…`.
    pub claimed: bool,
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// Unix seconds until which it may be started.
    pub start_deadline: i64,
    /// Unix seconds of the start; zero before.
    pub started_at: i64,
    /// Unix seconds of the tenant's stop; zero before.
    pub stopped_at: i64,
    /// Unix seconds of close or cancellation; zero before.
    pub ended_at: i64,
    /// Unix seconds of the last rotation of the session key; zero before.
    pub session_rotated_at: i64,
    /// Unix seconds at which the provider ends the job, as it has announced; zero when it has not.
    pub exits_at: i64,
    /// The job that went on with the rest on another node; zeros while there is none.
    pub successor: Address,
    /// Longest metered time in seconds.
    pub max_duration_s: i64,
    /// Seconds after stop or expiry in which receipts may still be settled.
    pub grace_window_s: i64,
    /// GPUs.
    pub gpus: i32,
    /// The protocol's part, in basis points.
    pub fee_bps: i32,
    /// Where it stands.
    pub state: JobState,
    /// Whether the final receipt was settled.
    pub is_final: bool,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// Which jobs.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct JobFilters {
    /// Only those of this tenant's wallet.
    #[param(value_type = Option<String>)]
    tenant: Option<Key>,
    /// Only those of this provider's wallet.
    #[param(value_type = Option<String>)]
    provider: Option<Key>,
    /// Only those on this node.
    #[param(value_type = Option<String>)]
    node: Option<Key>,
    /// Only those in this state.
    #[param(inline)]
    state: Option<JobState>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(JobFilters, "jobs");

/// Order key: newest first.
#[derive(Serialize, Deserialize)]
struct ByTime {
    opened_at: i64,
    job: Key,
}

/// The columns of a job; the rest of the statement and its arguments follow.
macro_rules! jobs {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Job,
            "SELECT address, tenant, provider, node, mint, session_key, attestation_key, former_key, former_session_key,
                    genesis_hash, bundle_hash, samples_root,
                    nonce::TEXT AS \"nonce!\", rate::TEXT AS \"rate!\", escrow::TEXT AS \"escrow!\", owed::TEXT AS \"owed!\",
                    paid::TEXT AS \"paid!\", fee::TEXT AS \"fee!\", refund::TEXT AS \"refund!\",
                    stake_reserved::TEXT AS \"stake_reserved!\", reference_price::TEXT AS \"reference_price!\",
                    sequence::TEXT AS \"sequence!\", metered_ms::TEXT AS \"metered_ms!\",
                    co_signed_ms::TEXT AS \"co_signed_ms!\", claimed,
                    opened_at, start_deadline, started_at, stopped_at, ended_at, session_rotated_at, exits_at, successor,
                    max_duration_s, grace_window_s, gpus, fee_bps,
                    state, is_final, slot AS changed_slot FROM jobs " + $rest,
            $($argument),+
        )
    };
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(JobFilters), responses((status = 200, body = Page<Job>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<JobFilters>,
) -> Result<Json<Page<Job>>, Problem> {
    let wanted = Wanted::<ByTime>::of(&filters)?;
    let state_number = filters.state.map(|state| {
        let unknown = || Problem::invalid_parameter("state must be open, running, stopped, closed or cancelled");
        state.number().ok_or_else(unknown)
    });
    let context = state.context();
    let rows = jobs!(
        "WHERE ($1::BYTEA IS NULL OR tenant = $1)
           AND ($2::BYTEA IS NULL OR provider = $2)
           AND ($3::BYTEA IS NULL OR node = $3)
           AND ($4::SMALLINT IS NULL OR state = $4)
           AND ($5::BIGINT IS NULL OR (opened_at <= $5 AND (opened_at < $5 OR address > $6::BYTEA)))
         ORDER BY opened_at DESC, address LIMIT $7",
        filters.tenant.as_ref().map(Key::bytes),
        filters.provider.as_ref().map(Key::bytes),
        filters.node.as_ref().map(Key::bytes),
        state_number.transpose()?,
        wanted.after.as_ref().map(|after| after.opened_at),
        wanted.after.as_ref().map(|after| after.job.bytes()),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |job| ByTime {
        opened_at: job.opened_at,
        job: job.address.key(),
    })))
}

/// A job.
#[utoipa::path(get, path = "/v1/jobs/{address}", tag = "jobs", params(("address" = String, Path, description = "Its account")),
    responses((status = 200, body = One<Job>), Failures))]
pub(super) async fn one(
    State(state): State<ApiState>,
    AddressInPath(address): AddressInPath,
) -> Result<Json<One<Job>>, Problem> {
    let context = state.context();
    let data = find(&state, address).await?;
    Ok(Json(One { data, context }))
}

/// A job, or that there is none.
pub(super) async fn find(state: &ApiState, address: Key) -> Result<Job, Problem> {
    let row = jobs!("WHERE address = $1", address.bytes())
        .fetch_optional(&state.readers)
        .await?;
    row.ok_or_else(|| Problem::not_found("job"))
}
