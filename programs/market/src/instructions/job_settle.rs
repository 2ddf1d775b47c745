//! Pays what a co-signed receipt earns.

use anchor_lang::prelude::*;
use gantry_protocol::{ed25519, Receipt, UnixSeconds};
use pinocchio::sysvars::instructions::{Instructions, INSTRUCTIONS_ID};

use crate::{
    errors::MarketError,
    events::JobSettled,
    state::{Balance, Job},
};

/// Solana's Ed25519 precompile, `Ed25519SigVerify111111111111111111111111111`.
const ED25519_PROGRAM: Address = anchor_lang::address!("Ed25519SigVerify111111111111111111111111111");

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
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobSettle>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let address = *ctx.accounts.job.address();
    let accounts = &mut ctx.accounts;
    accounts
        .balance
        .require_of(&accounts.job.provider, &accounts.job.mint)?;
    let receipt = co_signed_receipt(accounts.instructions.account(), &address, &accounts.job)?;
    let settlement = accounts.job.settle(&receipt, now)?;
    accounts.balance.credit(settlement.paid)?;
    let job = &accounts.job;
    emit!(JobSettled {
        job: address,
        samples_root: job.samples_root,
        sequence: job.sequence,
        metered_ms: job.metered_ms,
        paid_now: settlement.paid.0,
        paid: job.paid,
        fee: job.fee,
        balance: accounts.balance.amount,
        is_final: u64::from(receipt.is_final()),
        at: now.0,
    });
    Ok(())
}

/// The receipt of the Ed25519 instruction directly before this one, when both of the job's keys signed it for this very job.
///
/// The precompile has verified the signatures before any program runs; what remains is to see what was signed and by whom.
#[inline(always)]
fn co_signed_receipt(
    sysvar: &AccountView,
    address: &Address,
    job: &Job,
) -> core::result::Result<Receipt, ProgramError> {
    let instructions = Instructions::try_from(sysvar)?;
    let before = instructions
        .get_instruction_relative(-1)
        .map_err(|_| MarketError::MissingSignatures)?;
    if *before.get_program_id() != ED25519_PROGRAM {
        return Err(MarketError::MissingSignatures.into());
    }
    let signed = ed25519::parse(before.get_instruction_data()).map_err(|_| MarketError::SignaturesNotCanonical)?;
    if *signed.provider_key != job.attestation_key.to_bytes() || *signed.tenant_key != job.session_key.to_bytes() {
        return Err(MarketError::WrongSigner.into());
    }
    let receipt = signed.receipt().map_err(|_| MarketError::MalformedReceipt)?;
    if receipt.genesis_hash != job.genesis_hash {
        return Err(MarketError::WrongCluster.into());
    }
    if receipt.job != address.to_bytes() {
        return Err(MarketError::WrongJob.into());
    }
    Ok(receipt)
}
