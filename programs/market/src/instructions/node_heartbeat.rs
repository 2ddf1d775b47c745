//! Says that a node is alive.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::NodeHeartbeaten,
    state::{Node, Provider},
};

/// Accounts of `node_heartbeat`.
#[derive(Accounts)]
pub struct NodeHeartbeat {
    #[account(address = provider.attestation_key @ MarketError::NotAttestationKey)]
    pub attestation_key: Signer,
    #[account(address = node.provider)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub node: Account<Node>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<NodeHeartbeat>) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let address = *ctx.accounts.node.address();
    ctx.accounts.node.heartbeat_at = now;
    emit(NodeHeartbeaten { node: address, at: now });
    Ok(())
}
