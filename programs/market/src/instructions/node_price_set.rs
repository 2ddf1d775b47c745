//! Sets a node's rate in one mint.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::Rate;

use crate::{
    errors::MarketError,
    events::NodePriced,
    state::{Balance, Node, PriceRange, RegisteredMint},
};

/// Accounts of `node_price_set`.
#[derive(Accounts)]
pub struct NodePriceSet {
    #[account(address = node.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut)]
    pub node: Account<Node>,
    pub registered_mint: Account<RegisteredMint>,
    /// That of the node's class in the mint: without one, nodes of the class are not rented in it.
    pub price_range: Account<PriceRange>,
    /// The provider's balance in the mint: it must exist, for settlements pay into it.
    pub balance: Account<Balance>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<NodePriceSet>, rate: u64) -> Result<()> {
    let accounts = &mut ctx.accounts;
    let mint = accounts.registered_mint.mint;
    accounts.balance.require_of(accounts.owner.address(), &mint)?;
    accounts.price_range.require_of(&accounts.node.class, &mint)?;
    if rate > 0 {
        accounts.price_range.require_holds(Rate(rate))?;
    }
    accounts.node.set_price(mint, Rate(rate))?;
    emit(NodePriced {
        node: *accounts.node.address(),
        mint,
        rate,
    });
    Ok(())
}
