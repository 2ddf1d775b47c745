//! What tenants ask for, and what providers bid.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use sqlx::types::Json as Jsonb;
use utoipa::{IntoParams, ToSchema};

use super::{
    ApiState,
    envelope::{One, Page},
    page::{AddressInPath, Params, Wanted, listing},
    problem::{Failures, Problem},
    value::{Address, Hash, Key, U64},
};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderState {
    /// Bids are taken, or one can be accepted.
    Open,
    /// A job was opened; some deposits have not gone back yet.
    Accepted,
    /// The escrow went back; some deposits have not yet.
    Cancelled,
    /// A state that this indexer is too old to know.
    Unknown,
}

impl OrderState {
    const fn number(self) -> Option<i16> {
        match self {
            Self::Open => Some(1),
            Self::Accepted => Some(2),
            Self::Cancelled => Some(3),
            Self::Unknown => None,
        }
    }
}

impl From<i16> for OrderState {
    fn from(number: i16) -> Self {
        match number {
            1 => Self::Open,
            2 => Self::Accepted,
            3 => Self::Cancelled,
            _ => Self::Unknown,
        }
    }
}

/// What a tenant needs and the most it pays, with the bids for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Order {
    /// Its account.
    pub address: Address,
    /// The wallet that pays.
    pub tenant: Address,
    /// The mint.
    pub mint: Address,
    /// Where the job is that an accepted bid opens.
    pub job: Address,
    /// The tenant's hot key for the job.
    pub session_key: Address,
    /// SHA-256 of the bundle that will be uploaded; zeros when there is none.
    pub bundle_hash: Hash,
    /// GPU class.
    pub class: String,
    /// Region; empty: any.
    pub region: String,
    /// Bids, the best first; of an order that is over those whose deposits have not gone back yet.
    #[schema(value_type = Vec<Bid>)]
    pub bids: Jsonb<Vec<Bid>>,
    /// Number that the tenant chose.
    pub nonce: U64,
    /// The most that it pays per GPU, in micro-atoms per second.
    pub max_rate: U64,
    /// What is set aside for the job while the order is open, in base units.
    pub escrow: U64,
    /// What each bid deposits, in base units.
    pub deposit: U64,
    /// Lamports set aside for the rent of the job's account.
    pub job_rent: U64,
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// Unix seconds until which bids are taken.
    pub bids_until: i64,
    /// Unix seconds until which one can be accepted.
    pub accept_until: i64,
    /// Longest metered time in seconds.
    pub max_duration_s: i64,
    /// Least memory of each GPU in MiB.
    pub min_memory_mib: i64,
    /// GPUs.
    pub gpus: i32,
    /// Least score of the provider, 0 to 10000.
    pub min_score: i32,
    /// Where it stands.
    pub state: OrderState,
    /// Whether simulated GPUs will do.
    pub simulated: bool,
    /// Slot of the last change.
    pub changed_slot: U64,
}

/// A node's bid.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Bid {
    /// Place in the order, by which it can be withdrawn.
    pub place: u8,
    /// The node.
    pub node: String,
    /// The provider's wallet.
    pub provider: String,
    /// Micro-atoms per second and GPU.
    #[schema(pattern = "^[0-9]{1,20}$")]
    pub rate: String,
    /// Unix seconds when it was placed, or lowered.
    pub placed_at: i64,
    /// Counts the order's bids: of two at one rate the lower number is the better bid.
    #[schema(pattern = "^[0-9]{1,20}$")]
    pub number: String,
}

/// Which orders.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderFilters {
    /// Only those of this tenant's wallet.
    #[param(value_type = Option<String>)]
    tenant: Option<Key>,
    /// Only those that this provider's wallet has bid for.
    #[param(value_type = Option<String>)]
    bidder: Option<Key>,
    /// Only those for this GPU class.
    class: Option<String>,
    /// Only those in this state.
    #[param(inline)]
    state: Option<OrderState>,
    /// Rows per page, 1 to 200; 50 when absent.
    #[serde(skip_serializing)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing)]
    cursor: Option<String>,
}
listing!(OrderFilters, "orders");

/// The columns of an order; the rest of the statement and its arguments follow.
macro_rules! orders {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Order,
            "SELECT address AS \"address!\", tenant AS \"tenant!\", mint AS \"mint!\", job AS \"job!\",
                    session_key AS \"session_key!\", bundle_hash AS \"bundle_hash!\", class AS \"class!\", region AS \"region!\",
                    bids AS \"bids!: Jsonb<Vec<Bid>>\", nonce::TEXT AS \"nonce!\", max_rate::TEXT AS \"max_rate!\",
                    escrow::TEXT AS \"escrow!\", deposit::TEXT AS \"deposit!\", job_rent::TEXT AS \"job_rent!\",
                    opened_at AS \"opened_at!\", bids_until AS \"bids_until!\", accept_until AS \"accept_until!\",
                    max_duration_s AS \"max_duration_s!\", min_memory_mib AS \"min_memory_mib!\", gpus AS \"gpus!\",
                    min_score AS \"min_score!\", state AS \"state!\", simulated AS \"simulated!\", slot AS \"changed_slot!\" FROM open_orders " + $rest,
            $($argument),+
        )
    };
}

/// Orders that hold something, by address.
#[utoipa::path(get, path = "/v1/orders", tag = "market", params(OrderFilters), responses((status = 200, body = Page<Order>), Failures))]
pub(super) async fn list(
    State(state): State<ApiState>,
    Params(filters): Params<OrderFilters>,
) -> Result<Json<Page<Order>>, Problem> {
    let wanted = Wanted::<Key>::of(&filters)?;
    let state_number = filters.state.map(|state| {
        let unknown = || Problem::invalid_parameter("state must be open, accepted or cancelled");
        state.number().ok_or_else(unknown)
    });
    let bidder = filters.bidder.map(|wallet| bs58::encode(wallet.bytes()).into_string());
    let context = state.context();
    let rows = orders!(
        "WHERE ($1::BYTEA IS NULL OR tenant = $1)
           AND ($2::TEXT IS NULL OR bids @> JSONB_BUILD_ARRAY(JSONB_BUILD_OBJECT('provider', $2::TEXT)))
           AND ($3::TEXT IS NULL OR class = $3)
           AND ($4::SMALLINT IS NULL OR state = $4)
           AND ($5::BYTEA IS NULL OR address > $5)
         ORDER BY address LIMIT $6",
        filters.tenant.as_ref().map(Key::bytes),
        bidder,
        filters.class,
        state_number.transpose()?,
        wanted.after.as_ref().map(Key::bytes),
        wanted.rows(),
    )
    .fetch_all(&state.readers)
    .await?;
    Ok(Json(wanted.page(rows, context, |row| row.address.key())))
}

/// An order with its bids.
#[utoipa::path(get, path = "/v1/orders/{address}", tag = "market", params(("address" = String, Path, description = "Its account")),
    responses((status = 200, body = One<Order>), Failures))]
pub(super) async fn one(
    State(state): State<ApiState>,
    AddressInPath(address): AddressInPath,
) -> Result<Json<One<Order>>, Problem> {
    let context = state.context();
    let row = orders!("WHERE address = $1", address.bytes())
        .fetch_optional(&state.readers)
        .await?;
    let data = row.ok_or_else(|| Problem::not_found("order"))?;
    Ok(Json(One { data, context }))
}
