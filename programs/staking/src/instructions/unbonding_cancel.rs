//! Takes an unbonding request back.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{errors::StakingError, events::UnbondingCancelled, seeds, state::Stake};

/// Accounts of `unbonding_cancel`.
#[derive(Accounts)]
pub struct UnbondingCancel {
    #[account(address = stake.owner @ StakingError::NotOwner)]
    pub owner: Signer,
    #[account(mut, seeds = [seeds::STAKE, owner.address().as_ref()], bump = stake.bump)]
    pub stake: Account<Stake>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<UnbondingCancel>, place: u8) -> Result<()> {
    let stake = &mut ctx.accounts.stake;
    let amount = stake.cancel_unbonding(place)?;
    emit(UnbondingCancelled {
        owner: stake.owner,
        amount,
        active: stake.active,
        index: u64::from(place),
    });
    Ok(())
}
