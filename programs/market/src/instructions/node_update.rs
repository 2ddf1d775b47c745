//! Changes how long a node may be rented, and whether it takes new jobs.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::NodeUpdated,
    state::{Node, Provider},
};

/// Accounts of `node_update`.
#[derive(Accounts)]
pub struct NodeUpdate {
    #[account(address = node.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut, address = node.provider)]
    pub provider: Account<Provider>,
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
    let (node, provider) = (&mut ctx.accounts.node, &mut ctx.accounts.provider);
    provider.count_offer(node.gpus, node.active == 1, active)?;
    node.offer(min_duration_s, max_duration_s, active)?;
    emit(NodeUpdated {
        node: address,
        min_duration_s,
        max_duration_s,
        active: u32::from(node.active),
        gpus_offered: provider.gpus_offered,
    });
    Ok(())
}
