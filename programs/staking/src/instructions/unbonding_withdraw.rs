//! Pays out matured unbonding requests.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::Transfer};

use crate::{
    events::UnbondingWithdrawn,
    seeds,
    state::{Pool, Stake},
};

/// Accounts of `unbonding_withdraw`. Nobody signs: the tokens can only go to the owner.
#[derive(Accounts)]
pub struct UnbondingWithdraw {
    #[account(mut, seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut)]
    pub stake: Account<Stake>,
    #[account(address = pool.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = pool.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account of the stake's owner that receives.
    #[account(mut, token::mint = mint, token::authority = stake.owner)]
    pub destination: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<UnbondingWithdraw>) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let accounts = &mut ctx.accounts;
    let matured = accounts.stake.take_matured(now)?;
    accounts.pool.pay_out(matured.amount)?;
    let decimals = accounts.pool.decimals;
    let bump = [accounts.pool.bump];
    Transfer {
        from: accounts.vault.try_to_cpi_handle_mut()?,
        mint: accounts.mint.to_cpi_handle(),
        to: accounts.destination.try_to_cpi_handle_mut()?,
        authority: accounts.pool.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(matured.amount, &[&[seeds::POOL, &bump]]);
    emit(UnbondingWithdrawn {
        owner: accounts.stake.owner,
        amount: matured.amount,
        paid_places: matured.places,
    });
    Ok(())
}
