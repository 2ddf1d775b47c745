//! Opens the account of a wallet that wants to rent.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{events::TenantOpened, seeds, state::Tenant};

/// Accounts of `tenant_open`.
#[derive(Accounts)]
pub struct TenantOpen {
    /// Pays the rent. `dup`: it may be the wallet itself, of which only the address is read.
    #[account(mut, unsafe(dup))]
    pub payer: Signer,
    /// Whose account it is; need not sign.
    pub wallet: UncheckedAccount,
    #[account(init, payer = payer, seeds = [seeds::TENANT, wallet.address().as_ref()], bump)]
    pub tenant_account: Account<Tenant>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<TenantOpen>) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let bump = ctx.bumps.tenant_account;
    let accounts = &mut ctx.accounts;
    let tenant = &mut accounts.tenant_account;
    tenant.wallet = *accounts.wallet.address();
    tenant.opened_at = now;
    tenant.bump = bump;
    emit(TenantOpened {
        tenant: *tenant.address(),
        wallet: tenant.wallet,
        at: now,
    });
    Ok(())
}
