//! Brings a job to its end on chain, with the provider or without it.

use std::time::{Duration, Instant};

use anyhow::Result;
use gantry_protocol::{Metered, UnixSeconds};
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer as _,
    client::{Client, ClientError},
    instruction::market::{job_cancel, job_close, job_settle, job_stop},
    market::state::{Job, JobState},
    receipt::CoSignedReceipt,
};
use solana_transaction_error::TransactionError;

use crate::{failure::Failure, progress::Progress};

/// Pause before the chain is asked again.
const PAUSE: Duration = Duration::from_millis(400);
/// Longest pause while the grace window runs.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long an endpoint that is away is put up with.
const RPC_PATIENCE: Duration = Duration::from_secs(60);
/// How often a refusal is met by reading the job again: the agent settles and closes too, and may have been first.
const MAX_REFUSALS: u32 = 8;

/// How often the chain may refuse the newest receipt before the job is closed without it: its clock may be a little behind ours, but a
/// receipt that claims more than the time until a stop is never settled, and must not keep the rest of the escrow.
const MAX_SETTLE_REFUSALS: u32 = 4;

/// What is to be done next.
#[derive(Debug)]
enum Step {
    /// Nothing: the job has ended.
    Ended,
    /// Send this.
    Send(Vec<Instruction>),
    /// Nothing until the chain's clock shows this.
    WaitUntil(i64),
}

