//! Claims what the provider's own receipt alone shows, because the tenant no longer signs.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{limits::CHALLENGE_WINDOW_S, UnixSeconds};
use pinocchio::sysvars::instructions::{Instructions, INSTRUCTIONS_ID};

use super::evidence::{provider_receipt, signatures};
use crate::{
    errors::MarketError,
    events::ClaimOpened,
    seeds,
    state::{Balance, Claim, Job},
};

/// Accounts of `claim_open`.
#[derive(Accounts)]
pub struct ClaimOpen {
    /// The provider's hot key; pays the rent.
    #[account(mut, address = job.attestation_key @ MarketError::NotAttestationKey)]
    pub attestation_key: Signer,
    #[account(mut)]
    pub job: Account<Job>,
    /// The provider's balance, which the bond leaves.
    #[account(mut)]
    pub balance: Account<Balance>,
    #[account(init, payer = attestation_key, seeds = [seeds::CLAIM, job.address().as_ref()], bump)]
    pub claim: Account<Claim>,
    #[account(address = INSTRUCTIONS_ID)]
    pub instructions: UncheckedAccount,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ClaimOpen>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let bump = ctx.bumps.claim;
    let accounts = &mut ctx.accounts;
    accounts
        .balance
        .require_of(&accounts.job.provider, &accounts.job.mint)?;
    // SAFETY: this is the instructions sysvar, as the constraint has proved; no program can write it.
    let instructions = unsafe { Instructions::new_unchecked(accounts.instructions.account().borrow_unchecked()) };
    let before = signatures(&instructions)?;
    let receipt = provider_receipt(before.get_instruction_data(), &accounts.job)?;
    let bond = accounts.job.claim(receipt, now)?;
    accounts.balance.debit(bond)?;
    let claim = &mut accounts.claim;
    claim.job = *accounts.job.address();
    claim.payer = *accounts.attestation_key.address();
    claim.samples_root = *receipt.samples_root();
    claim.sequence = receipt.sequence();
    claim.metered_ms = receipt.metered_ms();
    claim.bond = bond.0;
    claim.payable_at = now.after(CHALLENGE_WINDOW_S).0;
    claim.bump = bump;
    emit(ClaimOpened {
        job: claim.job,
        samples_root: claim.samples_root,
        sequence: claim.sequence,
        metered_ms: claim.metered_ms,
        bond: claim.bond,
        balance: accounts.balance.amount,
        payable_at: claim.payable_at,
        payer: claim.payer,
    });
    Ok(())
}
