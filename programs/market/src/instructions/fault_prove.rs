//! Slashes a provider whose own two receipts contradict each other. By anyone, for a bounty.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface};
use gantry_protocol::UnixSeconds;
use pinocchio::sysvars::instructions::{Instructions, INSTRUCTIONS_ID};

use super::{
    conviction::{require_of_job, Conviction, Proof},
    evidence::{contradiction, signatures},
};
use crate::{
    errors::MarketError,
    seeds,
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
    require_of_job(&accounts.job, &accounts.provider, &accounts.stake)?;
    // SAFETY: this is the instructions sysvar, as the constraint has proved; no program can write it.
    let instructions = unsafe { Instructions::new_unchecked(accounts.instructions.account().borrow_unchecked()) };
    let before = signatures(&instructions)?;
    let (fault, sequence) = contradiction(before.get_instruction_data(), &accounts.job, now)?;
    require!(fault.is_some_and(|fault| fault as u8 == kind), MarketError::NoFault);
    Conviction {
        job: &accounts.job,
        provider: &mut accounts.provider,
        fault: &mut accounts.fault,
        fault_bump,
        signer: &accounts.signer,
        signer_bump,
        pool: &mut accounts.pool,
        stake: &mut accounts.stake,
        mint: &mut accounts.mint,
        vault: &mut accounts.vault,
        bounty_account: &mut accounts.bounty_account,
        token_program: &accounts.token_program,
        staking_program: &accounts.staking_program,
    }
    .carry_out(&Proof {
        kind,
        sequence,
        reporter: *accounts.reporter.address(),
        now,
    })
}
