//! Posts what a tenant needs and the most it pays.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::{cpi::rent_exempt_lamports, prelude::*, system_program};
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{
    errors::MarketError,
    events::OrderOpened,
    seeds,
    state::{Balance, Config, GpuClass, Job, Order, RegisteredMint},
};

/// Bytes of a job's account, with the discriminator.
const JOB_BYTES: usize = 8 + core::mem::size_of::<Job>();

/// What the tenant asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IdlType, SchemaRead, SchemaWrite)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize))]
pub struct OrderTerms {
    /// Hot key that will co-sign receipts.
    pub session_key: Address,
    /// SHA-256 of the bundle that will be uploaded; zeros when there is none.
    pub bundle_hash: [u8; 32],
    /// GPU class, zero-padded.
    pub class: [u8; 16],
    /// Region, zero-padded; zeros: any.
    pub region: [u8; 16],
    /// Most that the tenant pays per GPU, in micro-atoms per second.
    pub max_rate: u64,
    /// Longest metered time in seconds; the escrow covers it.
    pub max_duration_s: u32,
    /// Least memory of each GPU in MiB.
    pub min_memory_mib: u32,
    /// Seconds in which bids are taken.
    pub bid_window_s: u32,
    /// Seconds after that in which one can be accepted.
    pub accept_window_s: u32,
    /// GPUs.
    pub gpus: u16,
    /// Least score of the provider, 0 to 10,000.
    pub min_score: u16,
    /// Whether simulated GPUs will do.
    pub simulated: bool,
}

/// Accounts of `order_open`.
#[derive(Accounts)]
#[instruction(nonce: u64)]
pub struct OrderOpen {
    /// The tenant's wallet; pays the rent of the order, which it gets back, and that of the job.
    #[account(mut)]
    pub tenant: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub registered_mint: Account<RegisteredMint>,
    /// The class that is asked for.
    pub gpu_class: Account<GpuClass>,
    /// The tenant's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
    #[account(init, payer = tenant, seeds = [seeds::ORDER, tenant.address().as_ref(), &nonce.to_le_bytes()], bump)]
    pub order: Account<Order>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<OrderOpen>, nonce: u64, args: &OrderTerms) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let bump = ctx.bumps.order;
    let job_rent = rent_exempt_lamports(JOB_BYTES)?;
    let accounts = &mut ctx.accounts;
    require!(accounts.config.paused == 0, MarketError::Paused);
    accounts.registered_mint.require_open()?;
    accounts.gpu_class.require_open(&args.class)?;
    let mint = accounts.registered_mint.mint;
    accounts.balance.require_of(accounts.tenant.address(), &mint)?;
    let order = &mut accounts.order;
    let escrow = order.open(args, now)?;
    order.tenant = *accounts.tenant.address();
    order.mint = mint;
    order.nonce = nonce;
    order.job_rent = job_rent;
    order.bump = bump;
    accounts.balance.debit(escrow)?;
    system_program::transfer(
        CpiContext::new(
            accounts.system_program.address(),
            system_program::Transfer {
                from: accounts.tenant.try_to_cpi_handle_mut()?,
                to: accounts.order.try_to_cpi_handle_mut()?,
            },
        ),
        job_rent,
    )?;
    emit(opened(accounts));
    Ok(())
}

fn opened(accounts: &OrderOpen) -> OrderOpened {
    let order = &accounts.order;
    OrderOpened {
        order: *order.address(),
        tenant: order.tenant,
        mint: order.mint,
        session_key: order.session_key,
        bundle_hash: order.bundle_hash,
        class: order.class,
        region: order.region,
        nonce: order.nonce,
        max_rate: order.max_rate,
        escrow: order.escrow,
        deposit: order.deposit,
        job_rent: order.job_rent,
        balance: accounts.balance.amount,
        opened_at: order.opened_at,
        bids_until: order.bids_until,
        accept_until: order.accept_until,
        max_duration_s: order.max_duration_s,
        min_memory_mib: order.min_memory_mib,
        gpus: order.gpus,
        min_score: order.min_score,
        simulated: u32::from(order.simulated),
    }
}
