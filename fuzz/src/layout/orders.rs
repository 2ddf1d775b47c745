//! Orders with their bids, in the market's layout.

use bytemuck::Zeroable;
use gantry_sdk::market::state as market;

use crate::{
    book::{Book, OrderId, Place},
    cast::class_name,
    model::state::{Bid, Order, OrderPhase},
};

/// Lamports of rent for a job's account, by the runtime's formula.
const JOB_RENT: u64 = (128 + 8 + size_of::<market::Job>() as u64) * 6_960;

pub(super) fn layout(book: &Book, id: OrderId, order: &Order) -> market::Order {
    let bid = |bid: &Option<Bid>| {
        bid.map_or(market::Bid::default(), |bid| market::Bid {
            node: book.at(Place::Node(bid.node)),
            provider: book.wallet(bid.node.0),
            rate: bid.rate,
            placed_at: bid.placed_at,
            number: bid.number,
        })
    };
    market::Order {
        tenant: book.wallet(id.0),
        mint: book.mint(order.token),
        session_key: book.key(order.session),
        bundle_hash: [order.bundle; 32],
        class: class_name(order.class),
        region: order.region.bytes(),
        bids: order.bids.each_ref().map(bid),
        nonce: id.1,
        max_rate: order.max_rate,
        escrow: order.escrow,
        deposit: order.deposit,
        job_rent: JOB_RENT,
        bids_placed: order.bids_placed,
        opened_at: order.opened_at,
        bids_until: order.bids_until,
        accept_until: order.accept_until,
        max_duration_s: order.max_s,
        min_memory_mib: order.min_memory_mib,
        gpus: order.gpus,
        min_score: order.min_score,
        // docs/PROTOCOL.md: Open, Accepted, Cancelled.
        state: match order.phase {
            OrderPhase::Open => 1,
            OrderPhase::Accepted => 2,
            OrderPhase::Cancelled => 3,
        },
        simulated: u8::from(order.simulated),
        bump: book.bump(Place::Order(id)),
        ..Zeroable::zeroed()
    }
}
