//! Everything that a stranger needs to recompute a job's bill.

use axum::{Json, extract::State};
use gantry_protocol::{Atoms, Bill, Bps, Metered, Rate};
use gantry_sdk::market;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ApiState,
    envelope::One,
    jobs::{self, Job},
    page::AddressInPath,
    problem::{Failures, Problem},
    settlements::{self, Settlement},
    value::{Address, Bytes, Signature, U64},
};

/// Payments in one proof; the rest are pages of `/v1/jobs/{address}/settlements`. Only the last decides the bill.
const MAX_SETTLEMENTS: i64 = 1_000;
/// Most events besides payments: a job has four, and one per rekey.
const MAX_EVENTS: i64 = 1_000;

/// The evidence for a job's bill.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Proof {
    /// The program whose events these are.
    pub program: Address,
    /// The job's account: terms and totals.
    pub job: Job,
    /// Everything that the program logged about the job except payments, oldest first.
    pub events: Vec<LoggedEvent>,
    /// Whether these are all of them: a proof holds at most 1,000.
    pub events_complete: bool,
    /// Payments with their receipts, oldest first.
    pub settlements: Vec<Settlement>,
    /// Whether these are all payments; otherwise go on at `/v1/jobs/{address}/settlements`.
    pub settlements_complete: bool,
    /// The bill, recomputed from the terms and the last metered time; `null` if the terms allow none, which no valid job can reach.
    pub recomputed: Option<RecomputedBill>,
}

/// An event as it was logged.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LoggedEvent {
    /// Its type.
    pub name: String,
    /// The transaction.
    pub signature: Signature,
    /// Its slot.
    pub slot: U64,
    /// The logged bytes: discriminator, then fields in Borsh.
    pub payload: Bytes,
}

/// A bill, recomputed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RecomputedBill {
    /// ⌊rate × metered ms / 10⁹⌋.
    pub owed: U64,
    /// The provider's part.
    pub paid: U64,
    /// The protocol's part.
    pub fee: U64,
    /// What goes back at the end.
    pub refund: U64,
    /// Whether the job's account says the same.
    pub equals_account: bool,
}

/// The evidence for a job's bill.
#[utoipa::path(get, path = "/v1/jobs/{address}/proof", tag = "jobs", params(("address" = String, Path, description = "The job's account")),
    responses((status = 200, body = One<Proof>), Failures))]
pub(super) async fn proof(
    State(state): State<ApiState>,
    AddressInPath(address): AddressInPath,
) -> Result<Json<One<Proof>>, Problem> {
    let context = state.context();
    let job = jobs::find(&state, address).await?;
    let mut settlements = settlements::after(&state, address, 0, MAX_SETTLEMENTS + 1).await?;
    let limit = usize::try_from(MAX_SETTLEMENTS).unwrap_or(usize::MAX);
    let settlements_complete = settlements.len() <= limit;
    settlements.truncate(limit);
    let mut events = sqlx::query_as!(
        LoggedEvent,
        // Signatures are in no order; the place in the block is, where the source told it.
        "SELECT e.name, e.signature, e.slot, e.payload FROM events e
         LEFT JOIN transactions t ON t.signature = e.signature
         WHERE e.subject = $1 AND e.name <> 'JobSettled'
         ORDER BY e.slot, t.index_in_block, e.signature, e.ordinal LIMIT $2",
        address.bytes(),
        MAX_EVENTS + 1,
    )
    .fetch_all(&state.readers)
    .await?;
    let limit = usize::try_from(MAX_EVENTS).unwrap_or(usize::MAX);
    let events_complete = events.len() <= limit;
    events.truncate(limit);
    let recomputed = recompute(&job);
    let program = Address::from(market::ID.to_bytes().to_vec());
    let data = Proof {
        program,
        job,
        events,
        events_complete,
        settlements,
        settlements_complete,
        recomputed,
    };
    Ok(Json(One { data, context }))
}

fn recompute(job: &Job) -> Option<RecomputedBill> {
    let fee = Bps::new(u16::try_from(job.fee_bps).ok()?)?;
    let bill = Bill::of(
        Rate(job.rate.get()?),
        Metered(job.metered_ms.get()?),
        fee,
        Atoms(job.escrow.get()?),
    )?;
    let on_chain = (job.owed.get()?, job.paid.get()?, job.fee.get()?);
    Some(RecomputedBill {
        owed: bill.owed.0.into(),
        paid: bill.paid.0.into(),
        fee: bill.fee.0.into(),
        refund: bill.refund.0.into(),
        equals_account: on_chain == (bill.owed.0, bill.paid.0, bill.fee.0),
    })
}
