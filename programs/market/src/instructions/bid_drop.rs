//! Removes a best bid that can no longer be fulfilled. By anyone.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, Rate, UnixSeconds};

use super::bid_fit::{is_own_doing, Candidate};
use crate::{
    errors::MarketError,
    events::BidDropped,
    state::{Balance, Config, Node, Order, PriceRange, Provider},
};

/// Accounts of `bid_drop`. Nobody signs: what the accounts say decides.
#[derive(Accounts)]
pub struct BidDrop {
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    /// What the class may cost in the order's mint now.
    pub price_range: Account<PriceRange>,
    #[account(address = node.provider)]
    pub provider: Account<Provider>,
    pub node: Account<Node>,
    /// The provider's stake.
    pub stake: Account<staking::state::Stake>,
    #[account(mut)]
    pub order: Account<Order>,
    /// The balance that gets the deposit: the tenant's when the provider answers for it, else the provider's.
    #[account(mut)]
    pub balance: Account<Balance>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<BidDrop>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    let order = &mut accounts.order;
    let (place, bid) = order.drop_best(accounts.node.address(), now)?;
    let candidate = Candidate {
        config: &accounts.config,
        price_range: &accounts.price_range,
        provider: &accounts.provider,
        node: &accounts.node,
        stake: &accounts.stake,
    };
    candidate.require_concerned(order)?;
    let Err(reason) = candidate.require_able(order, Rate(bid.rate), now) else {
        return Err(MarketError::BidStillGood.into());
    };
    let to = if is_own_doing(reason) {
        order.tenant
    } else {
        bid.provider
    };
    accounts.balance.require_of(&to, &order.mint)?;
    accounts.balance.credit(Atoms(order.deposit))?;
    emit(BidDropped {
        order: *order.address(),
        node: bid.node,
        to,
        deposit: order.deposit,
        balance: accounts.balance.amount,
        at: now.0,
        place: place as u64,
        reason: ProgramError::from(reason).into(),
    });
    Ok(())
}
