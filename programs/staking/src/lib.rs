//! Custody of the providers' bonds and of what others delegate to them.
//!
//! Purpose: a provider bonds the network token; others may delegate theirs to it; jobs reserve part of both while they run; what is
//! unbonding stays slashable until it has left. Small on purpose, so that it can be frozen early.
//!
//! Invariant: vault ≥ Σ over stakes of (active + unbonding + delegated + delegated unbonding), equal unless someone gave tokens away.
//! Invariant: per stake, the delegations' shares add up to the pool's shares and are never worth more than its assets.
//! Invariant: a reserve is free stake when it is taken; only a slash and leaving delegators take stake from under it.
//! Invariant: nothing leaves before its unbonding period has passed, and a change of the period never touches a running one.
//! Invariant: who has asked to leave loses the same fraction to a slash as who stays. No instruction walks the delegations.
//! Invariant: a higher commission counts only after a notice in which every delegator can ask to leave.
//! Invariant: only the market's signer reserves, releases and slashes, and a slash needs nothing of the slashed.
#![cfg_attr(not(feature = "idl-build"), no_std)] // What Anchor generates to print the IDL uses std.
#![cfg_attr(all(target_os = "solana", feature = "cpi"), allow(dead_code, unused_imports))] // The handlers, where nobody calls them.
#![allow(unexpected_cfgs)] // Anchor's macros name configuration options of platform-tools.
#![deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::expect_used)]

use anchor_lang::prelude::*;

pub mod calls;
pub mod errors;
pub mod events;
pub mod instructions;
pub mod seeds;
pub mod state;

pub use errors::StakingError;
pub use instructions::*;

declare_id!("GantryStake2QaoTtkXcFGYAN7acmB8Jrv6X8tB7mwq");

gantry_onchain::memory_symbols!();

#[cfg(not(feature = "cpi"))]
solana_security_txt::security_txt! {
    name: "Gantry staking",
    project_url: "https://github.com/gantry-network/gantry",
    contacts: "link:https://github.com/gantry-network/gantry/security/advisories/new",
    policy: "https://github.com/gantry-network/gantry/blob/main/SECURITY.md",
    preferred_languages: "en",
    source_code: "https://github.com/gantry-network/gantry"
}

/// The staking program's instructions. Not in a program that only calls this one: Anchor exports the dispatcher by its bare name there, so
/// that no linker leaves it and all handlers out.
#[cfg(not(all(target_os = "solana", feature = "cpi")))]
#[program]
pub mod staking {
    use super::*;

    /// Creates the pool and its vault. Signed by the program's upgrade authority.
    pub fn pool_initialize(ctx: &mut Context<PoolInitialize>, args: PoolParameters) -> Result<()> {
        pool_initialize::handle(ctx, &args)
    }

    /// Hands the pool to an authority, which may be the same, and changes its period. Signed by the pool's authority.
    pub fn pool_configure(ctx: &mut Context<PoolConfigure>, authority: Address, unbonding_period_s: u32) -> Result<()> {
        pool_configure::handle(ctx, authority, unbonding_period_s)
    }

    /// Opens an empty stake for a provider.
    pub fn stake_open(ctx: &mut Context<StakeOpen>) -> Result<()> {
        stake_open::handle(ctx)
    }

    /// Bonds tokens.
    pub fn stake_deposit(ctx: &mut Context<StakeDeposit>, amount: u64) -> Result<()> {
        stake_deposit::handle(ctx, amount)
    }

    /// Begins to unbond: the tokens stop counting as active but stay slashable until they are withdrawn.
    pub fn unbonding_request(ctx: &mut Context<UnbondingRequest>, amount: u64) -> Result<()> {
        unbonding_request::handle(ctx, amount)
    }

    /// Pays out everything whose unbonding period has passed, to a token account of the owner. Anyone may call it.
    pub fn unbonding_withdraw(ctx: &mut Context<UnbondingWithdraw>) -> Result<()> {
        unbonding_withdraw::handle(ctx)
    }

    /// Sets active stake aside for a job. Market only.
    pub fn stake_reserve(ctx: &mut Context<StakeReserve>, amount: u64) -> Result<()> {
        stake_reserve::handle(ctx, amount)
    }

    /// Gives reserved stake back. Market only.
    pub fn stake_release(ctx: &mut Context<StakeRelease>, amount: u64) -> Result<()> {
        stake_release::handle(ctx, amount)
    }

    /// Takes this part of everything that is slashable, be it nothing: a bounty to whoever shows the proof, the rest is burned.
    /// Market only.
    pub fn stake_slash(ctx: &mut Context<StakeSlash>, penalty_bps: u16) -> Result<()> {
        stake_slash::handle(ctx, penalty_bps)
    }

    /// Moves a waiting request back to the active stake. Signed by the owner.
    pub fn unbonding_cancel(ctx: &mut Context<UnbondingCancel>, place: u8) -> Result<()> {
        unbonding_cancel::handle(ctx, place)
    }

    /// Opens an empty delegation to a provider's stake. Signed by the wallet that will delegate.
    pub fn delegation_open(ctx: &mut Context<DelegationOpen>) -> Result<()> {
        delegation_open::handle(ctx)
    }

    /// Delegates tokens: they count as the provider's stake, earn and are slashed with it. Signed by the delegator.
    pub fn delegation_deposit(ctx: &mut Context<DelegationDeposit>, amount: u64) -> Result<()> {
        delegation_deposit::handle(ctx, amount)
    }

    /// Begins to unbond what this many shares are worth: it earns no more but stays slashable until it is withdrawn. Never waits for
    /// jobs. Signed by the delegator.
    pub fn delegation_unbond(ctx: &mut Context<DelegationUnbond>, shares: u64) -> Result<()> {
        delegation_unbond::handle(ctx, shares)
    }

    /// Moves a delegator's waiting request back to the delegated stake, at today's price of a share. Signed by the delegator.
    pub fn delegation_cancel(ctx: &mut Context<DelegationCancel>, place: u8) -> Result<()> {
        delegation_cancel::handle(ctx, place)
    }

    /// Pays out everything of a delegation whose unbonding period has passed, to a token account of the delegator. Anyone may call it.
    pub fn delegation_withdraw(ctx: &mut Context<DelegationWithdraw>) -> Result<()> {
        delegation_withdraw::handle(ctx)
    }

    /// Sets the provider's part of what delegated stake earns: at once where it falls, after a notice where it rises. Signed by the
    /// owner.
    pub fn commission_set(ctx: &mut Context<CommissionSet>, commission_bps: u16) -> Result<()> {
        commission_set::handle(ctx, commission_bps)
    }

    /// Pays a reward in: the provider's own stake and the delegated stake earn it pro rata. Anyone may call it.
    pub fn reward_add(ctx: &mut Context<RewardAdd>, amount: u64) -> Result<()> {
        reward_add::handle(ctx, amount)
    }
}
