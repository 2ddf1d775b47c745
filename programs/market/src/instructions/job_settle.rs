//! Pays what a co-signed receipt earns.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{ed25519, receipt::ReceiptView, Metered, UnixSeconds};
use pinocchio::sysvars::{
    clock::Clock,
    instructions::{Instructions, INSTRUCTIONS_ID},
};

use super::evidence::{require_of, signatures};
use crate::{
    errors::MarketError,
    events::JobSettled,
    state::{Balance, Job},
};

/// Accounts of `job_settle`. Nobody signs the transaction for it: the two signatures are in the receipt.
#[derive(Accounts)]
pub struct JobSettle {
    #[account(mut)]
    pub job: Account<Job>,
    /// The provider's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
    #[account(address = INSTRUCTIONS_ID)]
    pub instructions: UncheckedAccount,
    /// Given as an account, because reading it there costs a third of asking the runtime.
    pub clock: UncheckedAccount,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobSettle>) -> Result<()> {
    let accounts = &mut ctx.accounts;
    // SAFETY: these are the two sysvars, as the constraint and the function itself have proved; no program can write them.
    let (instructions, clock) = unsafe {
        (
            Instructions::new_unchecked(accounts.instructions.account().borrow_unchecked()),
            Clock::from_account_view_unchecked(accounts.clock.account())?,
        )
    };
    let now = UnixSeconds(clock.unix_timestamp);
    accounts
        .balance
        .require_of(&accounts.job.provider, &accounts.job.mint)?;
    let before = signatures(&instructions)?;
    let receipt = co_signed_receipt(before.get_instruction_data(), &accounts.job, now)?;
    let earned = accounts.job.settle(receipt, now)?;
    accounts.balance.credit(earned)?;
    let job = &accounts.job;
    emit(JobSettled {
        job: *job.address(),
        samples_root: job.samples_root,
        sequence: job.sequence,
        metered_ms: job.metered_ms,
        paid_now: earned.0,
        paid: job.paid,
        fee: job.fee,
        balance: accounts.balance.amount,
        is_final: u64::from(receipt.is_final()),
        at: now.0,
    });
    Ok(())
}

/// The receipt in the data of that instruction, when both of the job's keys signed it for this very job.
#[inline(always)]
fn co_signed_receipt<'a>(
    data: &'a [u8],
    job: &Account<Job>,
    now: UnixSeconds,
) -> core::result::Result<ReceiptView<'a>, MarketError> {
    let signed = ed25519::parse(data).map_err(|_| MarketError::SignaturesNotCanonical)?;
    if signed.provider_key != job.attestation_key.as_array() {
        return Err(MarketError::WrongSigner);
    }
    let receipt = signed.receipt().map_err(|_| MarketError::MalformedReceipt)?;
    require_of(receipt, job)?;
    if signed.tenant_key != job.session_key.as_array() {
        job.require_former_session(signed.tenant_key, Metered(receipt.metered_ms()), now)?;
    }
    Ok(receipt)
}
