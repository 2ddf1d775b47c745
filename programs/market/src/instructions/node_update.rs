//! Changes how long a node may be rented, and whether it takes new jobs.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{errors::MarketError, events::NodeUpdated, state::Node};

/// Accounts of `node_update`.
#[derive(Accounts)]
pub struct NodeUpdate {
    #[account(address = node.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut)]
    pub node: Account<Node>,
}

#[inline(never)]
pub(crate) fn handle(
    ctx: &mut Context<NodeUpdate>,
    min_duration_s: u32,
    max_duration_s: u32,
    active: bool,
) -> Result<()> {
    let address = *ctx.accounts.node.address();
    let node = &mut ctx.accounts.node;
    node.offer(min_duration_s, max_duration_s, active)?;
    emit(NodeUpdated {
        node: address,
        min_duration_s,
        max_duration_s,
        active: u64::from(node.active),
    });
    Ok(())
}
