//! Ends an order whose time is over. By anyone.

use anchor_lang::prelude::*;
use gantry_protocol::UnixSeconds;

use super::order_end::End;
use crate::state::{Balance, Order};

/// Accounts of `order_expire`. Nobody signs: everything can only go back.
#[derive(Accounts)]
pub struct OrderExpire {
    #[account(mut)]
    pub order: Account<Order>,
    /// The tenant's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
    /// Who gets the rent back when no deposit is left in the order.
    #[account(mut, address = order.tenant)]
    pub tenant: UncheckedAccount,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<OrderExpire>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    let refund = accounts.order.expire(now)?;
    End {
        order: &mut accounts.order,
        balance: &mut accounts.balance,
        tenant: *accounts.tenant.account(),
        expired: true,
    }
    .carry_out(refund, now)
}
