//! Opens one of a mint's fee shards.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    events::FeeShardOpened,
    seeds,
    state::{FeeShard, RegisteredMint},
};

/// Accounts of `fee_shard_open`.
#[derive(Accounts)]
#[instruction(number: u8)]
pub struct FeeShardOpen {
    /// Anyone; pays the rent.
    #[account(mut)]
    pub payer: Signer,
    #[account(mut)]
    pub registered_mint: Account<RegisteredMint>,
    #[account(init, payer = payer, seeds = [seeds::FEES, registered_mint.mint.as_ref(), &[number]], bump)]
    pub fee_shard: Account<FeeShard>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<FeeShardOpen>, number: u8) -> Result<()> {
    let bump = ctx.bumps.fee_shard;
    let accounts = &mut ctx.accounts;
    let (shard, registered) = (&mut accounts.fee_shard, &mut accounts.registered_mint);
    shard.open(registered.mint, number)?;
    shard.bump = bump;
    registered.add_fee_shard()?;
    emit(FeeShardOpened {
        fee_shard: *shard.address(),
        mint: shard.mint,
        number: u32::from(number),
        fee_shards: u32::from(registered.fee_shards),
    });
    Ok(())
}
