//! Takes a GPU off the network, so that it can be registered by whoever owns it now.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::DeviceRetired,
    state::{Config, Device, Node, Provider},
};

/// Accounts of `device_retire`.
#[derive(Accounts)]
pub struct DeviceRetire {
    /// The provider's wallet, or the market's authority: whose GPU a stranger has registered asks governance.
    pub caller: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    #[account(mut, address = node.provider)]
    pub provider: Account<Provider>,
    #[account(mut, address = device.node)]
    pub node: Account<Node>,
    #[account(mut, close = owner)]
    pub device: Account<Device>,
    /// The provider's wallet, which gets the rent back. `dup`: it may be the caller, of which only the address is read.
    #[account(mut, unsafe(dup), address = provider.owner)]
    pub owner: UncheckedAccount,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<DeviceRetire>) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let accounts = &mut ctx.accounts;
    let caller = *accounts.caller.address();
    let (node, provider) = (&mut accounts.node, &mut accounts.provider);
    require!(
        caller == provider.owner || caller == accounts.config.authority,
        MarketError::NotOwner
    );
    node.remove_device()?;
    provider.count_offer(1, node.active == 1, false)?;
    emit(DeviceRetired {
        device: *accounts.device.address(),
        node: *node.address(),
        provider: node.provider,
        identity: accounts.device.identity,
        caller,
        gpus_offered: provider.gpus_offered,
        gpus: node.gpus,
        gpus_free: node.gpus_free,
        at: now,
    });
    Ok(())
}
