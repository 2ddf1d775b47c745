//! Enables or disables a class of GPUs.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use super::class_register::configured;
use crate::{
    errors::MarketError,
    state::{Config, GpuClass},
};

/// Accounts of `class_update`.
#[derive(Accounts)]
pub struct ClassUpdate {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    #[account(mut)]
    pub gpu_class: Account<GpuClass>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ClassUpdate>, enabled: bool) -> Result<()> {
    let class = &mut ctx.accounts.gpu_class;
    class.enabled = u8::from(enabled);
    emit(configured(*class.address(), class));
    Ok(())
}
