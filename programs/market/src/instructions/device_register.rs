//! Registers a GPU for a node.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::DeviceRegistered,
    seeds,
    state::{Device, Node, Provider},
};

/// Accounts of `device_register`.
#[derive(Accounts)]
#[instruction(identity: [u8; 32])]
pub struct DeviceRegister {
    /// The provider's wallet; pays the rent.
    #[account(mut, address = provider.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut, address = node.provider)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub node: Account<Node>,
    /// The network knows each GPU once: this address is taken while anyone offers it.
    #[account(init, payer = owner, seeds = [seeds::DEVICE, identity.as_ref()], bump)]
    pub device: Account<Device>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<DeviceRegister>, identity: [u8; 32]) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let bump = ctx.bumps.device;
    let accounts = &mut ctx.accounts;
    let (node, provider) = (&mut accounts.node, &mut accounts.provider);
    node.add_device()?;
    provider.count_offer(1, false, node.active == 1)?;
    let device = &mut accounts.device;
    device.node = *node.address();
    device.provider = node.provider;
    device.identity = identity;
    device.registered_at = now;
    device.bump = bump;
    emit(DeviceRegistered {
        device: *device.address(),
        node: device.node,
        provider: device.provider,
        identity,
        at: now,
        gpus_offered: provider.gpus_offered,
        gpus: node.gpus,
        gpus_free: node.gpus_free,
    });
    Ok(())
}
