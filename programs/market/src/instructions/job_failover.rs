//! Re-opens a job that lost its node on another one, with what is left of its escrow.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Rate, UnixSeconds};

use super::job_opening::{opened, Opening, Request};
use crate::{
    errors::MarketError,
    events::JobFailedOver,
    seeds,
    staking_calls::Caller,
    state::{Balance, Config, GpuClass, Job, Node, PriceRange, Provider, RegisteredMint, Tenant},
};

/// Accounts of `job_failover`.
#[derive(Accounts)]
#[instruction(nonce: u64)]
pub struct JobFailover {
    /// The session key of the job that ended.
    #[account(address = former_job.session_key @ MarketError::NotSessionKey)]
    pub session_key: Signer,
    /// Pays the rent; anyone but the session key.
    #[account(mut)]
    pub payer: Signer,
    /// The job that ended.
    #[account(mut)]
    pub former_job: Account<Job>,
    /// The node that was lost.
    #[account(address = former_job.node)]
    pub former_node: Account<Node>,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub registered_mint: Account<RegisteredMint>,
    /// The class of both nodes.
    pub gpu_class: Account<GpuClass>,
    /// What the class may cost in the mint now.
    pub price_range: Account<PriceRange>,
    #[account(address = node.provider)]
    pub provider: Account<Provider>,
    /// The other node.
    #[account(mut)]
    pub node: Account<Node>,
    /// The tenant's balance, into which the refund went.
    #[account(mut)]
    pub balance: Account<Balance>,
    /// The tenant's account, which the job writes when it ends.
    pub tenant_account: Account<Tenant>,
    #[account(init, payer = payer, seeds = [seeds::JOB, former_job.tenant.as_ref(), &nonce.to_le_bytes()], bump)]
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
pub(crate) fn handle(ctx: &mut Context<JobFailover>, nonce: u64, max_rate: u64, max_duration_s: u32) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let (signer_bump, bump) = (ctx.bumps.signer, ctx.bumps.job);
    let accounts = &mut ctx.accounts;
    accounts.former_job.require_failover(now)?;
    require!(
        accounts.node.class == accounts.former_node.class,
        MarketError::FailoverDiffers
    );
    accounts
        .balance
        .require_of(&accounts.former_job.tenant, &accounts.former_job.mint)?;
    let request = Request {
        tenant: &accounts.former_job.tenant,
        session_key: &accounts.former_job.session_key,
        bundle_hash: &accounts.former_job.bundle_hash,
        nonce,
        max_duration_s,
        gpus: accounts.former_job.gpus,
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
    let asked = opening.node.price(&opening.registered_mint.mint);
    let rate = opening.agree(&request, asked)?;
    require!(rate <= Rate(max_rate), MarketError::RateAboveLimit);
    let escrow = opening.record(&request, rate, now)?;
    accounts.balance.debit(escrow)?;
    Caller {
        program: &accounts.staking_program,
        signer: &accounts.signer,
        bump: signer_bump,
    }
    .reserve(&accounts.pool, &mut accounts.stake, accounts.job.stake_reserved)?;
    let successor = *accounts.job.address();
    accounts.former_job.hand_over(successor, &accounts.job)?;
    emit(opened(&accounts.job, &accounts.balance, &accounts.node));
    emit(JobFailedOver {
        job: *accounts.former_job.address(),
        successor: accounts.former_job.successor,
        at: now.0,
    });
    Ok(())
}
