//! Takes stake for a proven fault. Called by the market program alone.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{
    event::emit,
    token::{Burn, Transfer},
};
use gantry_protocol::{fault, Bps};

use crate::{
    errors::StakingError,
    events::StakeSlashed,
    seeds,
    state::{Pool, Stake},
};

/// Accounts of `stake_slash`. The one account of a third party receives the bounty, and its owner shows the proof.
#[derive(Accounts)]
pub struct StakeSlash {
    /// The market's signer.
    #[account(address = pool.market_signer @ StakingError::NotMarket)]
    pub market_signer: Signer,
    #[account(mut, seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut)]
    pub stake: Account<Stake>,
    #[account(mut, address = pool.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = pool.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account that receives the bounty; not the vault, which would pay itself and hold more than the bonds.
    #[account(mut, token::mint = mint)]
    pub bounty_account: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<StakeSlash>, penalty_bps: u16) -> Result<()> {
    let accounts = &mut ctx.accounts;
    let penalty = Bps::new(penalty_bps).ok_or(StakingError::PenaltyOutOfRange)?;
    let taken = accounts.stake.slash(penalty)?;
    let slash = fault::split(taken.total().ok_or(StakingError::AmountOverflow)?);
    accounts.pool.pay_out(slash.amount.0)?;
    let decimals = accounts.pool.decimals;
    let bump = [accounts.pool.bump];
    let seeds: &[&[&[u8]]] = &[&[seeds::POOL, &bump]];
    Transfer {
        from: accounts.vault.try_to_cpi_handle_mut()?,
        mint: accounts.mint.to_cpi_handle(),
        to: accounts.bounty_account.try_to_cpi_handle_mut()?,
        authority: accounts.pool.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(slash.bounty.0, seeds);
    Burn {
        from: accounts.vault.try_to_cpi_handle_mut()?,
        mint: accounts.mint.try_to_cpi_handle_mut()?,
        authority: accounts.pool.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(slash.burned.0, seeds);
    emit(StakeSlashed {
        owner: accounts.stake.owner,
        bounty_account: *accounts.bounty_account.address(),
        amount: slash.amount.0,
        bounty: slash.bounty.0,
        from_active: taken.from_active,
        from_unbondings: taken.from_unbondings,
        from_delegated: taken.from_delegated,
        from_delegated_unbonding: taken.from_delegated_unbonding,
        active: accounts.stake.active,
        slashed: accounts.stake.slashed,
    });
    Ok(())
}
