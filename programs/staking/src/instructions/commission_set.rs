//! Sets the provider's part of what delegated stake earns.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{
    errors::StakingError,
    events::CommissionSet as Changed,
    seeds,
    state::{Pool, Stake},
};

/// Accounts of `commission_set`.
#[derive(Accounts)]
pub struct CommissionSet {
    #[account(address = stake.owner @ StakingError::NotOwner)]
    pub owner: Signer,
    #[account(seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut, seeds = [seeds::STAKE, owner.address().as_ref()], bump = stake.bump)]
    pub stake: Account<Stake>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<CommissionSet>, commission_bps: u16) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let unbonding_period_s = ctx.accounts.pool.unbonding_period_s;
    let stake = &mut ctx.accounts.stake;
    stake.set_commission(commission_bps, now, unbonding_period_s)?;
    emit(Changed {
        owner: stake.owner,
        commission_bps: u64::from(stake.commission_bps),
        next_commission_bps: u64::from(stake.next_commission_bps),
        commission_from: stake.commission_from,
    });
    Ok(())
}
