//! Ends an order at the tenant's wish.

use anchor_lang::prelude::*;
use gantry_protocol::UnixSeconds;

use super::order_end::End;
use crate::{
    errors::MarketError,
    state::{Balance, Order},
};

/// Accounts of `order_cancel`.
#[derive(Accounts)]
pub struct OrderCancel {
    /// The tenant's wallet; gets the rent back when no deposit is left in the order.
    #[account(mut, address = order.tenant @ MarketError::NotTenant)]
    pub tenant: Signer,
    #[account(mut)]
    pub order: Account<Order>,
    /// The tenant's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<OrderCancel>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    let refund = accounts.order.cancel()?;
    End {
        order: &mut accounts.order,
        balance: &mut accounts.balance,
        tenant: *accounts.tenant.account(),
        expired: false,
    }
    .carry_out(refund, now)
}
