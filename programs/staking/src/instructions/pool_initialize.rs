//! Creates the pool and its vault.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::is_plain_mint, upgrade_authority};

use crate::{errors::StakingError, events::PoolConfigured, state::Pool};

/// The pool's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IdlType, SchemaRead, SchemaWrite)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize))]
pub struct PoolParameters {
    /// Who may change the parameters from now on.
    pub authority: Address,
    /// The market's signer, for good.
    pub market_signer: Address,
    /// Seconds from an unbonding request until its tokens may leave.
    pub unbonding_period_s: u32,
}

/// Accounts of `pool_initialize`.
#[derive(Accounts)]
pub struct PoolInitialize {
    /// The program's upgrade authority; pays the rent.
    #[account(mut)]
    pub deployer: Signer,
    /// The loader's record of this program.
    #[account(address = upgrade_authority::program_data_address(&crate::ID))]
    pub program_data: UncheckedAccount,
    #[account(init, payer = deployer, seeds = [b"pool"], bump)]
    pub pool: Account<Pool>,
    /// The network token.
    pub mint: InterfaceAccount<Mint>,
    #[account(init, payer = deployer, seeds = [b"vault"], bump,
        token::mint = mint, token::authority = pool, token::token_program = token_program)]
    pub vault: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<PoolInitialize>, args: &PoolParameters) -> Result<()> {
    let accounts = &mut ctx.accounts;
    require!(
        upgrade_authority::is_held_by(accounts.program_data.account(), accounts.deployer.address()),
        StakingError::NotUpgradeAuthority
    );
    require!(is_plain_mint(accounts.mint.account()), StakingError::MintNotAdmitted);
    let pool = &mut accounts.pool;
    pool.mint = *accounts.mint.address();
    pool.vault = *accounts.vault.address();
    pool.decimals = accounts.mint.decimals();
    pool.bump = ctx.bumps.pool;
    pool.bind_market(args.market_signer)?;
    pool.configure(args.authority, args.unbonding_period_s)?;
    emit(PoolConfigured {
        authority: pool.authority,
        mint: pool.mint,
        market_signer: pool.market_signer,
        unbonding_period_s: u64::from(pool.unbonding_period_s),
        vault: pool.vault,
        decimals: u64::from(pool.decimals),
    });
    Ok(())
}
