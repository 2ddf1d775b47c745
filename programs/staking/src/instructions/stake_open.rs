//! Opens an empty stake for a provider.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{events::StakeOpened, seeds, state::Stake};

/// Accounts of `stake_open`.
#[derive(Accounts)]
pub struct StakeOpen {
    /// The provider's wallet; pays the rent.
    #[account(mut)]
    pub owner: Signer,
    #[account(init, payer = owner, seeds = [seeds::STAKE, owner.address().as_ref()], bump)]
    pub stake: Account<Stake>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<StakeOpen>) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let stake = &mut ctx.accounts.stake;
    stake.owner = *ctx.accounts.owner.address();
    stake.opened_at = now;
    stake.bump = ctx.bumps.stake;
    emit(StakeOpened {
        owner: stake.owner,
        at: now,
    });
    Ok(())
}
