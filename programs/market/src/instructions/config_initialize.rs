//! Creates the configuration.

use anchor_lang::prelude::*;
use gantry_onchain::{event::emit, upgrade_authority};

use crate::{errors::MarketError, events::MarketConfigured, state::Config};

/// The market's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IdlType, SchemaRead, SchemaWrite)]
#[cfg_attr(not(target_os = "solana"), derive(borsh::BorshDeserialize))]
pub struct MarketParameters {
    /// Who may change the parameters from now on.
    pub authority: Address,
    /// The wallet that gets what is not burned of the fees, in token accounts of its own.
    pub treasury: Address,
    /// Stake that a job reserves per GPU, in base units of the network token.
    pub stake_per_gpu: u64,
    /// Seconds within which a job must be started.
    pub start_deadline_s: u32,
    /// Seconds after stop or expiry in which the provider may settle its last receipts.
    pub grace_window_s: u32,
    /// Seconds after which a node without a heartbeat takes no new job.
    pub heartbeat_max_age_s: u32,
    /// The protocol's part of what is owed, in basis points.
    pub fee_bps: u16,
    /// The part of fees in the network token that is burned, in basis points.
    pub fee_burn_bps: u16,
    /// Whether new jobs are refused.
    pub paused: bool,
}

/// Accounts of `config_initialize`.
#[derive(Accounts)]
pub struct ConfigInitialize {
    /// The program's upgrade authority; pays the rent.
    #[account(mut)]
    pub deployer: Signer,
    /// The loader's record of this program.
    #[account(address = upgrade_authority::program_data_address(&crate::ID))]
    pub program_data: UncheckedAccount,
    #[account(init, payer = deployer, seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(
    ctx: &mut Context<ConfigInitialize>,
    genesis_hash: [u8; 32],
    args: &MarketParameters,
) -> Result<()> {
    let accounts = &mut ctx.accounts;
    require!(
        upgrade_authority::is_held_by(accounts.program_data.account(), accounts.deployer.address()),
        MarketError::NotUpgradeAuthority
    );
    let config = &mut accounts.config;
    config.genesis_hash = genesis_hash;
    config.bump = ctx.bumps.config;
    config.configure(args)?;
    emit(configured(config));
    Ok(())
}

/// The event that describes the configuration.
pub(super) fn configured(config: &Config) -> MarketConfigured {
    MarketConfigured {
        authority: config.authority,
        genesis_hash: config.genesis_hash,
        treasury: config.treasury,
        stake_per_gpu: config.stake_per_gpu,
        start_deadline_s: config.start_deadline_s,
        grace_window_s: config.grace_window_s,
        heartbeat_max_age_s: config.heartbeat_max_age_s,
        fee_bps: config.fee_bps,
        paused: u16::from(config.paused),
        fee_burn_bps: u64::from(config.fee_burn_bps),
    }
}
