//! Bonds tokens.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::Transfer};

use crate::{
    errors::StakingError,
    events::StakeDeposited,
    seeds,
    state::{Pool, Stake},
};

/// Accounts of `stake_deposit`.
#[derive(Accounts)]
pub struct StakeDeposit {
    #[account(address = stake.owner @ StakingError::NotOwner)]
    pub owner: Signer,
    #[account(mut, seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut, seeds = [seeds::STAKE, owner.address().as_ref()], bump = stake.bump)]
    pub stake: Account<Stake>,
    #[account(address = pool.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = pool.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account that pays; the token program checks that the owner may spend it.
    #[account(mut, token::mint = mint)]
    pub source: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<StakeDeposit>, amount: u64) -> Result<()> {
    let accounts = &mut ctx.accounts;
    accounts.stake.deposit(amount)?;
    accounts.pool.receive(amount)?;
    let decimals = accounts.pool.decimals;
    Transfer {
        from: accounts.source.try_to_cpi_handle_mut()?,
        mint: accounts.mint.to_cpi_handle(),
        to: accounts.vault.try_to_cpi_handle_mut()?,
        authority: accounts.owner.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(amount, &[]);
    emit(StakeDeposited {
        owner: accounts.stake.owner,
        amount,
        active: accounts.stake.active,
    });
    Ok(())
}
