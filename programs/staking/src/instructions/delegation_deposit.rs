//! Delegates tokens to a provider.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::Transfer};
use gantry_protocol::Atoms;

use crate::{
    errors::StakingError,
    events::DelegationDeposited,
    state::{Delegation, Pool, Stake},
};

/// Accounts of `delegation_deposit`.
#[derive(Accounts)]
pub struct DelegationDeposit {
    #[account(address = delegation.delegator @ StakingError::NotDelegator)]
    pub delegator: Signer,
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
    /// Token account that pays; the token program checks that the delegator may spend it.
    #[account(mut, token::mint = mint)]
    pub source: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<DelegationDeposit>, amount: u64) -> Result<()> {
    let accounts = &mut ctx.accounts;
    let shares = accounts.stake.delegate(Atoms(amount))?;
    accounts.delegation.receive(shares)?;
    accounts.pool.receive(amount)?;
    let decimals = accounts.pool.decimals;
    Transfer {
        from: accounts.source.try_to_cpi_handle_mut()?,
        mint: accounts.mint.to_cpi_handle(),
        to: accounts.vault.try_to_cpi_handle_mut()?,
        authority: accounts.delegator.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(amount, &[]);
    let stake = &accounts.stake;
    emit(DelegationDeposited {
        owner: stake.owner,
        delegator: accounts.delegation.delegator,
        amount,
        shares: shares.0,
        delegated: stake.delegated,
        delegated_shares: stake.delegated_shares,
    });
    Ok(())
}
