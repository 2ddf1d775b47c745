//! Moves a GPU to another node of its provider.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::DeviceMoved,
    state::{Device, Node, Provider},
};

/// Accounts of `device_move`.
#[derive(Accounts)]
pub struct DeviceMove {
    /// The provider's wallet.
    #[account(address = provider.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut, address = from.provider)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub device: Account<Device>,
    /// The node that offers it.
    #[account(mut, address = device.node)]
    pub from: Account<Node>,
    /// The node that will offer it.
    #[account(mut)]
    pub to: Account<Node>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<DeviceMove>) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let accounts = &mut ctx.accounts;
    let (from, to) = (&mut accounts.from, &mut accounts.to);
    to.require_like(from)?;
    from.remove_device()?;
    to.add_device()?;
    accounts.provider.count_offer(1, from.active == 1, to.active == 1)?;
    accounts.device.node = *to.address();
    emit(DeviceMoved {
        device: *accounts.device.address(),
        from: *from.address(),
        to: *to.address(),
        from_gpus: from.gpus,
        from_gpus_free: from.gpus_free,
        to_gpus: to.gpus,
        to_gpus_free: to.gpus_free,
        gpus_offered: u64::from(accounts.provider.gpus_offered),
        at: now,
    });
    Ok(())
}
