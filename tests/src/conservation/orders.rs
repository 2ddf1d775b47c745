//! What must hold of every order.

use gantry_sdk::{Pubkey, address};
use market::state::Order;

pub(super) fn check(address: &Pubkey, order: &Order) {
    assert_eq!(
        *address,
        address::order(&order.tenant, order.nonce),
        "an order at another address than its own"
    );
    assert!(
        !order.is_empty(),
        "the order {address} is over and holds nothing, but is there"
    );
    let nodes: Vec<_> = order.taken().map(|(_, bid)| bid.node).collect();
    let numbers: Vec<_> = order.taken().map(|(_, bid)| bid.number).collect();
    for (place, bid) in order.taken() {
        assert_eq!(
            nodes.iter().filter(|node| **node == bid.node).count(),
            1,
            "a node bids twice for {address}"
        );
        assert_eq!(
            numbers.iter().filter(|number| **number == bid.number).count(),
            1,
            "two bids for {address} with one number"
        );
        assert!(
            (1..=order.max_rate).contains(&bid.rate) && bid.number <= order.bids_placed,
            "bid {place} for {address}"
        );
    }
}
