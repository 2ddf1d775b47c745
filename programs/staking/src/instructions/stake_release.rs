//! Gives reserved stake back. Called by the market program alone.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::StakingError,
    events::StakeReleased,
    state::{Pool, Stake},
};

/// Accounts of `stake_release`.
#[derive(Accounts)]
pub struct StakeRelease {
    /// The market's signer.
    #[account(address = pool.market_signer @ StakingError::NotMarket)]
    pub market_signer: Signer,
    #[account(seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut)]
    pub stake: Account<Stake>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<StakeRelease>, amount: u64) -> Result<()> {
    let stake = &mut ctx.accounts.stake;
    stake.release(amount)?;
    emit(StakeReleased {
        owner: stake.owner,
        amount,
        reserved: stake.reserved,
    });
    Ok(())
}
