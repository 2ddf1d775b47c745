//! Writes what a job says into the records of its two sides.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{
    errors::MarketError,
    events::{ProviderRecorded, TenantRecorded},
    state::{Job, Provider, Tenant},
};

/// Refuses the accounts of others than the job's two sides.
pub(super) fn require_sides(job: &Job, provider: &Provider, tenant: &Tenant) -> core::result::Result<(), MarketError> {
    if provider.owner != job.provider {
        return Err(MarketError::WrongProvider);
    }
    tenant.require_of(&job.tenant)
}

/// Notes what a closed job shows.
#[inline(never)]
pub(super) fn note_closed(job: &Account<Job>, provider: &mut Account<Provider>, tenant: &mut Account<Tenant>) {
    let (closing, now) = (job.closing(), UnixSeconds(job.ended_at));
    provider.record.note(&closing.of_provider(), now);
    tenant.record.note(&closing.of_tenant(), now);
    provider_recorded(job, provider);
    tenant_recorded(job, tenant);
}

/// Notes a job that was never started. One that the provider refused is its own act; otherwise either may have been silent, and both bear it.
#[inline(never)]
pub(super) fn note_cancelled(job: &Account<Job>, provider: &mut Account<Provider>, tenant: &mut Account<Tenant>) {
    let (deed, now) = (job.unstarted(), UnixSeconds(job.ended_at));
    provider.record.note(&deed, now);
    provider_recorded(job, provider);
    if !job.was_refused() {
        tenant.record.note(&deed, now);
        tenant_recorded(job, tenant);
    }
}

/// The event that describes a provider's record.
pub(super) fn provider_recorded(job: &Account<Job>, provider: &Account<Provider>) {
    emit(ProviderRecorded {
        provider: *provider.address(),
        job: *job.address(),
        record: provider.record,
    });
}

fn tenant_recorded(job: &Account<Job>, tenant: &Account<Tenant>) {
    emit(TenantRecorded {
        tenant: *tenant.address(),
        job: *job.address(),
        record: tenant.record,
    });
}
