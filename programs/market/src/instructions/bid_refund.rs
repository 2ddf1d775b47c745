//! Returns the deposit of a bid whose order is open no more. By anyone.

use anchor_lang::{prelude::*, AccountClose};
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, UnixSeconds};

use crate::{
    events::BidRefunded,
    state::{Balance, Order},
};

/// Accounts of `bid_refund`. Nobody signs: a deposit can only go back, and the rent to the tenant.
#[derive(Accounts)]
pub struct BidRefund {
    #[account(mut)]
    pub order: Account<Order>,
    /// The balance of the bid's provider.
    #[account(mut)]
    pub balance: Account<Balance>,
    /// Who gets the order's rent back with the last deposit.
    #[account(mut, address = order.tenant)]
    pub tenant: UncheckedAccount,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<BidRefund>, place: u8) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    let order = &mut accounts.order;
    let bid = order.take_out(place)?;
    accounts.balance.require_of(&bid.provider, &order.mint)?;
    accounts.balance.credit(Atoms(order.deposit))?;
    emit(BidRefunded {
        order: *order.address(),
        node: bid.node,
        provider: bid.provider,
        deposit: order.deposit,
        balance: accounts.balance.amount,
        at: now.0,
        place: u32::from(place),
        bids: order.taken().count() as u32,
    });
    if order.is_empty() {
        order.close(*accounts.tenant.account())?;
    }
    Ok(())
}
