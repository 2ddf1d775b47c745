//! Shares a reward out between a provider and its delegators.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::Transfer};
use gantry_protocol::Atoms;

use crate::{
    events::RewardAdded,
    state::{Pool, Stake},
};

/// Accounts of `reward_add`. Anyone may pay.
#[derive(Accounts)]
pub struct RewardAdd {
    pub payer: Signer,
    #[account(mut, seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    /// Whose stake it goes to; any.
    #[account(mut)]
    pub stake: Account<Stake>,
    #[account(address = pool.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = pool.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account that pays; the token program checks that the payer may spend it.
    #[account(mut, token::mint = mint)]
    pub source: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<RewardAdd>, amount: u64) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let accounts = &mut ctx.accounts;
    let shared = accounts.stake.earn(Atoms(amount), now)?;
    accounts.pool.receive(amount)?;
    let decimals = accounts.pool.decimals;
    Transfer {
        from: accounts.source.try_to_cpi_handle_mut()?,
        mint: accounts.mint.to_cpi_handle(),
        to: accounts.vault.try_to_cpi_handle_mut()?,
        authority: accounts.payer.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(amount, &[]);
    let stake = &accounts.stake;
    emit(RewardAdded {
        owner: stake.owner,
        payer: *accounts.payer.address(),
        amount,
        own: shared.own.0,
        commission: shared.commission.0,
        delegators: shared.delegators.0,
        commission_bps: u64::from(stake.commission_bps),
        active: stake.active,
        delegated: stake.delegated,
    });
    Ok(())
}
