//! What opening a job by name, by a bid and by re-opening it elsewhere have in common: who must agree, and the job's record.

use anchor_lang::prelude::*;
use gantry_protocol::{Atoms, Bps, Rate, UnixSeconds};

use crate::{
    errors::MarketError,
    events::JobOpened,
    state::{Balance, Config, GpuClass, Job, Node, OpenTerms, PriceRange, Provider, RegisteredMint, Tenant},
};

/// The accounts that a job opens with.
pub(super) struct Opening<'a> {
    pub config: &'a Account<Config>,
    pub registered_mint: &'a Account<RegisteredMint>,
    pub gpu_class: &'a Account<GpuClass>,
    pub price_range: &'a Account<PriceRange>,
    pub provider: &'a Account<Provider>,
    pub node: &'a mut Account<Node>,
    /// The tenant's balance.
    pub balance: &'a Account<Balance>,
    pub tenant_account: &'a Account<Tenant>,
    pub job: &'a mut Account<Job>,
    pub stake: &'a Account<staking::state::Stake>,
}

/// What the tenant asks for, whichever way.
pub(super) struct Request<'a> {
    pub tenant: &'a Address,
    pub session_key: &'a Address,
    pub bundle_hash: &'a [u8; 32],
    pub nonce: u64,
    pub max_duration_s: u32,
    pub gpus: u16,
    /// Bump of the job's address.
    pub bump: u8,
}

impl Opening<'_> {
    /// Refuses what tenant, provider, mint and configuration do not agree on; returns the rate per GPU that they do. `asked` is the rate that
    /// the provider asks for.
    #[inline(never)]
    pub(super) fn agree(
        &self,
        request: &Request<'_>,
        asked: core::result::Result<Rate, MarketError>,
    ) -> core::result::Result<Rate, MarketError> {
        if self.config.paused == 1 {
            return Err(MarketError::Paused);
        }
        self.registered_mint.require_open()?;
        self.gpu_class.require_open(&self.node.class)?;
        self.config.require_at_arms_length(request.tenant, &self.node.owner)?;
        if *request.session_key == Address::default() {
            return Err(MarketError::InvalidKey);
        }
        self.balance.require_of(request.tenant, &self.registered_mint.mint)?;
        self.tenant_account.require_of(request.tenant)?;
        if self.stake.owner != self.node.owner {
            return Err(MarketError::WrongStake);
        }
        self.provider
            .require_covered(self.stake.backing(), self.config.stake_per_gpu)?;
        let rate = asked?;
        // Governance may have narrowed it since the rate was named.
        self.price_range
            .require_of(&self.node.class, &self.registered_mint.mint)?;
        self.price_range.require_holds(rate)?;
        Ok(rate)
    }

    /// Rents the GPUs and writes the job; returns its escrow. `rate` is per GPU.
    #[inline(never)]
    pub(super) fn record(
        self,
        request: &Request<'_>,
        rate: Rate,
        now: UnixSeconds,
    ) -> core::result::Result<Atoms, MarketError> {
        let config = self.config;
        let terms = OpenTerms {
            rate: rate.times(request.gpus).ok_or(MarketError::AmountOverflow)?,
            max_duration_s: request.max_duration_s,
            fee: Bps::new(config.fee_bps).ok_or(MarketError::ParameterOutOfRange)?,
            reference_price: self.registered_mint.reference_price,
            start_deadline_s: config.start_deadline_s,
            grace_window_s: config.grace_window_s,
        };
        self.node
            .rent(request.gpus, request.max_duration_s, now, config.heartbeat_max_age_s)?;
        let stake_reserved = config
            .stake_per_gpu
            .checked_mul(u64::from(request.gpus))
            .ok_or(MarketError::AmountOverflow)?;
        let job = self.job;
        let escrow = job.open(&terms, now)?;
        job.tenant = *request.tenant;
        job.provider = self.node.owner;
        job.node = *self.node.address();
        job.mint = self.registered_mint.mint;
        job.session_key = *request.session_key;
        job.attestation_key = self.provider.attestation_key;
        job.genesis_hash = config.genesis_hash;
        job.bundle_hash = *request.bundle_hash;
        job.nonce = request.nonce;
        job.gpus = request.gpus;
        job.stake_reserved = stake_reserved;
        job.bump = request.bump;
        Ok(escrow)
    }
}

/// The event of a job that has opened.
#[inline(never)]
pub(super) fn opened(job: &Account<Job>, balance: &Balance, node: &Node) -> JobOpened {
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
        balance: balance.amount,
        opened_at: job.opened_at,
        start_deadline: job.start_deadline,
        max_duration_s: job.max_duration_s,
        grace_window_s: job.grace_window_s,
        gpus: job.gpus,
        fee_bps: job.fee_bps,
        gpus_free: u32::from(node.gpus_free),
    }
}
