//! Begins to unbond.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{
    errors::StakingError,
    events::UnbondingRequested,
    seeds,
    state::{Pool, Stake},
};

/// Accounts of `unbonding_request`.
#[derive(Accounts)]
pub struct UnbondingRequest {
    #[account(address = stake.owner @ StakingError::NotOwner)]
    pub owner: Signer,
    #[account(seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut, seeds = [seeds::STAKE, owner.address().as_ref()], bump = stake.bump)]
    pub stake: Account<Stake>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<UnbondingRequest>, amount: u64) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let withdrawable_at = now.after(ctx.accounts.pool.unbonding_period_s).0;
    let stake = &mut ctx.accounts.stake;
    let place = stake.request_unbonding(amount, withdrawable_at)?;
    emit(UnbondingRequested {
        owner: stake.owner,
        amount,
        active: stake.active,
        index: place as u64,
        withdrawable_at,
    });
    Ok(())
}
