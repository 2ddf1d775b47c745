//! Takes a delegator's unbonding request back.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::StakingError,
    events::DelegationUnbondingCancelled,
    state::{Delegation, Stake},
};

/// Accounts of `delegation_cancel`.
#[derive(Accounts)]
pub struct DelegationCancel {
    #[account(address = delegation.delegator @ StakingError::NotDelegator)]
    pub delegator: Signer,
    #[account(mut, address = delegation.stake @ StakingError::WrongStake)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub delegation: Account<Delegation>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<DelegationCancel>, place: u8) -> Result<()> {
    let accounts = &mut ctx.accounts;
    let unbonding_shares = accounts.delegation.take(place)?;
    let moved = accounts.stake.return_from_leaving(unbonding_shares)?;
    accounts.delegation.receive(moved.shares)?;
    let stake = &accounts.stake;
    emit(DelegationUnbondingCancelled {
        owner: stake.owner,
        delegator: accounts.delegation.delegator,
        unbonding_shares: unbonding_shares.0,
        amount: moved.amount.0,
        shares: moved.shares.0,
        index: u64::from(place),
        delegated: stake.delegated,
        delegated_shares: stake.delegated_shares,
        delegated_unbonding: stake.delegated_unbonding,
        delegated_unbonding_shares: stake.delegated_unbonding_shares,
    });
    Ok(())
}
