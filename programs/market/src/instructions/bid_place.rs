//! Bids for an order.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, Rate, UnixSeconds};

use super::bid_fit::Candidate;
use crate::{
    errors::MarketError,
    events::BidPlaced,
    state::{Balance, Bid, Config, GpuClass, Node, Order, PriceRange, Provider, RegisteredMint},
};

/// A bid, with what the bidder believes of the order: an order can be closed and another one posted at its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IdlType, SchemaRead, SchemaWrite)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize))]
pub struct BidTerms {
    /// Micro-atoms per second and GPU.
    pub rate: u64,
    /// The order's deposit.
    pub deposit: u64,
    /// The order's last moment.
    pub accept_until: i64,
    /// The order's longest metered time in seconds.
    pub max_duration_s: u32,
    /// The order's GPUs.
    pub gpus: u16,
}

/// Accounts of `bid_place`.
#[derive(Accounts)]
pub struct BidPlace {
    /// The provider's wallet.
    #[account(address = node.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub registered_mint: Account<RegisteredMint>,
    /// The class that is asked for.
    pub gpu_class: Account<GpuClass>,
    /// What the class may cost in the order's mint now.
    pub price_range: Account<PriceRange>,
    #[account(address = node.provider)]
    pub provider: Account<Provider>,
    pub node: Account<Node>,
    /// The provider's stake.
    pub stake: Account<staking::state::Stake>,
    #[account(mut)]
    pub order: Account<Order>,
    /// The provider's balance, which pays the deposit.
    #[account(mut)]
    pub balance: Account<Balance>,
    /// The balance of whose bid is displaced; none when a place is free, or when it is the bidder's own.
    #[account(mut)]
    pub displaced_balance: Option<Account<Balance>>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<BidPlace>, args: &BidTerms) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    require!(accounts.config.paused == 0, MarketError::Paused);
    accounts.registered_mint.require_open()?;
    let owner = *accounts.owner.address();
    let order = &mut accounts.order;
    accounts.balance.require_of(&owner, &order.mint)?;
    let candidate = Candidate {
        config: &accounts.config,
        price_range: &accounts.price_range,
        provider: &accounts.provider,
        node: &accounts.node,
        stake: &accounts.stake,
    };
    candidate.require_concerned(order)?;
    require!(accounts.registered_mint.mint == order.mint, MarketError::WrongMint);
    accounts.gpu_class.require_open(&order.class)?;
    let placed = order.place(*accounts.node.address(), owner, args, now)?;
    candidate.require_able(order, Rate(args.rate), now)?;
    let (deposit, displaced) = pay(accounts, placed.before)?;
    let bid = accounts.order.bids[placed.place];
    emit(BidPlaced {
        order: *accounts.order.address(),
        node: bid.node,
        provider: bid.provider,
        displaced,
        rate: bid.rate,
        deposit,
        balance: accounts.balance.amount,
        displaced_balance: displaced_balance(accounts, &displaced),
        number: bid.number,
        at: now.0,
        place: placed.place as u64,
    });
    Ok(())
}

/// Takes the deposit, and gives back that of the bid that lay in the place before. Returns what was taken, and who was displaced.
fn pay(accounts: &mut BidPlace, before: Option<Bid>) -> core::result::Result<(u64, Address), MarketError> {
    let deposit = Atoms(accounts.order.deposit);
    let Some(before) = before else {
        accounts.balance.debit(deposit)?;
        return Ok((deposit.0, Address::default()));
    };
    // A bid of the same wallet leaves its deposit to the new one.
    if before.provider == *accounts.owner.address() {
        let displaced = if before.node == *accounts.node.address() {
            Address::default()
        } else {
            before.provider
        };
        return Ok((0, displaced));
    }
    accounts.balance.debit(deposit)?;
    let displaced = accounts.displaced_balance.as_mut().ok_or(MarketError::WrongBalance)?;
    displaced.require_of(&before.provider, &accounts.order.mint)?;
    displaced.credit(deposit)?;
    Ok((deposit.0, before.provider))
}

/// What whoever was displaced has now.
fn displaced_balance(accounts: &BidPlace, displaced: &Address) -> u64 {
    if *displaced == Address::default() {
        return 0;
    }
    if displaced == accounts.owner.address() {
        return accounts.balance.amount;
    }
    accounts.displaced_balance.as_ref().map_or(0, |balance| balance.amount)
}
