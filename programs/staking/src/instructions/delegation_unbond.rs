//! Begins to unbond delegated tokens.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{shares::Shares, UnixSeconds};

use crate::{
    errors::StakingError,
    events::DelegationUnbonded,
    state::{Delegation, Pool, Stake},
};

/// Accounts of `delegation_unbond`.
#[derive(Accounts)]
pub struct DelegationUnbond {
    #[account(address = delegation.delegator @ StakingError::NotDelegator)]
    pub delegator: Signer,
    #[account(seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    #[account(mut, address = delegation.stake @ StakingError::WrongStake)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub delegation: Account<Delegation>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<DelegationUnbond>, shares: u64) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    let withdrawable_at = now.after(accounts.pool.unbonding_period_s).0;
    accounts.delegation.give_up(Shares(shares))?;
    let moved = accounts.stake.begin_leaving(Shares(shares))?;
    let place = accounts.delegation.queue(moved.shares, withdrawable_at)?;
    let stake = &accounts.stake;
    emit(DelegationUnbonded {
        owner: stake.owner,
        delegator: accounts.delegation.delegator,
        shares,
        amount: moved.amount.0,
        unbonding_shares: moved.shares.0,
        index: place as u64,
        withdrawable_at,
        delegated: stake.delegated,
        delegated_shares: stake.delegated_shares,
        delegated_unbonding: stake.delegated_unbonding,
        delegated_unbonding_shares: stake.delegated_unbonding_shares,
    });
    Ok(())
}
