//! What the chain still pays of what was signed.

use gantry_protocol::{Metered, UnixSeconds};
use gantry_sdk::{
    Pubkey,
    market::state::{Job, JobState},
    receipt::{CoSignedReceipt, ProviderReceipt},
};
use std::sync::Arc;

use super::{handle::Countersigned, services::Services};
use crate::receipts::{LogError, SignedRow};

/// The newest receipt that both sides signed, that the chain would still pay for, and that it has not seen.
///
/// # Errors
/// [`LogError`].
pub(super) async fn unsettled(
    services: &Services,
    address: Pubkey,
    account: Job,
) -> Result<Option<CoSignedReceipt>, LogError> {
    let log = Arc::clone(&services.log);
    let rows = tokio::task::spawn_blocking(move || log.newest_first(&address)).await;
    let rows = rows.map_err(|error| LogError::Storage(error.to_string()))??;
    Ok(newest_payable(rows, &account, now_s(services)))
}

/// The newest receipt of this provider alone that the chain would take as a claim: more than is settled, and at most the grace window
/// beyond the last that both sides signed.
pub(super) async fn claimable(
    services: &Services,
    address: Pubkey,
    account: Job,
) -> Result<Option<ProviderReceipt>, LogError> {
    let log = Arc::clone(&services.log);
    let rows = tokio::task::spawn_blocking(move || log.newest_first(&address)).await;
    let rows = rows.map_err(|error| LogError::Storage(error.to_string()))??;
    Ok(newest_claimable(rows, &account))
}

fn newest_claimable(rows: Vec<SignedRow>, account: &Job) -> Option<ProviderReceipt> {
    let grace_ms = u64::from(account.grace_window_s) * 1_000;
    let most_ms = most_claimable_ms(account).min(account.co_signed_ms.saturating_add(grace_ms));
    let mut rows = rows.into_iter();
    let row = rows.find(|row| row.provider_key == account.attestation_key && row.receipt.metered_ms <= most_ms)?;
    let is_more = row.receipt.sequence > account.sequence && row.receipt.metered_ms > account.metered_ms;
    (is_more && account.is_final == 0).then_some(ProviderReceipt {
        receipt: row.receipt,
        key: row.provider_key,
        signature: row.provider_signature,
    })
}

/// The first of these receipts, newest first, that both sides signed and that the chain still pays for at this moment in Unix seconds.
pub(crate) fn newest_payable(rows: Vec<SignedRow>, account: &Job, now_s: i64) -> Option<CoSignedReceipt> {
    let most_ms = most_claimable_ms(account);
    rows.into_iter()
        .filter(|row| row.receipt.sequence > account.sequence && account.is_final == 0)
        .filter(|row| row.provider_key == account.attestation_key && row.receipt.metered_ms <= most_ms)
        .find_map(|row| co_signed(&row, account, now_s))
}

/// The row as a receipt of both, when the tenant's key in it still counts.
fn co_signed(row: &SignedRow, account: &Job, now_s: i64) -> Option<CoSignedReceipt> {
    if account.session_rotated_at == 0 {
        return row.co_signed(&account.session_key);
    }
    // Rows do not say under which key they were signed.
    let by = |key: &Pubkey| row.co_signed(key).filter(|signed| signed.verify().is_ok());
    by(&account.session_key).or_else(|| {
        let (former, metered) = (account.former_session_key, Metered(row.receipt.metered_ms));
        let counts = account.require_former_session(former.as_array(), metered, UnixSeconds(now_s));
        counts.ok().and_then(|()| by(&former))
    })
}

/// How far both sides have signed, in what the chain has paid or would still pay.
pub(super) fn standing(rows: Vec<SignedRow>, account: &Job, now_s: i64) -> Countersigned {
    match newest_payable(rows, account, now_s) {
        Some(signed) => Countersigned::from(&signed.receipt),
        None => Countersigned {
            sequence: account.sequence,
            metered_ms: account.co_signed_ms,
            is_final: account.is_final == 1,
        },
    }
}

pub(super) fn now_s(services: &Services) -> i64 {
    services.clock.unix_ms().div_euclid(1_000)
}

/// What the chain pays for at most: the rented time, and the time until the tenant's stop and the provider's exit. The chain's clock has
/// whole seconds, so stamps that differ by `n` may lie almost `n + 1` seconds apart.
pub(super) fn most_claimable_ms(account: &Job) -> u64 {
    let rented_ms = u64::from(account.max_duration_s) * 1_000;
    let until = |moment: i64| {
        let elapsed_s = u64::try_from(moment.saturating_sub(account.started_at)).unwrap_or(0);
        elapsed_s.saturating_add(1).saturating_mul(1_000)
    };
    // Before the start was seen, nothing is known of when it was.
    let ends = [account.stopped_at, account.exits_at];
    let ends = ends.into_iter().filter(|end| *end != 0 && account.started_at != 0);
    ends.map(until).fold(rented_ms, u64::min)
}

/// Unix seconds of the chain's clock after which anybody may close the job; unknown before its start was seen.
pub(super) fn closable_at_s(account: &Job) -> Option<i64> {
    let ends_at = match account.state()? {
        JobState::Stopped => account.stopped_at,
        JobState::Running if account.started_at > 0 => account.started_at.saturating_add(account.max_duration_s.into()),
        _ => return None,
    };
    let exits_at = if account.exits_at == 0 {
        i64::MAX
    } else {
        account.exits_at
    };
    Some(ends_at.min(exits_at).saturating_add(account.grace_window_s.into()))
}
