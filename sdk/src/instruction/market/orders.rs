//! Orders and bids.

use market::{
    BidTerms, OrderTerms, accounts, instruction as arguments,
    state::{Bid, Order},
};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::super::build;
use crate::address::{self, SYSTEM_PROGRAM};

/// Posts an order; `tenant` signs and pays the rent.
#[must_use]
pub fn order_open(tenant: Pubkey, nonce: u64, mint: Pubkey, args: OrderTerms) -> Instruction {
    build(
        market::ID,
        &accounts::OrderOpen {
            tenant,
            config: address::config(),
            registered_mint: address::registered_mint(&mint),
            gpu_class: address::gpu_class(&args.class),
            balance: address::balance(&tenant, &mint),
            order: address::order(&tenant, nonce),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::OrderOpen { nonce, args },
    )
}

/// Bids `rate` per GPU for an order with a node of the provider whose wallet is `owner` and signs; lowers the node's bid if it has one. What the
/// order asks for must still be what `order` says. If all places are taken, the dearest bid in `order` is the one that is displaced.
#[must_use]
pub fn bid_place(owner: Pubkey, node: Pubkey, address: Pubkey, order: &Order, rate: u64) -> Instruction {
    let is_lowered = order.bid_of(&node).is_ok();
    let is_full = order.bids.iter().all(|bid| bid.number > 0);
    let displaced = order.dearest().filter(|_| is_full && !is_lowered);
    let displaced = displaced.map(|place| order.bids[place].provider);
    build(
        market::ID,
        &accounts::BidPlace {
            owner,
            config: address::config(),
            registered_mint: address::registered_mint(&order.mint),
            gpu_class: address::gpu_class(&order.class),
            price_range: address::price_range(&order.class, &order.mint),
            provider: address::provider(&owner),
            node,
            stake: address::stake(&owner),
            order: address,
            balance: address::balance(&owner, &order.mint),
            displaced_balance: displaced
                .filter(|provider| *provider != owner)
                .map(|provider| address::balance(&provider, &order.mint)),
        },
        &arguments::BidPlace {
            args: BidTerms {
                rate,
                deposit: order.deposit,
                accept_until: order.accept_until,
                max_duration_s: order.max_duration_s,
                gpus: order.gpus,
            },
        },
    )
}

/// Takes the bid in this place back; its provider's wallet signs. `to` is whose balance gets the deposit: the provider's, or the tenant's from
/// `bids_until` on.
#[must_use]
pub fn bid_withdraw(address: Pubkey, order: &Order, place: u8, owner: Pubkey, to: &Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::BidWithdraw {
            owner,
            order: address,
            balance: address::balance(to, &order.mint),
        },
        &arguments::BidWithdraw { place },
    )
}

/// Removes the best bid, which its node can no longer fulfil. Nobody has to sign. `to` is whose balance gets the deposit: the tenant's if the
/// provider answers for it, else the provider's.
#[must_use]
pub fn bid_drop(address: Pubkey, order: &Order, bid: &Bid, to: &Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::BidDrop {
            config: address::config(),
            price_range: address::price_range(&order.class, &order.mint),
            provider: address::provider(&bid.provider),
            node: bid.node,
            stake: address::stake(&bid.provider),
            order: address,
            balance: address::balance(to, &order.mint),
        },
        &arguments::BidDrop {},
    )
}

/// Opens the order's job with a bid of at most `max_rate`; `caller` signs and pays the job's rent, which the order gives back: the tenant at
/// any time, anyone once no more bids are taken, if it is the best.
#[must_use]
pub fn order_accept(caller: Pubkey, address: Pubkey, order: &Order, bid: &Bid, max_rate: u64) -> Instruction {
    build(
        market::ID,
        &accounts::OrderAccept {
            caller,
            config: address::config(),
            registered_mint: address::registered_mint(&order.mint),
            gpu_class: address::gpu_class(&order.class),
            price_range: address::price_range(&order.class, &order.mint),
            provider: address::provider(&bid.provider),
            node: bid.node,
            order: address,
            balance: address::balance(&order.tenant, &order.mint),
            tenant_account: address::tenant(&order.tenant),
            job: address::job(&order.tenant, order.nonce),
            signer: address::market_signer(),
            pool: address::pool(),
            stake: address::stake(&bid.provider),
            staking_program: staking::ID,
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::OrderAccept { max_rate },
    )
}

/// Ends an order without a job; its tenant's wallet signs.
#[must_use]
pub fn order_cancel(address: Pubkey, order: &Order) -> Instruction {
    build(
        market::ID,
        &accounts::OrderCancel {
            tenant: order.tenant,
            order: address,
            balance: address::balance(&order.tenant, &order.mint),
        },
        &arguments::OrderCancel {},
    )
}

/// Ends an order whose time is over. Nobody has to sign.
#[must_use]
pub fn order_expire(address: Pubkey, order: &Order) -> Instruction {
    build(
        market::ID,
        &accounts::OrderExpire {
            order: address,
            balance: address::balance(&order.tenant, &order.mint),
            tenant: order.tenant,
        },
        &arguments::OrderExpire {},
    )
}

/// Returns the deposit of a bid of an order that is open no more. Nobody has to sign.
#[must_use]
pub fn bid_refund(address: Pubkey, order: &Order, place: u8, bid: &Bid) -> Instruction {
    build(
        market::ID,
        &accounts::BidRefund {
            order: address,
            balance: address::balance(&bid.provider, &order.mint),
            tenant: order.tenant,
        },
        &arguments::BidRefund { place },
    )
}

/// What returns all deposits of an order that is open no more, and closes it.
#[must_use]
pub fn bid_refunds(address: Pubkey, order: &Order) -> Vec<Instruction> {
    let bids = order.taken();
    bids.filter_map(|(place, bid)| Some(bid_refund(address, order, u8::try_from(place).ok()?, bid)))
        .collect()
}
