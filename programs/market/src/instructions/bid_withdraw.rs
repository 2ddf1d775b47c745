//! Takes a bid back.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, UnixSeconds};

use crate::{
    events::BidWithdrawn,
    state::{Balance, Order},
};

/// Accounts of `bid_withdraw`.
#[derive(Accounts)]
pub struct BidWithdraw {
    /// The provider's wallet.
    pub owner: Signer,
    #[account(mut)]
    pub order: Account<Order>,
    /// The balance that gets the deposit: the provider's, or the tenant's from the deadline for bids until the order expires.
    #[account(mut)]
    pub balance: Account<Balance>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<BidWithdraw>, place: u8) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    let order = &mut accounts.order;
    let (bid, is_forfeit) = order.withdraw(place, accounts.owner.address(), now)?;
    let to = if is_forfeit { order.tenant } else { bid.provider };
    accounts.balance.require_of(&to, &order.mint)?;
    accounts.balance.credit(Atoms(order.deposit))?;
    emit(BidWithdrawn {
        order: *order.address(),
        node: bid.node,
        to,
        deposit: order.deposit,
        balance: accounts.balance.amount,
        at: now.0,
        place: u64::from(place),
    });
    Ok(())
}
