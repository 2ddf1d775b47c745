//! Sets active stake aside for a job. Called by the market program alone.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::StakingError,
    events::StakeReserved,
    state::{Pool, Stake},
};

/// Accounts of `stake_reserve`.
#[derive(Accounts)]
pub struct StakeReserve {
    /// The market's signer.
    #[account(address = pool.market_signer @ StakingError::NotMarket)]
    pub market_signer: Signer,
    #[account(seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut)]
    pub stake: Account<Stake>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<StakeReserve>, amount: u64) -> Result<()> {
    let stake = &mut ctx.accounts.stake;
    stake.reserve(amount)?;
    emit(StakeReserved {
        owner: stake.owner,
        amount,
        reserved: stake.reserved,
    });
    Ok(())
}
