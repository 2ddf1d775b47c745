//! Rents GPUs of a node.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Bps, Rate, UnixSeconds};

use crate::{
    errors::MarketError,
    events::JobOpened,
    seeds,
    staking_calls::Caller,
    state::{Balance, Config, GpuClass, Job, Node, OpenTerms, PriceRange, Provider, RegisteredMint, Tenant},
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
    let signer_bump = ctx.bumps.signer;
    let job_bump = ctx.bumps.job;
    let terms = agree(&ctx.accounts, args)?;
    let accounts = &mut ctx.accounts;
    accounts
        .node
        .rent(args.gpus, args.max_duration_s, now, accounts.config.heartbeat_max_age_s)?;
    let stake_reserved = accounts
        .config
        .stake_per_gpu
        .checked_mul(u64::from(args.gpus))
        .ok_or(MarketError::AmountOverflow)?;

    let job = &mut accounts.job;
    let escrow = job.open(&terms, now)?;
    job.tenant = *accounts.tenant.address();
    job.provider = accounts.node.owner;
    job.node = *accounts.node.address();
    job.mint = accounts.registered_mint.mint;
    job.session_key = args.session_key;
    job.attestation_key = accounts.provider.attestation_key;
    job.genesis_hash = accounts.config.genesis_hash;
    job.bundle_hash = args.bundle_hash;
    job.nonce = nonce;
    job.gpus = args.gpus;
    job.stake_reserved = stake_reserved;
    job.bump = job_bump;
    accounts.balance.debit(escrow)?;

    Caller {
        program: &accounts.staking_program,
        signer: &accounts.signer,
        bump: signer_bump,
    }
    .reserve(&accounts.pool, &mut accounts.stake, stake_reserved)?;
    emit(opened(accounts));
    Ok(())
}

/// Refuses what tenant, provider, mint and configuration do not agree on; returns the terms that they do.
fn agree(accounts: &JobOpen, args: &JobTerms) -> core::result::Result<OpenTerms, MarketError> {
    if accounts.config.paused == 1 {
        return Err(MarketError::Paused);
    }
    accounts.registered_mint.require_open()?;
    accounts.gpu_class.require_open(&accounts.node.class)?;
    accounts
        .config
        .require_at_arms_length(accounts.tenant.address(), &accounts.node.owner)?;
    if args.session_key == Address::default() {
        return Err(MarketError::InvalidKey);
    }
    accounts
        .balance
        .require_of(accounts.tenant.address(), &accounts.registered_mint.mint)?;
    accounts.tenant_account.require_of(accounts.tenant.address())?;
    if accounts.stake.owner != accounts.node.owner {
        return Err(MarketError::WrongStake);
    }
    accounts
        .provider
        .require_covered(accounts.stake.backing(), accounts.config.stake_per_gpu)?;
    let mint = &accounts.registered_mint.mint;
    let rate = accounts.node.price(mint)?;
    // Governance may have narrowed it since the price was set.
    accounts.price_range.require_of(&accounts.node.class, mint)?;
    accounts.price_range.require_holds(rate)?;
    if rate > Rate(args.max_rate) {
        return Err(MarketError::RateAboveLimit);
    }
    Ok(OpenTerms {
        rate: rate.times(args.gpus).ok_or(MarketError::AmountOverflow)?,
        max_duration_s: args.max_duration_s,
        fee: Bps::new(accounts.config.fee_bps).ok_or(MarketError::ParameterOutOfRange)?,
        reference_price: accounts.registered_mint.reference_price,
        start_deadline_s: accounts.config.start_deadline_s,
        grace_window_s: accounts.config.grace_window_s,
    })
}

fn opened(accounts: &JobOpen) -> JobOpened {
    let job = &accounts.job;
    JobOpened {
        job: *job.address(),
        tenant: job.tenant,
        provider: job.provider,
        node: job.node,
        mint: job.mint,
        session_key: job.session_key,
        attestation_key: job.attestation_key,
        bundle_hash: job.bundle_hash,
        nonce: job.nonce,
        rate: job.rate,
        escrow: job.escrow,
        stake_reserved: job.stake_reserved,
        reference_price: job.reference_price,
        balance: accounts.balance.amount,
        opened_at: job.opened_at,
        start_deadline: job.start_deadline,
        max_duration_s: job.max_duration_s,
        grace_window_s: job.grace_window_s,
        gpus: job.gpus,
        fee_bps: job.fee_bps,
        gpus_free: u32::from(accounts.node.gpus_free),
    }
}
