//! What cancelling and expiring have in common: the escrow goes back, and an order without bids is closed.

use anchor_lang::{prelude::*, AccountClose};
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, UnixSeconds};

use crate::{
    events::OrderCancelled,
    state::{Balance, Order},
};

/// An order that has just ended, and who gets what of it.
pub(super) struct End<'a> {
    pub order: &'a mut Account<Order>,
    pub balance: &'a mut Account<Balance>,
    /// The tenant's wallet, which gets the rent.
    pub tenant: AccountView,
    pub expired: bool,
}

impl End<'_> {
    pub(super) fn carry_out(self, refund: Atoms, now: UnixSeconds) -> Result<()> {
        let order = self.order;
        self.balance.require_of(&order.tenant, &order.mint)?;
        self.balance.credit(refund)?;
        emit(OrderCancelled {
            order: *order.address(),
            refund: refund.0,
            balance: self.balance.amount,
            at: now.0,
            bids: order.taken().count() as u32,
            expired: u32::from(self.expired),
        });
        if order.is_empty() {
            order.close(self.tenant)?;
        }
        Ok(())
    }
}
