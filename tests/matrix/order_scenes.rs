//! The scenes of orders and bids.

use gantry_protocol::limits::MAX_BIDS;
use gantry_sdk::{Pubkey, Signer, instruction::market as instruction};
use gantry_tests::{
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S, BIDDERS_DEPOSIT},
    parties::{RATE, specification},
};
use market::state::Order;

use crate::{
    scene::Scene,
    stage::{Stage, Tokens},
};

/// Orders of the tenant and of the guest, on terms that differ; the rival has bid for the guest's.
fn ordered(tokens: Tokens) -> (Stage, Pubkey) {
    let mut stage = Stage::full(tokens);
    for wallet in [&stage.world.provider.wallet, &stage.rival.wallet].map(|key| key.insecure_clone()) {
        stage.world.give(&wallet, BIDDERS_DEPOSIT);
    }
    let terms = stage.world.order_terms(2);
    let order = stage.world.post_with(terms);
    stage.change_sides();
    let terms = stage.world.order_terms(1);
    let foreign = stage.world.post_with(terms);
    stage.world.own_bid(&foreign, RATE).succeeds();
    stage.change_sides();
    stage.orders = Some([order, foreign]);
    (stage, order)
}

/// The provider has bid for the tenant's.
fn bid_for(tokens: Tokens) -> (Stage, Pubkey) {
    let (mut stage, order) = ordered(tokens);
    stage.world.own_bid(&order, RATE).succeeds();
    (stage, order)
}

fn account(stage: &Stage, order: &Pubkey) -> Order {
    stage.world.order_at(order)
}

pub(crate) fn open(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (tenant, usdc) = (stage.world.tenant.owner(), stage.world.usdc.address);
    let call = instruction::order_open(tenant, 99, usdc, stage.world.order_terms(1));
    Scene::new(stage, call)
}

/// Into a list that the rival's nodes fill, so that one of its bids is displaced.
pub(crate) fn bid_place(tokens: Tokens) -> Scene {
    let (mut stage, order) = ordered(tokens);
    let rival = stage.rival.copy();
    for id in 0..u16::try_from(MAX_BIDS).expect("few") {
        let register = instruction::node_register(rival.owner(), id, specification());
        let key = rival.attestation.pubkey();
        let heartbeat = instruction::node_heartbeat(key, rival.account(), rival.node(id));
        let bid = instruction::bid_place(rival.owner(), rival.node(id), order, &account(&stage, &order), RATE);
        let mut all = vec![heartbeat, bid];
        // Its first node is there already.
        if id > 0 {
            all.splice(..0, [vec![register], rival.devices(id, 0..2)].concat());
        }
        let sent = stage.world.chain.send(&all, &[&rival.wallet, &rival.attestation]);
        sent.succeeds();
    }
    let (owner, node) = (stage.world.provider.owner(), stage.world.node_address());
    let call = instruction::bid_place(owner, node, order, &account(&stage, &order), RATE - 1);
    Scene::new(stage, call)
}

pub(crate) fn bid_withdraw(tokens: Tokens) -> Scene {
    let (stage, order) = bid_for(tokens);
    let owner = stage.world.provider.owner();
    let call = instruction::bid_withdraw(order, &account(&stage, &order), 0, owner, &owner);
    Scene::new(stage, call)
}

/// The provider has retired its node.
pub(crate) fn bid_drop(tokens: Tokens) -> Scene {
    let (mut stage, order) = bid_for(tokens);
    stage.world.end_bidding(&[]);
    let provider = stage.world.provider.copy();
    let retire = instruction::node_update(provider.owner(), provider.node(0), 1, 86_400, false);
    stage.world.chain.send(&[retire], &[&provider.wallet]).succeeds();
    let account = account(&stage, &order);
    let call = instruction::bid_drop(order, &account, &account.bids[0], &account.tenant);
    Scene::new(stage, call)
}

/// By the deployer, who has nothing to do with it.
pub(crate) fn accept(tokens: Tokens) -> Scene {
    let (mut stage, order) = bid_for(tokens);
    stage.world.end_bidding(&[]);
    let (account, caller) = (account(&stage, &order), stage.world.deployer.pubkey());
    let call = instruction::order_accept(caller, order, &account, &account.bids[0], u64::MAX);
    Scene::new(stage, call)
}

pub(crate) fn cancel(tokens: Tokens) -> Scene {
    let (stage, order) = ordered(tokens);
    let call = instruction::order_cancel(order, &account(&stage, &order));
    Scene::new(stage, call)
}

pub(crate) fn expire(tokens: Tokens) -> Scene {
    let (mut stage, order) = bid_for(tokens);
    stage.world.chain.advance(i64::from(BID_WINDOW_S + ACCEPT_WINDOW_S) + 1);
    let call = instruction::order_expire(order, &account(&stage, &order));
    Scene::new(stage, call)
}

/// Of the last deposit, which closes the order.
pub(crate) fn bid_refund(tokens: Tokens) -> Scene {
    let (mut stage, order) = bid_for(tokens);
    stage.world.cancel_order(&order).succeeds();
    let account = account(&stage, &order);
    let call = instruction::bid_refund(order, &account, 0, &account.bids[0]);
    Scene::new(stage, call)
}
