//! Bills of the old key: receipts that a job's tenant has signed too are paid only as long as the job knows the key that signed them.

use gantry_sdk::{
    Keypair, Pubkey,
    client::{Client, ClientError},
    instruction::market::job_settle,
    market::{MarketError, state::Job},
    receipt::CoSignedReceipt,
};
use std::time::Duration;
use tokio::time::sleep;

use crate::{
    chain::ChainError,
    clock::{Clock, SystemClock},
    job::newest_payable,
    receipts::{LogError, ReceiptLog},
};

/// The chain's clock may be behind this machine's by a block or two.
const CLOCK_BEHIND: Duration = Duration::from_millis(500);
/// How often a settlement is sent again for that reason.
const CLOCK_RETRIES: usize = 6;

/// A receipt that must be settled before its job gets another key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// The receipt with both signatures.
    pub receipt: CoSignedReceipt,
    /// The job's mint.
    pub mint: Pubkey,
}

/// What is unpaid of jobs that know another key than `own`.
///
/// # Errors
/// [`LogError`] when the log cannot be read; a damaged row costs only its own job.
pub fn unpaid(log: &ReceiptLog, jobs: &[(Pubkey, Job)], own: &Pubkey) -> Result<Vec<Bill>, LogError> {
    let mut bills = Vec::new();
    let now_s = SystemClock::new().unix_ms().div_euclid(1_000);
    for (address, job) in jobs.iter().filter(|(_, job)| job.attestation_key != *own) {
        let rows = match log.newest_first(address) {
            Err(error @ LogError::Damaged(_)) => {
                tracing::error!(job = %address, %error, "its receipts cannot be settled");
                continue;
            }
            other => other?,
        };
        bills.extend(newest_payable(rows, job, now_s).map(|receipt| Bill {
            receipt,
            mint: job.mint,
        }));
    }
    Ok(bills)
}

/// Settles them one by one, so that none spoils another, paid for by the wallet.
///
/// # Errors
/// [`ClientError`] when the chain is away. A settlement that the chain refuses is only told of: it will not get better.
pub(super) async fn settle(
    client: &Client,
    wallet: &Keypair,
    owner: Pubkey,
    bills: &[Bill],
) -> Result<(), ClientError> {
    for bill in bills {
        let job = Pubkey::new_from_array(bill.receipt.receipt.job);
        let instructions = job_settle(&bill.receipt, owner, bill.mint);
        let mut retries = 0;
        loop {
            let error = match client.send(&instructions, wallet, &[]).await {
                Ok(sent) => {
                    tracing::info!(%job, signature = %sent.signature, "settled what the old key signed");
                    break;
                }
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => ChainError::from(error),
            };
            if error.is(MarketError::UsageExceedsElapsed) && retries < CLOCK_RETRIES {
                retries += 1;
                sleep(CLOCK_BEHIND).await;
            } else {
                // Stale when the tenant was first, which is as good.
                if !error.is(MarketError::StaleReceipt) {
                    tracing::error!(%job, %error, "what the old key signed cannot be settled");
                }
                break;
            }
        }
    }
    Ok(())
}
