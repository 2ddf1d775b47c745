//! Rents GPUs of a node.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Rate, UnixSeconds};

use super::job_opening::{opened, Opening, Request};
use crate::{
    seeds,
    staking_calls::Caller,
    state::{Balance, Config, GpuClass, Job, Node, PriceRange, Provider, RegisteredMint, Tenant},
};

/// What the tenant asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IdlType, SchemaRead, SchemaWrite)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize))]
pub struct JobTerms {
    /// Hot key that will co-sign receipts.
    pub session_key: Address,
    /// SHA-256 of the bundle that will be uploaded; zeros when there is none.
    pub bundle_hash: [u8; 32],
    /// Most that the tenant pays per GPU, in micro-atoms per second: the provider may have changed its price meanwhile.
    pub max_rate: u64,
    /// Longest metered time in seconds; the escrow covers it.
    pub max_duration_s: u32,
    /// GPUs.
    pub gpus: u16,
}

/// Accounts of `job_open`.
#[derive(Accounts)]
#[instruction(nonce: u64)]
pub struct JobOpen {
    /// The tenant's wallet; pays the rent.
    #[account(mut)]
    pub tenant: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub registered_mint: Account<RegisteredMint>,
    /// The node's class.
    pub gpu_class: Account<GpuClass>,
    /// What the class may cost in the mint now.
    pub price_range: Account<PriceRange>,
    #[account(address = node.provider)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub node: Account<Node>,
    /// The tenant's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
    /// The tenant's account, which the job writes when it ends.
    pub tenant_account: Account<Tenant>,
    #[account(init, payer = tenant, seeds = [seeds::JOB, tenant.address().as_ref(), &nonce.to_le_bytes()], bump)]
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
pub(crate) fn handle(ctx: &mut Context<JobOpen>, nonce: u64, args: &JobTerms) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let (signer_bump, bump) = (ctx.bumps.signer, ctx.bumps.job);
    let accounts = &mut ctx.accounts;
    let request = Request {
        tenant: *accounts.tenant.address(),
        session_key: args.session_key,
        bundle_hash: args.bundle_hash,
        nonce,
        max_duration_s: args.max_duration_s,
        gpus: args.gpus,
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
    let rate = opening.agree(&request, Rate(args.max_rate))?;
    let escrow = opening.record(&request, rate, now)?;
    accounts.balance.debit(escrow)?;
    Caller {
        program: &accounts.staking_program,
        signer: &accounts.signer,
        bump: signer_bump,
    }
    .reserve(&accounts.pool, &mut accounts.stake, accounts.job.stake_reserved)?;
    emit(opened(&accounts.job, &accounts.balance, &accounts.node));
    Ok(())
}
