//! Registers a node, whose GPUs are registered one by one.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::NodeRegistered,
    seeds,
    state::{GpuClass, Node, Provider},
};

/// What a node is and how long it may be rented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IdlType, SchemaRead, SchemaWrite)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize))]
pub struct NodeSpecification {
    /// GPU class, zero-padded.
    pub class: [u8; 16],
    /// Region, zero-padded.
    pub region: [u8; 16],
    /// Memory of each GPU in MiB.
    pub memory_mib: u32,
    /// Shortest job in seconds.
    pub min_duration_s: u32,
    /// Longest job in seconds.
    pub max_duration_s: u32,
    /// Whether the GPUs are simulated.
    pub simulated: bool,
}

/// Accounts of `node_register`.
#[derive(Accounts)]
#[instruction(id: u16)]
pub struct NodeRegister {
    /// The provider's wallet; pays the rent.
    #[account(mut, address = provider.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut)]
    pub provider: Account<Provider>,
    /// The node's class.
    pub gpu_class: Account<GpuClass>,
    #[account(init, payer = owner, seeds = [seeds::NODE, provider.address().as_ref(), &id.to_le_bytes()], bump)]
    pub node: Account<Node>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<NodeRegister>, id: u16, args: &NodeSpecification) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    ctx.accounts.gpu_class.require_open(&args.class)?;
    let provider = &mut ctx.accounts.provider;
    require!(id == provider.nodes, MarketError::NodeIdOutOfOrder);
    provider.nodes = provider.nodes.checked_add(1).ok_or(MarketError::NodeIdOutOfOrder)?;
    let address = *ctx.accounts.node.address();
    let node = &mut ctx.accounts.node;
    node.provider = *provider.address();
    node.owner = provider.owner;
    node.id = id;
    node.registered_at = now;
    node.bump = ctx.bumps.node;
    node.specify(args)?;
    emit(NodeRegistered {
        node: address,
        provider: node.provider,
        owner: node.owner,
        class: node.class,
        region: node.region,
        memory_mib: node.memory_mib,
        min_duration_s: node.min_duration_s,
        max_duration_s: node.max_duration_s,
        id,
        simulated: u16::from(node.simulated),
        at: now,
    });
    Ok(())
}
