//! Changes the pool's parameters; its mint, vault and market stay.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{errors::StakingError, events::PoolConfigured, state::Pool};

/// Accounts of `pool_configure`.
#[derive(Accounts)]
pub struct PoolConfigure {
    #[account(address = pool.authority @ StakingError::NotAuthority)]
    pub authority: Signer,
    #[account(mut, seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<PoolConfigure>, authority: Address, unbonding_period_s: u32) -> Result<()> {
    let pool = &mut ctx.accounts.pool;
    pool.configure(authority, unbonding_period_s)?;
    emit(PoolConfigured {
        authority: pool.authority,
        mint: pool.mint,
        market_signer: pool.market_signer,
        unbonding_period_s: u64::from(pool.unbonding_period_s),
        vault: pool.vault,
        decimals: u64::from(pool.decimals),
    });
    Ok(())
}
