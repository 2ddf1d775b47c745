//! Pays out a delegator's matured unbonding requests.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::Transfer};

use crate::{
    errors::StakingError,
    events::DelegationWithdrawn,
    seeds,
    state::{Delegation, Pool, Stake},
};

/// Accounts of `delegation_withdraw`. Nobody signs: the tokens can only go to the delegator.
#[derive(Accounts)]
pub struct DelegationWithdraw {
    #[account(mut, seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut, address = delegation.stake @ StakingError::WrongStake)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub delegation: Account<Delegation>,
    #[account(address = pool.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = pool.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account of the delegator that receives.
    #[account(mut, token::mint = mint, token::authority = delegation.delegator)]
    pub destination: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<DelegationWithdraw>) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let accounts = &mut ctx.accounts;
    let matured = accounts.delegation.take_matured(now)?;
    let amount = accounts.stake.leave(matured.shares)?.0;
    accounts.pool.pay_out(amount)?;
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
    .invoke(amount, &[&[seeds::POOL, &bump]]);
    let stake = &accounts.stake;
    emit(DelegationWithdrawn {
        owner: stake.owner,
        delegator: accounts.delegation.delegator,
        unbonding_shares: matured.shares.0,
        amount,
        paid_places: matured.places,
        delegated_unbonding: stake.delegated_unbonding,
        delegated_unbonding_shares: stake.delegated_unbonding_shares,
    });
    Ok(())
}
