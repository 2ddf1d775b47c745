//! Registers a provider.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::limits::MAX_ENDPOINT_BYTES;

use crate::{events::ProviderConfigured, seeds, state::Provider};

/// What a provider says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IdlType, SchemaRead, SchemaWrite)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize))]
pub struct ProviderProfile {
    /// Hot key that signs starts, heartbeats and receipts.
    pub attestation_key: Address,
    /// SHA-256 of the agent's TLS public key (DER SubjectPublicKeyInfo).
    pub tls_key_hash: [u8; 32],
    /// URL of the agent, ASCII, zero-padded.
    pub endpoint: [u8; MAX_ENDPOINT_BYTES],
    /// Bytes of `endpoint` in use.
    pub endpoint_bytes: u16,
}

/// Accounts of `provider_register`.
#[derive(Accounts)]
pub struct ProviderRegister {
    /// The provider's wallet; pays the rent.
    #[account(mut)]
    pub owner: Signer,
    #[account(init, payer = owner, seeds = [seeds::PROVIDER, owner.address().as_ref()], bump)]
    pub provider: Account<Provider>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ProviderRegister>, args: &ProviderProfile) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let provider = &mut ctx.accounts.provider;
    provider.owner = *ctx.accounts.owner.address();
    provider.registered_at = now;
    provider.bump = ctx.bumps.provider;
    provider.set_profile(args)?;
    emit(configured(provider, now));
    Ok(())
}

/// The event that describes a provider.
pub(super) fn configured(provider: &Account<Provider>, at: i64) -> ProviderConfigured {
    ProviderConfigured {
        provider: *provider.address(),
        owner: provider.owner,
        attestation_key: provider.attestation_key,
        tls_key_hash: provider.tls_key_hash,
        endpoint: provider.endpoint,
        endpoint_bytes: u64::from(provider.endpoint_bytes),
        at,
    }
}
