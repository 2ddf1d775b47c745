//! The market's orders, with their bids.

use bytemuck::Zeroable;
use gantry_sdk::Pubkey;
use gantry_sdk::market::{
    ID,
    events::{BidDropped, BidPlaced, BidRefunded, BidWithdrawn, OrderAccepted, OrderCancelled, OrderOpened},
    seeds,
    state::{Bid, Order, OrderState},
};

use super::{Outcome, Replica, bump, narrow};

impl Replica {
    pub(super) fn order_opened(&mut self, event: &OrderOpened) -> Outcome {
        let order = Order {
            tenant: event.tenant,
            mint: event.mint,
            session_key: event.session_key,
            bundle_hash: event.bundle_hash,
            class: event.class,
            region: event.region,
            nonce: event.nonce,
            max_rate: event.max_rate,
            escrow: event.escrow,
            deposit: event.deposit,
            job_rent: event.job_rent,
            opened_at: event.opened_at,
            bids_until: event.bids_until,
            accept_until: event.accept_until,
            max_duration_s: event.max_duration_s,
            min_memory_mib: event.min_memory_mib,
            gpus: event.gpus,
            min_score: event.min_score,
            state: OrderState::Open as u8,
            simulated: narrow(event.simulated)?,
            bump: bump(&ID, &[seeds::ORDER, event.tenant.as_ref(), &event.nonce.to_le_bytes()]),
            ..Zeroable::zeroed()
        };
        self.orders.insert(event.order, order)?;
        self.set_balance(&event.tenant, &event.mint, event.balance)
    }

    pub(super) fn bid_placed(&mut self, event: &BidPlaced) -> Outcome {
        let bid = Bid {
            node: event.node,
            provider: event.provider,
            rate: event.rate,
            placed_at: event.at,
            number: event.number,
        };
        *self.place(&event.order, event.place)? = bid;
        let order = self.orders.get_mut(&event.order)?;
        order.bids_placed = event.number;
        let mint = order.mint;
        if event.displaced != Pubkey::default() {
            self.set_balance(&event.displaced, &mint, event.displaced_balance)?;
        }
        self.set_balance(&event.provider, &mint, event.balance)
    }

    pub(super) fn bid_withdrawn(&mut self, event: &BidWithdrawn) -> Outcome {
        self.bid_gone(&event.order, event.place, &event.to, event.balance)
    }

    pub(super) fn bid_dropped(&mut self, event: &BidDropped) -> Outcome {
        self.bid_gone(&event.order, event.place, &event.to, event.balance)
    }

    pub(super) fn bid_refunded(&mut self, event: &BidRefunded) -> Outcome {
        self.bid_gone(&event.order, event.place.into(), &event.provider, event.balance)?;
        self.close_if_empty(&event.order, event.bids)
    }

    /// The job that was opened has an event of its own, which says the tenant's balance too.
    pub(super) fn order_accepted(&mut self, event: &OrderAccepted) -> Outcome {
        self.orders.get_mut(&event.order)?.state = OrderState::Accepted as u8;
        Ok(())
    }

    pub(super) fn order_cancelled(&mut self, event: &OrderCancelled) -> Outcome {
        let order = self.orders.get_mut(&event.order)?;
        order.state = OrderState::Cancelled as u8;
        let (tenant, mint) = (order.tenant, order.mint);
        self.set_balance(&tenant, &mint, event.balance)?;
        self.close_if_empty(&event.order, event.bids)
    }

    fn bid_gone(&mut self, order: &Pubkey, place: u64, to: &Pubkey, balance: u64) -> Outcome {
        *self.place(order, place)? = Bid::default();
        let mint = self.orders.get(order)?.mint;
        self.set_balance(to, &mint, balance)
    }

    fn close_if_empty(&mut self, order: &Pubkey, bids: u32) -> Outcome {
        if bids == 0 { self.orders.remove(order) } else { Ok(()) }
    }

    fn place(&mut self, order: &Pubkey, place: u64) -> Result<&mut Bid, String> {
        let place: usize = narrow(place)?;
        let bids = &mut self.orders.get_mut(order)?.bids;
        bids.get_mut(place)
            .ok_or_else(|| format!("an order has no place {place}"))
    }
}
