//! Opens the job of an order with one of its bids.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, Rate, UnixSeconds};

use super::job_opening::{opened, Opening, Request};
use crate::{
    errors::MarketError,
    events::OrderAccepted,
    seeds,
    staking_calls::Caller,
    state::{Balance, Config, GpuClass, Job, Node, Order, PriceRange, Provider, RegisteredMint, Tenant},
};

/// Accounts of `order_accept`.
#[derive(Accounts)]
pub struct OrderAccept {
    /// Anyone; with the tenant's wallet it is the tenant's own choice. Pays the job's rent and gets as much out of the order.
    #[account(mut)]
    pub caller: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub registered_mint: Account<RegisteredMint>,
    /// The node's class.
    pub gpu_class: Account<GpuClass>,
    /// What the class may cost in the mint now.
    pub price_range: Account<PriceRange>,
    #[account(address = node.provider)]
    pub provider: Account<Provider>,
    /// The node whose bid is accepted.
    #[account(mut)]
    pub node: Account<Node>,
    #[account(mut)]
    pub order: Account<Order>,
    /// The tenant's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
    /// The tenant's account, which the job writes when it ends.
    pub tenant_account: Account<Tenant>,
    #[account(init, payer = caller, seeds = [seeds::JOB, order.tenant.as_ref(), &order.nonce.to_le_bytes()], bump)]
    pub job: Account<Job>,
    /// Signs towards the staking program; holds no data.
    #[account(seeds = [b"signer"], bump)]
    pub signer: UncheckedAccount,
    /// The staking pool; the staking program checks it.
    pub pool: Account<staking::state::Pool>,
    /// The provider's stake.
    #[account(mut)]
    pub stake: Account<staking::state::Stake>,
    #[account(address = staking::ID)]
    pub staking_program: UncheckedAccount,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<OrderAccept>, max_rate: u64) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let signer_bump = ctx.bumps.signer;
    let bump = ctx.bumps.job;
    let accounts = &mut ctx.accounts;
    let order = &mut accounts.order;
    require!(accounts.registered_mint.mint == order.mint, MarketError::WrongMint);
    let by_tenant = *accounts.caller.address() == order.tenant;
    let (place, bid) = order.accept(accounts.node.address(), by_tenant, Rate(max_rate), now)?;
    order.require_score(&accounts.provider, now)?;
    let request = Request {
        tenant: &order.tenant,
        session_key: &order.session_key,
        bundle_hash: &order.bundle_hash,
        nonce: order.nonce,
        max_duration_s: order.max_duration_s,
        gpus: order.gpus,
        bump,
    };
    let opening = Opening {
        config: &accounts.config,
        registered_mint: &accounts.registered_mint,
        gpu_class: &accounts.gpu_class,
        price_range: &accounts.price_range,
        provider: &accounts.provider,
        node: &mut accounts.node,
        balance: &accounts.balance,
        tenant_account: &accounts.tenant_account,
        job: &mut accounts.job,
        stake: &accounts.stake,
    };
    let rate = opening.agree(&request, Ok(Rate(bid.rate)))?;
    let escrow = opening.record(&request, rate, now)?;
    let returned = order.escrow.checked_sub(escrow.0).ok_or(MarketError::AmountOverflow)?;
    accounts.balance.credit(Atoms(returned))?;
    Caller {
        program: &accounts.staking_program,
        signer: &accounts.signer,
        bump: signer_bump,
    }
    .reserve(&accounts.pool, &mut accounts.stake, accounts.job.stake_reserved)?;
    emit(opened(&accounts.job, &accounts.balance, &accounts.node));
    emit(OrderAccepted {
        order: *accounts.order.address(),
        job: *accounts.job.address(),
        node: bid.node,
        returned,
        balance: accounts.balance.amount,
        at: now.0,
        place: place as u64,
    });
    reimburse(accounts)
}

/// Gives the caller the job's rent out of the order. After the call of the staking program, before which the runtime would miss lamports.
fn reimburse(accounts: &mut OrderAccept) -> Result<()> {
    let (mut from, mut to) = (*accounts.order.account(), *accounts.caller.account());
    let rent = accounts.order.job_rent;
    let left = from.lamports().checked_sub(rent).ok_or(MarketError::AmountOverflow)?;
    let right = to.lamports().checked_add(rent).ok_or(MarketError::AmountOverflow)?;
    from.set_lamports(left);
    to.set_lamports(right);
    Ok(())
}
