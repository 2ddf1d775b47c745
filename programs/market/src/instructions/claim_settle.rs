//! Pays a claim that nobody has refuted. By anyone.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, UnixSeconds};

use crate::{
    events::ClaimSettled,
    seeds,
    state::{Balance, Claim, Job},
};

/// Accounts of `claim_settle`. Nobody signs: pay and bond can only go to the provider, the rent to who paid it.
#[derive(Accounts)]
pub struct ClaimSettle {
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, close = payer, seeds = [seeds::CLAIM, job.address().as_ref()], bump = claim.bump)]
    pub claim: Account<Claim>,
    /// The provider's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
    /// Who gets the claim's rent back.
    #[account(mut, address = claim.payer)]
    pub payer: UncheckedAccount,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ClaimSettle>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    accounts
        .balance
        .require_of(&accounts.job.provider, &accounts.job.mint)?;
    let earned = accounts.job.settle_claim(&accounts.claim, now)?;
    accounts.balance.credit(earned)?;
    accounts.balance.credit(Atoms(accounts.claim.bond))?;
    let job = &accounts.job;
    emit(ClaimSettled {
        job: *job.address(),
        samples_root: job.samples_root,
        sequence: job.sequence,
        metered_ms: job.metered_ms,
        paid_now: earned.0,
        paid: job.paid,
        fee: job.fee,
        bond: accounts.claim.bond,
        balance: accounts.balance.amount,
        at: now.0,
    });
    Ok(())
}
