//! Gives the tenant's side of a job to another hot key.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{errors::MarketError, events::SessionRotated, state::Job};

/// Accounts of `session_rotate`.
#[derive(Accounts)]
pub struct SessionRotate {
    /// The tenant's wallet: whoever stole the session key must not keep the tenant out.
    #[account(address = job.tenant @ MarketError::NotTenant)]
    pub tenant: Signer,
    #[account(mut)]
    pub job: Account<Job>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<SessionRotate>, session_key: Address) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let address = *ctx.accounts.job.address();
    let job = &mut ctx.accounts.job;
    job.rotate_session(session_key, now)?;
    emit(SessionRotated {
        job: address,
        session_key,
        former_session_key: job.former_session_key,
        at: now.0,
    });
    Ok(())
}
