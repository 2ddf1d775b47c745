//! Registers a class of GPUs.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::ClassConfigured,
    seeds,
    state::{Config, GpuClass},
};

/// Accounts of `class_register`.
#[derive(Accounts)]
#[instruction(name: [u8; 16])]
pub struct ClassRegister {
    /// The market's authority; pays the rent.
    #[account(mut, address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    #[account(init, payer = authority, seeds = [seeds::CLASS, name.as_ref()], bump)]
    pub gpu_class: Account<GpuClass>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ClassRegister>, name: [u8; 16]) -> Result<()> {
    let bump = ctx.bumps.gpu_class;
    let class = &mut ctx.accounts.gpu_class;
    class.register(name)?;
    class.bump = bump;
    emit(configured(*class.address(), class));
    Ok(())
}

/// The event that describes a class.
pub(super) fn configured(address: Address, class: &GpuClass) -> ClassConfigured {
    ClassConfigured {
        gpu_class: address,
        name: class.name,
        enabled: u64::from(class.enabled),
    }
}