/// Settles the newest receipt, stops the job if it runs, and closes it as soon as the chain allows. Returns its last state.
///
/// Sends nothing within the `head_start`: the provider settles and closes too, and two who do it at once pay fees twice.
pub(crate) async fn conclude(
    client: &Client,
    wallet: &Keypair,
    address: Pubkey,
    newest: Option<&CoSignedReceipt>,
    head_start: Duration,
    progress: &Progress,
) -> Result<Job> {
    let since = Instant::now();
    let (mut refusals, mut answered_at) = (0, Instant::now());
    let (mut newest, mut settle_refusals) = (newest, 0);
    loop {
        let outcome = advance(client, wallet, address, newest, since.elapsed() < head_start, progress).await;
        match outcome {
            Ok(Some(job)) => return Ok(job),
            Ok(None) => answered_at = Instant::now(),
            Err(refusal) if newest.is_some() && is_of_receipt(&refusal) => {
                tracing::debug!(%refusal, "the receipt is not settled");
                settle_refusals += 1;
                answered_at = Instant::now();
                if settle_refusals == MAX_SETTLE_REFUSALS {
                    progress.say(format!(
                        "warning: the newest receipt cannot be settled ({refusal}); the job is closed without it"
                    ));
                    newest = None;
                }
                tokio::time::sleep(PAUSE).await;
            }
            Err(ClientError::Refused { message, .. }) if refusals < MAX_REFUSALS => {
                tracing::debug!(message, "reading the job again");
                refusals += 1;
                answered_at = Instant::now();
                tokio::time::sleep(PAUSE).await;
            }
            // Whether the transaction took effect is seen when the job is read again.
            Err(error) if error.is_transient() && answered_at.elapsed() < RPC_PATIENCE => {
                progress.doing(format!("{error}; trying again"));
                tokio::time::sleep(LONGEST_PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a transaction was refused for the receipt that it begins with: the signatures are its first instruction, settling the second.
fn is_of_receipt(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::Refused {
            error: TransactionError::InstructionError(0 | 1, _),
            ..
        }
    )
}

/// Takes one step; returns the job once it has ended.
async fn advance(
    client: &Client,
    wallet: &Keypair,
    address: Pubkey,
    newest: Option<&CoSignedReceipt>,
    waits_for_provider: bool,
    progress: &Progress,
) -> Result<Option<Job>, ClientError> {
    let job: Job = client.get(&address).await?;
    let now = client.chain_time().await?;
    match next_step(address, &job, newest, now, wallet.pubkey()) {
        Step::Ended => return Ok(Some(job)),
        Step::Send(_) if waits_for_provider => tokio::time::sleep(PAUSE / 4).await,
        Step::Send(instructions) => {
            let confirmed = client.send(&instructions, wallet, &[]).await?;
            tracing::debug!(signature = %confirmed.signature, "moved the job on");
        }
        Step::WaitUntil(moment) => {
            let left_s = moment.saturating_sub(now).max(1);
            progress.doing(format!("Waiting {left_s} s until the job can be closed"));
            // Not for all of it: the provider may move the job on earlier.
            let quarter = Duration::from_secs(left_s.unsigned_abs() / 4);
            tokio::time::sleep(quarter.clamp(PAUSE, LONGEST_PAUSE)).await;
        }
    }
    Ok(None)
}

/// Stops a job's metering now; nothing to do when it is not running.
pub(crate) async fn stop(client: &Client, wallet: &Keypair, address: Pubkey) -> Result<()> {
    let job: Job = client.get(&address).await?;
    if job.state() != Some(JobState::Running) {
        return Ok(());
    }
    if job.tenant != wallet.pubkey() {
        return Err(Failure::Refused(format!(
            "job {address} belongs to {}; sign with that wallet",
            job.tenant
        ))
        .into());
    }
    client.send(&[job_stop(wallet.pubkey(), address)], wallet, &[]).await?;
    Ok(())
}

/// Whether the chain takes the tenant's signature: by the present session key, or by the former for as long as that counts.
fn is_tenants(signed: &CoSignedReceipt, job: &Job, now: i64) -> bool {
    let metered = Metered(signed.receipt.metered_ms);
    let by_former = || job.require_former_session(signed.tenant_key.as_array(), metered, UnixSeconds(now));
    signed.tenant_key == job.session_key || by_former().is_ok()
}

fn next_step(address: Pubkey, job: &Job, newest: Option<&CoSignedReceipt>, now: i64, caller: Pubkey) -> Step {
    let unsettled = newest.filter(|signed| {
        signed.receipt.sequence > job.sequence
            && signed.provider_key == job.attestation_key
            && job.is_final == 0
            && is_tenants(signed, job, now)
    });
    let settle = |signed: &CoSignedReceipt| job_settle(signed, job.provider, job.mint).to_vec();
    let is_final = job.is_final == 1 || unsettled.is_some_and(|signed| signed.receipt.is_final());
    // The programs close only *after* these moments, so one second later.
    let exits_at = if job.exits_at == 0 { i64::MAX } else { job.exits_at };
    let closable_after = job.stopped_at.min(exits_at) + i64::from(job.grace_window_s);
    match job.state() {
        None | Some(JobState::Closed | JobState::Cancelled) => Step::Ended,
        Some(JobState::Open) if now > job.start_deadline => Step::Send(vec![job_cancel(caller, address, job)]),
        Some(JobState::Open) => Step::WaitUntil(job.start_deadline + 1),
        Some(JobState::Stopped) if !is_final && now <= closable_after => match unsettled {
            Some(signed) => Step::Send(settle(signed)),
            None => Step::WaitUntil(closable_after + 1),
        },
        Some(JobState::Running) if !is_final => {
            let mut instructions = unsettled.map(settle).unwrap_or_default();
            instructions.push(job_stop(caller, address));
            Step::Send(instructions)
        }
        Some(JobState::Running | JobState::Stopped) => {
            let mut instructions = unsettled.map(settle).unwrap_or_default();
            instructions.push(job_close(caller, address, job));
            Step::Send(instructions)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        job::scripted_chain::{
            account, blank, clock, confirmed, refused_at, scripted, signature_of, transaction_bytes,
        },
        output::Output,
    };
    use gantry_protocol::{Receipt, receipt::FLAG_FINAL};
    use gantry_sdk::receipt::sign;
    use serde_json::json;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const ADDRESS: Pubkey = Pubkey::new_from_array([1; 32]);
    const CALLER: Pubkey = Pubkey::new_from_array([2; 32]);

    fn job(state: JobState, provider: &Keypair) -> Job {
        let mut job: Job = blank();
        job.state = state as u8;
        job.attestation_key = provider.pubkey();
        job.session_key = tenant().pubkey();
        (job.start_deadline, job.stopped_at, job.grace_window_s) = (100, 200, 30);
        job
    }

    fn tenant() -> Keypair {
        Keypair::new_from_array([6; 32])
    }

    fn receipt(provider: &Keypair, sequence: u64, flags: u64) -> CoSignedReceipt {
        let (tenant, made) = (
            tenant(),
            Receipt {
                genesis_hash: [0; 32],
                job: ADDRESS.to_bytes(),
                sequence,
                metered_ms: 5,
                time_ms: 0,
                flags,
                samples_root: [0; 32],
            },
        );
        CoSignedReceipt {
            receipt: made,
            provider_key: provider.pubkey(),
            provider_signature: sign(provider, &made),
            tenant_key: tenant.pubkey(),
            tenant_signature: sign(&tenant, &made),
        }
    }

    /// How many instructions are sent, or none while waiting.
    fn sent(job: &Job, newest: Option<&CoSignedReceipt>, now: i64) -> Result<usize, i64> {
        match next_step(ADDRESS, job, newest, now, CALLER) {
            Step::Ended => Ok(0),
            Step::Send(instructions) => Ok(instructions.len()),
            Step::WaitUntil(moment) => Err(moment),
        }
    }

    #[test]
    fn a_final_receipt_is_settled_and_the_job_closed_in_one_transaction() {
        let provider = Keypair::new();
        let last = receipt(&provider, 4, FLAG_FINAL);
        assert_eq!(sent(&job(JobState::Running, &provider), Some(&last), 150), Ok(3));
    }

    #[test]
    fn a_silent_providers_job_is_settled_and_stopped_then_closed_after_the_grace_window() {
        let provider = Keypair::new();
        let last = receipt(&provider, 4, 0);
        let mut job = job(JobState::Running, &provider);
        assert_eq!(sent(&job, Some(&last), 150), Ok(3));
        (job.state, job.sequence) = (JobState::Stopped as u8, 4);
        assert_eq!(sent(&job, Some(&last), 230), Err(231));
        assert_eq!(sent(&job, Some(&last), 231), Ok(1));
    }

    #[tokio::test]
    async fn a_job_whose_newest_receipt_is_never_settled_is_closed_without_it() {
        /// More than a stop or a close alone, less than a receipt with its signatures.
        const WITHOUT_RECEIPT_BYTES: usize = 650;
        /// `UsageExceedsElapsed`.
        const REFUSAL: u32 = 7_039;
        let provider = Keypair::new();
        let last = receipt(&provider, 4, FLAG_FINAL);
        let state = AtomicUsize::new(JobState::Stopped as usize);
        let attestation_key = provider.insecure_clone();
        let client = scripted(move |method, parameters| match method {
            "getAccountInfo" if parameters[0] == json!(ADDRESS.to_string()) => {
                let mut job = job(JobState::Stopped, &attestation_key);
                job.state = u8::try_from(state.load(Ordering::Relaxed)).unwrap();
                Some(account(Some(&job)))
            }
            "getAccountInfo" => Some(clock(231)),
            "sendTransaction" if transaction_bytes(parameters) > WITHOUT_RECEIPT_BYTES => Some(refused_at(1, REFUSAL)),
            "sendTransaction" => {
                state.store(JobState::Closed as usize, Ordering::Relaxed);
                Some(signature_of(parameters))
            }
            "getSignatureStatuses" => Some(confirmed()),
            _ => None,
        });
        let progress = Output::new(true).progress("");
        let wallet = Keypair::new();
        let closed = conclude(&client, &wallet, ADDRESS, Some(&last), Duration::ZERO, &progress).await;
        assert_eq!(closed.unwrap().state(), Some(JobState::Closed));
    }

    #[test]
    fn a_receipt_under_a_key_that_was_replaced_is_not_sent() {
        let (provider, former) = (Keypair::new(), Keypair::new());
        let last = receipt(&former, 4, 0);
        assert_eq!(sent(&job(JobState::Running, &provider), Some(&last), 150), Ok(1));
    }

    #[test]
    fn what_the_former_session_key_signed_is_settled_for_a_grace_window() {
        let provider = Keypair::new();
        let last = receipt(&provider, 4, 0);
        let mut job = job(JobState::Running, &provider);
        (job.session_key, job.former_session_key) = (Keypair::new().pubkey(), tenant().pubkey());
        job.session_rotated_at = 150;
        assert_eq!(sent(&job, Some(&last), 180), Ok(3), "signatures, settlement, stop");
        assert_eq!(sent(&job, Some(&last), 181), Ok(1), "the stop alone");
    }

    #[test]
    fn a_job_that_was_stopped_after_its_exit_is_closed_a_grace_window_after_the_exit() {
        let mut job = job(JobState::Stopped, &Keypair::new());
        job.exits_at = 190;
        assert_eq!(sent(&job, None, 220), Err(221));
        assert_eq!(sent(&job, None, 221), Ok(1));
    }

    #[test]
    fn a_job_that_was_never_started_is_cancelled_after_its_deadline() {
        let job = job(JobState::Open, &Keypair::new());
        assert_eq!(sent(&job, None, 100), Err(101));
        assert_eq!(sent(&job, None, 101), Ok(1));
    }

    #[test]
    fn an_ended_job_is_left_alone() {
        assert_eq!(sent(&job(JobState::Closed, &Keypair::new()), None, 500), Ok(0));
    }
}
