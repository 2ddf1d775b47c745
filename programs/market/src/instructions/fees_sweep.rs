//! Empties a fee shard: burns, and pays the treasury. By anyone.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{
    event::emit,
    token::{Burn, Transfer},
};
use gantry_protocol::{fees::Sweep, Bps, UnixSeconds};

use crate::{
    errors::MarketError,
    events::FeesSwept,
    seeds,
    state::{Config, FeeShard, RegisteredMint},
};

/// Accounts of `fees_sweep`. Nobody signs for it: where the fees go stands in the configuration.
#[derive(Accounts)]
pub struct FeesSweep {
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub registered_mint: Account<RegisteredMint>,
    #[account(mut)]
    pub fee_shard: Account<FeeShard>,
    #[account(mut, address = registered_mint.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = registered_mint.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// A token account of the treasury.
    #[account(mut, token::mint = mint)]
    pub treasury_account: InterfaceAccount<TokenAccount>,
    /// Owner of the vault; holds no data.
    #[account(seeds = [b"signer"], bump)]
    pub signer: UncheckedAccount,
    /// The staking pool, which names the network token.
    #[account(address = seeds::STAKING_POOL)]
    pub pool: Account<staking::state::Pool>,
    #[account(address = registered_mint.token_program)]
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<FeesSweep>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let bump = [ctx.bumps.signer];
    let accounts = &mut ctx.accounts;
    require!(
        *accounts.treasury_account.owner() == accounts.config.treasury,
        MarketError::WrongTreasury
    );
    let mint = accounts.registered_mint.mint;
    let amount = accounts.fee_shard.empty(&mint)?;
    let sweep = Sweep::of(amount, burned_part(accounts, &mint)?);
    let received = carry_out(accounts, sweep, &bump)?;
    emit(FeesSwept {
        fee_shard: *accounts.fee_shard.address(),
        mint,
        treasury_account: *accounts.treasury_account.address(),
        amount: amount.0,
        burned: sweep.burned.0,
        to_treasury: sweep.to_treasury.0,
        received,
        at: now.0,
    });
    Ok(())
}

/// The part of fees in `mint` that is burned: of the network token what governance set, of all others nothing.
fn burned_part(accounts: &FeesSweep, mint: &Address) -> core::result::Result<Bps, MarketError> {
    let bps = if accounts.pool.mint == *mint {
        accounts.config.fee_burn_bps
    } else {
        0
    };
    Bps::new(bps).ok_or(MarketError::ParameterOutOfRange)
}

/// Burns and pays out of the vault, and returns what arrived at the treasury.
fn carry_out(accounts: &mut FeesSweep, sweep: Sweep, bump: &[u8; 1]) -> Result<u64> {
    let decimals = accounts.registered_mint.decimals;
    let seeds: &[&[&[u8]]] = &[&[seeds::SIGNER, bump]];
    if sweep.burned.0 > 0 {
        Burn {
            from: accounts.vault.try_to_cpi_handle_mut()?,
            mint: accounts.mint.try_to_cpi_handle_mut()?,
            authority: accounts.signer.to_cpi_handle(),
            program: accounts.token_program.address(),
            decimals,
        }
        .invoke(sweep.burned.0, seeds);
    }
    if sweep.to_treasury.0 == 0 {
        return Ok(0);
    }
    let before = accounts.treasury_account.amount();
    Transfer {
        from: accounts.vault.try_to_cpi_handle_mut()?,
        mint: accounts.mint.to_cpi_handle(),
        to: accounts.treasury_account.try_to_cpi_handle_mut()?,
        authority: accounts.signer.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(sweep.to_treasury.0, seeds);
    let received = accounts.treasury_account.amount().checked_sub(before);
    Ok(received.ok_or(MarketError::AmountOverflow)?)
}
