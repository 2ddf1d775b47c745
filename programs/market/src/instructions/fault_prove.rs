//! Slashes a provider whose own two receipts contradict each other. By anyone, for a bounty.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;
use pinocchio::sysvars::instructions::{Instructions, INSTRUCTIONS_ID};

use super::{
    evidence::{contradiction, signatures},
    recording::provider_recorded,
};
use crate::{
    errors::MarketError,
    events::FaultProven,
    seeds,
    staking_calls::{Caller, Slashed},
    state::{Fault, Job, Provider},
};

/// Accounts of `fault_prove`.
#[derive(Accounts)]
#[instruction(kind: u8)]
pub struct FaultProve {
    /// Who shows the proof; pays the rent of its record.
    #[account(mut)]
    pub reporter: Signer,
    pub job: Account<Job>,
    #[account(mut)]
    pub provider: Account<Provider>,
    #[account(init, payer = reporter, seeds = [seeds::FAULT, job.address().as_ref(), &[kind]], bump)]
    pub fault: Account<Fault>,
    /// Signs towards the staking program; holds no data.
    #[account(seeds = [b"signer"], bump)]
    pub signer: UncheckedAccount,
    /// The staking pool; the staking program checks it.
    #[account(mut)]
    pub pool: Account<staking::state::Pool>,
    /// The provider's stake.
    #[account(mut)]
    pub stake: Account<staking::state::Stake>,
    /// The network token; the staking program checks it.
    #[account(mut)]
    pub mint: InterfaceAccount<Mint>,
    /// The vault of the bonds; the staking program checks it.
    #[account(mut)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account that receives the bounty.
    #[account(mut)]
    pub bounty_account: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
    #[account(address = staking::ID)]
    pub staking_program: UncheckedAccount,
    #[account(address = INSTRUCTIONS_ID)]
    pub instructions: UncheckedAccount,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<FaultProve>, kind: u8) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let (signer_bump, fault_bump) = (ctx.bumps.signer, ctx.bumps.fault);
    let accounts = &mut ctx.accounts;
    require!(
        accounts.provider.owner == accounts.job.provider,
        MarketError::WrongProvider
    );
    require!(accounts.stake.owner == accounts.job.provider, MarketError::WrongStake);
    // SAFETY: this is the instructions sysvar, as the constraint has proved; no program can write it.
    let instructions = unsafe { Instructions::new_unchecked(accounts.instructions.account().borrow_unchecked()) };
    let before = signatures(&instructions)?;
    let (fault, sequence) = contradiction(before.get_instruction_data(), &accounts.job, now)?;
    require!(fault.is_some_and(|fault| fault as u8 == kind), MarketError::NoFault);
    let penalty = accounts.provider.convict(now);

    let before = accounts.stake.slashed;
    Caller {
        program: &accounts.staking_program,
        signer: &accounts.signer,
        bump: signer_bump,
    }
    .slash(
        Slashed {
            pool: &mut accounts.pool,
            stake: &mut accounts.stake,
            mint: &mut accounts.mint,
            vault: &mut accounts.vault,
            bounty_account: &mut accounts.bounty_account,
            token_program: &accounts.token_program,
        },
        penalty,
    )?;
    let slashed = accounts
        .stake
        .slashed
        .checked_sub(before)
        .ok_or(MarketError::AmountOverflow)?;

    let fault = &mut accounts.fault;
    fault.job = *accounts.job.address();
    fault.provider = accounts.job.provider;
    fault.reporter = *accounts.reporter.address();
    fault.sequence = sequence;
    fault.slashed = slashed;
    fault.proven_at = now.0;
    fault.penalty_bps = penalty.get();
    fault.kind = kind;
    fault.bump = fault_bump;
    emit(FaultProven {
        fault: *fault.address(),
        job: fault.job,
        provider: fault.provider,
        reporter: fault.reporter,
        sequence,
        slashed,
        kind: u32::from(kind),
        penalty_bps: penalty.get(),
        faults: accounts.provider.faults,
        at: now.0,
    });
    provider_recorded(&accounts.job, &accounts.provider);
    Ok(())
}
