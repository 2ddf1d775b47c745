//! Opens an empty delegation.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    events::DelegationOpened,
    seeds,
    state::{Delegation, Stake},
};

/// Accounts of `delegation_open`.
#[derive(Accounts)]
pub struct DelegationOpen {
    /// The wallet that will delegate; pays the rent.
    #[account(mut)]
    pub delegator: Signer,
    /// Whose stake it will add to; any.
    pub stake: Account<Stake>,
    #[account(init, payer = delegator,
        seeds = [seeds::DELEGATION, stake.address().as_ref(), delegator.address().as_ref()], bump)]
    pub delegation: Account<Delegation>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<DelegationOpen>) -> Result<()> {
    let at = Clock::get()?.unix_timestamp;
    let bump = ctx.bumps.delegation;
    let accounts = &mut ctx.accounts;
    let delegation = &mut accounts.delegation;
    delegation.stake = *accounts.stake.address();
    delegation.delegator = *accounts.delegator.address();
    delegation.bump = bump;
    emit(DelegationOpened {
        owner: accounts.stake.owner,
        delegator: delegation.delegator,
        at,
    });
    Ok(())
}
