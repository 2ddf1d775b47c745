//! Refutes a claim: whoever lies in a job is not believed in it. By anyone who shows two contradicting receipts.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, UnixSeconds};
use pinocchio::sysvars::instructions::{Instructions, INSTRUCTIONS_ID};

use super::evidence::{contradiction, signatures};
use crate::{
    errors::MarketError,
    events::ClaimRefuted,
    seeds,
    state::{Balance, Claim, Job},
};

/// Accounts of `claim_refute`.
#[derive(Accounts)]
pub struct ClaimRefute {
    /// Who shows the contradiction; gets the claim's rent.
    #[account(mut)]
    pub reporter: Signer,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, close = reporter, seeds = [seeds::CLAIM, job.address().as_ref()], bump = claim.bump)]
    pub claim: Account<Claim>,
    /// The tenant's balance, which gets the bond.
    #[account(mut)]
    pub balance: Account<Balance>,
    #[account(address = INSTRUCTIONS_ID)]
    pub instructions: UncheckedAccount,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ClaimRefute>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    accounts.balance.require_of(&accounts.job.tenant, &accounts.job.mint)?;
    // SAFETY: this is the instructions sysvar, as the constraint has proved; no program can write it.
    let instructions = unsafe { Instructions::new_unchecked(accounts.instructions.account().borrow_unchecked()) };
    let before = signatures(&instructions)?;
    let (fault, _) = contradiction(before.get_instruction_data(), &accounts.job, now)?;
    require!(fault.is_some(), MarketError::NothingRefuted);
    accounts.job.release_claim()?;
    accounts.balance.credit(Atoms(accounts.claim.bond))?;
    emit(ClaimRefuted {
        job: *accounts.job.address(),
        reporter: *accounts.reporter.address(),
        bond: accounts.claim.bond,
        balance: accounts.balance.amount,
        at: now.0,
    });
    Ok(())
}
